"""Progress of long work, told to whoever waits; short work is not worth a message."""

import time
from collections.abc import Callable

_QUIET_S = 0.3
_BETWEEN_S = 0.1


class Progress:
    """Counts steps and calls `tell(done, total)` at most ten times a second, from 0.3 s on; then also when all is done."""

    def __init__(self, tell: Callable[[int, int], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._next = clock() + _QUIET_S
        self._told = False
        self._done, self._total = 0, 1  # the last step is writing the labels

    def expect(self, steps: int) -> None:
        """Say that there are more steps to come."""
        self._total += steps

    def advance(self, steps: int = 1) -> None:
        """Count steps that are done."""
        self._done = min(self._done + steps, self._total - 1)
        now = self._clock()
        if now >= self._next:
            self._next, self._told = now + _BETWEEN_S, True
            self._tell(self._done, self._total)

    def finish(self) -> None:
        """Say that all is done, if anything was said before."""
        if self._told:
            self._tell(self._total, self._total)
