"""The quality benchmark: ditherlab and other dithering tools on the same five pictures."""
