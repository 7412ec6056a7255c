"""Being asked to end: a training that gets SIGTERM first writes down where it stands."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """Within this context SIGTERM is only noted; `end_process` then does what it would have done at once."""

    def __init__(self) -> None:
        self.is_wanted = False
        self._before: signal.Handlers | object = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python takes no signals, and none is sent to a job
            self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)  # type: ignore[arg-type]

    def end_process(self) -> None:
        """End as if the signal had not been caught, so that whoever waits for this process sees why."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.is_wanted = True
