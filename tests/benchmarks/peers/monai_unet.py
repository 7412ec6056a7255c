"""The peer `monai`: MONAI's UNet with our crops, as long as ours, predicted with its sliding window.

`pip install monai` in an environment that has voxloop, too: crops are drawn by voxloop's own Sampler, so that networks are compared
and not what they are shown. The rest is MONAI's way: UNet with 16 to 128 channels and two residual units per level, its Dice and
cross-entropy loss masked to labelled voxels, flips and quarter turns, AdamW at 1e-3, `sliding_window_inference` with an overlap of
0.25 and Gaussian blending.
"""

import time

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from monai.losses import DiceLoss
from monai.networks.nets import UNet
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tests.benchmarks.peers.order import Answer, Order, answer_order
from voxloop_shared.nets.inputs import normalise, read_extended
from voxloop_shared.schemas import Normalisation
from voxloop_train.crops import CropSource
from voxloop_train.holdout import Split, strokes_of
from voxloop_train.losses import IGNORED
from voxloop_train.points import LabelPoints
from voxloop_train.sampling import Sampler

_CROP, _BATCH, _CONTEXT = 96, 8, 1
_OVERLAP = 0.25


class Whole:
    """An image in memory as the source of crops wants it."""

    def __init__(self, image: NDArray[np.generic]) -> None:
        self.shape = image.shape
        self.read = image.__getitem__


def segment(order: Order, image: NDArray[np.generic], strokes: NDArray[np.uint8]) -> Answer:
    """Train within the budget and segment the slices."""
    torch.manual_seed(order.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    start = time.perf_counter()
    normalisation = _normalisation_of(image)
    network = UNet(2, 1 + 2 * _CONTEXT, order.classes, (16, 32, 64, 128), (2, 2, 2), num_res_units=2).to(device)
    steps = _train(network, _sampler(order, image, strokes, normalisation), device, start + order.budget_s)
    train_s = time.perf_counter() - start
    start = time.perf_counter()
    found = np.concatenate([_segment_slice(network, image, z, normalisation, device) for z in order.slices])
    return found, {"train_s": train_s, "predict_s": time.perf_counter() - start, "steps": steps}


def _normalisation_of(image: NDArray[np.generic]) -> Normalisation:
    low, high = np.percentile(image, (1, 99))
    return Normalisation(center=(low + high) / 2, scale=max(high - low, 1e-6) / 4)


def _sampler(order: Order, image: NDArray[np.generic], strokes: NDArray[np.uint8], normalisation: Normalisation) -> Sampler:
    position = np.flatnonzero(strokes)
    points = LabelPoints(image.shape, position, strokes.ravel()[position])
    split = Split(points, strokes_of(points), points.chosen(np.zeros(len(points), bool)), "nothing held out")
    source = CropSource(Whole(image), normalisation, _CONTEXT, _CROP)
    planes = "zyx" if order.is_isotropic and min(image.shape) >= 32 else "z"
    return Sampler(split, list(range(1, order.classes + 1)), source, planes, order.seed)


def _train(network: nn.Module, sampler: Sampler, device: torch.device, until: float) -> int:
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    dice = DiceLoss(softmax=True, to_onehot_y=True, batch=True)
    network.train()
    steps = 0
    while time.perf_counter() < until:
        images, targets = _turned(*sampler.batch(_BATCH))
        loss = _loss(dice, network(images.to(device)), targets.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
    return steps


def _turned(images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Flip and turn a batch, images and targets alike."""
    turns, is_flipped = int(torch.randint(4, ())), bool(torch.randint(2, ()))
    both = (torch.rot90(t, turns, (-2, -1)) for t in (images, targets))
    images, targets = (t.flip(-1) if is_flipped else t for t in both)
    return images.contiguous(), targets.contiguous()


def _loss(dice: DiceLoss, logits: Tensor, targets: Tensor) -> Tensor:
    """Add cross-entropy and MONAI's Dice over the labelled voxels, laid out as one image of a single row."""
    labelled = targets != IGNORED
    chosen, truth = logits.movedim(1, -1)[labelled], targets[labelled].long()
    return functional.cross_entropy(chosen, truth) + dice(chosen.T[None, :, None], truth[None, None, None])


@torch.inference_mode()
def _segment_slice(
    network: nn.Module, image: NDArray[np.generic], z: int, normalisation: Normalisation, device: torch.device
) -> NDArray[np.uint8]:
    """Give class ids (1, rows, columns) of a slice."""
    network.eval()
    rows, columns = image.shape[1:]
    box = ((z - _CONTEXT, z + _CONTEXT + 1), (0, rows), (0, columns))
    block = normalise(read_extended(image.__getitem__, image.shape, box), normalisation)
    stack = torch.from_numpy(block)[None].to(device)
    logits = sliding_window_inference(stack, (_CROP, _CROP), 4, network, overlap=_OVERLAP, mode="gaussian")
    return (logits.argmax(dim=1) + 1).cpu().numpy().astype(np.uint8)


if __name__ == "__main__":
    answer_order(segment)
