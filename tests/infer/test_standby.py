"""Predictions are made by forks of a process that has loaded its libraries before it was asked for."""

import subprocess
import sys

import pytest
import torch

from tests.infer.conftest import voxels
from tests.infer.test_jobs import ended
from tests.shared.standby import record_servers, wait_until_ready
from voxloop_infer.app import create_app
from voxloop_shared.jobs import runner


def test_a_process_that_stands_by_forks_for_each_prediction(serve_app, publish, make_volume, infer_settings, monkeypatch):
    make_volume("rock", array=voxels((20, 70, 90)))
    publish()
    servers = record_servers(monkeypatch)
    infer = serve_app(create_app(infer_settings.model_copy(update={"keeps_ready": True})), "infer")
    wait_until_ready(servers)
    monkeypatch.setattr(runner.ProcessRunner, "_spawn", None)
    for _ in range(2):
        assert ended(infer, infer.post("/jobs", {"volume": "rock", "model": "rocks"}))["state"] == "succeeded"


def test_who_stands_by_has_chosen_the_device_unless_that_could_be_a_gpu():
    code = (
        "import voxloop_infer.worker as w, torch; w.get_ready(); from voxloop_shared.nets.devices import choose_device; "
        "print(choose_device.cache_info().currsize, torch.cuda.is_initialized())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said == [str(int(not torch.backends.cuda.is_built())), "False"]


@pytest.mark.parametrize("wished", [True, False])
def test_somebody_gets_ready_only_where_that_is_wished(serve_app, infer_settings, monkeypatch, wished):
    asked: list[runner.ProcessRunner] = []
    monkeypatch.setattr(runner.ProcessRunner, "keep_ready", lambda processes: asked.append(processes))
    serve_app(create_app(infer_settings.model_copy(update={"keeps_ready": wished})), "infer")
    assert len(asked) == wished
