"""The Models page: found, looked at, compared, promoted, taken away, deleted, brought back."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.annotate.conftest import running_annotate
from tests.browser.modelshelf import PAINTED, ModelShelf, Reader
from tests.waiting import wait_until
from voxloop_shared.client import ServiceClient
from voxloop_shared.sockets import is_listening

pytestmark = pytest.mark.browser

ALL = ["tomorrow:1", "spare:2", "spare:1", "implant:1", "femur:3", "femur:2", "femur:1"]


def test_models_are_found_by_words_filters_and_order_and_the_address_says_so(reader: Reader) -> None:
    page = reader.page
    reader.open()
    wait_until(lambda: reader.models() == ALL)
    expect(page.locator(".vx-models-total")).to_have_text("7 models")
    page.keyboard.press("/")
    page.keyboard.type("pig bone")
    wait_until(lambda: reader.models() == ["implant:1"])
    page.get_by_label("Search models").fill("nothing like it")
    page.get_by_text("No model is like that").wait_for()
    page.locator(".vx-empty [data-action=clear-filters]").click()
    wait_until(lambda: reader.models() == ALL)

    page.locator("[data-filter=volume]").select_option("femur")
    wait_until(lambda: reader.models() == ["femur:3", "femur:2", "femur:1"])
    page.locator("[data-filter=least_dice]").select_option("0.9")
    wait_until(lambda: reader.models() == ["femur:3", "femur:1"])
    page.locator(".ag-header-cell[col-id=dice]").click()
    page.locator(".ag-header-cell[col-id=dice]").click()
    wait_until(lambda: reader.models() == ["femur:1", "femur:3"])
    view = page.url.partition("#")[2]
    assert "volume=femur" in view
    assert "sort=dice" in view

    context = page.context.browser.new_context()  # another person's
    other = Reader(context.new_page(), reader.service)
    other.open(view=view)
    wait_until(lambda: other.models() == ["femur:1", "femur:3"])
    expect(other.page.locator("[data-filter=volume]")).to_have_value("femur")
    context.close()


def test_what_is_chosen_before_the_volume_is_known_stays_in_the_address(reader: Reader) -> None:
    page, held = reader.page, []
    is_early = True

    def hold(route: Route) -> None:
        asks_for_volumes = is_early and "volume.options" in (route.request.post_data or "")
        held.append(route) if asks_for_volumes else route.continue_()

    page.route("**/_dash-update-component*", hold)
    reader.open()
    page.locator("[data-filter=group]").select_option("name")
    page.wait_for_function("() => location.hash === '#group=name'")
    assert held
    is_early = False
    for route in held:
        route.continue_()
    page.wait_for_function("() => location.search.startsWith('?volume=')")
    assert page.url.endswith("#group=name")


def test_groups_open_one_by_one(reader: Reader) -> None:
    page = reader.page
    reader.open()
    page.locator("[data-filter=group]").select_option("name")
    heads = page.locator(".vx-group-head")
    expect(heads).to_have_text(["femur3 models", "implant1 model", "spare2 models", "tomorrow1 model"])
    expect(page.locator(".vx-models-total")).to_have_text("7 models in 4 groups")
    page.locator("[data-group=spare]").click()
    wait_until(lambda: reader.models() == ["spare:2", "spare:1"])
    page.reload()
    wait_until(lambda: reader.models() == ["spare:2", "spare:1"])
    page.locator("[data-group=spare]").click()
    wait_until(lambda: reader.models() == [])


def test_a_group_that_is_opened_before_the_grid_is_at_hand_opens(reader: Reader) -> None:
    early = reader.without_grid()
    early.open(view="group=name")
    early.page.locator("[data-group=spare]").click()
    assert early.models() == []
    early.page.evaluate("() => window.letGo()")
    wait_until(lambda: early.models() == ["spare:2", "spare:1"])
    early.page.close()


def test_a_card_shows_what_a_model_is_and_what_it_says_of_a_slice(reader: Reader) -> None:
    page = reader.page
    reader.open()
    page.locator("[data-model='femur:2']").click()
    page.locator("[data-part=classes]").get_by_text("0.840 ± 0.010").wait_for()
    assert page.url.split("?")[0].endswith("/models/femur/2")
    expect(page.locator("[data-part=classes] tbody th")).to_have_text(["bone", "marrow", "screw"])
    picture = page.locator(".vx-picture")
    expect(picture).to_have_attribute("data-state", "shown")
    expect(page.locator("[data-slices]")).to_have_value(str(PAINTED))
    left, right = (pixel(page, share) for share in (0.25, 0.75))
    assert left[0] > left[2] + 30  # orange is bone, as the prediction that is there has it
    assert right[0] > right[2] + 30
    assert right[1] > left[1] + 10  # yellow is screw

    expect(page.locator("[data-curve=loss] polyline")).to_have_count(1)
    page.get_by_label("Version").select_option("3")  # it has predicted nothing: it is asked now
    page.locator("[data-part=classes]").get_by_text("0.930 ± 0.010").wait_for()
    expect(page.locator(".vx-picture-note")).to_contain_text("preview")
    expect(page.locator("[data-part=usage]")).to_contain_text("voxloop predict femur --model femur:3")
    expect(page.locator("[data-part=files] td").nth(1)).to_contain_text("kB")
    page.go_back()
    page.locator("[data-part=classes]").get_by_text("0.840 ± 0.010").wait_for()
    expect(picture).to_have_attribute("data-state", "shown")
    page.locator("[data-slices]").press("ArrowRight")
    expect(page).to_have_url(re.compile(f"#z={PAINTED + 1}$"))
    page.reload()
    expect(page.locator("[data-slices]")).to_have_value(str(PAINTED + 1))


def pixel(page, share: float) -> list[int]:
    """Read a pixel of the picture, in the middle of its height."""
    where = "share => { const c = document.querySelector('.vx-picture-canvas'); const at = Math.floor(share * c.width);"
    return page.evaluate(where + " return [...c.getContext('2d').getImageData(at, c.height >> 1, 1, 1).data]; }", share)


def test_from_a_prediction_to_the_strokes_and_their_authors_in_two_clicks(reader: Reader, model_shelf: ModelShelf) -> None:
    page = reader.page
    me = model_shelf.service.client.get(f"/api/volumes/{model_shelf.volume.id}/history")["strokes"][0]["author"]
    taught = f"[data-node='snapshot:{model_shelf.volume.id}/{model_shelf.snapshots[1]}']"
    strokes = page.locator("[data-action=strokes]")
    for start, made_by in (("", page.locator("#prediction-model a")), ("jobs", page.locator("[data-job] a", has_text="femur:2"))):
        reader.open(start)
        made_by.click()  # one
        expect(strokes).to_have_text(f"2 strokes by {me}")
        strokes.click()  # two
        expect(page.locator("[data-teacher]")).to_have_attribute("data-teacher", me)
        expect(page.locator(".vx-lesson h3")).to_contain_text("2 strokes")
        expect(page.locator(".vx-lesson")).to_be_in_viewport()
        expect(page.locator(taught)).to_have_attribute("aria-expanded", "true")
    stroke = page.locator("[data-stroke] a").first
    assert f"axis=z&index={PAINTED}" in str(stroke.get_attribute("href"))
    assert page.locator("[data-part=lineage] [data-node]").count() >= 8  # a volume, three snapshots, three models, a prediction
    page.locator("[data-part=lineage] a[data-node='model:femur:1']").click()
    page.locator("[data-part=classes]").get_by_text("0.900 ± 0.010").wait_for()


def test_models_are_compared_on_one_slice_by_scores_and_settings(reader: Reader) -> None:
    page = reader.page
    reader.open()
    for model in ("femur:1", "femur:2", "implant:1"):
        page.locator(".ag-row", has=page.locator(f"[data-model='{model}']")).locator("input[type=checkbox]").check()
    page.locator("[data-action=compare]").click()
    page.get_by_label("Compare without implant:1").click()
    expect(page.locator("[data-part=scores] thead")).not_to_contain_text("implant")
    assert page.url.split("?")[0].endswith(("/models/compare/femur:1,femur:2", "/models/compare/femur:2,femur:1"))
    best = page.locator("[data-score='mean Dice'] [data-best]")
    expect(best).to_contain_text("0.900")
    differing = page.locator("[data-part=settings] > table [data-setting]")
    names = [str(row.get_attribute("data-setting")) for row in differing.all()]
    assert sorted(names) == ["budget_s", "labels"]
    expect(page.locator("[data-curve=val_dice] polyline")).to_have_count(2)
    expect(page.locator(".vx-picture[data-state=shown]")).to_have_count(2)
    reader.open("models/compare/femur:1")  # one is too few, and no version of a model
    page.get_by_text("compare two to four").wait_for()


def test_an_alias_is_set_and_a_worse_champion_takes_a_second_look(reader: Reader, model_shelf: ModelShelf) -> None:
    page = reader.page
    registry = model_shelf.registry
    reader.open("models/femur/2")
    page.locator("[data-action=set-alias]").click()
    warning = page.locator("[data-verdict=worse]")
    expect(warning).to_contain_text("worse than femur:1")
    expect(page.locator("[data-answer=set-alias]")).to_have_text("Set it nevertheless")
    page.locator("[data-answer=set-alias]").click()
    page.locator(".vx-toast").filter(has_text="Alias set").wait_for()
    assert registry.get("/models/femur")["aliases"]["champion"] == 2
    expect(page.locator(".vx-card-words [data-kind=alias]")).to_have_text(["champion"])

    page.locator("[data-action=set-alias]").click()
    page.get_by_label("Alias", exact=True).fill("Not An Alias")
    page.locator("[data-answer=set-alias]").click()
    expect(page.locator(".vx-question .vx-problem")).to_contain_text("no alias")
    registry.put("/models/femur/aliases/mine", {"version": 1})  # somebody else's move meanwhile is not undone unseen
    page.get_by_label("Alias", exact=True).fill("mine")
    page.locator("[data-answer=set-alias]").click()
    expect(page.locator(".vx-question .vx-problem")).to_contain_text("mine")
    page.locator(".vx-question").get_by_text("Cancel").click()
    assert registry.get("/models/femur")["aliases"]["mine"] == 1
    registry.put("/models/femur/aliases/champion", {"version": 1, "acknowledge": True})
    registry.delete("/models/femur/aliases/mine")


def test_tags_and_description_are_edited_in_place(reader: Reader, model_shelf: ModelShelf) -> None:
    page = reader.page
    reader.open("models/implant/1")
    page.get_by_label("Add a tag").fill("Pig")
    page.get_by_label("Add a tag").press("Enter")
    expect(page.locator(".vx-card-words [data-kind=tag]")).to_have_text(["pig"])
    page.locator("[data-action=describe]").click()
    page.get_by_label("Description").fill("screws in pig bone, 5 µm")
    page.locator("[data-action=save-description]").click()
    expect(page.locator(".vx-card-description")).to_have_text("screws in pig bone, 5 µm")
    page.get_by_label("Remove the tag pig").click()
    expect(page.locator(".vx-card-words [data-kind=tag]")).to_have_count(0)
    record = model_shelf.registry.get("/models/implant/versions/1")
    assert (record["description"], record["tags"]) == ("screws in pig bone, 5 µm", [])


def test_a_model_is_taken_away_as_a_package(reader: Reader) -> None:
    page = reader.page
    reader.open("models/femur/1")
    page.locator("[data-action=export]").click()
    with page.expect_download() as waiting:
        page.locator("[data-export=voxloop]").click()
    path = Path(waiting.value.path())
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as package:
        assert package.testzip() is None
        assert any(name.endswith(".safetensors") for name in package.namelist())


def test_a_model_of_a_newer_voxloop_is_shown_and_not_run(reader: Reader) -> None:
    page = reader.page
    reader.open("models/tomorrow/1")
    page.get_by_text("made by a newer voxloop").wait_for()
    expect(page.locator("[data-part=classes] tbody th")).to_have_text(["bone", "marrow", "screw"])
    expect(page.locator("[data-action=use-model]")).to_be_disabled()
    expect(page.locator("[data-action=fine-tune]")).to_be_disabled()
    expect(page.locator("[data-part=usage]")).to_contain_text("Update voxloop")
    page.locator("[data-action=export]").click()
    page.locator("[data-export=onnx]").click()  # what cannot be made is told where it was asked for
    expect(page.locator(".vx-card-head .vx-problem")).to_contain_text("newer")
    expect(page.locator("[data-action=export]")).to_be_enabled()


def test_what_is_needed_stays_and_what_is_deleted_comes_back(reader: Reader, model_shelf: ModelShelf) -> None:
    page = reader.page
    reader.open("models/femur/2")
    page.locator("[data-action=delete-model]").click()
    expect(page.locator(".vx-question")).to_contain_text("femur:3, trained from it")
    expect(page.locator(".vx-question")).to_contain_text("a prediction of femur")
    expect(page.locator("[data-answer=delete]")).to_have_count(0)
    page.locator(".vx-question").get_by_text("Close").click()

    model_shelf.registry.delete("/models/spare/aliases/candidate")
    reader.open("models/spare/2")
    page.locator("[data-action=delete-model]").click()
    page.locator("[data-answer=delete]").click()
    page.get_by_text("Nothing can run it until it is restored").wait_for()
    page.locator(".vx-toast a").click()
    wait_until(lambda: reader.models() == ["spare:2"])
    page.locator("[data-model='spare:2']").click()
    page.locator("[data-action=restore]").click()
    page.locator("[data-action=use-model]").wait_for()
    assert model_shelf.registry.get("/models/spare/versions/2")["deleted"] is None


def test_a_model_predicts_from_its_card(reader: Reader, model_shelf: ModelShelf) -> None:
    page = reader.page
    reader.open("models/femur/3")
    page.locator("[data-action=use-model]").click()
    expect(page.get_by_label("Volume").last).to_have_value(model_shelf.volume.id)
    page.locator("[data-answer=predict]").click()
    page.locator(".vx-toast").filter(has_text="Prediction started").wait_for(state="attached")  # that it is done may be news already
    with ServiceClient(model_shelf.service.socket_of("infer")) as infer:
        assert "femur:3" in infer.get("/jobs")[0]["title"]


def test_what_is_not_there_is_told_and_without_models_the_page_says_how_to_make_one(reader: Reader, chromium: Browser) -> None:
    reader.open("models/femur/99")
    reader.page.get_by_text("There is no such model").wait_for()
    context = chromium.new_context()
    with running_annotate() as fresh:
        newcomer = Reader(context.new_page(), fresh)
        newcomer.open()
        newcomer.page.get_by_text("The models cannot be listed").wait_for()
        expect(newcomer.page.locator(".vx-models-state")).to_contain_text("registry")
        fresh.start_beside("registry")
        wait_until(lambda: is_listening(fresh.socket_of("registry")))
        newcomer.page.locator("[data-action=reload-models]").click()
        newcomer.page.get_by_text("No models yet").wait_for()
        expect(newcomer.page.locator(".vx-empty")).to_contain_text("Train")
    context.close()
