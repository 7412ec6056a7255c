"""Predictions are made by forks of a process that has loaded its libraries before it was asked for."""

import pytest

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


@pytest.mark.parametrize("wished", [True, False])
def test_somebody_gets_ready_only_where_that_is_wished(serve_app, infer_settings, monkeypatch, wished):
    asked: list[runner.ProcessRunner] = []
    monkeypatch.setattr(runner.ProcessRunner, "keep_ready", lambda processes: asked.append(processes))
    serve_app(create_app(infer_settings.model_copy(update={"keeps_ready": wished})), "infer")
    assert len(asked) == wished
