"""A program keeps to the faster way of running: on several threads, or alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.native import layout
from chainrule.native.pace import _LONG_SECONDS, _LONGEST_SECONDS, _RUNS, _SHORTEST_SECONDS, _WARM, Pace
from tests.native.programs import shareable, started

TRIAL = 2 * (_WARM + _RUNS)


def run(pace, together, alone, runs=TRIAL, steps=1):
    """The ways of so many runs, which take so long by their way."""
    ways = []
    for _ in range(runs):
        ways.append(pace.alone)
        pace.took(steps * (alone if pace.alone else together), steps)
    return ways


@given(st.floats(1e-6, _LONG_SECONDS), st.floats(0.1, 1.99), st.integers(1, 4))
def test_the_faster_way_is_kept_and_a_little_faster_is_not_enough_to_change(together, ratio, steps):
    pace, alone = Pace(), ratio * together
    assert run(pace, together, alone, steps=steps) == [False] * (TRIAL // 2) + [True] * (TRIAL // 2)
    assert not pace.on_trial
    if alone < 0.94 * together:
        assert pace.alone
    if alone > 0.96 * together:
        assert not pace.alone


def test_a_change_outside_is_noticed():
    pace = Pace()
    run(pace, 30e-6, 40e-6)
    assert not pace.alone
    assert sum(run(pace, 72e-6, 40e-6, runs=20_000)) > 12_000  # half a second of 72 µs is 7,000 runs
    assert pace.alone
    assert sum(run(pace, 30e-6, 40e-6, runs=20_000)) < 12_000
    assert not pace.alone


def test_trials_that_change_nothing_become_rare():
    pace = Pace()
    ways = run(pace, 30e-6, 40e-6, runs=300_000)
    assert 3 * _WARM <= sum(ways) < 0.001 * len(ways)
    assert pace._pause == _LONGEST_SECONDS > _SHORTEST_SECONDS


def test_the_first_runs_and_single_slow_ones_do_not_count():
    pace = Pace()
    for number in range(TRIAL):
        slow = number % (TRIAL // 2) < _WARM or number % 5 == 0
        pace.took((50e-6 if pace.alone else 30e-6) * (100 if slow and not pace.alone else 1), 1)
    assert not pace.alone


def test_a_way_that_takes_far_too_long_is_given_up_soon():
    pace = Pace()
    assert run(pace, 1e-4, 1e-2) == [False] * (TRIAL // 2) + [True] * _WARM + [False] * (_RUNS)
    # What trials cost of all the time, after the first one.
    ways = run(pace, 1e-4, 1e-2, runs=100_000)
    assert 0 < 1e-2 * sum(ways) < 0.012 * 1e-4 * len(ways)


def test_long_programs_are_left_alone():
    pace = Pace()
    assert not any(run(pace, 2 * _LONG_SECONDS, _LONG_SECONDS / 10, runs=500))
    assert not pace.on_trial


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    cr.set_num_threads(2)
    yield
    cr.config.threads_changed()


def test_both_ways_give_the_same_bits(two_threads):
    contents = set()
    for alone in (False, True):
        running = started(*shareable())
        executable = running.executable
        for _ in range(3):
            executable.run()
            executable._pace.alone, executable._pace.on_trial, executable._pace._rest = alone, False, 1e9
        assert executable._words[layout.THREADS] == (1 if alone else 2)
        assert executable.run(5) == 5
        contents.add(running.content())
    assert len(contents) == 1


def test_other_threads_are_another_matter(two_threads):
    running = started(*shareable())
    executable = running.executable
    executable.run()
    executable._pace.alone, executable._pace.on_trial, executable._pace._rest = True, False, 1e9
    executable.run()
    cr.set_num_threads(3)
    executable.run()
    assert executable._words[layout.THREADS] == 3


def test_steps_are_few_at_a_time_while_the_way_is_tried(two_threads):
    running = started(*shareable())
    executable, taken = running.executable, []
    executable.run()
    took = executable._pace.took
    executable._pace.took = lambda seconds, steps: (taken.append((executable._pace.on_trial, steps)), took(1e-6, steps))
    assert executable.run(300) == 300
    assert max(steps for on_trial, steps in taken if on_trial) <= 4 < max(steps for _, steps in taken)
