"""Callbacks run on the event loop; what waits for a disk or a socket goes to a thread."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from voxloop_annotate.people import asking

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run blocking work without holding up pixels and strokes."""
    return await asyncio.to_thread(work)


async def change_in_thread(work: Callable[[], T]) -> T:
    """Run blocking work that changes something; raises Forbidden where whoever asks may only look.

    Dash's callbacks have one address for all, so the gate cannot tell them apart.
    """
    asking().check_change()
    return await in_thread(work)


def rights_of_button(title: str) -> tuple[bool, str]:
    """Give whether a button that changes something is off for whoever asks, and what it says: its title, or why it is off."""
    person = asking()
    return not person.may_change, title if person.may_change else f"Viewers do not start jobs: ask {person.host} for the role annotator"
