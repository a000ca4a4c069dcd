"""The version of ditherlab."""

__version__ = "0.1.0"
