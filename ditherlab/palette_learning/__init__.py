"""First palettes, fits of a palette to pixels, and the colors that hardware can show."""
