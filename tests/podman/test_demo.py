"""The whole loop in containers: strokes, training, prediction, score."""

import pytest

from tests.podman.conftest import containers_of
from voxloop_compose.containers.description import STACK_LABEL


@pytest.mark.slow
def test_the_demo_runs_in_containers_and_leaves_none(terminal, account):
    result = terminal.json("demo", "--runtime", "podman", "--learner", "instant", timeout_s=280)

    assert result["mean_dice"] > 0.7  # guessing gives 0.2; this learner takes as long as it needs, whatever runs beside it
    assert result["model"] == "nerve:1"
    assert account.podman("ps", "-aq", "--filter", f"label={STACK_LABEL}", "--filter", "name=voxloop-demo") == ""


def test_what_is_made_in_containers_is_the_users_own_and_is_there_again(terminal, account):
    stack = terminal.up("--no-tcp", "--demo")
    with account.acting(), stack.client("annotate") as annotate:
        annotate.put("/api/volumes/nerve/classes", {"classes": [{"id": 1, "name": "mine", "color": "#123456"}]})
    assert stack.end() == 0
    assert containers_of(account, stack.run_dir) == []

    owners = {path.stat().st_uid for path in stack.workspace.rglob("*")}
    assert owners == {account.uid}

    again = terminal.up("--no-tcp")
    with account.acting(), again.client("annotate") as annotate:
        assert [entry["name"] for entry in annotate.get("/api/volumes/nerve/classes")["classes"]] == ["mine"]
