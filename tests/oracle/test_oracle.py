"""The oracle says the same live and from its recordings, and notices what is stale, missing or wrong."""

import numpy as np
import pytest

from tests import oracle
from tests.oracle import asking
from tests.oracle.case import Cases, normal

ALL = [(family, name) for family in oracle.families() for name in oracle.names(family)]


@pytest.fixture(autouse=True)
def forget():
    """Examples are remembered; here they are asked for under changed conditions."""
    asking.example.cache_clear()
    yield
    asking.example.cache_clear()


@pytest.mark.parametrize(("family", "name"), ALL, ids=["/".join(pair) for pair in ALL])
def test_every_case_is_recorded_and_agrees_where_its_reference_is_installed(family, name):
    assert oracle.example(family, name).expected


@pytest.mark.parametrize("family", oracle.families())
def test_nothing_is_recorded_that_no_case_asks_for(family):
    assert set(asking.recorded(family)) <= set(oracle.names(family))


def test_recordings_stay_small():
    assert sum(path.stat().st_size for path in asking.RECORDED.iterdir()) < 2_000_000


def test_gradients_are_of_the_weighted_sum():
    example = oracle.example("oracle", "product")
    x, y = example.inputs["x"], example.inputs["y"]
    weights = oracle.cotangent((2, 3))
    example.check(out=x * y, grad_x=weights * y, grad_y=(weights * x).sum(axis=0))


def test_values_only_where_outputs_are_detached():
    example = oracle.example("oracle", "descent")
    example.check(after_1=example.inputs["w"] * 0.8, after_2=example.inputs["w"] * 0.8**2)
    assert set(example.expected) == {"after_1", "after_2"}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda x: x * x * (1 + 1e-8), id="value"),
        pytest.param(lambda x: (x * x).reshape(1), id="shape"),
        pytest.param(lambda x: (x * x).astype(np.float32), id="dtype"),
    ],
)
def test_a_wrong_result_is_noticed(wrong):
    example = oracle.example("oracle", "scalar")
    with pytest.raises(AssertionError):
        example.check(out=wrong(example.inputs["x"]))


def test_an_unknown_name_is_noticed():
    with pytest.raises(AssertionError, match="says nothing of 'output'"):
        oracle.example("oracle", "scalar").check(output=np.array(9.0))


def test_without_the_reference_the_recording_answers(monkeypatch):
    monkeypatch.setattr(asking, "is_installed", lambda reference: False)
    assert oracle.example("oracle", "scalar").expected["out"] == 9.0


def test_a_case_that_is_not_recorded_names_the_command(monkeypatch):
    monkeypatch.setattr(asking, "recorded", lambda family: {})
    with pytest.raises(AssertionError, match=r"python -m tests\.oracle\.record oracle"):
        oracle.example("oracle", "scalar")


def test_a_stale_recording_is_noticed_where_the_reference_is_installed(monkeypatch):
    pytest.importorskip("torch", reason="needs PyTorch to ask it live")
    stale = {"scalar": {"out": np.array(8.0), "grad_x": np.array(6.0)}}
    monkeypatch.setattr(asking, "recorded", lambda family: stale)
    with pytest.raises(AssertionError, match="recorded differently"):
        oracle.example("oracle", "scalar")


def test_inputs_depend_on_names_alone():
    one, other = Cases("torch"), Cases("torch")
    other.add("before", lambda torch, x: x, x=normal(4))
    for cases in (one, other):
        cases.add("same", lambda torch, x: x, x=normal(4))
    np.testing.assert_array_equal(one["same"].inputs["x"], other["same"].inputs["x"])


def test_two_cases_of_one_name_are_refused():
    cases = Cases("torch")
    cases.add("twice", lambda torch, x: x, x=normal(1))
    with pytest.raises(ValueError, match="twice"):
        cases.add("twice", lambda torch, x: x, x=normal(1))
