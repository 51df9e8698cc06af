"""Tensors that a compiled function uses without being given them."""

import gc
import weakref
from threading import Thread, current_thread

import numpy as np
import pytest

import chainrule as cr
from chainrule import config
from chainrule.core.abstract import shapes_only
from chainrule.core.rewind import rewind, undone_if_failing
from chainrule.errors import IndexingError, InPlaceError
from chainrule.jit import memory
from chainrule.jit.memory import TensorMemory
from tests.jit.steps import versions


def test_a_tensor_is_read_at_each_call():
    w = cr.tensor([1.0, 2.0])
    f = cr.jit(lambda: w * 2)
    assert f().tolist() == [2, 4]
    w.add_(1)
    assert f().tolist() == [4, 6]
    w.copy_(cr.tensor([[7.0, 8.0]])[0])
    assert f().tolist() == [14, 16]
    assert versions(f) == 1


def test_a_tensor_that_is_not_contiguous():
    w = cr.arange(6.0).reshape(2, 3).T
    assert cr.jit(lambda: w + 0)().tolist() == w.tolist()


def test_who_has_read_a_value_keeps_it():
    w = cr.tensor([0.0])

    @cr.jit
    def f():
        w.add_(1)

    seen = []
    for _ in range(3):
        f()
        seen.append((w.detach(), w.clone(), w.numpy(), cr.jit(lambda: w + 0)()))
    assert [[part.item() for part in parts] for parts in seen] == [[i] * 4 for i in (1, 2, 3)]
    f()
    assert w.item() == 4


def test_two_functions_write_the_same_tensor():
    w = cr.tensor([1.0])
    double, more = cr.jit(lambda: w.mul_(2)), cr.jit(lambda: w.add_(1))
    for _ in range(3):
        double()
        more()
    assert w.item() == 15


def test_swapping_two_tensors():
    a, b = cr.tensor([1.0]), cr.tensor([2.0])

    @cr.jit
    def swap():
        kept = a.clone()
        a.copy_(b)
        b.copy_(kept)

    swap()
    assert (a.item(), b.item()) == (2, 1)
    swap()
    assert (a.item(), b.item()) == (1, 2)


def test_a_clone_taken_outside_is_a_tensor_of_its_own():
    # Eager code lets both share an array until one is changed.
    a = cr.tensor([1.0])
    with cr.no_grad():
        b = a.clone()

    @cr.jit
    def f():
        b.copy_(a + 10 * b)

    f()
    f()
    assert b.item() == 111


def test_nothing_is_baked_in_by_detach_data_or_requires_grad():
    w = cr.tensor([1.0], requires_grad=True)
    frozen = cr.tensor([1.0])

    @cr.jit
    def f(x):
        tracked = frozen.detach().requires_grad_()
        (tracked * w.data).sum().backward()
        return w.detach() * x + w.data.clone() + tracked.grad

    for value in (1.0, 2.0):
        with cr.no_grad():
            w.fill_(value)
        frozen.fill_(value)
        assert f(cr.tensor(1.0)).item() == 3 * value
    assert versions(f) == 1


def test_parts_of_state():
    w = cr.zeros(3)
    part = w[:2]

    @cr.jit
    def f():
        part.add_(1)

    for number in (1, 2):
        f()
        assert w.tolist() == [number, number, 0]
        assert part.tolist() == [number, number]
    part.add_(1)
    assert w.tolist() == [3, 3, 0]
    f()
    assert w.tolist() == [4, 4, 0]


def test_the_random_state_goes_on():
    generator = cr.Generator(5)

    @cr.jit
    def f():
        return cr.rand(3), cr.rand(2, generator=generator)

    cr.manual_seed(1)
    compiled = [part.tolist() for _ in range(2) for part in f()] + [cr.rand(1).item()]
    generator.manual_seed(5)
    cr.manual_seed(1)
    eager = [part.tolist() for _ in range(2) for part in f.__wrapped__()] + [cr.rand(1).item()]
    assert compiled == eager


def test_seeding_within():
    @cr.jit
    def f():
        cr.manual_seed(3)
        return cr.rand(2)

    assert f().tolist() == f().tolist()


def test_state_that_is_made_by_the_first_call():
    memory = {}

    def step(x):
        if "mean" not in memory:
            memory["mean"] = cr.zeros(2)
            memory["mean"].add_(10)
        memory["mean"].copy_(0.5 * memory["mean"] + x)
        return memory["mean"] * 1

    x = cr.tensor([1.0, 2.0])
    compiled = cr.jit(step)
    found = [compiled(x).tolist() for _ in range(4)]
    memory.clear()
    assert found == [step(x).tolist() for _ in range(4)]


def test_a_table_that_is_made_once_is_found_again():
    tables = {}

    @cr.jit
    def f(x):
        if "table" not in tables:
            tables["table"] = cr.arange(3.0)
        return x + tables["table"]

    assert f(cr.tensor(1.0)).tolist() == [1, 2, 3]
    tables["table"].add_(1)
    assert f(cr.tensor(1.0)).tolist() == [2, 3, 4]


def test_a_weight_stays_a_weight():
    w = cr.nn.Parameter(cr.tensor([1.0]))
    heard = []
    w.register_hook(lambda g: heard.append("traced") or g * 2)

    @cr.jit
    def step():
        w.grad = None
        (w * 3).sum().backward()
        with cr.no_grad():
            w.sub_(w.grad)

    step()
    step()
    assert w.item() == -11
    assert w.requires_grad
    assert w.is_leaf
    (w * 5).sum().backward()
    assert w.grad.item() == 6 + 10


def test_a_value_that_a_derivative_outside_needs_is_missed():
    w = cr.tensor([1.0], requires_grad=True)

    @cr.jit
    def step():
        with cr.no_grad():
            w.add_(1)

    step()
    y = (w * w).sum()
    step()
    with pytest.raises(InPlaceError):
        y.backward()


def test_gradients_set_and_cleared():
    w = cr.tensor([1.0], requires_grad=True)

    @cr.jit
    def doubled():
        w.grad = w.grad * 2

    @cr.jit
    def cleared():
        w.grad = None

    w.grad = cr.tensor([3.0])
    doubled()
    doubled()
    assert w.grad.item() == 12
    w.grad = cr.tensor([1.0])
    doubled()
    assert w.grad.item() == 2
    cleared()
    assert w.grad is None
    w.grad = cr.tensor([1.0])
    cleared()
    assert w.grad is None
    with pytest.raises(TypeError):
        doubled()


def test_a_failed_run_leaves_everything_as_it_was():
    w, table = cr.tensor([1.0]), cr.arange(3.0)

    @cr.jit
    def f(i):
        w.add_(1)
        return table[i]

    assert f(cr.tensor([0])).tolist() == [0]
    value = w.item()
    with pytest.raises(IndexingError):
        f(cr.tensor([7]))
    assert w.item() == value
    assert f(cr.tensor([2])).tolist() == [2]
    assert w.item() == value + 1


def test_within_other_interpreters_it_runs_as_it_stands():
    w = cr.tensor([1.0])
    add = cr.jit(lambda x: w.add_(x))
    with rewind():
        add(cr.tensor(1.0))
        assert w.item() == 2
    assert w.item() == 1
    with shapes_only():
        assert add(cr.tensor(1.0)).shape == (1,)
    assert w.item() == 1

    def failing():
        with undone_if_failing():
            add(cr.tensor(1.0))
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert w.item() == 1
    assert cr.jit(lambda x: add(x) * 2)(cr.tensor(1.0)).item() == 4
    assert w.item() == 2


def test_trying_out_within():
    w = cr.tensor([1.0])

    @cr.jit
    def f():
        with rewind():
            w.add_(1)
            y = w * 10
        return y + w

    assert f().item() == 21
    assert w.item() == 1


@pytest.mark.parametrize("failure", [None, MemoryError, RuntimeError])
def test_large_state_is_loaded_while_the_program_is_compiled(failure, monkeypatch):
    """By a thread, if there is one and memory for it; whatever was in the way is met again when the program runs."""
    threads = []

    class Watched(Thread):
        def start(self):
            threads.append(self)
            if failure is RuntimeError:
                raise RuntimeError("can't start new thread")
            super().start()

    def load(self):
        if failure is MemoryError and current_thread() in threads:
            raise MemoryError
        loaded(self)

    loaded = TensorMemory.load
    monkeypatch.setattr(config, "get_num_threads", lambda: 2)
    monkeypatch.setattr(memory, "_LARGE", 1)
    monkeypatch.setattr(memory, "Thread", Watched)
    monkeypatch.setattr(TensorMemory, "load", load)
    weight = cr.ones(1000)

    @cr.jit
    def step(x):
        weight.add_(x)

    step(cr.ones(1000))
    weight.mul_(2)
    step(cr.ones(1000))
    assert weight.tolist() == [5.0] * 1000
    assert len(threads) == 1
    assert not any(thread.is_alive() for thread in threads)


def test_nothing_is_kept_alive():
    def run():
        model = cr.nn.Linear(3, 3)
        optimizer = cr.optim.Adam(model.parameters())

        @cr.jit
        def step(x):
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()

        step(cr.ones(2, 3))
        return weakref.ref(model), weakref.ref(model.weight), weakref.ref(step)

    references = run()
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_a_buffer_that_was_written_can_be_saved_and_loaded():
    layer = cr.nn.BatchNorm1d(2)
    f = cr.jit(lambda x: layer(x))
    x = cr.tensor([[1.0, 2.0], [3.0, 5.0]])
    f(x)
    saved = layer.state_dict()
    f(x)
    assert not np.array_equal(saved["running_mean"].numpy(), layer.running_mean.numpy())
    layer.load_state_dict(saved)
    assert np.array_equal(saved["running_mean"].numpy(), layer.running_mean.numpy())
    f(x)
    assert layer.num_batches_tracked.item() == 2
