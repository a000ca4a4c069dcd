"""From the words of a command line or a file to a problem, a recipe and limits."""

from ditherlab.request.optimize_request import OptimizeRequest, crop_picture
from ditherlab.request.palette_options import PaletteOptions

__all__ = ["OptimizeRequest", "PaletteOptions", "crop_picture"]
