"""Color spaces, filters, the eye, and gamut mapping."""
