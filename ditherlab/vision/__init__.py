"""Color spaces, filters, models of the eye, and gamut mapping."""
