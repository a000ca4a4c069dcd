"""Pictures, picture files, indexed PNGs, and safe writing of output files."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.images.encoders import ENCODERS, PNG, Encoder, encoder_for
    from ditherlab.images.gray_depth import parse_levels
    from ditherlab.images.indexed_image import IndexedImage
    from ditherlab.images.indexed_png import encode_indexed_png
    from ditherlab.images.label import path_label, printable
    from ditherlab.images.layout import lay_out
    from ditherlab.images.output_file import check_writable, free_path, write_atomically
    from ditherlab.images.packed_indices import pack_indices, packed_bits
    from ditherlab.images.picture import Picture
    from ditherlab.images.picture_file import (
        ReadingOptions,
        picture_of_image,
        read_picture,
    )
    from ditherlab.images.png_size import drawn_png_bytes
    from ditherlab.images.sample_picture import sample_name

__all__ = [
    "ENCODERS",
    "PNG",
    "Encoder",
    "IndexedImage",
    "Picture",
    "ReadingOptions",
    "check_writable",
    "drawn_png_bytes",
    "encode_indexed_png",
    "encoder_for",
    "free_path",
    "lay_out",
    "pack_indices",
    "packed_bits",
    "parse_levels",
    "path_label",
    "picture_of_image",
    "printable",
    "read_picture",
    "sample_name",
    "write_atomically",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ENCODERS": "encoders",
        "PNG": "encoders",
        "Encoder": "encoders",
        "IndexedImage": "indexed_image",
        "encoder_for": "encoders",
        "Picture": "picture",
        "ReadingOptions": "picture_file",
        "check_writable": "output_file",
        "drawn_png_bytes": "png_size",
        "encode_indexed_png": "indexed_png",
        "free_path": "output_file",
        "lay_out": "layout",
        "pack_indices": "packed_indices",
        "packed_bits": "packed_indices",
        "parse_levels": "gray_depth",
        "path_label": "label",
        "picture_of_image": "picture_file",
        "printable": "label",
        "read_picture": "picture_file",
        "sample_name": "sample_picture",
        "write_atomically": "output_file",
    },
)
