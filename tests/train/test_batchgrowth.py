import pytest

from voxloop_train.batchgrowth import BatchGrowth
from voxloop_train.batchsize import BatchSize


class Gpu:
    """A device that needs so long to start a step, and so long per crop: its clock."""

    def __init__(self, start_s: float, per_crop_s: float) -> None:
        self._start_s = start_s
        self._per_crop_s = per_crop_s
        self.now_s = 0.0

    def step(self, crops: int) -> None:
        self.now_s += self._start_s + crops * self._per_crop_s


def settled(gpu: Gpu, batch: BatchSize, most: int = 256, memory: int = 1000) -> int:
    """Step until the number of crops no longer changes, and give it."""
    growth = BatchGrowth(batch, most, lambda: None, lambda: gpu.now_s)
    for _ in range(100):
        with growth.timed():
            batch.size = min(batch.size, memory)
            gpu.step(batch.size)
    assert growth.is_settled
    return batch.size


@pytest.mark.parametrize(("start_s", "per_crop_s", "size"), [(1.0, 0.001, 256), (0.0, 0.1, 8), (0.010, 0.0002, 32)])
def test_takes_more_crops_while_they_cost_hardly_any_time(start_s, per_crop_s, size):
    assert settled(Gpu(start_s, per_crop_s), BatchSize(8)) == size


def test_takes_no_more_than_it_may_and_than_there_is_memory_for():
    assert settled(Gpu(1.0, 0.001), BatchSize(8), most=48) == 32
    assert settled(Gpu(1.0, 0.001), BatchSize(8), memory=20) == 20


def test_waits_for_the_device_only_until_it_knows():
    gpu, waits = Gpu(0.0, 0.1), []
    batch = BatchSize(8)
    growth = BatchGrowth(batch, 256, lambda: waits.append(1), lambda: gpu.now_s)
    for _ in range(100):
        with growth.timed():
            gpu.step(batch.size)
    assert 0 < len(waits) < 40
