"""Fits of a palette to pixels, and the search among the colors that hardware can show."""
