"""Looking at a volume: three planes, what is fetched, the address, going about."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Route

from tests.annotate.conftest import RunningAnnotate
from tests.browser.pictures import share_changed
from tests.browser.seeing import ANNOTATED, CLOSE, SHAPE, THREE, Viewer, image
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

MOST_BYTES = 8 * 2**20


def level_of(query: str) -> int:
    return int(parse_qs(query)["level"][0])


def voxels_of(query: str) -> int:
    """Count what a request for a part of level 0 of a z plane brings."""
    fields = {name: int(value[0]) for name, value in parse_qs(query).items() if name != "axis"}
    rows = fields.get("y1", SHAPE[1]) - fields.get("y0", 0)
    return rows * (fields.get("x1", SHAPE[2]) - fields.get("x0", 0))


# Planes


def test_three_planes_meet_in_one_voxel(viewer: Viewer) -> None:
    viewer.open("axis=z&at=5,300,900&zoom=1&center=5,300,900&layout=one")
    assert len(viewer.planes()) == 1
    viewer.press("q")
    viewer.wait()
    planes = viewer.planes()
    assert [(plane["axis"], plane["index"]) for plane in planes] == [("z", 5), ("y", 300), ("x", 900)]
    assert {plane["value"] for plane in planes} == {int(image()[5, 300, 900])}
    viewer.press("q")
    viewer.page.wait_for_function("() => document.querySelectorAll('canvas.vx-image').length === 1")


def test_a_new_visitor_sees_three_planes_and_their_choice_is_remembered(viewer: Viewer) -> None:
    viewer.open()
    assert [plane["axis"] for plane in viewer.planes()] == ["z", "y", "x"]
    viewer.page.click('[data-bar="planes"]')
    wait_until(lambda: viewer.state("layout") == "one")
    viewer.page.evaluate("() => history.replaceState(null, '', location.pathname + location.search)")
    viewer.page.reload()
    viewer.wait()
    assert len(viewer.planes()) == 1


def test_the_wheel_turns_the_slices_of_the_plane_under_the_pointer(viewer: Viewer) -> None:
    viewer.open(THREE + "&at=8,640,640")
    viewer.page.mouse.move(*viewer.point(8, 700, plane=2))
    viewer.page.mouse.wheel(0, 120)
    wait_until(lambda: viewer.state("indices") == [8, 640, 641])
    viewer.page.keyboard.press("ArrowDown")
    wait_until(lambda: viewer.state("indices") == [8, 640, 640])
    viewer.page.mouse.move(*viewer.point(640, 600))
    viewer.page.mouse.wheel(0, -120)
    wait_until(lambda: viewer.state("indices") == [7, 640, 640])


def test_ctrl_click_takes_all_planes_to_that_voxel(viewer: Viewer) -> None:
    viewer.open(THREE + "&at=8,640,640")
    viewer.page.keyboard.down("Control")
    viewer.page.mouse.click(*viewer.point(500.5, 560.5))
    wait_until(lambda: viewer.state("indices") == [8, 500, 560])
    viewer.wait()
    assert {plane["value"] for plane in viewer.planes()} == {int(image()[8, 500, 560])}
    viewer.page.mouse.click(*viewer.point(3.5, 580.5, plane=1))
    wait_until(lambda: viewer.state("indices") == [3, 500, 580])
    viewer.page.keyboard.up("Control")
    assert viewer.state("history")["canUndo"]  # the strokes of the fixture: nothing was painted
    viewer.page.mouse.move(*viewer.point(420.5, 610.5))
    viewer.page.keyboard.press("g")
    wait_until(lambda: viewer.state("indices") == [3, 420, 610])


def test_a_small_plane_becomes_the_large_one(viewer: Viewer) -> None:
    viewer.open(THREE + "&at=8,640,640")
    viewer.page.locator("button.vx-plane").first.click()
    wait_until(lambda: viewer.state("axis") == "y")
    viewer.wait()
    assert [plane["axis"] for plane in viewer.planes()] == ["y", "z", "x"]


def test_each_plane_has_the_true_proportions(viewer: Viewer) -> None:
    viewer.open("axis=y&zoom=1&layout=three")
    (x0, y0), (x1, y1) = viewer.point(2, 600), viewer.point(12, 610)
    assert (x1 - x0, y1 - y0) == pytest.approx((10, 20))


def test_the_crosshair_is_drawn_on_every_plane_and_can_be_put_away(viewer: Viewer) -> None:
    viewer.open(THREE + "&at=8,640,640")
    shown = [viewer.look(plane) for plane in range(3)]
    viewer.press("G")
    viewer.page.wait_for_function("() => document.querySelectorAll('.vx-crosshair[data-off]').length === 3")
    for plane, before in enumerate(shown):
        assert share_changed(before, viewer.look(plane)) > 0.0005


def test_a_stroke_on_a_small_plane_is_a_stroke_across_its_axis(viewer: Viewer, gallery: tuple[RunningAnnotate, str]) -> None:
    service, volume = gallery
    viewer.open(THREE + "&at=8,200,200&center=8,200,200")
    viewer.press("2")
    viewer.page.mouse.move(*viewer.point(6, 180, plane=1))
    viewer.page.mouse.down()
    viewer.page.mouse.move(*viewer.point(6, 220, plane=1), steps=5)
    viewer.page.mouse.up()
    viewer.page.wait_for_function("() => { const s = window.voxloop.session.state; return s.saveState === 'saved' && !s.pendingStrokes; }")
    newest = service.client.get(f"/api/volumes/{volume}/history", limit=1)["strokes"][0]
    assert (newest["axis"], newest["index"]) == ("y", 200)
    assert service.client.get(f"/api/volumes/{volume}/classes")["counts"]["2"] > 200
    viewer.press("Control+z")
    wait_until(lambda: "2" not in service.client.get(f"/api/volumes/{volume}/classes")["counts"])


# Fetching


def test_only_a_part_around_what_is_visible_is_fetched(viewer: Viewer) -> None:
    viewer.open(CLOSE)
    sharp = [query for query in viewer.slices if level_of(query) == 0]
    assert sharp
    assert all(voxels_of(query) < SHAPE[1] * SHAPE[2] and voxels_of(query) * 2 <= MOST_BYTES for query in sharp)
    viewer.slices.clear()
    viewer.page.evaluate("() => window.voxloop.session.setView({ center: [8, 660, 655] })")
    viewer.wait()
    assert viewer.slices == []
    viewer.page.evaluate("() => window.voxloop.session.setView({ center: [8, 1100, 200] })")
    viewer.wait()
    assert viewer.slices


def test_the_level_follows_the_zoom(viewer: Viewer) -> None:
    viewer.open(CLOSE)
    viewer.slices.clear()
    viewer.page.evaluate("() => window.voxloop.session.setView({ zoom: 0.2 })")
    viewer.wait()
    assert {level_of(query) for query in viewer.slices} >= {2}
    assert viewer.planes()[0]["scale"] == [4, 4]


def test_a_coarse_picture_is_there_until_the_sharp_one_comes(viewer: Viewer) -> None:
    held: list[Route] = []
    viewer.open(CLOSE)
    viewer.page.route("**/slice?axis=z&index=2&level=0**", lambda route: held.append(route))
    viewer.page.evaluate("() => window.voxloop.session.setIndex(2)")
    viewer.page.wait_for_function("() => window.voxloop.layout.main.scene.isCurrent")
    assert viewer.state("sliceState") == "loading"
    assert viewer.page.evaluate("() => window.voxloop.layout.main.scene.isSharp") is False
    held[0].continue_()
    viewer.wait()
    assert viewer.state("painted")["index"] == 2
    assert viewer.state("painted")["level"] == 0


def test_neighbours_are_there_before_they_are_asked_for(viewer: Viewer) -> None:
    viewer.open(CLOSE)
    viewer.slices.clear()
    viewer.page.evaluate("() => window.voxloop.session.stepIndex(1)")
    wait_until(lambda: viewer.state("painted")["index"] == 9)
    assert not any("index=9&level=0" in query for query in viewer.slices)
    viewer.wait()
    assert any("index=11&level=0" in query for query in viewer.slices)


def test_a_lost_server_is_said_and_the_slice_comes_when_it_is_back(viewer: Viewer) -> None:
    viewer.open(CLOSE)
    viewer.page.route("**/slice?**", lambda route: route.abort())
    viewer.page.evaluate("() => window.voxloop.session.setIndex(1)")
    wait_until(lambda: viewer.state("sliceState") == "offline")
    assert "z 1" in viewer.page.locator(".vx-late:visible").inner_text()
    viewer.page.unroute("**/slice?**")
    wait_until(lambda: (viewer.state("painted") or {}).get("index") == 1)
    viewer.page.locator(".vx-late").wait_for(state="hidden")


# Going about


def test_the_address_restores_the_view(viewer: Viewer) -> None:
    viewer.open(
        "axis=z&layout=three&zoom=1.5&center=8,600,640&at=8,610,650&contour=labels&gamma=1.5&invert=on&confidence=0.4&window=2000,14000"
    )
    viewer.press("d")
    viewer.page.evaluate("() => window.voxloop.session.setVoxel([9, 590, 660])")
    viewer.page.wait_for_function("() => location.hash.includes('at=9,590,660') && location.hash.includes('difference=')")
    shown = [viewer.look(plane) for plane in range(3)]
    state = {name: viewer.state(name) for name in ("axis", "indices", "zoom", "center", "layers", "layout")}
    viewer.page.reload()
    viewer.wait()
    assert {name: viewer.state(name) for name in state} == state
    for plane, before in enumerate(shown):
        assert share_changed(before, viewer.look(plane)) < 0.002


def test_zoom_and_place_survive_a_change_of_the_slice(viewer: Viewer) -> None:
    viewer.open("axis=z&index=3&layout=one&zoom=2.5&center=8,333,444")
    viewer.press("ArrowUp")
    wait_until(lambda: viewer.state("index") == 4)
    assert (viewer.state("zoom"), viewer.state("center")) == (2.5, [8, 333, 444])


def test_annotated_slices_are_marked_and_can_be_walked_through(viewer: Viewer) -> None:
    viewer.open("axis=z&index=0&layout=one")
    wait_until(lambda: viewer.state("marks")["z"] == list(ANNOTATED))
    path = viewer.page.locator(".vx-mark-painted").get_attribute("d")
    assert path == "".join(f"M{index} 0V1" for index in ANNOTATED)
    assert viewer.page.locator('[data-bar="previous"]').is_disabled()
    viewer.press(".")
    wait_until(lambda: viewer.state("index") == 4)
    viewer.page.click('[data-bar="next"]')
    wait_until(lambda: viewer.state("index") == 8)
    viewer.press(".")
    viewer.press(".")
    wait_until(lambda: viewer.state("index") == 11)
    assert "no annotated slice" in (viewer.state("message") or {}).get("text", "")
    viewer.press(",")
    wait_until(lambda: viewer.state("index") == 8)


def test_the_status_line_tells_what_is_under_the_pointer_of_any_plane(viewer: Viewer) -> None:
    viewer.open(f"{THREE}&at=8,620,660")
    text: Callable[[str], str] = lambda slot: viewer.page.locator(f'[data-slot="{slot}"]').inner_text()  # noqa: E731
    viewer.page.mouse.move(*viewer.point(620.5, 660.5))
    wait_until(lambda: text("position") == "(8, 620, 660)")
    assert text("value") == str(image()[8, 620, 660])
    assert text("label") == "one"
    assert "two" in text("predicted")
    assert f"{660 * 255 // SHAPE[2] / 255:.2f}" in text("predicted")
    viewer.page.mouse.move(*viewer.point(5.5, 640.5, plane=1))
    wait_until(lambda: text("position") == "(5, 620, 640)")
    assert text("value") == str(image()[5, 620, 640])


@pytest.mark.parametrize("size", [(1280, 720), (2560, 1440)])
def test_the_page_fits_small_and_large_screens(viewer: Viewer, size: tuple[int, int]) -> None:
    viewer.page.set_viewport_size({"width": size[0], "height": size[1]})
    viewer.open("axis=z&index=8&layout=three")
    outside = viewer.page.evaluate(
        """() => [...document.querySelectorAll('.vx-slicebar > *, .vx-view, .vx-scale, .vx-plane, .vx-status > *')].filter((node) => {
          const { left, top, right, bottom } = node.getBoundingClientRect();
          return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
        }).map((node) => node.className)"""
    )
    assert outside == []
    main, side = (viewer.page.locator(".vx-view").nth(plane).bounding_box() for plane in (0, 1))
    assert main is not None
    assert side is not None
    assert main["width"] > 2 * side["width"] > 300
