"""How much memory a process and all that it has started take, as the kernel counts it."""

import os
from collections import defaultdict
from pathlib import Path

_PARENT = 1
"""Field of /proc/PID/stat, counted from the one after the command's name (proc(5))."""


def memory_of_tree(pid: int | None = None) -> int:
    """Give the bytes of a process (this one by default) and its descendants; pages that several share count once, in parts (PSS)."""
    children = _children()
    waiting, total = [os.getpid() if pid is None else pid], 0
    while waiting:
        process = waiting.pop()
        total += _proportional_bytes(process)
        waiting += children.get(process, ())
    return total


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        found[int(fields[_PARENT])].append(int(folder.name))
    return found


def _proportional_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended, or is not ours to look into
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
