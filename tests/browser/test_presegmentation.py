"""A volume without labels: a model from elsewhere is looked at, its classes are added by name, and what it says can be accepted."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.annotate.conftest import RunningAnnotate, running_annotate
from tests.annotate.test_training import STRANGERS, publish
from tests.browser.seeing import Viewer, looking
from tests.infer.conftest import voxels
from tests.planes import labels_in
from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.volumes import import_volume

pytestmark = pytest.mark.browser

SHAPE = (6, 64, 64)
VIEW = "axis=z&index=3&layout=one"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningAnnotate]:
    """annotate, infer and registry over two volumes that nobody has painted, and two models that learnt elsewhere."""
    with running_annotate("registry", "infer") as service:
        for name in ("Fresh", "Seen"):
            info = import_volume(service.workspace, ArraySource(voxels(SHAPE)), name=name, origin="test")
            service.client.post("/api/volumes", {"id": info.id})
        with ServiceClient(service.socket_of("registry")) as registry:
            for name in ("older", "stranger"):
                publish(registry, name, classes=STRANGERS, volume="elsewhere")
        yield service


@pytest.fixture
def viewer(chromium: Browser, running: RunningAnnotate, request: pytest.FixtureRequest) -> Iterator[Viewer]:
    running.volume = request.param
    with looking(chromium, running, running.volume) as viewer:
        yield viewer


def predict(running: RunningAnnotate, model: str) -> str:
    with ServiceClient(running.socket_of("infer")) as infer:
        job = infer.post("/jobs", {"volume": running.volume, "model": model, "planes": "z"})
        wait_until(lambda: infer.get(f"/jobs/{job['id']}")["state"] == "succeeded")
        return infer.get(f"/jobs/{job['id']}")["result"]["prediction"]


@pytest.mark.parametrize("viewer", ["fresh"], indirect=True)
def test_a_stranger_makes_the_first_proposal_and_its_classes_are_known_by_name(viewer: Viewer, running: RunningAnnotate) -> None:
    page = viewer.page
    page.goto(f"{viewer.url}&volume={viewer.volume}#{VIEW}")
    hint = page.locator("#predict-hint")
    expect(hint).to_contain_text("Nothing is labelled yet: stranger:1 can make the first proposal")
    expect(hint).to_contain_text("It learnt from elsewhere")
    expect(hint.locator(".vx-hint-class")).to_have_text(["Pore", "grain", "shell"])

    hint.locator("[data-action=preview-model]").click()
    page.wait_for_function("() => window.voxloop.session.state.preview?.planes.z")
    expect(page.locator(".vx-preview-tag")).to_contain_text("stranger:1")
    assert page.evaluate("() => window.voxloop.layout.main.shown.prediction.slice.data.every((value) => [7, 8, 9].includes(value))")
    page.keyboard.press("ArrowUp")
    page.wait_for_function("() => window.voxloop.session.state.preview?.planes.z.prediction.index === 4")
    page.locator("[data-action=close-preview]").click()
    expect(page.locator(".vx-preview-tag")).to_be_hidden()
    expect(hint.locator("[data-action=preview-model]")).to_have_text("Preview")

    before = {entry["id"] for entry in running.client.get(f"{running.base}/classes")["classes"]}
    hint.locator("[data-action=add-classes]").click()
    expect(hint.locator(".vx-hint-lack")).to_be_hidden()

    def added() -> dict[str, int]:
        """Give the new classes that the server has by now."""
        classes = running.client.get(f"{running.base}/classes")["classes"]
        return {entry["name"]: entry["id"] for entry in classes if entry["id"] not in before}

    wait_until(lambda: len(added()) == 3)
    numbers = added()
    assert set(numbers) == {"Pore", "grain", "shell"}
    assert set(numbers.values()).isdisjoint({7, 8, 9})

    prediction = predict(running, "stranger")
    viewer.open(VIEW)
    page.wait_for_function("() => window.voxloop.layout.main.shown.prediction")
    at = page.evaluate("() => window.voxloop.layout.main.shown.prediction.slice.data[32 * 64 + 32]")
    page.mouse.move(*viewer.point(32.5, 32.5))
    name = next(entry.name for entry in STRANGERS if entry.id == at)
    expect(page.locator("[data-slot=predicted]")).to_contain_text(f"predicted {name}")
    order = {"id": "all", "kind": "accept", "where": "slice", "axis": "z", "index": 3, "prediction": prediction}
    running.client.post(f"{running.base}/fills", order)
    labels = running.client.request("GET", f"{running.base}/labels?axis=z&index=3")
    assert labels_in(labels)[32, 32] == numbers[name]
    assert viewer.complaints == []


def drawn(viewer: Viewer) -> list[bool]:
    """Say whether anything but background is drawn left and right of the middle of the image's height."""
    script = """() => {
      const { canvas } = window.voxloop.layout.main;
      const at = (share) => canvas.getContext("2d").getImageData(share * canvas.width, canvas.height * 0.4, 1, 1).data;
      const [back, ...sides] = [0, 0.4, 0.6].map(at);
      return sides.map((pixel) => pixel.some((value, i) => value !== back[i]));
    }"""
    return viewer.page.evaluate(script)


@pytest.mark.parametrize("viewer", ["seen"], indirect=True)
def test_a_prediction_is_compared_with_labels_or_another_one_under_a_border_or_in_the_same_place(
    viewer: Viewer, running: RunningAnnotate
) -> None:
    page = viewer.page
    first, second = predict(running, "older"), predict(running, "stranger")
    viewer.open("axis=z&index=1&layout=one&image=off")  # nothing is labelled there
    expect(page.locator("#prediction")).to_have_value(second)
    wait_until(lambda: drawn(viewer) == [True, True])

    page.locator("#compare-with").select_option("labels")
    wait_until(lambda: drawn(viewer) == [True, False])
    expect(page.locator(".vx-divider-name")).to_contain_text(["stranger:1", "labels"])
    handle = page.locator(".vx-divider-handle")
    handle.press("End")
    wait_until(lambda: drawn(viewer) == [True, True])
    page.locator(".vx-compare-modes [data-mode=flicker]").click()
    page.keyboard.down("0")
    wait_until(lambda: drawn(viewer) == [False, False])
    page.keyboard.up("0")
    wait_until(lambda: drawn(viewer) == [True, True])
    page.locator(".vx-compare-modes [data-mode=swipe]").click()

    box = page.locator(".vx-view").first.bounding_box()
    assert box is not None
    handle.press("Home")
    wait_until(lambda: drawn(viewer) == [False, False])
    page.mouse.move(box["x"] + 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100, steps=4)
    page.mouse.up()
    wait_until(lambda: drawn(viewer) == [True, False])

    page.locator("#compare-with").select_option(first)
    page.wait_for_function("() => window.voxloop.layout.main.scene.shown.other")
    wait_until(lambda: drawn(viewer) == [True, True])
    expect(page.locator(".vx-divider-name")).to_contain_text(["stranger:1", "older:1"])
    page.locator("#compare-with").select_option("")
    expect(page.locator(".vx-divider-area")).to_be_hidden()
    assert viewer.complaints == []
