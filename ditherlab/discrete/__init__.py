"""Searches over index images: error diffusion, direct binary search, sampling, cells."""
