"""Which blocks of a prediction are written: what a job that was interrupted need not do again."""

import contextlib
import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voxloop_infer.reading import Shape
from voxloop_shared.data.blocks import Region

_CLASSES = 256


class Ledger:
    """A file with a line per finished block, on the disk before the next is begun; a torn last line does not count."""

    def __init__(self, path: Path, size: Shape) -> None:
        """Go on with a file; blocks of another size (of another version) do not count."""
        self._path = path
        self._size = list(size)
        self._corners: set[tuple[int, ...]] = set()
        self.counts: NDArray[np.int64] = np.zeros(_CLASSES, np.int64)
        with contextlib.suppress(FileNotFoundError):
            *lines, torn = path.read_bytes().split(b"\n")
            if torn:  # or the next line would be written behind it
                os.truncate(path, path.stat().st_size - len(torn))
            for line in lines:
                self._take(json.loads(line))

    def __len__(self) -> int:
        return len(self._corners)

    def __contains__(self, block: Region) -> bool:
        return _corner(block) in self._corners

    def add(self, block: Region, numbers: NDArray[np.uint8]) -> None:
        """Note a block that is written, and how many voxels each class has there."""
        counts = np.bincount(numbers.ravel(), minlength=_CLASSES)
        entry = {"corner": _corner(block), "size": self._size, "voxels": {int(n): int(counts[n]) for n in np.flatnonzero(counts)}}
        with self._path.open("a") as stream:
            stream.write(json.dumps(entry) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._take(json.loads(json.dumps(entry)))

    def _take(self, entry: dict[str, object]) -> None:
        if entry["size"] != self._size:
            return
        assert isinstance(entry["corner"], list)
        assert isinstance(entry["voxels"], dict)
        self._corners.add(tuple(entry["corner"]))
        for number, count in entry["voxels"].items():
            self.counts[int(number)] += count


def _corner(block: Region) -> tuple[int, ...]:
    return tuple(part.start for part in block)
