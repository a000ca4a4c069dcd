"""Pictures of any size, made of the example pictures."""

from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
_SOURCE = ROOT / "images/astronaut.png"

# The slow waves of light that make each tile of a large picture another one.
_WAVES_PX = (977.0, 733.0)


def picture_of(width: int, height: int, folder: Path) -> Path:
    """Return a picture file of a size: shrunk, or tiled under varying light."""
    path = folder / f"{width}x{height}.png"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_picture(width, height, path)
    return path


def make_picture(width: int, height: int, path: Path) -> None:
    """Write a picture of a size as PNG."""
    with Image.open(_SOURCE) as source:
        image = source.convert("RGB")
    if width <= image.width and height <= image.height:
        image.resize((width, height), Image.Resampling.BOX).save(path)
        return
    tile = np.asarray(image)
    # Mirrored tiles meet without edges.
    tile = np.concatenate([tile, tile[:, ::-1]], axis=1)
    tile = np.concatenate([tile, tile[::-1]], axis=0)
    columns = np.arange(width)
    light_x = np.sin(columns / _WAVES_PX[0])
    rows = []
    for row in range(height):
        light = 0.6 + 0.4 * light_x * np.cos(row / _WAVES_PX[1])
        pixels = tile[row % len(tile), columns % tile.shape[1]]
        rows.append((pixels * light[:, np.newaxis]).astype(np.uint8))
    Image.fromarray(np.stack(rows)).save(path, compress_level=1)
