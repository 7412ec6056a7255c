"""SIGINT, SIGTERM and SIGHUP: waited for, or held back until a step is done."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignal:
    """Within the block these signals interrupt nothing: they are remembered until somebody asks.

    A pipe, not an Event: a handler that runs while the main thread holds the Event's lock would wait for itself.
    """

    def __enter__(self) -> Self:
        self._read_end, self._write_end = os.pipe()
        self._before: dict[signal.Signals, Any] = {}
        for number in _STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read_end)
        os.close(self._write_end)

    def is_set(self) -> bool:
        """Say whether such a signal has come."""
        return self.wait(0.0)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for such a signal; False when none has come in time."""
        return bool(select.select([self._read_end], [], [], timeout_s)[0])

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        os.write(self._write_end, b".")


def exit_on_termination() -> None:
    """Make SIGTERM unwind the program as Ctrl-C does, so that half-written files are taken away."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)


@contextmanager
def interruptible_steps(on_step: Callable[[float], None]) -> Iterator[Callable[[float], None]]:
    """Hold SIGINT and SIGTERM back until the yielded callback is called next, which then raises; a second one raises at once.

    Zarr writes in threads of its own: raised in the middle of a write, an interrupt would have us delete a folder into
    which that thread goes on to write.
    """
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            _interrupt(number)

    def step(done: float) -> None:
        if received:
            _interrupt(received[0])
        on_step(done)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield step
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int) -> None:
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
