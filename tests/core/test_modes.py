import threading

import pytest

import chainrule as cr


def test_no_grad_remembers_nothing():
    w = cr.tensor(2.0, requires_grad=True)
    with cr.no_grad():
        assert not (w * 3).requires_grad
        with cr.enable_grad():
            assert (w * 3).requires_grad
        assert not cr.is_grad_enabled()
    assert (w * 3).requires_grad


def test_as_a_decorator():
    w = cr.tensor(2.0, requires_grad=True)

    @cr.no_grad()
    def predict(depth):
        assert not cr.is_grad_enabled()
        return w * 3 if depth == 0 else predict(depth - 1)

    assert not predict(3).requires_grad
    assert not predict(0).requires_grad
    assert cr.is_grad_enabled()


def test_an_error_leaves_the_mode_as_it_was():
    with pytest.raises(ZeroDivisionError), cr.no_grad():
        raise ZeroDivisionError
    assert cr.is_grad_enabled()


def test_set_grad_enabled_as_a_block_a_decorator_and_a_statement():
    with cr.set_grad_enabled(False):
        assert not cr.is_grad_enabled()
    assert cr.is_grad_enabled()

    @cr.set_grad_enabled(False)
    def predict():
        return cr.is_grad_enabled()

    assert cr.is_grad_enabled()
    assert not predict()
    cr.set_grad_enabled(False)
    try:
        assert not cr.is_grad_enabled()
    finally:
        cr.set_grad_enabled(True)
    assert cr.is_grad_enabled()


def test_inference_mode_is_no_grad():
    with cr.inference_mode():
        assert not cr.is_grad_enabled()


def test_each_thread_has_its_own():
    seen = []
    with cr.no_grad():
        thread = threading.Thread(target=lambda: seen.append(cr.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_a_decorated_function_in_overlapping_threads():
    """Each thread gets its own mode back, whichever of them leaves the function first."""
    inside, leave = threading.Barrier(2), threading.Event()
    modes = {}

    @cr.no_grad()
    def meet(name):
        inside.wait(timeout=10)
        if name == "last":
            leave.wait(timeout=10)

    def go(name, enabled):
        with cr.set_grad_enabled(enabled):
            meet(name)
            modes[name] = cr.is_grad_enabled()
        leave.set()

    threads = [threading.Thread(target=go, args=arguments) for arguments in (("first", True), ("last", False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert modes == {"first": True, "last": False}
