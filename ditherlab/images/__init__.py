"""Pictures, picture files, indexed PNGs, and safe writing of output files."""

from ditherlab.images.indexed_png import encode_indexed_png
from ditherlab.images.label import path_label, printable
from ditherlab.images.layout import lay_out
from ditherlab.images.output_file import check_writable, free_path, write_atomically
from ditherlab.images.packed_indices import pack_indices, packed_bits
from ditherlab.images.picture import Picture
from ditherlab.images.picture_file import read_picture
from ditherlab.images.png_size import drawn_png_bytes

__all__ = [
    "Picture",
    "check_writable",
    "drawn_png_bytes",
    "encode_indexed_png",
    "free_path",
    "lay_out",
    "pack_indices",
    "packed_bits",
    "path_label",
    "printable",
    "read_picture",
    "write_atomically",
]
