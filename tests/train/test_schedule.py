import pytest

from voxloop_train.schedule import Clock, Schedule, learning_rate


def test_the_budget_counts_from_the_start_of_the_clock():
    now = [100.0]
    clock = Clock(60, now=lambda: now[0])
    now[0] = 130.0
    assert clock.used(step=0) == 0.5
    clock.reserve_s = 10
    assert clock.used(step=0) == 0.6
    now[0] = 190.0
    assert clock.used(step=0) == 1


def test_steps_end_the_training_before_the_time_does():
    assert Clock(1000, steps=4, now=lambda: 0.0).used(step=3) == 0.75


def test_time_that_passes_before_the_steps_changes_nothing_until_it_is_clearly_ahead():
    now = [0.0]
    clock = Clock(100, steps=10, now=lambda: now[0])
    for seconds, expected in ((9.0, 0.0), (28.0, 0.2), (100.0, 1.0)):
        now[0] = seconds
        assert clock.used(step=0) == pytest.approx(expected)


def test_the_rate_rises_then_falls_to_zero():
    rates = [learning_rate(i / 100, 1.0) for i in range(101)]
    assert rates.index(max(rates)) == 5
    assert max(rates) == 1.0
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 1e-9


def test_what_an_interrupted_attempt_has_used_counts():
    now = [100.0]
    clock = Clock(60, used_s=45, now=lambda: now[0])
    now[0] = 106.0
    assert clock.elapsed_s == 51
    assert clock.used(step=0) == 0.85


def test_labels_are_given_back_for_the_last_third():
    schedule = Schedule(1.0)
    before = schedule.place(2 / 3)
    schedule.give_back(2 / 3)
    assert schedule.place(2 / 3) == before
    assert schedule.place(0.99) == pytest.approx(0.99)


def test_labels_that_are_given_back_early_are_trained_on_half_as_long_as_all_before():
    schedule = Schedule(1.0)
    schedule.give_back(0.4)
    assert schedule.place(0.4) == pytest.approx(2 / 3)
    assert schedule.place(0.6) == pytest.approx(1)
    assert schedule.rate(0.4) == learning_rate(2 / 3, 1.0)


def test_labels_that_are_given_back_late_do_not_make_the_training_longer():
    schedule = Schedule(1.0)
    schedule.give_back(0.9)
    assert schedule.place(1.0) == 1
