"""Work cut into pieces that a core's cache holds, done side by side.

Threads that share one small operation after the other mostly wait for each other, and what lies between two operations on a
whole image has left the cache before the second begins. A thread that takes a piece through all of them does neither.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

from voxloop_shared.nets.hardware import thread_count

T = TypeVar("T")


def side_by_side(work: Callable[[T], None], pieces: Iterable[T]) -> None:
    """Do a piece of work on every piece, on all cores; raises what the first that failed has raised.

    The work must not call this in turn: it would wait for itself.
    """
    things = list(pieces)
    if len(things) < 2 or thread_count() == 1:
        for thing in things:
            work(thing)
        return
    is_inference, has_gradients = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def take(thing: T) -> None:
        with torch.inference_mode(is_inference), torch.set_grad_enabled(has_gradients and not is_inference):
            work(thing)

    for _ in _crew().map(take, things):
        pass


@cache
def _crew() -> ThreadPoolExecutor:
    """Start threads in each of which torch itself uses one; in all others it goes on as before."""
    count, threads = thread_count(), torch.get_num_threads()
    crew = ThreadPoolExecutor(count, "crew", initializer=_work_alone)
    everybody = threading.Barrier(count + 1)
    for _ in range(count):
        crew.submit(everybody.wait)
    everybody.wait()
    torch.set_num_threads(threads)  # what a thread asks for becomes the default of all that start later
    return crew


def _work_alone() -> None:
    torch.get_num_threads()  # at its first use of torch a thread takes over the default: later, it would forget what it was told
    torch.set_num_threads(1)
