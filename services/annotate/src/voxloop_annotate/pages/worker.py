"""Callbacks run on the event loop; what waits for a disk or a socket goes to a thread."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run blocking work without holding up pixels and strokes."""
    return await asyncio.to_thread(work)
