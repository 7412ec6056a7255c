"""The learner `instant`: how long it fits 5,000 labelled voxels, how soon one sees what it says of a slice, and of a whole volume.

`python -m tests.benchmarks.instant [--part fit|preview|volume] [--append]`. Previews are found as the preview process finds them, of a
volume that lies on the disk, with a warm model: at a place far from all others, at the slice beside it, and again at the same place.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from voxloop_shared.nets.hardware import let_idle_threads_sleep

let_idle_threads_sleep()  # counts only before torch is loaded

import numpy as np  # noqa: E402
from cachetools import LRUCache  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from tests.benchmarks.learners.cases import Case  # noqa: E402
from tests.benchmarks.learners.lessons import School, school  # noqa: E402
from tests.benchmarks.learners.strokes import simulate_strokes  # noqa: E402
from tests.benchmarks.report import percentiles_ms, print_figures  # noqa: E402
from voxloop_infer.model import Model  # noqa: E402
from voxloop_infer.prediction import BlockRun  # noqa: E402
from voxloop_infer.reading import Image, Shelf  # noqa: E402
from voxloop_infer.voting import vote  # noqa: E402
from voxloop_shared.data.blocks import blocks_of  # noqa: E402
from voxloop_shared.data.chunks import CachedArray, ChunkCache  # noqa: E402
from voxloop_shared.data.volumes import level_array, open_volume  # noqa: E402
from voxloop_shared.nets.devices import choose_device  # noqa: E402

SHAPES = {"small": (96, 160, 160), "large": (192, 768, 768)}
LABELLED = 5_000
_VIEW = 512
_WHOLE = (128, 512, 512)


def main() -> None:
    """Run the parts that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=sorted(PARTS), action="append", default=[])
    parser.add_argument("--append", action="store_true", help="add lines to RESULTS.md")
    options = parser.parse_args()
    for part in options.part or PARTS:
        print_figures(f"instant --part {part}", *PARTS[part]())


def measure_fit() -> tuple[dict[str, Any], str]:
    """Time training in a process that has trained before, as the one that waits for a job has loaded all it needs."""
    figures: dict[str, Any] = {}
    for name, shape in SHAPES.items():
        with school(_case(name, shape)) as place:
            snapshot = place.paint(_strokes(place.case))
            times = [place.learn("instant", {"seed": seed}, snapshot, 60)[1] for seed in range(4)]
        figures |= {f"{name}_first_s": round(times[0], 2), f"{name}_s": round(sorted(times[1:])[1], 2)}
    return figures, "<= 2 s, small and large"


def measure_preview() -> tuple[dict[str, Any], str]:
    """Time looks at 512² voxels of a slice, as the preview process takes them."""
    with _taught(SHAPES["large"]) as (place, model):
        volume, group = open_volume(place.workspace, place.volume.id)
        array = CachedArray(level_array(group, "0"), ChunkCache(256 << 20), volume.digest)
        shelf = Shelf(LRUCache(256 << 20, getsizeof=lambda features: features.nbytes), volume.digest)
        source = Image(array.read, volume.shape, shelf=shelf, flat=0)

        def look(z: int, y: int, x: int) -> float:
            return _seconds(partial(vote, [model], source, (slice(z, z + 1), slice(y, y + _VIEW), slice(x, x + _VIEW)), "z"))

        look(128, 256, 256)
        times: dict[str, list[float]] = {"new_place": [], "next_slice": [], "same_place": []}
        for z, y, x in _places(volume.shape):
            for kind, at in (("new_place", z), ("next_slice", z + 1), ("same_place", z + 1)):
                times[kind].append(look(at, y, x))
    return {key: value for kind, of in times.items() for key, value in percentiles_ms(of, kind).items()}, "new_place <= 500 ms"


def measure_volume() -> tuple[dict[str, Any], str]:
    """Time the blocks of a job, without writing them."""
    with _taught(_WHOLE) as (place, model):
        image = place.case.image
        run = BlockRun([[model]], image.__getitem__, place.volume.shape, "z")
        seconds = _seconds(lambda: [block for block, _ in run.answers(blocks_of(place.volume.shape, run.block))])
    return {"s_per_mvoxel": round(seconds / math.prod(_WHOLE) * 1e6, 3)}, "<= 1 s"


PARTS: dict[str, Callable[[], tuple[dict[str, Any], str]]] = {"fit": measure_fit, "preview": measure_preview, "volume": measure_volume}


@contextmanager
def _taught(shape: tuple[int, int, int]) -> Iterator[tuple[School, Model]]:
    """Give a volume in a workspace and a model that has learned from it."""
    with school(_case("grains", shape)) as place:
        learned, _ = place.learn("instant", {"seed": 0}, place.paint(_strokes(place.case)), 60)
        yield place, Model(place.manifest("instant", learned), learned.weights, choose_device())


def _case(name: str, shape: tuple[int, int, int]) -> Case:
    """Make grains of three classes, told apart by brightness, in noise."""
    z, y, x = (np.arange(n, dtype=np.float32) for n in shape)
    wave = (np.sin(z / 9)[:, None] * np.cos(y / 13))[:, :, None] + np.float32(0.7) * np.sin(x / 11)
    truth = (1 + (wave > -0.4).astype(np.uint8) + (wave > 0.5)).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 25, shape[1:]).astype(np.float32)
    image = np.empty(shape, np.uint8)
    for plane, of in enumerate(truth):
        image[plane] = (of * np.float32(60) + np.roll(noise, 7 * plane, axis=1)).clip(0, 255)
    depth = shape[0]
    return Case(name, image, truth, (depth // 5, depth // 2, depth * 4 // 5), (depth // 3,))


def _strokes(case: Case) -> NDArray[np.uint8]:
    """Draw strokes on three slices, as many as hold about the voxels that are wanted."""
    counts = (simulate_strokes(case.truth, case.painted, 0, per_class) for per_class in range(1, 60))
    return next(drawn for drawn in counts if np.count_nonzero(drawn) >= LABELLED)


def _places(shape: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """Give corners of views, each far from the one before: nothing that was kept serves the next."""
    depth, rows, columns = shape
    corners = [(y, x) for y in (0, rows - _VIEW) for x in (0, columns - _VIEW)]
    return [(z, *corner) for corner in corners for z in (depth // 8, depth * 7 // 8, depth // 3, depth * 2 // 3)]


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
