"""Searches over index pictures: error diffusion, direct binary search, sampling, cells."""
