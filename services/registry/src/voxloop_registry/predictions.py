"""Predictions that models of the registry have made, as the workspace's files say it.

The files are the only truth: a prediction whose making was killed, or which somebody took away, is known of at once.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from cachetools import LRUCache

from voxloop_shared.errors import PredictionNotFound, VolumeNotFound
from voxloop_shared.workspace import Workspace, checked_id

_KEPT = 50_000
"""Files whose content is remembered, each a few hundred bytes."""
_MOST_BYTES = 16 << 20
"""What is longer holds more than a prediction's attributes and is not read."""


@dataclass(frozen=True, slots=True)
class MadePrediction:
    """A prediction and the versions that made it, each as (name, number, digest); `partial` while it is being written."""

    volume: str
    prediction: str
    models: tuple[tuple[str, int, str], ...]
    author: str
    created: str
    partial: bool


class PredictionFiles:
    """The predictions of a workspace; safe between threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = Lock()
        self._read: LRUCache[str, tuple[tuple[int, int, int], MadePrediction | None]] = LRUCache(_KEPT)

    def made_by(self, name: str, number: int, digest: str) -> list[MadePrediction]:
        """List the predictions that a version has made, alone or with others, drafts included; in order of volume and id."""
        found = [made for made in self._all() if (name, number, digest) in made.models]
        return sorted(found, key=lambda made: (made.volume, made.prediction))

    def find(self, volume: str, prediction: str) -> MadePrediction:
        """Find one; raises PredictionNotFound."""
        folder = self._workspace.predictions / checked_id(volume, VolumeNotFound)
        name = checked_id(prediction, PredictionNotFound)
        for path in (folder / f"{name}.zarr", folder / f".{name}.zarr.partial"):
            if (made := self._made(path, volume)) is not None:
                return made
        raise PredictionNotFound(f"volume {volume!r} has no prediction {prediction!r}")

    def _all(self) -> Iterator[MadePrediction]:
        for volume in _entries(self._workspace.predictions):
            for path in _entries(volume):
                if path.name.endswith((".zarr", ".zarr.partial")) and (made := self._made(path, volume.name)) is not None:
                    yield made

    def _made(self, path: Path, volume: str) -> MadePrediction | None:
        """Read a prediction's attributes, from memory where its file is the same; None for what is none, or not yet."""
        file = path / "zarr.json"
        try:
            facts = file.stat()
            if facts.st_size > _MOST_BYTES:  # somebody else's file
                return None
            stamp = facts.st_mtime_ns, facts.st_size, facts.st_ino
            with self._lock:
                known = self._read.get(str(path))
            if known is None or known[0] != stamp:
                known = stamp, _parse(file.read_bytes(), path, volume)
                with self._lock:
                    self._read[str(path)] = known
        except (FileNotFoundError, NotADirectoryError):  # taken away, or finished, at this moment
            return None
        return known[1]


def _entries(folder: Path) -> list[Path]:
    try:
        return [Path(entry) for entry in os.scandir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _parse(content: bytes, path: Path, volume: str) -> MadePrediction | None:
    try:
        said = json.loads(content)["attributes"]["voxloop"]
        models = tuple((str(m["name"]), int(m["version"]), str(m["digest"])) for m in _models(said))
    except (ValueError, KeyError, TypeError, RecursionError):  # somebody else's file
        return None
    partial = path.name.endswith(".partial")
    name = path.name.removeprefix(".").removesuffix(".partial").removesuffix(".zarr")
    return MadePrediction(volume, name, models, str(said.get("author", "")), str(said.get("created", "")), partial)


def _models(said: dict[str, Any]) -> list[dict[str, Any]]:
    return [said["model"], *(said.get("models") or [])]
