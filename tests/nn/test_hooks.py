import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import GradientError


class Double(nn.Module):
    def forward(self, x):
        return 2 * x


def test_forward_hooks_run_in_order_and_may_replace():
    module, said = Double(), []
    module.register_forward_pre_hook(lambda m, args: said.append(("before", args[0].item())))
    module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    first = module.register_forward_hook(lambda m, args, out: said.append(("after", args[0].item(), out.item())))
    module.register_forward_hook(lambda m, args, out: out * 10)
    assert module(cr.tensor(1.0)).item() == 40
    assert said == [("before", 1.0), ("after", 2.0, 4.0)]
    first.remove()
    first.remove()
    assert module(cr.tensor(1.0)).item() == 40
    assert len(said) == 3


def test_a_backward_hook_sees_both_gradients():
    module, seen = nn.Linear(2, 1, bias=False, dtype="float64"), []
    module.load_state_dict({"weight": cr.tensor([[3.0, 5.0]])})
    hook = module.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((m, grad_in, grad_out)))
    x = cr.tensor([[1.0, 2.0]], dtype=cr.float64, requires_grad=True)
    (module(x) * 7).sum().backward()
    (m, (grad_in,), (grad_out,)) = seen[0]
    assert m is module
    assert grad_in.tolist() == [[21.0, 35.0]]
    assert grad_out.tolist() == [[7.0]]
    assert x.grad.tolist() == [[21.0, 35.0]]
    assert module.weight.grad.tolist() == [[7.0, 14.0]]
    hook.remove()
    module(x).sum().backward()
    assert len(seen) == 1


def test_a_backward_hook_may_replace_the_gradient_of_the_input():
    model = nn.Sequential(Double(), Double())
    model[1].register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0] * 100,))
    x = cr.tensor(1.0, requires_grad=True)
    model(x).backward()
    assert x.grad.item() == 400


def test_without_gradient_to_the_input_a_backward_hook_sees_the_output_alone():
    module, seen = nn.Linear(2, 1), []
    module.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out[0].tolist())))
    module(cr.zeros(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]
    with cr.no_grad():
        module(cr.zeros(1, 2))
    assert len(seen) == 1


def test_backward_hooks_agree_with_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    seen = {}
    for library in (cr, torch):
        model = library.nn.Sequential(library.nn.Linear(3, 3), library.nn.Tanh(), library.nn.Linear(3, 1))
        for parameter in model.parameters():
            with library.no_grad():
                parameter.fill_(0.25)
        for name, module in model.named_children():
            module.register_full_backward_hook(
                lambda m, a, b, name=name, library=library: seen.setdefault(library, []).append(
                    (name, [None if g is None else g.tolist() for g in (*a, *b)])
                )
            )
        model(library.ones(2, 3).requires_grad_()).sum().backward()
    assert [name for name, _ in seen[cr]] == [name for name, _ in seen[torch]] == ["2", "1", "0"]
    for (_, ours), (_, theirs) in zip(seen[cr], seen[torch], strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


def test_backward_hooks_refuse_what_they_cannot_follow():
    class Add(nn.Module):
        def forward(self, x, y):
            return x + y

    class Pair(nn.Module):
        def forward(self, x):
            return x, x

    x = cr.tensor(1.0, requires_grad=True)
    for module, args in ((Add(), (x, x)), (Pair(), (x,))):
        module.register_full_backward_hook(lambda *_: None)
        with pytest.raises(GradientError, match=type(module).__name__):
            module(*args)
