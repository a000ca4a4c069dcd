"""The speed of whole runs: CPU time, wall time and memory, as JSON lines and a page."""
