import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    monkeypatch.delenv("CHAINRULE_THREADS", raising=False)
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this NumPy's matrix products cannot be told how many threads to use")
        yield


def threads_while_training():
    seen = set()

    class Look(cr.training.Callback):
        def on_train_batch_end(self, batch, logs):
            seen.update(blas_threads())

    model = nn.Linear(1, 1)
    model.compile("sgd", "mse")
    x = np.ones((4, 1), np.float32)
    model.fit(x, x, callbacks=[Look()], verbose=0)
    return seen


def test_matrix_products_use_one_unless_told_otherwise():
    assert threads_while_training() == {1}
    assert blas_threads() == {2}


def test_compiled_programs_use_all_processors_that_there_are_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr("chainrule.config.available", lambda: 5)
    assert cr.get_num_threads() == 5
    cr.set_num_threads(3)
    assert cr.get_num_threads() == 3


def test_by_the_environment_and_by_a_call(monkeypatch):
    monkeypatch.setenv("CHAINRULE_THREADS", "2")
    assert cr.get_num_threads() == 2
    cr.set_num_threads(1)
    assert threads_while_training() == {1}
    cr.set_num_threads(2)
    assert threads_while_training() == {2}


def test_threads_are_put_back_after_an_error():
    with pytest.raises(cr.errors.NotCompiledError):
        nn.Linear(1, 1).fit(np.ones((4, 1)), np.ones((4, 1)))
    assert blas_threads() == {2}


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "2"])
def test_what_is_no_number_of_threads(wrong, monkeypatch):
    with pytest.raises(ArgumentError, match="1 or more"):
        cr.set_num_threads(wrong)
    if wrong != "2":
        monkeypatch.setenv("CHAINRULE_THREADS", str(wrong))
        with pytest.raises(ArgumentError, match="CHAINRULE_THREADS"):
            cr.get_num_threads()
