"""Prediction: how fast, in how much memory, how soon something is seen, and what more planes bring.

`python -m tests.benchmarks.prediction [--part borders|throughput|memory|preview|planes] [--python PATH] [--append]`; `--python`
names another environment's Python that has MONAI, which then runs `sliding_window_inference` with the same network on the same image.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from voxloop_shared.nets.hardware import let_idle_threads_sleep

let_idle_threads_sleep()  # counts only before torch is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402
from cachetools import LRUCache  # noqa: E402
from torch import nn  # noqa: E402

from tests.benchmarks.learners.cases import case_of  # noqa: E402
from tests.benchmarks.learners.lessons import school, slices_of  # noqa: E402
from tests.benchmarks.learners.score import dice_of, mean_dice  # noqa: E402
from tests.benchmarks.report import percentiles_ms, print_figures  # noqa: E402
from tests.benchmarks.service import new_workspace  # noqa: E402
from tests.infer.conftest import random_state  # noqa: E402
from voxloop_infer.app import JOB_ENVIRONMENT  # noqa: E402
from voxloop_infer.model import Model  # noqa: E402
from voxloop_infer.plan import plan_blocks  # noqa: E402
from voxloop_infer.prediction import BlockRun, put_away  # noqa: E402
from voxloop_infer.reading import Image, Shelf, reader_of  # noqa: E402
from voxloop_infer.voting import vote  # noqa: E402
from voxloop_shared.data.drafts import Draft  # noqa: E402
from voxloop_shared.data.volumes import import_volume, level_array, open_volume  # noqa: E402
from voxloop_shared.nets.architectures import build_network  # noqa: E402
from voxloop_shared.nets.devices import choose_device  # noqa: E402
from voxloop_shared.schemas import LabelClass, Manifest, Normalisation, PredictionInfo  # noqa: E402
from voxloop_shared.workspace import Workspace  # noqa: E402

SIDES = (256, 512, 1024)
UNET = {"kind": "unet", "in_channels": 1, "classes": 3, "width": 16, "depth": 3}
NETWORKS = {"tiny": (UNET | {"width": 4, "depth": 1}, "z"), "default": (UNET | {"in_channels": 3}, "zyx")}
"""Architecture and planes of the jobs whose memory is measured: one that is soon done with a large volume, and what one gets untold."""
_FIRST_BLOCKS = 4
"""So many blocks of the default network are predicted: after the second the peak grows no more, and all of them would take an hour."""
INSTANT = {"kind": "pixel", "classes": 3, "smoothing": 5}

_MONAI = """
import json, sys, time
import numpy as np, torch
from monai.inferers import sliding_window_inference
from voxloop_shared.nets.unet import Unet, UnetArchitecture
image, weights, answers, architecture = sys.argv[1:]
network = Unet(UnetArchitecture.model_validate_json(architecture)).eval()
network.load_state_dict(torch.load(weights))
slices = torch.from_numpy(np.load(image))[:, None]
times = []
with torch.inference_mode():
    for _ in range(2):
        start = time.perf_counter()
        out = [sliding_window_inference(part[None], (256, 256), 1, network, overlap=0.25, mode="gaussian") for part in slices]
        times.append(time.perf_counter() - start)
np.save(answers, torch.cat(out).argmax(1).to(torch.uint8).numpy())
print(json.dumps(min(times)))
"""


def main() -> None:
    """Run the parts that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=sorted(PARTS), action="append", default=[])
    parser.add_argument("--python", type=Path, help="a Python with MONAI")
    parser.add_argument("--append", action="store_true")
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--network", choices=sorted(NETWORKS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        print(json.dumps(_peak_mb(options.peak_of, options.network)))
        return
    for part in options.part or sorted(PARTS):
        print_figures(f"prediction_{part}", *PARTS[part](options))


def measure_throughput(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Time a run over blocks, the bare passes of the same network over the same tiles, and MONAI's inferer."""
    image, figures = _blobs((16, 1024, 1024)), {}
    for name, uses_bf16 in (("default", None), ("float32", False)):
        model = _model(UNET, uses_bf16=uses_bf16)
        whole, answer, bare = _run_and_bare(model, image)
        figures |= {f"{name}_s_per_mvoxel": whole / image.size * 1e6, f"{name}_of_bare": bare / whole}
    if options.python:
        monai = run_monai(options.python, model, random_state(model.manifest), image)
        figures |= {"monai_s_per_mvoxel": monai[0] / image.size * 1e6, "monai_differs": float((monai[1] != answer - 1).mean())}
        figures |= {
            f"{name}_times_monai": figures["monai_s_per_mvoxel"] / figures[f"{name}_s_per_mvoxel"] for name in ("default", "float32")
        }
    return {key: round(value, 4) for key, value in figures.items()}, "of_bare >= 0.85, times_monai >= 1.5"


def measure_borders(_options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Compare a run over blocks with passes over whole slices: what differs near the borders of blocks and tiles, and inside."""
    image = _blobs((4, 512, 1280))
    model = _model(UNET, uses_bf16=False)
    found = classes_of(model, image)
    batch = torch.from_numpy(model.normalise(image))[:, None].to(model.device.torch)
    with torch.inference_mode():
        whole = np.stack([model._members[0](plane[None]).argmax(1)[0].cpu().numpy() for plane in batch]).astype(np.uint8)
    differs = found != whole + 1
    near = near_borders((512, 1280), (256, 512))
    far = 64  # beyond the volume's edge a pass over the slice pads with zeros: that is no border of a block
    near, inside, differs = near[far:-far, far:-far], ~near[far:-far, far:-far], differs[:, far:-far, far:-far]
    figures = {"near_borders": float(differs[:, near].mean()), "inside": float(differs[:, inside].mean())}
    return {f"differs_{name}": round(value, 7) for name, value in figures.items()}, "near borders no more than inside, <= 0.001"


def measure_memory(_options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Predict volumes of growing size, each in a process of its own, and give the peaks: all of it, and with defaults the first blocks."""
    figures = {}
    for side in SIDES:
        with new_workspace() as workspace:
            import_volume(workspace, Repeating(side), name="large", origin="benchmark")
            for network in NETWORKS:
                command = [sys.executable, "-m", "tests.benchmarks.prediction", "--peak-of", str(workspace.root), "--network", network]
                found = subprocess.run(command, check=True, capture_output=True, env=os.environ | JOB_ENVIRONMENT)
                figures[f"{network}_peak_mb_{side}"] = round(json.loads(found.stdout))
    return figures, "within 10 % of each other, <= 1500 MB"


def measure_preview(_options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Time looks at 512² voxels, as the preview process takes them: the model's first, at other places, beside one, and again."""
    image, figures = _blobs((160, 640, 640)), {}
    for name, architecture in (("unet", UNET), ("instant", INSTANT)):
        model = _model(architecture)
        shelf = Shelf(LRUCache(256 << 20, getsizeof=lambda features: features.nbytes), "benchmark")
        source = Image(image.__getitem__, image.shape, shelf=shelf, flat=0)

        def look(z: int, model: Model = model, source: Image = source) -> float:
            return _seconds(partial(vote, [model], source, (slice(z, z + 1), slice(64, 576), slice(64, 576)), "z"))[0]

        figures |= {f"{name}_first_ms": round(look(8) * 1e3)}
        pairs = [(look(z), look(z + 1)) for z in range(16, 144, 8)]  # at once one after the other: what is kept goes in time
        for kind, times in zip(("new_place", "next_slice"), zip(*pairs, strict=True), strict=True):
            figures |= percentiles_ms(list(times), f"{name}_{kind}")
        figures |= percentiles_ms([look(80) for _ in range(12)][4:], name)
    return figures, "unet <= 700 ms, instant <= 500 ms; a new place <= 2 s"


def measure_planes(_options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Train one model of qim_nerve for a minute, and score it with z, zyx and nine."""
    figures: dict[str, Any] = {}
    case = case_of("nerve")
    with school(case) as lessons:
        learned, _ = lessons.learn("unet", {"planes": "zyx", "seed": 0}, lessons.paint(case.strokes(0)), 60)
        for planes in ("z", "zyx", "nine"):
            found, seconds = lessons.predict("unet", learned, planes, slices_of(case, whole=True))
            scored = list(case.scored)
            dice = mean_dice(dice_of(case.truth[scored], found[scored]))
            figures |= {f"{planes}_dice": round(dice, 4), f"{planes}_s_per_mvoxel": round(seconds / case.image.size * 1e6, 3)}
    return figures, "zyx above z"


PARTS: dict[str, Callable[[argparse.Namespace], tuple[dict[str, Any], str]]] = {
    "borders": measure_borders,
    "throughput": measure_throughput,
    "memory": measure_memory,
    "preview": measure_preview,
    "planes": measure_planes,
}


class Repeating:
    """An image as large as one likes, of one slice that repeats itself."""

    dtype, voxel_size, unit = np.dtype("uint8"), None, ""

    def __init__(self, side: int) -> None:
        self.shape = (side, side, side)
        self._plane = _blobs((1, side, side))[0]

    def read(self, z: slice, y: slice) -> np.ndarray:
        """Give the rows `y` of the slices `z`."""
        return np.broadcast_to(self._plane[y], (z.stop - z.start, y.stop - y.start, self.shape[2]))


def _run_and_bare(model: Model, image: np.ndarray) -> tuple[float, np.ndarray, float]:
    """Give the seconds and classes of a run over the image, and the seconds of the bare passes over tiles of the same sizes."""
    seen: list[torch.Tensor] = []

    def keep(network: nn.Module, inputs: tuple[torch.Tensor], _output: torch.Tensor) -> None:
        seen.append(inputs[0].clone(memory_format=torch.channels_last))

    network = model._members[0]
    hook = network.register_forward_hook(keep)
    classes_of(model, image)
    hook.remove()
    times = [(*_seconds(partial(classes_of, model, image)), _seconds(partial(_pass, model, seen))[0]) for _ in range(3)]
    return min(time for time, _, _ in times), times[0][1], min(bare for *_, bare in times)


def classes_of(model: Model, image: np.ndarray) -> np.ndarray:
    """Predict as a job does, but into memory."""
    run = BlockRun([[model]], image.__getitem__, image.shape, "z")
    out = np.empty(image.shape, np.uint8)
    for block, answer in run.answers(plan_blocks(image.shape, run.block, None)):
        out[block] = answer.numbers
    return out


@torch.inference_mode()
def _pass(model: Model, tiles: list[torch.Tensor]) -> None:
    tuner = model._tuner
    for tile in tiles:
        with tuner.timed(tile.numel()), model.device.autocast():
            model._members[0](tile)


def run_monai(python: Path, model: Model, weights: dict[str, torch.Tensor], image: np.ndarray) -> tuple[float, np.ndarray]:
    """Give MONAI's seconds and channels for the network that a model was made of, with its weights, and the same image."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("image.npy", "weights.pt", "answers.npy")]
        np.save(files[0], model.normalise(image))
        torch.save(weights, files[1])
        command = [str(python), "-c", _MONAI, *map(str, files), json.dumps(UNET)]
        seconds = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        return float(seconds), np.load(files[2])


def _peak_mb(root: Path, network: str) -> float:
    """Predict the volume of a workspace as a job does, and give the largest resident size."""
    workspace, (architecture, planes) = Workspace(root), NETWORKS[network]
    volume, group = open_volume(workspace, "large")
    run = BlockRun([[_model(architecture)]], reader_of(level_array(group, "0"), volume.id), volume.shape, planes)
    about = {
        "id": network,
        "volume": volume.id,
        "model": {"name": "m", "version": 1, "digest": "d"},
        "snapshot": "",
        "planes": planes,
        "job": None,
    }
    info = PredictionInfo(**about, classes=[], levels=volume.levels, author="", created=volume.created, duration_s=0)
    draft = Draft.open(workspace, volume, info, run.layers)
    blocks = plan_blocks(volume.shape, run.block, None)
    for _ in put_away(run, draft, blocks[:_FIRST_BLOCKS] if network == "default" else blocks, lambda _block, _answer: None):
        pass
    draft.keep(info)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _model(architecture: dict[str, Any], *, uses_bf16: bool | None = None) -> Model:
    """Make a model with random weights, in the arithmetic that is fast here unless told otherwise."""
    torch.manual_seed(0)
    device = choose_device() if uses_bf16 is None else replace(choose_device(), uses_bf16=uses_bf16)
    classes = [LabelClass(id=n, name=f"class {n}", color="#112233") for n in (1, 2, 3)]
    manifest = Manifest(
        learner="unet", architecture=architecture, classes=classes, normalisation=Normalisation(center=100, scale=50), volume="",
        volume_digest="", voxel_size=(1, 1, 1), unit="um", snapshot="", settings={}, metrics={}, author="", code_version="", hardware="",
        duration_s=0, created=datetime.now(UTC),
    )  # fmt: skip
    is_deep = architecture["kind"] == "unet"  # answers with all classes, or there would be nothing to compare
    return Model(manifest, random_state(manifest) if is_deep else build_network(architecture).state_dict(), device)


def near_borders(shape: tuple[int, int], step: tuple[int, int]) -> np.ndarray:
    """Give where (rows, columns) a voxel lies within four of a border of tiles of a size."""
    rows, columns = (np.minimum(np.arange(n) % s, s - 1 - np.arange(n) % s) < 4 for n, s in zip(shape, step, strict=True))
    return rows[:, None] | columns[None]


def _blobs(shape: tuple[int, int, int]) -> np.ndarray:
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    noise = np.random.default_rng(0).normal(0, 5, shape[1:]).astype(np.float32)
    return (100 + 60 * np.sin(z / 9) * np.cos(y / 13) + 40 * np.sin(x / 11) + noise).clip(0, 255).astype(np.uint8)


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


if __name__ == "__main__":
    main()
