import pytest

import chainrule as cr
from chainrule.core.abstract import shapes_only
from chainrule.core.rewind import rewind


def test_what_is_assigned_is_put_back():
    w, seed = cr.tensor([1.0, 2.0], requires_grad=True), cr.Generator(3)
    expected = cr.rand(2, generator=cr.Generator(3)).tolist()
    (w * 2).sum().backward()
    with rewind():
        w.data = cr.tensor([5.0, 6.0])
        (w * w).sum().backward()
        assert w.grad.tolist() == [12.0, 14.0]
        cr.rand(7, generator=seed)
    assert w.tolist() == [1.0, 2.0]
    assert w.grad.tolist() == [2.0, 2.0]
    assert cr.rand(2, generator=seed).tolist() == expected


def test_it_is_put_back_after_an_error_too():
    w = cr.tensor([1.0])

    def fail():
        with rewind():
            w.mul_(2)
            raise RuntimeError("within")

    with pytest.raises(RuntimeError, match="within"):
        fail()
    assert w.tolist() == [1.0]


def test_derivatives_of_what_was_computed_before_are_still_right():
    w = cr.tensor([3.0], requires_grad=True)
    y = (w * w).sum()
    with rewind():
        w.data = 5.0
    y.backward()
    assert w.grad.tolist() == [6.0]


def test_blocks_may_be_nested():
    w = cr.tensor([1.0])
    with rewind():
        w.add_(1)
        with rewind():
            w.add_(1)
            with shapes_only():
                w.add_(1)
            assert w.tolist() == [3.0]
        assert w.tolist() == [2.0]
    assert w.tolist() == [1.0]
