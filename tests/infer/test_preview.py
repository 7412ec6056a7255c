import os
import signal

import numpy as np
import psutil
import pytest

from tests.infer.conftest import voxels
from tests.infer.test_jobs import ended
from tests.waiting import wait_until
from voxloop_shared.data.predictions import open_prediction
from voxloop_shared.errors import InvalidInput, ModelNotFound, TooLarge, VolumeNotFound

SHAPE = (20, 70, 90)


def preview(infer, **order):
    response = infer.request("POST", "/preview", json={"volume": "rock", "model": "rocks", "index": 0} | order, timeout_s=60)
    rows, columns = map(int, response.headers["X-Shape"].split(","))
    numbers, confidence = np.frombuffer(response.content, np.uint8).reshape(2, rows, columns)
    return numbers, confidence, response.headers["X-Model"]


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


def test_what_fails_in_the_child_is_told_and_the_next_preview_works(infer, publish, rock, infer_settings):
    model = publish()
    infer_settings.model_folder.mkdir(parents=True)
    broken = infer_settings.model_folder / f"{model.digest}.safetensors"
    broken.write_bytes(b"nonsense")
    with pytest.raises(InvalidInput, match="no safetensors"):
        preview(infer)
    broken.unlink()
    assert preview(infer)[0].shape == (70, 90)


def preview_processes(parent):
    return [child for child in psutil.Process(parent).children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_preview_process_is_started_again(infer, publish, rock):
    publish()
    before = preview(infer)
    (child,) = preview_processes(os.getpid())
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    after = preview(infer)
    assert np.array_equal(before[0], after[0])
    assert [other.pid for other in preview_processes(os.getpid())] != [child.pid]


def test_the_preview_process_ends_with_its_service_however_that_dies(start_service, publish, rock):
    publish()
    service = start_service("infer")
    preview(service.client)
    (child,) = preview_processes(service.process.pid)
    service.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)
