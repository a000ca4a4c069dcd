"""Exit codes that several commands share."""

INTERRUPTED = 130
"""Ended by Ctrl-C: 128 and the number of SIGINT."""
