"""Calling compiled functions from functions, threads and loops."""

import gc
import threading

import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, UntracedValueError
from tests.jit.steps import versions


def test_a_compiled_function_within_another_is_traced_through():
    w = cr.tensor([1.0])

    @cr.jit
    def inner(x, n):
        w.add_(1)
        return x * n

    @cr.jit
    def outer(x):
        return inner(x, 2) + inner(x, 3) + w

    assert outer(cr.tensor([1.0])).item() == 8
    assert w.item() == 3
    assert (versions(inner), versions(outer)) == (0, 1)


def test_what_an_inner_function_reaches_is_guarded():
    factor = 2

    @cr.jit
    def inner(x):
        return x * factor

    outer = cr.jit(lambda x: inner(x) + 1)
    assert outer(cr.tensor(1.0)).item() == 3
    factor = 5
    assert outer(cr.tensor(1.0)).item() == 6


def test_a_function_that_calls_itself():
    @cr.jit
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    assert power(cr.tensor(3.0), 4).item() == 81


def test_functools_see_the_function():
    @cr.jit
    def documented(x):
        """Says what it does."""
        return x

    assert documented.__name__ == "documented"
    assert documented.__doc__ == "Says what it does."


def test_several_threads_call_one_function():
    w = cr.tensor([0.0])

    @cr.jit
    def add(x):
        w.add_(x)
        return x * 2

    add(cr.tensor([0.0]))
    wrong = []

    def call(value):
        for _ in range(50):
            if add(cr.tensor([value])).item() != 2 * value:
                wrong.append(value)

    threads = [threading.Thread(target=call, args=(float(i),)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert w.item() == 150


def test_a_function_that_raised_can_be_called_again():
    @cr.jit
    def f(x, fail):
        if fail:
            raise KeyError("mine")
        return x + 1

    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            f(cr.tensor(1.0), True)
        assert f(cr.tensor(1.0), False).item() == 2
    assert versions(f) == 1


def test_going_back_and_forth_traces_nothing_anew():
    f = cr.jit(lambda x: x.sum())
    for n in (2, 3, 2, 3, 2):
        assert f(cr.ones(n)).item() == n
    assert versions(f) == 2


def test_a_module_of_the_calls_own():
    @cr.jit
    def f(x):
        layer = cr.nn.Linear(2, 2)
        with cr.no_grad():
            layer.weight.fill_(2.0)
            layer.bias.zero_()
        layer.eval()
        return layer(x)

    assert f(cr.ones(1, 2)).tolist() == [[4, 4]]
    assert f(cr.ones(1, 2)).tolist() == [[4, 4]]


def test_no_arguments_and_no_results():
    w = cr.tensor(1.0)

    @cr.jit
    def f():
        w.mul_(2)

    assert f() is None
    assert f() is None
    assert w.item() == 4
    assert cr.jit(lambda: 3)() == 3


def test_drawing_from_probabilities():
    @cr.jit
    def f(p):
        return cr.multinomial(p, 2), cr.multinomial(p, 3, replacement=True), cr.bernoulli(p), cr.randperm(4)

    p = cr.tensor([0.1, 0.2, 0.7])
    cr.manual_seed(2)
    compiled = [part.tolist() for part in f(p)]
    cr.manual_seed(2)
    assert compiled == [part.tolist() for part in f.__wrapped__(p)]
    with pytest.raises(ArgumentError):
        cr.multinomial(cr.tensor([1.0, -1.0]), 1)


class TestCycles:
    """Python searches for objects that hold each other whenever many were made, but not in the middle of a trace."""

    def test_there_is_no_search_while_it_is_traced_and_there_is_again_afterwards(self):
        @cr.jit
        def f(x):
            assert not gc.isenabled()
            return x + 1

        f(cr.ones(2))
        assert gc.isenabled()

    def test_whoever_has_switched_it_off_keeps_it_off(self):
        gc.disable()
        try:
            cr.jit(lambda x: x + 1)(cr.ones(2))
            assert not gc.isenabled()
        finally:
            gc.enable()

    def test_there_is_again_after_an_error(self):
        with pytest.raises(UntracedValueError):
            cr.jit(lambda x: x.item())(cr.ones(()))
        assert gc.isenabled()
