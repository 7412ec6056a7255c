"""Where networks run, and in which arithmetic: chosen by itself, by what there is and what a short measurement says."""

import contextlib
import time
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from voxloop_shared.nets.hardware import cpu_name, thread_count
from voxloop_shared.nets.threads import ThreadTuner

_TRIALS = 8
_FASTER = 0.8
"""bf16 must take less than this share of float32's time: it costs accuracy, so a tie is no win."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the arithmetic that is fast there."""

    torch: torch.device
    uses_bf16: bool
    description: str

    @property
    def is_cuda(self) -> bool:
        """Say whether it is an NVIDIA GPU."""
        return self.torch.type == "cuda"

    def new_tuner(self) -> ThreadTuner:
        """Give what keeps the number of CPU threads right; on a GPU there is nothing to choose."""
        return ThreadTuner(1 if self.is_cuda else thread_count())

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """Give the context in which the network runs, forward only."""
        return torch.autocast(self.torch.type, dtype=torch.bfloat16, enabled=self.uses_bf16)

    def place(self, network: nn.Module) -> nn.Module:
        """Move a network there, in the memory layout that convolutions like best."""
        return network.to(self.torch).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def send(self, batch: Tensor) -> Tensor:
        """Move a batch (n, channels, rows, columns) there."""
        return batch.to(self.torch, non_blocking=True).contiguous(memory_format=torch.channels_last)


@cache
def choose_device() -> Device:
    """Take the first GPU, else the CPU with all threads that this process may use."""
    if torch.cuda.is_available():
        gpu = torch.device("cuda", 0)
        return Device(gpu, torch.cuda.is_bf16_supported(including_emulation=False), f"cuda: {torch.cuda.get_device_name(gpu)}")
    threads = thread_count()
    torch.set_num_threads(1)
    uses_bf16 = _has_fast_bf16()
    torch.set_num_threads(threads)
    return Device(torch.device("cpu"), uses_bf16, f"cpu: {threads} threads, {cpu_name()}")


def choose_early() -> None:
    """Choose the device before there is work, for processes that fork for it; not where torch knows of GPUs, which no fork can share."""
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        choose_device()


def _has_fast_bf16() -> bool:
    """Measure: bf16 pays on CPUs with AMX or AVX512-BF16 and is several times slower on all others.

    The answer changes a prediction's last voxels, so on one machine it must always be the same, however busy: one thread
    waits for no other, and the best of several times is one without an interruption.
    """
    network = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.Conv2d(32, 16, 3, padding=1))
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    image = torch.zeros(1, 16, 128, 128).contiguous(memory_format=torch.channels_last)
    return _seconds(network, image, is_bf16=True) < _FASTER * _seconds(network, image, is_bf16=False)


@torch.inference_mode()
def _seconds(network: nn.Module, image: Tensor, *, is_bf16: bool) -> float:
    """Give the best of a few forward passes; the first, which prepares kernels, does not count."""
    times = []
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
        for _ in range(_TRIALS + 1):
            start = time.perf_counter()
            network(image)
            times.append(time.perf_counter() - start)
    return min(times[1:])
