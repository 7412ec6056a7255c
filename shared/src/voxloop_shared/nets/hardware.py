"""What a machine computes with, found without torch: the web processes must stay light."""

import os
import re
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")
_NVIDIA = Path("/proc/driver/nvidia/gpus")


def thread_count() -> int:
    """Count the CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))


def cpu_name() -> str:
    """Give the processor's model name."""
    found = re.search(r"^model name\s*:\s*(.+)$", _CPU_INFO.read_text(), re.MULTILINE) if _CPU_INFO.exists() else None
    return found[1].strip() if found else "unknown processor"


def gpu_names(driver: Path = _NVIDIA, visible: str | None = None) -> list[str]:
    """Name the GPUs whose driver is loaded; none when `visible` (CUDA_VISIBLE_DEVICES) hides all."""
    if visible in ("", "-1"):
        return []
    texts = [path.read_text() for path in sorted(driver.glob("*/information"))]
    found = [re.search(r"^Model:\s*(.+)$", text, re.MULTILINE) for text in texts]
    return [match[1].strip() for match in found if match]


def device_names() -> list[str]:
    """Name the devices for /health: the GPUs if there are any, then the CPU with its threads."""
    gpus = gpu_names(visible=os.environ.get("CUDA_VISIBLE_DEVICES"))
    return [*gpus, f"cpu: {thread_count()} threads, {cpu_name()}"]


def let_idle_threads_sleep() -> None:
    """Have OpenMP's threads sleep while they wait, where nobody has said otherwise; counts only before torch is loaded.

    By default they spin, and take the cores from the very threads that they wait for.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
