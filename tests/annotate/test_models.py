"""The models as the page sees them: lists in groups, cards, lineage down to the strokes, ways out and in."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.annotate.conftest import RunningAnnotate, running_annotate, voxels
from tests.annotate.shelf import BYTES, describe, publish, score
from voxloop_annotate.lessons import read_lesson
from voxloop_annotate.modelqueries import ModelQuery, sort_order
from voxloop_annotate.models import Models
from voxloop_annotate.pages.model_grid import age_text, grid_row, size_text
from voxloop_annotate.pages.models import read_view
from voxloop_shared.client import ServiceClient
from voxloop_shared.data.commits import Commit
from voxloop_shared.data.images import ArraySource
from voxloop_shared.data.labels import Labels, default_classes
from voxloop_shared.data.volumes import import_volume
from voxloop_shared.errors import InvalidInput, ModelInUse, ModelNotFound, SnapshotNotFound
from voxloop_shared.schemas import Stroke, VolumeInfo


@pytest.fixture(scope="module")
def service() -> Iterator[RunningAnnotate]:
    with running_annotate("registry") as running:
        yield running


@pytest.fixture(scope="module")
def volume(service: RunningAnnotate) -> VolumeInfo:
    info = import_volume(service.workspace, ArraySource(voxels((6, 20, 30))), name="Rock", origin="test")
    service.client.post("/api/volumes", {"id": info.id})
    return info


@pytest.fixture(scope="module")
def registry(service: RunningAnnotate) -> Iterator[ServiceClient]:
    with ServiceClient(service.socket_of("registry")) as client:
        yield client


@pytest.fixture(scope="module")
def shelf(registry: ServiceClient, volume: VolumeInfo) -> None:
    """Seven versions of two names: nerve 1 to 4 by unet and instant on rock, bone 1 to 3 by unet on another volume."""
    for number in range(4):
        learner = "unet" if number % 2 else "instant"
        publish(
            registry, "nerve", describe(volume, learner=learner, metrics=score(0.7 + number / 20)), tags=["good"] if number == 3 else []
        )
    for number in range(3):
        publish(registry, "bone", describe(metrics=score(0.6 + number / 20)))


@pytest.fixture(scope="module")
def models(registry: ServiceClient, shelf: None) -> Models:
    nobody: object = None
    return Models(registry, registry, registry, nobody, nobody)  # type: ignore[arg-type]


def listed(models: Models, sort: str = "-created", start: int = 0, stop: int = 100, **wish: object) -> tuple[list[str], int]:
    found = models.rows(ModelQuery.model_validate(wish), sort, start, stop)
    return [row["id"] for row in found.rows], found.row_count


def test_a_list_is_filtered_sorted_and_cut(models: Models) -> None:
    assert listed(models, sort_order([{"colId": "dice", "sort": "desc"}]), least_dice=0.75) == (["nerve:4", "nerve:3", "nerve:2"], 3)
    assert listed(models, learner="unet", volume="rock") == (["nerve:4", "nerve:2"], 2)
    assert listed(models, start=1, stop=3)[0] == ["bone:2", "bone:1"]
    assert listed(models, tag="good", label_class="bone") == (["nerve:4"], 1)
    assert listed(models, newest=True, q="nerve") == (["nerve:4"], 1)


def test_groups_are_closed_until_they_are_opened_and_keep_the_filters(models: Models) -> None:
    assert listed(models, group="learner") == (["group/instant", "group/unet"], 2)
    assert listed(models, group="learner", opened=["instant"]) == (["group/instant", "nerve:3", "nerve:1", "group/unet"], 4)
    ids, total = listed(models, group="name", opened=["nerve", "bone"], start=2, stop=6)
    assert (ids, total) == (["bone:2", "bone:1", "group/nerve", "nerve:4"], 9)
    found = models.rows(ModelQuery(group="name", least_dice=0.75, opened=["nerve"]), "-created", 0, 10)
    assert (found.rows[0]["group"], found.rows[0]["count"], found.models, found.groups) == ("nerve", 3, 3, 1)
    assert [row["id"] for row in found.rows] == ["group/nerve", "nerve:4", "nerve:3", "nerve:2"]


def test_a_row_shows_what_its_version_is(models: Models) -> None:
    row = grid_row(models.rows(ModelQuery(tag="good"), "-created", 0, 1).rows[0])
    assert (row["dice"], row["spread"], row["tags"], row["aliases"]) == (0.85, 0.01, ["good"], ["candidate"])
    assert row["age"] == "just now"
    assert row["size_text"] == size_text(len(BYTES))


def test_an_address_that_makes_no_sense_shows_all_models() -> None:
    query, sort = read_view("#q=bone&least_dice=much&group=mood&newest=true&sort=-dice&opened=a%0Ab&volume=rock")
    assert query == ModelQuery(q="bone", newest=True, volume="rock", opened=["a", "b"])
    assert sort == ("dice", "desc")
    assert read_view(None) == (ModelQuery(), None)


def test_a_card_holds_the_other_versions_and_lines_that_run(service: RunningAnnotate, shelf: None) -> None:
    card = service.client.get("/api/models/nerve/versions/champion")
    assert card["record"]["version"] == 1
    assert [entry["version"] for entry in card["versions"]] == [4, 3, 2, 1]
    assert card["has_volume"] is True
    assert card["usage"]["command"] == "voxloop predict rock --model nerve:1 --wait"
    assert service.client.get("/api/models/bone/versions/3")["has_volume"] is False
    with pytest.raises(ModelNotFound):
        service.client.get("/api/models/nerve/versions/99")
    with pytest.raises(ModelNotFound):
        service.client.get("/api/models/no%3Fq=x/versions/1")


def test_the_python_lines_load_the_network(service: RunningAnnotate, registry: ServiceClient, tmp_path, monkeypatch) -> None:
    torch_save = pytest.importorskip("safetensors.torch").save
    from voxloop_shared.nets.architectures import build_network

    manifest = describe()
    network = build_network(manifest["architecture"])
    publish(registry, "runs", manifest, torch_save(network.state_dict()))
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(service.client.get("/api/models/runs/versions/1")["usage"]["python"], found)
    assert set(found["network"].state_dict()) == set(network.state_dict())
    assert not found["network"].training


def test_a_model_that_a_newer_voxloop_made_has_a_card_and_no_lines(service: RunningAnnotate, registry: ServiceClient) -> None:
    publish(registry, "future", describe(schema_version=2, marvel="?"))
    card = service.client.get("/api/models/future/versions/1")
    assert (card["record"]["runnable"], card["usage"]) == (False, None)


def test_lineage_leads_to_the_strokes_and_their_authors(service: RunningAnnotate, registry: ServiceClient, volume: VolumeInfo) -> None:
    base = f"/api/volumes/{volume.id}"
    for number in range(2):
        stroke = {
            "id": f"s{number}",
            "tool": "brush",
            "value": 1,
            "index": 2,
            "box": [[2, 3], [number, number + 1], [0, 4]],
            "runs": [0, 4],
        }
        snapshot = service.client.post(f"{base}/strokes", stroke)["snapshot"]
    publish(registry, "taught", describe(volume, snapshot=snapshot))
    service.client.post(f"{base}/undo")  # what is done to the labels later changes nothing of what was taught
    found = service.client.get("/api/models/taught/versions/1/lineage")
    lesson = found["lessons"][f"snapshot:{volume.id}/{snapshot}"]
    assert (lesson["strokes"], lesson["labelled"], lesson["volume"]) == (2, 8, volume.id)
    assert [(line["axis"], line["index"], line["voxels"]) for line in lesson["newest"]] == [("z", 2, 4)] * 2
    assert len(lesson["teachers"]) == 1
    assert service.client.get("/api/models/nerve/versions/1/lineage")["lessons"] == {}  # a snapshot of another workspace


def test_a_lesson_names_everybody_whose_strokes_stand(tmp_path) -> None:
    labels = Labels.create(tmp_path / "labels", (4, 5, 6), default_classes())
    for number, author in enumerate(("ada", "ben", "ada")):
        paint(labels, author, number)
    head = labels.history.head.snapshot
    lesson = read_lesson(labels, head)
    assert [(teacher.author, teacher.strokes) for teacher in lesson.teachers] == [("ada", 2), ("ben", 1)]
    assert [line.author for line in lesson.newest] == ["ada", "ben", "ada"]
    assert len(read_lesson(labels, head, listed=1).newest) == 1
    with pytest.raises(SnapshotNotFound):
        read_lesson(labels, "never")


def paint(labels: Labels, author: str, number: int) -> Commit:
    stroke = Stroke(id=f"s{number}", tool="brush", value=1, index=number, box=((number, number + 1), (0, 1), (0, 3)), runs=[0, 3])
    return labels.paint(stroke, author)


def test_words_aliases_and_deletion_pass_through(service: RunningAnnotate, registry: ServiceClient) -> None:
    client = service.client
    for mean in (0.9, 0.8):
        publish(registry, "word", describe(metrics=score(mean)))
    record = client.request("PATCH", "/api/models/word/versions/2", json={"description": "thin sections", "add_tags": ["thin"]}).json()
    assert (record["description"], record["tags"]) == ("thin sections", ["thin"])
    gate = client.get("/api/models/word/versions/2/gate")
    assert (gate["verdict"], gate["is_doubtful"]) == ("worse", True)
    with pytest.raises(ModelInUse):
        client.delete("/api/models/word/versions/2")
    assert client.get("/api/models/word/versions/2/uses")["aliases"] == ["candidate"]
    assert client.delete("/api/models/word/aliases/candidate") == {"champion": 1}
    assert client.get("/api/models/word/aliases/history")[0]["after"] is None
    assert client.delete("/api/models/word/versions/2")["deleted"]["by"]
    assert client.get("/api/models/word/versions/2")["record"]["deleted"] is not None
    assert client.post("/api/models/word/versions/2/restore")["deleted"] is None


def test_a_bundle_goes_out_and_comes_in(service: RunningAnnotate, shelf: None) -> None:
    answer = service.client.request("GET", "/api/models/nerve/versions/4/export")
    assert "nerve-4" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert package.testzip() is None
    record = service.client.request("POST", "/api/models/import", params={"name": "guest"}, content=answer.content).json()
    assert (record["name"], record["version"], record["manifest"]["metrics"]["mean_dice"]) == ("guest", 1, 0.85)
    assert service.client.request("GET", "/api/models/guest/versions/1/weights").content == BYTES
    with pytest.raises(InvalidInput, match="no package"):
        service.client.get("/api/models/nerve/versions/4/export", format="exe")
    with pytest.raises(InvalidInput):
        service.client.request("POST", "/api/models/import", content=b"no zip")


def test_without_a_training_job_there_are_no_curves(service: RunningAnnotate, shelf: None) -> None:
    assert service.client.get("/api/models/nerve/versions/1/curves") == []  # the train service is away, too


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "just now"), (300, "5 min ago"), (7200, "2 h ago"), (172_800, "2 d ago"), (1e8, "1999-12")]
)
def test_ages_are_told_in_a_word_or_two(seconds: float, text: str) -> None:
    now = datetime(2003, 2, 1, tzinfo=UTC)
    assert age_text(now - timedelta(seconds=seconds), now).startswith(text)
