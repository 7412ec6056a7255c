"""The process of one live session: hears what the service wants, tells what it has learned, ends when the service does."""

import logging
import os
import threading
from multiprocessing.connection import Connection
from typing import Any

from voxloop_shared.errors import VoxloopError, from_os_error
from voxloop_shared.logs import configure_logging
from voxloop_shared.nets.hardware import let_idle_threads_sleep
from voxloop_train.live.orders import LiveOrder
from voxloop_train.settings import TrainSettings

log = logging.getLogger(__name__)

_NICE = {"instant": 1, "unet": 10}
"""Somebody waits for `instant` and it is done in half a second; the U-Net works on and on, and the page must stay smooth."""


def run_child(line: "Connection[Any, Any]", settings: str, order: str) -> None:
    """Hold a session; both arguments are JSON, for they come from another process."""
    configure_logging("train", "INFO")
    let_idle_threads_sleep()
    service = ServiceLine(line)
    wanted = LiveOrder.model_validate_json(order)
    os.nice(_NICE.get(wanted.learner, 10))
    from joblib import parallel_config

    from voxloop_train.live.learning import learn_live  # torch loads in the child only

    try:
        with parallel_config(backend="threading"):  # in a daemonic process joblib would not even begin threads by itself
            learn_live(wanted, TrainSettings.model_validate_json(settings), service.tell, service.is_pause_wanted)
    except VoxloopError as error:
        service.tell(phase="failed", message=error.message, **error.to_json())
    except OSError as error:
        service.tell(phase="failed", message=str(error), **from_os_error(error).to_json())


class ServiceLine:
    """The pipe to the service."""

    def __init__(self, line: "Connection[Any, Any]") -> None:
        self._line = line
        self._pauses = threading.Event()
        threading.Thread(target=self._listen, daemon=True, name="service-line").start()

    def tell(self, **changes: Any) -> None:
        """Say what has changed of the session's state."""
        self._line.send(changes)

    def is_pause_wanted(self) -> bool:
        """Say whether somebody else needs the machine more."""
        return self._pauses.is_set()

    def _listen(self) -> None:
        """Take orders; a pipe that ends is a service that has ended, however it did."""
        while True:
            try:
                wants_pause = self._line.recv()
            except (EOFError, OSError):
                os._exit(os.EX_TEMPFAIL)
            (self._pauses.set if wants_pause else self._pauses.clear)()
