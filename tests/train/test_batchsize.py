import pytest
import torch

from voxloop_shared.errors import VoxloopError
from voxloop_train.batchsize import BatchSize


def limited(most: int):
    """Work for which the device has memory for so many crops."""

    def work(batch: int) -> int:
        if batch > most:
            raise torch.OutOfMemoryError(f"no memory for {batch}")
        return batch

    return work


def test_halves_until_it_fits_and_stays_there():
    batch = BatchSize(32)
    assert batch.run(limited(32)) == 32
    assert batch.run(limited(9)) == 8
    assert batch.run(limited(32)) == 8


def test_a_single_crop_that_does_not_fit_is_an_error_that_says_what_to_change():
    with pytest.raises(VoxloopError, match="smaller crop"):
        BatchSize(32).run(limited(0))


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError):
        BatchSize(32).run(lambda batch: batch // 0)
