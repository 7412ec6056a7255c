"""Open pages hear of what happens."""

from tests.annotate.conftest import RunningAnnotate
from tests.annotate.listening import listening
from tests.annotate.test_strokes import a_stroke
from tests.waiting import wait_until


def test_a_stroke_reaches_every_open_page(annotate: RunningAnnotate) -> None:
    stroke = a_stroke()
    with listening(annotate) as heard:
        annotate.client.post(f"{annotate.base}/strokes", stroke)
        wait_until(lambda: any(event == "stroke" and data["stroke_id"] == stroke["id"] for event, data in heard))
    lights = {light["name"]: light["ok"] for light in next(data for event, data in heard if event == "services")}
    assert lights == {"annotate": True, "registry": False, "train": False, "infer": False}
