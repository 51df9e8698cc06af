"""A program computes what its graph means, on any number of threads, and says which kernel met bad data."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.evaluate import evaluate
from tests.native.programs import shareable, small, started


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    cr.config.threads_changed()
    yield
    cr.config.threads_changed()


@pytest.mark.parametrize("example", [small, shareable])
@pytest.mark.parametrize("threads", [1, 3])
def test_computes_what_the_graph_means(example, threads):
    cr.set_num_threads(threads)
    graph, arrays = example()
    running = started(graph, arrays)
    for _ in range(2):
        expected = evaluate(graph, running.inputs)
        assert running.executable.run() == 1
        for found, value in zip(running.results, expected[0], strict=True):
            np.testing.assert_allclose(found, value, rtol=2e-5, atol=1e-6)
        for (number, _), value in zip(graph.writes, expected[1], strict=True):
            np.testing.assert_allclose(running.inputs[number], value, rtol=2e-4, atol=1e-5)


def test_same_bits_on_any_number_of_threads():
    graph, arrays = shareable()
    contents = []
    for threads in (1, 2, 3, 4, 7):
        cr.set_num_threads(threads)
        running = started(graph, arrays)
        for _ in range(3):
            running.executable.run()
        contents.append(running.content())
    assert running.executable.layout.threads >= 4
    assert all(content == contents[0] for content in contents)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("example", [small, shareable])
def test_repeated_steps_are_the_steps_one_by_one(example, threads):
    cr.set_num_threads(threads)
    once, repeated = started(*example()), started(*example())
    for _ in range(30):
        once.executable.run()
    assert repeated.executable.run(30) == 30
    assert repeated.content() == once.content()
