"""The next training is done by a process that has loaded its libraries before it was asked for."""

import psutil
import pytest

from tests.shared.test_standby import standing_by
from tests.train.conftest import ended
from tests.waiting import wait_until
from voxloop_shared.jobs import runner
from voxloop_train.app import create_app


def test_a_process_that_stands_by_does_the_training(serve_app, registry, train_settings, stripes, monkeypatch):
    monkeypatch.setattr(runner, "_READY_AFTER_S", 0.0)
    train = serve_app(create_app(train_settings.model_copy(update={"keeps_ready": True})), "train")
    (ready,) = wait_until(standing_by)
    monkeypatch.setattr(runner, "_READY_AFTER_S", 1e6)  # no other is to get ready while this one works
    done = ended(train, train.post("/jobs", {"volume": "stripes", "learner": "instant"}))
    assert done["state"] == "succeeded", done
    assert not psutil.pid_exists(ready.pid)  # it ended with its job: it would wait still, had another one done it


@pytest.mark.parametrize("wished", [True, False])
def test_somebody_gets_ready_only_where_that_is_wished(serve_app, train_settings, monkeypatch, wished):
    asked: list[runner.ProcessRunner] = []
    monkeypatch.setattr(runner.ProcessRunner, "keep_ready", lambda processes: asked.append(processes))
    serve_app(create_app(train_settings.model_copy(update={"keeps_ready": wished})), "train")
    assert len(asked) == wished
