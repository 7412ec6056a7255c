"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 180.0
"""How long is waited for what must come. Tests run side by side on few cores; how soon a thing comes, the benchmarks say."""
PATIENCE_MS = 1000 * PATIENCE_S


def wait_until(claim: Callable[[], T], period_s: float = 0.02) -> T:
    """Call `claim` until it gives something true, and give that; fail when patience is at its end."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = claim()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_S:g} s in vain")
        time.sleep(period_s)
