"""Trainings are done by forks of a process that has loaded its libraries before it was asked for."""

import pytest

from tests.shared.standby import record_servers, wait_until_ready
from tests.train.conftest import ended
from voxloop_shared.jobs import runner
from voxloop_train.app import create_app


def test_a_process_that_stands_by_forks_for_each_training(serve_app, registry, train_settings, stripes, monkeypatch):
    servers = record_servers(monkeypatch)
    train = serve_app(create_app(train_settings.model_copy(update={"keeps_ready": True})), "train")
    wait_until_ready(servers)
    monkeypatch.setattr(runner.ProcessRunner, "_spawn", None)
    for learner in ("instant", "unet", "instant"):
        done = ended(train, train.post("/jobs", {"volume": "stripes", "learner": learner, "budget_s": 2}))
        assert done["state"] == "succeeded", done


@pytest.mark.parametrize("wished", [True, False])
def test_somebody_gets_ready_only_where_that_is_wished(serve_app, train_settings, monkeypatch, wished):
    asked: list[runner.ProcessRunner] = []
    monkeypatch.setattr(runner.ProcessRunner, "keep_ready", lambda processes: asked.append(processes))
    serve_app(create_app(train_settings.model_copy(update={"keeps_ready": wished})), "train")
    assert len(asked) == wished
