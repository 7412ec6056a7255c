from voxloop_train.schedule import Clock, learning_rate


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


def test_the_rate_rises_then_falls_to_zero():
    rates = [learning_rate(i / 100, 1.0) for i in range(101)]
    assert rates.index(max(rates)) == 5
    assert max(rates) == 1.0
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 1e-9
