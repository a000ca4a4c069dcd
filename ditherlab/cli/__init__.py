"""The command line."""

from ditherlab.cli.app import main

__all__ = ["main"]
