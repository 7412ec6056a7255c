import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from tests.forkservers import offspring
from tests.infer.conftest import voxels
from tests.infer.test_jobs import ended
from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.errors import DigestMismatch, InvalidInput, ModelNotFound, NotFound, Superseded, TooLarge, VolumeNotFound

SHAPE = (20, 70, 90)


def preview(infer, **order):
    response = infer.request("POST", "/preview", json={"volume": "rock", "model": "rocks", "index": 0} | order)
    rows, columns = map(int, response.headers["X-Shape"].split(","))
    numbers, confidence = np.frombuffer(response.content, np.uint8).reshape(2, rows, columns)
    return numbers, confidence, response.headers["X-Model"]


def differ_little(one, other):
    """Say whether two processes have seen the same: each chooses its arithmetic by what is fast when it starts."""
    return (one != other).mean() < 0.02


@pytest.fixture
def rock(make_volume):
    return make_volume("rock", array=voxels(SHAPE))


def test_a_preview_agrees_with_the_prediction_in_every_orientation(infer, publish, rock, workspace):
    model = publish(in_channels=3)
    done = ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks"}))
    predicted = np.asarray(open_prediction(workspace, "rock", done["id"])[1]["class/0"])
    for axis, index in (("z", 0), ("z", 11), ("y", 35), ("x", 89)):
        numbers, confidence, digest = preview(infer, axis=axis, index=index)
        expected = predicted.take(index, "zyx".index(axis))
        assert numbers.shape == expected.shape
        assert (numbers != expected).mean() < 0.02, axis
        assert confidence.min() >= 255 // 3
        assert digest == model.digest


def test_a_region_is_that_part_of_the_slice(infer, publish, rock):
    publish()
    for axis in "zyx":
        whole, _, _ = preview(infer, axis=axis, index=5)
        part, _, _ = preview(infer, axis=axis, index=5, region=[[3, 17], [20, 60]])
        assert part.shape == (14, 40)
        assert (part != whole[3:17, 20:60]).mean() < 0.02


def test_a_model_of_three_planes_looks_along_the_axis_that_is_viewed(infer, publish, rock):
    publish(planes="zyx")
    assert preview(infer, axis="y", index=5)[0].shape == (20, 90)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"volume": "nowhere"}, VolumeNotFound),
        ({"model": "nothing"}, ModelNotFound),
        ({"index": 20}, InvalidInput),
        ({"index": -1}, InvalidInput),
        ({"axis": "w"}, InvalidInput),
        ({"region": [[0, 71], [0, 10]]}, InvalidInput),
        ({"region": [[5, 5], [0, 10]]}, InvalidInput),
    ],
)
def test_refuses_what_cannot_be_previewed(infer, publish, rock, change, error):
    publish()
    with pytest.raises(error):
        preview(infer, **change)


def test_refuses_a_region_larger_than_a_screen(infer, publish, make_volume):
    make_volume("rock", array=np.zeros((1, 2100, 2100), np.uint8))
    publish()
    with pytest.raises(TooLarge):
        preview(infer)


def test_weights_that_were_damaged_on_this_machine_are_pulled_again(infer, publish, rock, infer_settings):
    model = publish()
    before = preview(infer)
    infer_settings.model_folder.joinpath(f"{model.digest}.safetensors").write_bytes(b"nonsense")
    publish("others", in_channels=3)
    (child,) = offspring()
    child.send_signal(signal.SIGKILL)  # what is warm need not be read again
    child.wait(PATIENCE_S)
    assert differ_little(preview(infer)[0], before[0])


def test_what_fails_in_the_child_is_told_and_the_next_preview_works(infer, publish, rock, workspace):
    model = publish()
    blob = next(path for path in workspace.models.rglob(f"*{model.digest}*") if path.is_file())
    content = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DigestMismatch):
        preview(infer)
    blob.write_bytes(content)
    assert preview(infer)[0].shape == (70, 90)


def test_zoomed_out_it_has_the_resolution_of_the_level(infer, publish, make_volume):
    make_volume("rock", array=voxels((4, 300, 520)))
    publish()
    fine, coarse = preview(infer, region=[[20, 300], [7, 500]])[0], preview(infer, region=[[20, 300], [7, 500]], level=2)[0]
    assert coarse.shape == (70, 124)
    assert np.array_equal(coarse[:, 1:], fine[::4, 1::4][:, : 124 - 1])  # column 8 is where the level's second voxel begins


def test_too_much_to_be_soon_done_is_looked_at_coarser(infer, publish, make_volume):
    make_volume("rock", array=np.zeros((1, 1300, 1400), np.uint8))
    publish()
    response = infer.request("POST", "/preview", json={"volume": "rock", "model": "rocks", "index": 0, "level": 3})
    assert (response.headers["X-Level"], response.headers["X-Exact"], response.headers["X-Shape"]) == ("1", "0", "163,175")


def test_a_newer_request_of_a_client_ends_the_older_ones(infer, publish, make_volume):
    make_volume("rock", array=voxels((1, 700, 1000)))
    publish(architecture={"classes": 3, "width": 32, "depth": 4})
    preview(infer, region=[[0, 8], [0, 8]])
    (child,) = offspring()
    idle_s = child.cpu_times().user
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(preview, infer, client="page")
        wait_until(lambda: child.cpu_times().user > idle_s + 0.1)  # more than is left over from before: the first is under way
        others = [pool.submit(preview, infer, client="page") for _ in range(2)]
        assert preview(infer, region=[[0, 8], [0, 8]], client="another")[0].shape == (8, 8)
        outcomes = [future.exception() for future in (first, *others)]
    assert isinstance(outcomes[0], Superseded)
    assert sorted(error is None for error in outcomes) == [False, False, True]


def test_a_killed_preview_process_is_started_again(infer, publish, rock):
    publish()
    before = preview(infer)
    (child,) = offspring()
    child.send_signal(signal.SIGKILL)
    child.wait(PATIENCE_S)
    after = preview(infer)
    assert differ_little(before[0], after[0])
    assert [other.pid for other in offspring()] != [child.pid]


def test_the_preview_process_ends_with_its_service_however_that_dies(start_service, publish, rock):
    publish()
    service = start_service("infer")
    preview(service.client)
    (child,) = offspring(service.process.pid)
    service.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_weights_of_no_version_are_previewed_by_their_description_and_leave_no_file(infer, publish, registry, rock, infer_settings):
    named = publish()
    expected = preview(infer)
    described = {"digest": named.digest, "manifest": named.manifest.model_dump(mode="json")}
    for child in offspring():
        child.send_signal(signal.SIGKILL)  # what is warm need not be read again
        child.wait(PATIENCE_S)
    for file in infer_settings.model_folder.iterdir():
        file.unlink()
    found = preview(infer, model=described)
    assert np.array_equal(found[0], expected[0])
    assert found[2] == named.digest
    assert list(infer_settings.model_folder.iterdir()) == []
    with pytest.raises(NotFound):
        preview(infer, model=described | {"digest": "0" * 64})
