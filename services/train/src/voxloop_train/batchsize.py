"""How many crops fit on the device at once: found out by running out of memory."""

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from voxloop_shared.errors import VoxloopError

log = logging.getLogger(__name__)

T = TypeVar("T")


class BatchSize:
    """A number of crops that is halved, for good, whenever the device has no memory for it."""

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self, work: Callable[[int], T]) -> T:
        """Do a piece of work with so many crops, again with half as many when memory is too short.

        Raises VoxloopError when a single crop is too much.
        """
        while True:
            try:
                return work(self.size)
            except torch.OutOfMemoryError as error:
                if self.size == 1:
                    raise VoxloopError("the device has no memory for a single crop: choose a smaller crop, width or depth") from error
            # only here, outside of the handler, nothing holds the tensors of the failed try any more
            self.size //= 2
            log.warning("out of memory: going on with %d crops per step", self.size)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
