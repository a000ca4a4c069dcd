"""The file of a checkpoint: safetensors, with facts about the run and a checksum in its header."""

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ditherlab import version
from ditherlab.black_box.object_code import digest_object
from ditherlab.errors import CheckpointError
from ditherlab.images import Picture, path_label
from ditherlab.kernels import KERNELS_VARIABLE, kernels_for
from ditherlab.problem import Limits, Problem
from ditherlab.recipe import Recipe, settings_of
from ditherlab.solver.checkpoint import FORMAT, read_header
from ditherlab.solver.packing import Tensors, pack, unpack
from ditherlab.solver.saved_run import SavedRun
from ditherlab.specs import Strategy

_FORMAT_VERSION = "1"

# The tensor that holds, as JSON, everything that is no tensor itself.
_VALUES = "values"


@dataclass(frozen=True)
class RunFacts:
    """Everything that must be the same in the run that a checkpoint is of, and one that goes on.

    Attributes:
        settings: Those that decide the picture, and the code of functions and stages.
        pictures: Hash of the sources.
        machine: Kind of the device, which decides the random numbers, and the kernels, which
            decide how results are rounded.
    """

    settings: Mapping[str, Any]
    pictures: str
    machine: str

    @classmethod
    def of(
        cls, problem: Problem, recipe: Recipe, limits: Limits, seed: int, device: torch.device
    ) -> "RunFacts":
        """Return the facts of a run."""
        settings = settings_of(problem, recipe, limits=limits, seed=seed, device=device)
        code = [stage.code_words for stage in recipe.stages]
        code.append(problem.objective.code_words)
        code += [
            digest_object(kind)
            for kind in _kinds((*recipe.stages, problem.objective))
            if not kind.__module__.startswith("ditherlab.")
        ]
        kernels = kernels_for(device)
        name = "torch" if kernels is None else kernels.name
        machine = f"device {device.type}, kernels {name.strip('_')}"
        return cls({**settings, "code": code}, _hash_pictures(problem.pictures), machine)

    def header(self) -> dict[str, str]:
        """Return the header of a checkpoint, without its checksum."""
        return {
            "format": FORMAT,
            "format_version": _FORMAT_VERSION,
            "program": version.__version__,
            "settings": json.dumps(self.settings, sort_keys=True),
            "pictures": self.pictures,
            "machine": self.machine,
        }

    def check(self, header: Mapping[str, str], label: str) -> None:
        """Refuse the checkpoint of another run.

        Args:
            header: Of the checkpoint.
            label: Name of its file, for the message.

        Raises:
            CheckpointError: If the program, the pictures, the settings or the device differ.
        """
        own = self.header()
        for name in ("format_version", "program"):
            if header.get(name) != own[name]:
                raise CheckpointError(
                    f"{label} must be a checkpoint of ditherlab {own['program']}, got one of "
                    f"version {header.get('program')}. Use that version, or begin again with "
                    "another `--checkpoint`."
                )
        if header.get("pictures") != own["pictures"]:
            raise CheckpointError(
                f"{label} must be a checkpoint of this picture, got one of another. Give the "
                "picture that the run began with, and the same options for reading it."
            )
        if header.get("settings") != own["settings"]:
            names = ", ".join(self._different_settings(header))
            raise CheckpointError(
                f"{label} must be a checkpoint of a run with these settings, got one that differs "
                f"in: {names}. Give the options that the run began with."
            )
        if header.get("machine") != own["machine"]:
            raise CheckpointError(
                f"{label} must be a checkpoint of a run with {own['machine']}, got one with "
                f"{header.get('machine')}. Use `--device` and `{KERNELS_VARIABLE}` as the run did."
            )

    def _different_settings(self, header: Mapping[str, str]) -> list[str]:
        try:
            theirs = json.loads(header["settings"])
        except (KeyError, ValueError):
            theirs = {}
        ours = json.loads(json.dumps(self.settings))
        names = sorted({*ours, *theirs} - {"recipe", "code"})
        # The recipe repeats what other settings say.
        different = [name for name in names if ours.get(name) != theirs.get(name)]
        return different or ["recipe" if ours["recipe"] != theirs.get("recipe") else "code"]


def _kinds(values: Iterable[Any]) -> Iterator[type]:
    """Yield the classes of strategies, and of those that are their parameters."""
    for value in values:
        if isinstance(value, tuple):
            yield from _kinds(value)
        elif isinstance(value, Strategy):
            yield type(value)
            yield from _kinds(getattr(value, field.name) for field in fields(value))  # type: ignore[arg-type]


def encode_run(saved: SavedRun, facts: RunFacts) -> bytes:
    """Encode the state of a run as a file.

    Raises:
        CheckpointError: If it holds a value that a checkpoint cannot hold.
    """
    packed, tensors = pack(saved)
    text = json.dumps(packed).encode()
    tensors[_VALUES] = torch.from_numpy(np.frombuffer(text, dtype=np.uint8).copy())
    header = facts.header()
    return save(tensors, {**header, "checksum": _checksum(header, tensors)})


def read_run(path: str | os.PathLike[str], facts: RunFacts, device: torch.device) -> SavedRun:
    """Read the state of a run.

    Args:
        path: Of the checkpoint.
        facts: Of the run that goes on.
        device: To which tensors are moved.

    Raises:
        CheckpointError: If the file is no checkpoint, is damaged, or is that of another run.
    """
    label = path_label(path)
    header = dict(read_header(path))
    facts.check(header, label)
    try:
        tensors = load(Path(path).read_bytes())
        checksum = header.pop("checksum", "")
        if checksum != _checksum(header, tensors):
            raise ValueError("The checksum is another one.")
        saved = unpack(json.loads(tensors[_VALUES].numpy().tobytes()), tensors, device)
        if not isinstance(saved, SavedRun):
            raise TypeError("This is no run.")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CheckpointError(f"{label} cannot be read: {reason}.") from error
    except (SafetensorError, *_FAULTS) as error:
        raise CheckpointError(
            f"{label} must be a complete checkpoint, got a damaged one. Begin again with another "
            "`--checkpoint`, or use a copy."
        ) from error
    return saved


_FAULTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError)


def _checksum(header: Mapping[str, str], tensors: Tensors) -> str:
    """Return a sum over the header and all numbers, which tells a damaged file."""
    total = zlib.crc32(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        total = zlib.crc32(name.encode(), total)
        total = zlib.crc32(np.ascontiguousarray(tensors[name].numpy()).data, total)
    return f"{total:08x}"


def _hash_pictures(pictures: tuple[Picture, ...]) -> str:
    digest = sha256()
    for picture in pictures:
        digest.update(f"{picture.width} x {picture.height}".encode())
        for plane in (picture.pixels, picture.opaque, picture.alpha):
            digest.update(b"none" if plane is None else np.ascontiguousarray(plane).data)
    return digest.hexdigest()
