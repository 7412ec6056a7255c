"""On a GPU: the same voxels as on the CPU, as many slices at once as the memory holds, and every GPU at work."""

import numpy as np
import pytest
import torch

from tests.infer.conftest import EXACT, manifest_of, random_state, voxels
from tests.infer.test_classifying import SHAPE, pixel_model
from tests.infer.test_classifying import voxels as noise
from voxloop_infer.engines import all_devices
from voxloop_infer.model import Model
from voxloop_infer.plan import plan_blocks
from voxloop_infer.prediction import BlockRun
from voxloop_infer.reading import Image
from voxloop_infer.voting import vote
from voxloop_shared.nets.devices import Device

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

BLOB_SHAPE = (20, 96, 80)
ARCHITECTURE = {"classes": 3, "width": 8, "depth": 2}


def on_gpu(*, uses_bf16: bool = False, number: int = 0) -> Device:
    return Device(torch.device("cuda", number), uses_bf16=uses_bf16, description="a GPU")


def model_on(device: Device, **options) -> Model:
    manifest = manifest_of(**{"architecture": ARCHITECTURE, "in_channels": 3} | options)
    return Model(manifest, random_state(manifest), device)


def decided(models: list[Model], planes: str, *, flips: bool = False):
    image = voxels(BLOB_SHAPE)
    return vote(models, Image(image.__getitem__, BLOB_SHAPE), np.s_[0:20, 0:96, 0:80], planes, flips=flips)


@pytest.mark.parametrize("planes", ["z", "zyx", "nine"])
@pytest.mark.parametrize(("uses_bf16", "least"), [(False, 0.999), (True, 0.98)])
def test_a_gpu_answers_as_the_cpu_does(planes: str, uses_bf16: bool, least: float) -> None:
    expected, found = decided([model_on(EXACT)], planes), decided([model_on(on_gpu(uses_bf16=uses_bf16))], planes)
    assert (found.numbers == expected.numbers).mean() >= least
    assert np.abs(found.confidence.astype(int) - expected.confidence).mean() <= (1 if not uses_bf16 else 4)
    assert (found.uncertainty is None) == (expected.uncertainty is None)


def test_a_gpu_reads_features_as_the_cpu_does() -> None:
    image, region = noise(), tuple(slice(0, n) for n in SHAPE)
    models = [pixel_model(), pixel_model()]
    models[1] = Model(models[0].manifest, models[0]._members[0].state_dict(), on_gpu())
    expected, found = (vote([model], Image(image.__getitem__, SHAPE), region, "z") for model in models)
    assert (found.numbers == expected.numbers).mean() >= 0.999


def test_fewer_slices_go_at_once_where_memory_is_short() -> None:
    model = model_on(on_gpu())
    many = model.slices_per_pass(256, 256)
    assert many > 1
    free, _ = torch.cuda.mem_get_info()
    held = torch.empty(int(free * 0.98), dtype=torch.uint8, device="cuda")
    few = model.slices_per_pass(256, 256)
    del held
    torch.cuda.empty_cache()
    assert 1 <= few < many


def test_all_gpus_share_a_volume_and_give_what_one_gives() -> None:
    count = torch.cuda.device_count()
    assert [device.torch.index for device in all_devices()] == list(range(count))
    if count < 2:
        pytest.skip("one CUDA device only")
    image, answers = voxels((64, 300, 300)), []
    for numbers in ([0], range(count)):
        run = BlockRun([[model_on(on_gpu(number=number))] for number in numbers], image.__getitem__, image.shape, "z")
        out = np.empty(image.shape, np.uint8)
        for block, answer in run.answers(plan_blocks(image.shape, run.block, None)):
            out[block] = answer.numbers
        answers.append(out)
    assert np.array_equal(*answers)
