"""Cases: an image with the truth about it, the slices that are painted, and the slices on which a contestant is judged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.learners.strokes import simulate_strokes
from voxloop_shared.data.images import ImageSource, open_image

DATA = Path(__file__).parents[4] / "shared" / "data"
_MOST_SCORED = 6
_PAINTED_AT = (0.2, 0.5, 0.8)

Voxels = NDArray[np.generic]
Numbers = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """One question to all contestants; arrays are (z, y, x).

    `truth` holds class ids from 1, and 0 where it is not known. `painted` are the slices with strokes, `scored` others.
    `drawn` are somebody's own strokes; without them strokes are simulated on the painted slices.
    """

    name: str
    image: Voxels = field(repr=False)
    truth: Numbers = field(repr=False)
    painted: tuple[int, ...]
    scored: tuple[int, ...]
    voxel_size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    names: tuple[str, ...] = ()
    drawn: Numbers | None = field(default=None, repr=False)

    @property
    def classes(self) -> int:
        """Count the classes; their ids are 1 to this."""
        return int(self.truth.max())

    def strokes(self, seed: int) -> Numbers:
        """Give the strokes that a seed stands for: class ids, 0 where nobody has painted."""
        return self.drawn if self.drawn is not None else simulate_strokes(self.truth, self.painted, seed)


def case_of(name: str) -> Case:
    """Read one of the known cases; raises FileNotFoundError where its data is not beside the checkout."""
    if not DATA.is_dir():
        raise FileNotFoundError(f"no data: {DATA} is missing")
    return CASES[name](DATA)


def case_from_files(image: Path, labels: Path, strokes: Path | None = None) -> Case:
    """Make a case of any image and label image that voxloop can open; with strokes, 0 is unlabelled and ids start at 1.

    Without strokes each value of the label image is a class, and three slices are painted.
    """
    voxels, voxel_size = _read(image)
    found, _ = _read(labels)
    values = np.unique(found)
    truth = (np.searchsorted(values, found) + 1).astype(np.uint8)
    drawn = None if strokes is None else _read(strokes)[0].astype(np.uint8)
    painted = choose_painted(truth) if drawn is None else tuple(np.flatnonzero(drawn.any(axis=(1, 2))).tolist())
    names = tuple(str(value) for value in values.tolist())
    return Case(image.stem, voxels, truth, painted, choose_scored(truth, painted), voxel_size, names, drawn)


def choose_painted(truth: Numbers) -> tuple[int, ...]:
    """Choose three slices within the extent of the rarest class."""
    counts = np.bincount(truth.ravel())
    rarest = int(np.argmin(np.where(counts[1:] > 0, counts[1:], counts.sum()))) + 1
    extent = np.flatnonzero((truth == rarest).any(axis=(1, 2)))
    return tuple(sorted({int(extent[0] + (extent[-1] - extent[0]) * share) for share in _PAINTED_AT}))


def choose_scored(truth: Numbers, painted: tuple[int, ...]) -> tuple[int, ...]:
    """Choose slices without strokes that hold most of the classes, spread evenly."""
    of_slice = np.array([len(np.unique(plane[plane > 0])) for plane in truth])
    of_slice[list(painted)] = 0
    rich = np.flatnonzero(of_slice == of_slice.max())
    places = np.linspace(0, len(rich) - 1, min(_MOST_SCORED, len(rich))).round().astype(int)
    return tuple(rich[places].tolist())


def _read(path: Path) -> tuple[Voxels, tuple[float, float, float]]:
    with open_image(path) as source:
        return _whole(source), source.voxel_size or (1.0, 1.0, 1.0)


def _whole(source: ImageSource) -> Voxels:
    return source.read(slice(0, source.shape[0]), slice(0, source.shape[1]))


def _labelled(folder: Path, image: str, labels: str) -> tuple[Voxels, Numbers, tuple[float, float, float]]:
    voxels, voxel_size = _read(folder / image)
    found, _ = _read(folder / labels)
    return voxels, (found + 1).astype(np.uint8), voxel_size


def _nerve(data: Path) -> Case:
    """Nano-CT of a nerve, with strokes drawn once and for all."""
    image, truth, _ = _labelled(data / "qim_nerve", "image.tif", "labels_axon_perslice.tif")
    drawn = _read(data / "qim_nerve" / "scribbles.tif")[0].astype(np.uint8)
    return Case("nerve", image, truth, (16, 56, 104), (36, 76, 120), names=("other", "myelin", "axon"), drawn=drawn)


def _nerve_simulated(data: Path) -> Case:
    """Nano-CT of a nerve; other strokes for each seed."""
    image, truth, _ = _labelled(data / "qim_nerve", "image.tif", "labels_axon_perslice.tif")
    return Case("nerve_simulated", image, truth, (16, 56, 104), (36, 76, 120), names=("other", "myelin", "axon"))


def _tissue(data: Path) -> Case:
    """T1 template of the head: four classes that touch."""
    image, truth, voxel_size = _labelled(data / "icbm152_tissue", "t1.nii.gz", "labels.nii.gz")
    painted, scored = (tuple(int(len(image) * share) for share in shares) for shares in ((0.3, 0.5, 0.7), (0.35, 0.4, 0.6)))
    return Case("tissue", image, truth, painted, scored, voxel_size, ("outside", "csf", "grey", "white"))


def _tumour(data: Path) -> Case:
    """MRI of a head with one small lesion, slices 6.5 mm thick."""
    image, truth, _ = _labelled(data / "pyradiomics_brain1", "image.tif", "labels.tif")
    painted = choose_painted(truth)
    scored = tuple(z for z in np.flatnonzero((truth == 2).any(axis=(1, 2))).tolist() if z not in painted)
    return Case("tumour", image, truth, painted, scored, (6.5, 0.7812, 0.7812), ("rest", "tumour"))


def _nuclei(data: Path) -> Case:
    """Confocal stack of an ovule: very noisy."""
    image, truth, _ = _labelled(data / "nuclei_ovule_1135", "image.tif", "labels.tif")
    return Case("nuclei", image, truth, (20, 50, 80), (35, 65, 90), (0.284, 0.127, 0.127), ("background", "nucleus"))


def _beads(data: Path) -> Case:
    """Three slices, far apart, with a user's own scribbles: learned from two, judged on the scribbles of the third."""
    image, _ = _read(data / "mlexchange_beads_scribbles" / "image.tif")
    scribbles = _read(data / "mlexchange_beads_scribbles" / "labels.tif")[0].astype(np.uint8)
    drawn = scribbles.copy()
    drawn[1] = 0
    return Case("beads", image, scribbles, (0, 2), (1,), (100.0, 1.0, 1.0), ("1", "2"), drawn)


CASES: dict[str, Callable[[Path], Case]] = {
    "nerve": _nerve,
    "nerve_simulated": _nerve_simulated,
    "tissue": _tissue,
    "tumour": _tumour,
    "nuclei": _nuclei,
    "beads": _beads,
}
