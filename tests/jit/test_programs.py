"""Random functions over a few tensors do the same eagerly and compiled, call after call, whatever is done in between.

The reference runs them, so that all bits must be equal and nothing takes time.
"""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

import chainrule as cr
from chainrule.jit.backend import Reference
from chainrule.jit.function import Jitted


class World:
    """Some tensors: two plain ones, a part of one of them, and two weights."""

    def __init__(self, compile):
        self.a = cr.arange(4.0)
        self.b = cr.ones(4) * 2
        self.part = self.a[1:3]
        self.w = cr.tensor([1.0, -1.0, 0.5, 2.0], requires_grad=True)
        self.v = cr.nn.Parameter(cr.tensor([0.5, 0.25, -0.5, 1.0]))
        self.unread = cr.zeros(4)
        self.other = compile(self._other)

    def _other(self):
        self.b.add_(1)
        with cr.no_grad():
            self.w.mul_(0.5)
        self.v.grad = self.a * self.b

    def observed(self):
        tensors = [self.a, self.b, self.part, self.w, self.v, self.unread]
        grads = [np.zeros(0) if w.grad is None else w.grad.numpy() for w in (self.w, self.v)]
        return [t.detach().numpy() for t in tensors] + grads + [w.requires_grad for w in (self.w, self.v)]


def under_no_grad(action):
    def act(world, x):
        with cr.no_grad():
            action(world, x)

    return act


def backward(world, x):
    (world.w * world.v * x + world.w.detach() * world.b).sum().backward()


def step(world, x):
    if world.w.grad is not None:
        world.w.sub_(0.1 * world.w.grad)


def swap(world, x):
    kept = world.a.clone()
    world.a.copy_(world.b)
    world.b.copy_(kept)
    world.part = world.a[1:3]


ACTIONS = {
    "add": lambda world, x: world.a.add_(x),
    "fill": lambda world, x: world.b.fill_(3.0),
    "copy": lambda world, x: world.a.copy_(world.b),
    "set slice": lambda world, x: world.b.__setitem__(slice(0, 2), world.a[2:]),
    "through data": lambda world, x: world.b.data.mul_(2),
    "rounded": lambda world, x: world.b.copy_((world.b * 0.3 + world.a).sin()),
    "backward": backward,
    "step": under_no_grad(step),
    "other step": under_no_grad(lambda world, x: world.v.add_(world.a * 0.1)),
    "forget w": lambda world, x: setattr(world.w, "grad", None),
    "forget v": lambda world, x: setattr(world.v, "grad", None),
    "zero v": lambda world, x: setattr(world.v, "grad", world.v.zeros_like().detach()),
    "scale grad": lambda world, x: setattr(world.w, "grad", None if world.w.grad is None else world.w.grad * 2),
    "freeze": lambda world, x: world.v.requires_grad_(False),
    "thaw": lambda world, x: world.v.requires_grad_(),
    "random": lambda world, x: world.b.add_(cr.rand(4)),
    "argument": lambda world, x: x.mul_(2),
    "unread": lambda world, x: world.unread.copy_(x.detach()),
}
OUTSIDE = {
    **ACTIONS,
    "part": lambda world, x: world.part.add_(1) if world.part.part_of.node is world.a.node else None,
    "part again": lambda world, x: setattr(world, "part", world.a[1:3]),
    "look": lambda world, x: world.observed(),
    "load": lambda world, x: under_no_grad(lambda w, x: w.w.copy_(cr.ones(4)))(world, x),
    "other": lambda world, x: world.other(),
}


def runs(compile, program, between):
    """What can be seen after each call, and what the calls return."""
    cr.manual_seed(0)
    world, seen = World(compile), []
    kept = []

    def function(x):
        for name in program:
            ACTIONS[name](world, x)
        return world.a * x + world.b, x

    function = compile(function)
    for number, (names, argument) in enumerate(between):
        for name in names:
            OUTSIDE[name](world, cr.tensor([1.0, 2.0, 3.0, 4.0]))
        fresh = cr.tensor([float(number), 1.0, -1.0, 0.5])
        x = {"fresh": fresh, "a": world.a, "b": world.b, "v": world.v.detach().clone()}[argument]
        out, same = function(x)
        assert same is x
        kept.append((out, world.b.detach(), world.v.detach()))
        seen.append([x.numpy(), cr.rand(1).numpy()])
    seen += [[part.detach().numpy() for part in parts] for parts in kept] + [world.observed()]
    return seen


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(set(ACTIONS))), max_size=5),
    st.lists(
        st.tuples(st.lists(st.sampled_from(sorted(OUTSIDE)), max_size=3), st.sampled_from(["fresh", "a", "b", "v"])),
        min_size=2,
        max_size=4,
    ),
)
def test_random_functions(program, between):
    eager = runs(lambda function: function, program, between)
    compiled = runs(lambda function: Jitted(function, Reference), program, between)
    for one, other in zip(eager, compiled, strict=True):
        for left, right in zip(one, other, strict=True):
            assert np.array_equal(left, right)
