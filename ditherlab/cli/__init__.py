"""The command line: one module per command, and the options they share."""

from ditherlab.cli.app import main

__all__ = ["main"]
