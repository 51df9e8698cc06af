"""A program computes what its graph means, on any number of threads, and says which kernel met bad data."""

import gc
import os
import signal
import threading
import time
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.graph import Graph
from chainrule.graph.evaluate import evaluate
from chainrule.native.convention import Fault
from chainrule.native.executable import Executable, ProgramFault, build
from chainrule.native.program import compiled_program
from tests.graph.recorder import record
from tests.native.harness import RUNNABLE
from tests.native.programs import Running, shareable, small, started

EXAMPLES = pytest.mark.parametrize("example", [small, shareable])
ON_ONE_AND_TWO = pytest.mark.parametrize("threads", [1, 2])


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    yield
    cr.config.threads_changed()


def assert_is(running, expected):
    """What was written is what the graph means."""
    results, writes = expected
    for found, value in zip(running.results, results, strict=True):
        np.testing.assert_allclose(found, value, rtol=2e-5, atol=1e-6)
    for number, value in writes:
        np.testing.assert_allclose(running.inputs[number], value, rtol=2e-4, atol=1e-5)


def meaning(graph, arrays):
    results, writes = evaluate(graph, arrays)
    return results, list(zip([number for number, _ in graph.writes], writes, strict=True))


@EXAMPLES
@pytest.mark.parametrize("threads", [1, 3])
def test_computes_what_the_graph_means(example, threads):
    cr.set_num_threads(threads)
    graph, arrays = example()
    running = started(graph, arrays)
    for _ in range(2):
        expected = meaning(graph, running.inputs)
        assert running.executable.run() == 1
        assert_is(running, expected)


@pytest.mark.parametrize("timed", [False, True])
def test_a_program_without_kernels_runs(timed):
    assert started(Graph((), ()), [], timed=timed).executable.run(3) == 3


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_computes_it_with_the_instructions_of_other_processors(target):
    cr.set_num_threads(2)
    graph, arrays = shareable()
    program = compile_graph(graph)
    running = Running(Executable(compiled_program(program, target), lambda: program), arrays, graph)
    expected = meaning(graph, arrays)
    running.executable.run()
    assert_is(running, expected)


def test_a_program_compiled_in_parts_computes_the_same_bits(monkeypatch):
    contents = set()
    for lines in (10**9, 1):
        monkeypatch.setattr("chainrule.native.program._PART", lines)
        running = started(*shareable())
        running.executable.run()
        contents.add(running.content())
    assert len(contents) == 1


def test_same_bits_on_any_number_of_threads_which_may_change_between_runs():
    graph, arrays = shareable()
    running = started(graph, arrays)
    assert running.executable.layout.threads >= 4
    contents = set()
    for threads in (1, 2, 7, 3, 4, 1, 2):
        cr.set_num_threads(threads)
        for own, array in zip(running.inputs, arrays, strict=True):
            own[...] = array
        for _ in range(3):
            running.executable.run()
        contents.add(running.content())
    assert len(contents) == 1


@ON_ONE_AND_TWO
@EXAMPLES
def test_repeated_steps_are_the_steps_one_by_one(example, threads):
    cr.set_num_threads(threads)
    once, repeated = started(*example()), started(*example())
    for _ in range(30):
        once.executable.run()
    assert repeated.executable.run(30) == 30
    assert repeated.content() == once.content()


def test_arrays_need_not_be_aligned():
    graph, arrays = shareable()
    running = started(graph, arrays)
    running.executable.run()
    expected = running.content()
    shifted = started(graph, arrays)
    rooms = []
    for number, array in enumerate([*arrays, *shifted.results]):
        room = np.zeros(array.nbytes + 72, np.uint8)
        start = -room.ctypes.data % 64 + array.itemsize
        view = room[start : start + array.nbytes].view(array.dtype)
        view[...] = array.reshape(-1)
        rooms.append(view)
        shifted.executable.addresses[number] = view.ctypes.data
    shifted.executable.run()
    assert tuple(view.tobytes() for view in rooms) == expected


# --- bad data ---


@ON_ONE_AND_TWO
def test_an_index_out_of_range_is_reported_and_leaves_the_state_as_it_was(threads):
    cr.set_num_threads(threads)
    graph, arrays = shareable()
    running = started(graph, arrays)
    table, weight, rows = running.inputs
    rows[17] = 50
    with pytest.raises(ProgramFault) as caught:
        running.executable.run()
    assert (caught.value.fault, caught.value.value, caught.value.steps) == (Fault.INDEX_OUT_OF_RANGE, 50, 0)
    assert caught.value.kernel in running.executable.program.kernels
    np.testing.assert_array_equal(weight, arrays[1])
    np.testing.assert_array_equal(table, arrays[0])
    rows[17] = arrays[2][17]
    expected = meaning(graph, running.inputs)
    assert running.executable.run() == 1
    assert_is(running, expected)


@ON_ONE_AND_TWO
def test_a_fault_ends_repeated_steps_after_those_that_were_right(threads):
    """Each step makes the index one larger, until it is out of range."""
    cr.set_num_threads(threads)
    table, index = cr.randn(20, 3000, generator=cr.Generator(0)), cr.tensor([-1])

    def step():
        following = index + 1
        with cr.no_grad():
            index.copy_(following)
        return [cr.exp(table[following]).sum()]

    running = started(*record(step, [table, index]))
    with pytest.raises(ProgramFault) as caught:
        running.executable.run(1000)
    assert (caught.value.steps, caught.value.value) == (20, 20)


# --- many threads, processes, interruptions ---


def test_several_python_threads_at_once():
    cr.set_num_threads(3)
    runs = [started(*shareable()), started(*shareable()), started(*small()), started(*small())]

    def work(running):
        for _ in range(40):
            running.executable.run()

    threads = [threading.Thread(target=work, args=(running,)) for running in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs[0].content() == runs[1].content()
    assert runs[2].content() == runs[3].content()
    alone = started(*shareable())
    work(alone)
    assert alone.content() == runs[0].content()


@ON_ONE_AND_TWO
def test_ctrl_c_stops_between_two_steps(threads):
    cr.set_num_threads(threads)
    running = started(*shareable())
    running.executable.run()
    timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        running.executable.run(10**9)
    timer.join()
    assert running.executable.run() == 1


# --- what one can ask of it ---


def test_a_timed_program_computes_the_same_and_says_where_the_time_went():
    cr.set_num_threads(2)
    plain, timed = started(*shareable()), started(*shareable(), timed=True)
    start = time.perf_counter()
    timed.executable.run(5)
    elapsed = time.perf_counter() - start
    plain.executable.run(5)
    assert timed.content() == plain.content()
    seconds = timed.executable.seconds()
    assert len(seconds) == len(timed.executable.program.kernels)
    assert min(seconds) > 0
    assert sum(seconds) * 5 <= elapsed


@ON_ONE_AND_TWO
def test_it_goes_at_once_when_it_is_no_longer_needed(threads):
    cr.set_num_threads(threads)
    running = started(*shareable())
    running.executable.run()
    gone = weakref.ref(running.executable)
    gc.disable()
    try:
        del running
        assert gone() is None
    finally:
        gc.enable()


def test_the_program_is_not_asked_for_when_it_is_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    graph, arrays = small()
    first = Running(build(lambda: compile_graph(graph), b"small"), arrays, graph)
    first.executable.run()
    second = Running(build(lambda: pytest.fail("compiled again"), b"small"), arrays, graph)
    second.executable.run()
    assert second.content() == first.content()
