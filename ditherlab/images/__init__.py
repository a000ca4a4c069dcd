"""Pictures and their files."""

from ditherlab.images.indexed_png import encode_indexed_png
from ditherlab.images.output_file import free_path, write_atomically
from ditherlab.images.picture import Picture
from ditherlab.images.picture_file import read_picture

__all__ = ["Picture", "encode_indexed_png", "free_path", "read_picture", "write_atomically"]
