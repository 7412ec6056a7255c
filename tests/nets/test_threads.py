import itertools

import pytest
import torch

from voxloop_shared.nets.threads import ThreadTuner, one_thread


class Machine:
    """A clock and a machine on which a piece of work takes a time that depends on the threads."""

    def __init__(self, seconds):
        self.seconds, self.time, self.threads = seconds, 0.0, 0

    def put(self, threads):
        self.threads = threads

    def work(self, tuner, pieces):
        for _ in range(pieces):
            with tuner.timed():
                self.time += self.seconds[self.threads]


def tuner_on(machine, most):
    return ThreadTuner(most, put=machine.put, now=lambda: machine.time)


def test_keeps_all_threads_where_they_are_fastest():
    machine = Machine({1: 1.0, 2: 0.6, 4: 0.4})
    tuner = tuner_on(machine, 4)
    machine.work(tuner, 50)
    assert tuner.threads == 4


def test_goes_down_to_one_thread_where_others_use_the_cores():
    machine = Machine({1: 0.1, 2: 0.5, 4: 1.0, 8: 2.0})
    tuner = tuner_on(machine, 8)
    machine.work(tuner, 300)
    assert tuner.threads == 1


def test_comes_back_when_the_others_have_gone():
    machine = Machine({1: 0.1, 2: 0.5})
    tuner = tuner_on(machine, 2)
    machine.work(tuner, 20)
    assert tuner.threads == 1
    machine.seconds = {1: 0.1, 2: 0.06}
    machine.work(tuner, 2000)
    assert tuner.threads == 2


def test_trials_cost_little_where_nothing_changes():
    machine = Machine({1: 1.0, 2: 0.5})
    tuner = tuner_on(machine, 2)
    machine.work(tuner, 2000)
    assert machine.time < 1.05 * 2000 * 0.5


def test_runs_on_one_core_without_trials():
    machine = Machine({1: 1.0})
    tuner = tuner_on(machine, 1)
    for _ in itertools.repeat(None, 20):
        machine.work(tuner, 1)
        assert machine.threads == 1


def test_one_thread_is_for_a_while_also_when_that_fails() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    with pytest.raises(LookupError), one_thread():
        raise LookupError
    assert torch.get_num_threads() == before
