"""Open pages hear of what happens."""

import json
import threading
from typing import Any

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.test_strokes import a_stroke
from tests.waiting import wait_until


def listen(annotate: RunningAnnotate, heard: list[tuple[str, Any]], stop: threading.Event) -> None:
    with annotate.client.stream("GET", f"/api/events?volume={annotate.volume}", timeout=5) as response:
        event = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                heard.append((event, json.loads(line.removeprefix("data: "))))
            if stop.is_set():
                return


def test_a_stroke_reaches_every_open_page(annotate: RunningAnnotate) -> None:
    heard: list[tuple[str, Any]] = []
    stop = threading.Event()
    listener = threading.Thread(target=listen, args=(annotate, heard, stop))
    listener.start()
    wait_until(lambda: any(event == "services" for event, _ in heard), timeout_s=10)
    stroke = a_stroke()
    annotate.client.post(f"{annotate.base}/strokes", stroke)
    wait_until(lambda: any(event == "stroke" and data["stroke_id"] == stroke["id"] for event, data in heard), timeout_s=2)
    stop.set()
    annotate.client.post(f"{annotate.base}/undo")
    listener.join(10)
    lights = {light["name"]: light["ok"] for light in next(data for event, data in heard if event == "services")}
    assert lights == {"annotate": True, "registry": False, "train": False, "infer": False}
