"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(claim: Callable[[], T], timeout_s: float = 10.0, period_s: float = 0.02) -> T:
    """Call `claim` until it gives something true, and give that; fail when the time is over."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = claim()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s in vain")
        time.sleep(period_s)
