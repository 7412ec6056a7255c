"""The supervisor with services that misbehave on purpose."""

import os
import signal
import time

import pytest

from tests.waiting import PATIENCE_S, wait_until
from voxloop_shared.settings import SERVICES


def test_a_service_that_cannot_start_ends_up_with_its_last_words(stand_ins):
    stand_ins.environment["STAND_IN_TRAIN"] = "broken"

    said = stand_ins.error("up", stand_ins.folder / "ws", "--no-tcp")

    assert said.startswith("the train service ended with code 3 at its start: the spoon is bent")
    assert "service.log" in said
    assert "no stack is running" in stand_ins.error("status")


def test_a_detached_start_hands_on_why_a_service_does_not_start(stand_ins):
    stand_ins.environment["STAND_IN_REGISTRY"] = "broken"

    assert "the spoon is bent" in stand_ins.error("up", stand_ins.folder / "ws", "--no-tcp", "--detach")


def test_a_service_that_is_killed_again_and_again_comes_back_each_time(stand_ins):
    stack = stand_ins.up("--no-tcp")
    for _ in range(4):
        before = wait_until(lambda: stack.pid_of("train"))
        os.kill(before, signal.SIGKILL)
        wait_until(lambda before=before: stack.pid_of("train") not in (None, before) and stack.health("train"))

    assert stack.record["services"]["train"]["restarts"] == 4
    assert stack.record["services"]["infer"]["restarts"] == 0


def test_all_services_killed_at_once_come_back(stand_ins):
    stack = stand_ins.up("--no-tcp")
    before = {service: stack.pid_of(service) for service in SERVICES}

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    wait_until(lambda: all(stack.pid_of(s) not in (None, before[s]) and stack.health(s) for s in SERVICES))


def test_a_service_deaf_to_sigterm_is_killed_at_the_end(stand_ins):
    stack = stand_ins.up("--no-tcp", STAND_IN_INFER="stubborn")

    assert stack.end() == 0

    assert stack.pids() == []


def test_leftovers_deaf_to_sigterm_are_gone_before_the_next_start(stand_ins):
    stack = stand_ins.up("--no-tcp", STAND_IN_INFER="stubborn")
    stack.end(signal.SIGKILL)
    deaf = wait_until(lambda: stack.pids() if len(stack.pids()) == 1 else None)

    again = stand_ins.up("--no-tcp")

    assert deaf[0] not in again.pids()
    assert len(again.pids()) == len(SERVICES)


def test_a_service_deaf_to_sigterm_does_not_outlive_a_killed_supervisor(stand_ins):
    stack = stand_ins.up("--no-tcp", STAND_IN_INFER="stubborn")

    stack.end(signal.SIGKILL)

    wait_until(lambda: not stack.pids())


def test_a_signal_during_the_start_ends_it(stand_ins):
    stack = stand_ins.up("--no-tcp", wait=False)
    wait_until(lambda: (stack.run_dir / "stack.json").exists())

    began = time.monotonic()
    assert stack.end(signal.SIGINT) == 0

    assert time.monotonic() - began < 5
    assert stack.pids() == []


@pytest.mark.slow
def test_down_kills_a_supervisor_that_hangs(stand_ins):
    stack = stand_ins.up("--no-tcp")
    os.kill(stack.process.pid, signal.SIGSTOP)

    done = stand_ins.run("down")

    assert done.returncode == 0, done.stderr
    assert stack.process.wait(PATIENCE_S) == -signal.SIGKILL
    assert stack.pids() == []


def test_a_folder_full_of_traps_is_not_imported_from(stand_ins):
    traps = stand_ins.folder / "traps"
    traps.mkdir()
    (traps / "json.py").write_text("raise SystemExit('trapped')")
    (traps / "voxloop_train.py").write_text("raise SystemExit('trapped')")

    done = stand_ins.run("up", stand_ins.folder / "ws", "--no-tcp", "--detach", cwd=traps)

    assert done.returncode == 0, done.stderr
    assert stand_ins.run("down").returncode == 0
