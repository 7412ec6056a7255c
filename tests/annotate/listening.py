"""Someone who listens: the events that an open page hears, as a list that grows."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.test_strokes import a_stroke
from tests.waiting import PATIENCE_S, wait_until

Heard = list[tuple[str, Any]]


@contextmanager
def listening(annotate: RunningAnnotate) -> Iterator[Heard]:
    """Give the events (name, data) that a page at the volume hears from now on."""
    heard: Heard = []
    stop = threading.Event()
    listener = threading.Thread(target=_listen, args=(annotate, heard, stop))
    listener.start()
    try:
        wait_until(lambda: any(event == "services" for event, _ in heard))
        yield heard
    finally:
        stop.set()
        annotate.client.post(f"{annotate.base}/strokes", a_stroke())  # a last event lets it look at `stop`
        listener.join(PATIENCE_S)


def _listen(annotate: RunningAnnotate, heard: Heard, stop: threading.Event) -> None:
    with annotate.client.stream("GET", f"/api/events?volume={annotate.volume}", timeout=5) as response:
        event = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                heard.append((event, json.loads(line.removeprefix("data: "))))
            if stop.is_set():
                return
