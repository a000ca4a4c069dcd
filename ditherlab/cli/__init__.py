"""The command line: one module per command, and the options that they share."""

from ditherlab.cli.app import main

__all__ = ["main"]
