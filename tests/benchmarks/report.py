"""How a benchmark tells its figures: one JSON object on standard output, and with `--append` a line of RESULTS.md."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = """# Figures

Written by `python -m tests.benchmarks.NAME --append`.

| date (UTC) | machine | commit | command | figures |
|---|---|---|---|---|
"""


def print_figures(name: str, figures: dict[str, Any], goal: str = "") -> dict[str, Any]:
    """Print the figures of a benchmark, with the goal that they are to meet."""
    found = {"benchmark": name, **figures} | ({"goal": goal} if goal else {})
    print(json.dumps(found), flush=True)
    if "--append" in sys.argv[1:]:
        _append(name, figures)
    return found


def percentiles_ms(seconds: Sequence[float], name: str) -> dict[str, float]:
    """Give the median and the 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(np.asarray(seconds) * 1e3, (50, 95))
    return {f"{name}_p50_ms": round(float(p50), 2), f"{name}_p95_ms": round(float(p95), 2)}


def _append(name: str, figures: dict[str, Any]) -> None:
    if not RESULTS.exists():
        RESULTS.write_text(_HEAD)
    told = ", ".join(f"{key} {value}" for key, value in figures.items())
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    with RESULTS.open("a") as stream:
        stream.write(f"| {when} | {_machine()} | {_commit()} | `python -m tests.benchmarks.{name}` | {told} |\n")


def _machine() -> str:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model or platform.machine()}, load {load:.1f} at the end"


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=RESULTS.parent, capture_output=True, text=True, check=False).stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "none") + ("+" if git("status", "--porcelain") else "")
