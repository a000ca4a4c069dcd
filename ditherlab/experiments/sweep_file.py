"""Reader of a sweep's file: lists of pictures and settings, whose product gives the cells."""

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ditherlab.errors import AbilityError, CodeError, DitherlabError, PictureError, RequestError
from ditherlab.experiments.cell import Cell
from ditherlab.experiments.sweep_axes import COLORING, CROP, PICTURE, num_points, points, read_axes
from ditherlab.images import Picture, path_label, sample_name
from ditherlab.images.picture_file import read_picture_with_bytes
from ditherlab.images.source_bytes import read_bounded
from ditherlab.naming import hide_folders, spell_value
from ditherlab.objectives import place_files
from ditherlab.request.optimize_request import OptimizeRequest, crop_picture

MAX_CELLS = 10_000

_ALSO = "also"
_FILE_OPTIONS = (PICTURE, "palette", "measured", "lock", "gamut")
_MAX_BYTES = 1 << 24


def read_sweep(path: Path, max_cells: int = MAX_CELLS) -> tuple[Cell, ...]:
    """Read the cells of a sweep's file, without duplicates.

    A key is an option of `optimize` with a value or a list of values, or its plural with a list.
    The cells are the product of all lists. Each table `[[also]]` adds the product of its own lists;
    keys that it lacks have the values above. Paths are relative to the file.

    Args:
        path: The file.
        max_cells: The largest number of cells, duplicates included. They are counted before any
            is made.

    Raises:
        RequestError: If the file cannot be read or parsed, for unknown keys and wrong values, and
            for too many cells. Options that do not fit together, such as an estimator and an
            objective, make the cell fail when it is run.
        CodeError: If Python code cannot be loaded.
    """
    label = path_label(path)
    try:
        table = tomllib.loads(_read_text(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RequestError(f"{label} cannot be read: {reason}.") from None
    except ValueError as error:
        raise RequestError(f"{label} is not valid TOML: {error}.") from None
    except RecursionError:
        raise RequestError(
            f"{label} is not a sweep: its values are nested too deeply. Write lists of values."
        ) from None
    cells: dict[str, Cell] = {}
    try:
        for cell in _Reader(path.parent, max_cells).cells(table):
            cells.setdefault(cell.key, cell)
    except DitherlabError as error:
        kind = CodeError if isinstance(error, CodeError) else RequestError
        raise kind(f"{label}: {error}") from error
    return tuple(cells.values())


def _read_text(path: Path) -> str:
    try:
        content = read_bounded(path, path_label(path), _MAX_BYTES)
    except PictureError as error:
        raise ValueError(str(error).rstrip(".")) from None
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES} bytes")
    return content.decode()


@dataclass(frozen=True, eq=False)
class _Source:
    """A picture and the hash of its file."""

    picture: Picture
    file_hash: str

    @classmethod
    def read(cls, source: str | Path) -> "_Source":
        picture, data = read_picture_with_bytes(source)
        return cls(picture, sha256(data).hexdigest())


class _Reader:
    """Reader of a file's tables; reads every picture once."""

    def __init__(self, folder: Path, max_cells: int) -> None:
        self.folder, self.max_cells = folder, max_cells
        self.sources: dict[str, _Source] = {}
        self.names = _PublicNames()

    def cells(self, table: dict[str, Any]) -> Iterator[Cell]:
        """Yield the cells of all tables."""
        others = table.pop(_ALSO, [])
        if not isinstance(others, list) or not all(isinstance(other, dict) for other in others):
            raise RequestError(f"`{_ALSO}` must be tables, each below a line [[{_ALSO}]].")
        first = read_axes(table)
        changes = [read_axes(other) for other in others]
        products = []
        for change in [{}, *changes]:
            dropped = COLORING if any(name in change for name in COLORING) else ()
            axes = {name: values for name, values in first.items() if name not in dropped}
            products.append({**axes, **change})
        num_cells = sum(map(num_points, products))
        if num_cells > self.max_cells:
            raise RequestError(
                f"A sweep must have at most {self.max_cells} cells, got {spell_value(num_cells)}. "
                "Shorten its lists, or raise the limit by --max-cells."
            )
        found = [settings for product in products for settings in points(product)]
        if not all(PICTURE in settings for settings in found):
            raise RequestError('`pictures` must be given. Write pictures = ["photo.jpg"].')
        for settings in found:
            yield self._cell(settings)

    def _cell(self, settings: dict[str, Any]) -> Cell:
        options = dict(settings)
        name, crop = options.pop(PICTURE), options.pop(CROP, None)
        if name not in self.sources:
            is_sample = sample_name(name) is not None
            self.sources[name] = _Source.read(name if is_sample else self.folder / name)
        source = self.sources[name]
        picture = source.picture if crop is None else crop_picture(source.picture, crop)
        request = self._spell_out(OptimizeRequest(**options))
        # Options that do not fit together fail only their own cell, when it is run.
        with suppress(AbilityError, PictureError):
            request.job(picture)
        public = {option: self.names.of(option, value) for option, value in settings.items()}
        return Cell(picture, source.file_hash, crop, request, public)

    def _spell_out(self, request: OptimizeRequest) -> OptimizeRequest:
        """Replace names and files by their contents, so that the request depends on no file."""
        objective = place_files(str(request.objective), self.folder.absolute())
        coloring = request.palette_options.spelled_out(self.folder)
        return replace(request, objective=objective, **asdict(coloring))


class _PublicNames:
    """The values of settings as reports show them: files without folders.

    Files of one name in several folders are numbered in the order in which the sweep names them.
    """

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], list[str]] = {}

    def of(self, option: str, value: Any) -> Any:
        """Return the public form of a value."""
        if not isinstance(value, str):
            return value
        name = _without_folders(option, value)
        known = self._values.setdefault((option, name), [])
        if value not in known:
            known.append(value)
        number = known.index(value) + 1
        return name if number == 1 else f"{name} ({number})"


def _without_folders(option: str, value: str) -> str:
    if option in _FILE_OPTIONS:
        return Path(value).name or value
    return hide_folders(value)
