"""A network that reads features answers alike in whatever pieces it is asked, and for preview as for the whole volume."""

import numpy as np
import pytest
import torch

from tests.infer.conftest import EXACT, IDS, manifest_of
from voxloop_infer import classifying
from voxloop_infer.model import Model
from voxloop_infer.reading import Image
from voxloop_infer.voting import vote
from voxloop_shared.nets.architectures import build_network, read_architecture
from voxloop_shared.nets.inputs import normalise
from voxloop_shared.nets.pixel import PixelNetwork

SHAPE = (40, 90, 70)


def pixel_model(**options) -> Model:
    architecture = {"kind": "pixel", "classes": 3, "is_3d": True, "scales": 3, "width": 16, "smoothing": 2} | options
    manifest = manifest_of(learner="instant", architecture=architecture)
    return Model(manifest, balanced_state(architecture), EXACT)


def balanced_state(architecture: dict) -> dict[str, torch.Tensor]:
    """Weights that answer with all classes: the mean of the logits over the image is taken off."""
    torch.manual_seed(3)
    network = build_network(architecture)
    assert isinstance(network, PixelNetwork)
    image = torch.from_numpy(normalise(voxels(), manifest_of().normalisation))
    features = read_architecture(architecture).bank(image, tuple(slice(0, n) for n in SHAPE)).flatten(1).T
    with torch.no_grad():
        network.mean.copy_(features.mean(0))
        network.deviation.copy_(features.std(0))
        network.layers[-1].bias.sub_(network(features).mean(0))
    return network.state_dict()


def voxels() -> np.ndarray:
    return np.random.default_rng(0).normal(100, 50, SHAPE).astype(np.float32)


@pytest.mark.parametrize("is_3d", [True, False])
@pytest.mark.parametrize("smoothing", [0, 3])
def test_pieces_answer_as_the_whole(monkeypatch: pytest.MonkeyPatch, is_3d: bool, smoothing: int) -> None:
    model, image = pixel_model(is_3d=is_3d, smoothing=smoothing), voxels()
    whole = tuple(slice(0, n) for n in SHAPE)
    numbers, confidence, _ = vote([model], Image(image.__getitem__, SHAPE), whole, "z")
    assert set(np.unique(numbers)) <= set(IDS)
    assert len(np.unique(numbers)) > 1
    monkeypatch.setattr(classifying, "_BLOCK_VOXELS", 1 << 16)
    monkeypatch.setitem(classifying._PIECE_VOXELS, "cpu", 1 << 13)
    monkeypatch.setitem(classifying._SMOOTHED_VOXELS, "cpu", 1 << 13)
    for region in (whole, np.s_[7:8, 0:90, 0:70], np.s_[0:40, 33:34, 0:70], np.s_[11:30, 64:90, 5:41]):
        part, sure, _ = vote([model], Image(image.__getitem__, SHAPE), region, "z")
        assert (part == numbers[region]).mean() > 0.9995  # sums in another order may tip a voxel that is on the fence
        assert np.abs(sure.astype(int) - confidence[region]).max() <= 2


def test_reads_no_further_than_features_reach() -> None:
    model, image, read = pixel_model(), voxels(), []

    def note(region):
        read.append(region)
        return image[region]

    vote([model], Image(note, SHAPE), np.s_[16:17, 40:48, 30:38], "z")
    bank = model.architecture.bank
    for part, step, halo, wanted in zip(read[0], bank.step, bank.halo, (1, 8, 8), strict=True):
        assert part.stop - part.start <= wanted + 2 * (halo + step + 2 * 2)
