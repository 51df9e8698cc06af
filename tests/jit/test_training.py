"""Whole training steps: what a compiled step does is what it does eagerly."""

import numpy as np
import pytest

import chainrule as cr
from tests.jit.steps import batches, both, close, versions

F = cr.nn.functional

OPTIMIZERS = {
    "sgd": lambda p: cr.optim.SGD(p, lr=0.1),
    "momentum": lambda p: cr.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "nesterov": lambda p: cr.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, l1=0.01),
    "adam": lambda p: cr.optim.Adam(p, lr=0.01, amsgrad=True),
    "adamw": lambda p: cr.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    "nadam": lambda p: cr.optim.NAdam(p, lr=0.01),
    "rmsprop": lambda p: cr.optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True),
    "adagrad": lambda p: cr.optim.Adagrad(p, lr=0.01, lr_decay=0.1),
    "lion": lambda p: cr.optim.Lion(p, lr=0.001, weight_decay=0.1),
    "muon": lambda p: cr.optim.get("muon", p),
}


def mlp(dropout=0.0, norm=False):
    # No bias before BatchNorm: its gradient is rounding alone, which Adam would blow up.
    layers = [cr.nn.Linear(5, 8, bias=not norm), cr.nn.BatchNorm1d(8) if norm else cr.nn.Identity(), cr.nn.Tanh()]
    return cr.nn.Sequential(*layers, cr.nn.Dropout(dropout), cr.nn.Linear(8, 3))


def training(model, optimizer, at_the_end=False):
    def step(x, y):
        if not at_the_end:
            optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if at_the_end:
            optimizer.zero_grad()
        return loss

    return step


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    def build():
        model = mlp()
        optimizer = OPTIMIZERS[name](model.parameters())
        return training(model, optimizer), (model, optimizer)

    assert versions(both(build, batches(4))) == 1


@pytest.mark.parametrize("at_the_end", [False, True])
def test_gradients_forgotten_before_or_after_the_step(at_the_end):
    def build():
        model = mlp(dropout=0.4, norm=True)
        optimizer = cr.optim.Adam(model.parameters(), lr=0.01)
        return training(model, optimizer, at_the_end), (model, optimizer)

    assert versions(both(build, batches(4))) == 1


def test_a_convolutional_network():
    def build():
        model = cr.nn.Sequential(
            cr.nn.Conv2d(1, 3, 3, padding=1),
            cr.nn.BatchNorm2d(3),
            cr.nn.ReLU(),
            cr.nn.MaxPool2d(2),
            cr.nn.Flatten(),
            cr.nn.Linear(12, 3),
        )
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        return training(model, optimizer), (model, optimizer)

    rng = np.random.default_rng(0)
    calls = [(rng.standard_normal((4, 4, 4, 1)).astype(np.float32), rng.integers(0, 3, 4)) for _ in range(3)]
    assert versions(both(build, calls)) == 1


def test_a_schedule_changes_no_program():
    schedules = {}

    def build():
        model = mlp()
        optimizer = cr.optim.AdamW(model.parameters(), lr=0.01)
        schedules[optimizer] = cr.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        return training(model, optimizer), (model, optimizer)

    def between(number, model, optimizer):
        if number:
            schedules[optimizer].step()
            optimizer.param_groups[0]["weight_decay"] = 0.1 / number

    assert versions(both(build, batches(4), between)) == 1


def test_switching_weight_decay_on_and_off_goes_between_two_programs():
    def build():
        model = mlp()
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        return training(model, optimizer), (model, optimizer)

    def between(number, model, optimizer):
        optimizer.param_groups[0]["weight_decay"] = 0.1 * (number % 2)

    assert versions(both(build, batches(5), between)) == 2


def test_clipping_and_accumulation():
    def build():
        model = mlp()
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        accumulator = cr.optim.GradientAccumulator(model.parameters())

        def step(x, y):
            optimizer.zero_grad()
            for part in (slice(0, 3), slice(3, None)):
                accumulator.backward(F.cross_entropy(model(x[part]), y[part]), x[part].shape[0])
            accumulator.average()
            norm = cr.optim.clip_grad_norm_(model.parameters(), 0.5)
            cr.optim.clip_grad_value_(model.parameters(), 0.1)
            optimizer.step()
            return norm

        return step, (model, optimizer)

    assert versions(both(build, batches(3))) == 1


def test_an_average_of_the_weights():
    averages = {}

    def build():
        model = mlp()
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        ema = averages[model] = cr.optim.EMA(model.parameters(), decay=0.9)
        train = training(model, optimizer)

        def step(x, y):
            loss = train(x, y)
            ema.update()
            with ema.average_parameters():
                smooth = F.cross_entropy(model(x), y)
            return loss, smooth

        return step, (model, optimizer)

    both(build, batches(3))
    eager, compiled = averages.values()
    close([a.numpy() for a in eager._averages], [a.numpy() for a in compiled._averages])


def test_gradients_that_add_up_over_calls():
    # Two programs: one that finds no gradients, one that adds to them.
    def build():
        model = mlp()

        def step(x, y):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        return step, (model,)

    assert versions(both(build, batches(4))) == 2


def test_backward_and_update_compiled_apart():
    def build():
        model = mlp()
        optimizer = cr.optim.Adam(model.parameters(), lr=0.01)

        def backward(x, y):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        def update():
            optimizer.step()
            optimizer.zero_grad()

        compiled = cr.jit(backward), cr.jit(update)

        def step(x, y):
            loss = compiled[0](x, y)
            compiled[1]()
            return loss

        step.compiled = compiled
        return step, (model, optimizer)

    functions = []

    def keeping():
        step, things = build()
        functions.append(step)
        return step, things

    # Compared with the same two within one function: inner compiled functions are traced through.
    both(keeping, batches(4))
    assert [versions(function) for function in functions[0].compiled] == [1, 1]


def test_training_and_evaluation_share_the_weights():
    model = mlp(dropout=0.5, norm=True)
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
    step = cr.jit(training(model, optimizer))

    @cr.jit
    def evaluate(x):
        with cr.no_grad():
            return model(x)

    for x, y in batches(3):
        model.train()
        step(x, y)
        model.eval()
        with cr.no_grad():
            close(evaluate(x).numpy(), model(cr.tensor(x)).numpy())
        weights = model[0].weight.detach()
        before = weights.numpy()
        model.train()
        step(x, y)
        assert (weights.numpy() == before).all()
        assert (model[0].weight.detach().numpy() != before).any()
    assert versions(step) == 1
    assert versions(evaluate) == 1


def test_tied_weights():
    def build():
        model = cr.nn.Sequential(cr.nn.Linear(5, 5), cr.nn.Tanh(), cr.nn.Linear(5, 5))
        model[2].weight = model[0].weight
        optimizer = cr.optim.Adam(model.parameters(), lr=0.01)

        def step(x, y):
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), x)
            loss.backward()
            optimizer.step()
            return loss

        return step, (model, optimizer)

    both(build, batches(3))


def test_an_embedding():
    def build():
        model = cr.nn.Sequential(cr.nn.Embedding(6, 4), cr.nn.Flatten(), cr.nn.Linear(8, 3))
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        return training(model, optimizer), (model, optimizer)

    rng = np.random.default_rng(0)
    both(build, [(rng.integers(0, 6, (4, 2)), rng.integers(0, 3, 4)) for _ in range(3)])


def test_what_is_done_to_weights_between_calls_counts():
    def build():
        model = mlp()
        optimizer = cr.optim.Adam(model.parameters(), lr=0.01)
        return training(model, optimizer, at_the_end=True), (model, optimizer)

    saved = {}

    def between(number, model, optimizer):
        if number == 1:
            saved[model] = model.state_dict(), optimizer.state_dict()
        elif number == 2:
            with cr.no_grad():
                model[0].weight.copy_(model[0].weight * 0.5)
                model[0].bias[2:4] = 1.0
        elif number == 3:
            model.load_state_dict(saved[model][0])
            optimizer.load_state_dict(saved[model][1])

    assert versions(both(build, batches(5), between)) == 1


def test_a_frozen_weight_is_noticed():
    def build():
        model = mlp()
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        return training(model, optimizer), (model, optimizer)

    def between(number, model, optimizer):
        model[0].weight.requires_grad_(number % 2 == 0)

    assert versions(both(build, batches(4), between)) == 2


def test_a_layer_that_is_replaced_is_noticed():
    def build():
        model = mlp()
        return (lambda x, y: model(x)), (model,)

    def between(number, model):
        if number == 2:
            model[4] = cr.nn.Linear(8, 2)

    both(build, batches(4), between)


def test_gradients_are_there_after_the_step_and_stay_what_they_were():
    model = mlp()
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
    step = cr.jit(training(model, optimizer))
    (x, y), (x2, y2) = batches(2)
    step(x, y)
    first = model[0].weight.grad
    values = first.numpy()
    step(x2, y2)
    second = model[0].weight.grad
    assert first is not second
    assert (first.numpy() == values).all()
    assert (second.numpy() != values).any()
    assert model[0].weight.grad is second
    optimizer.zero_grad()
    assert model[0].weight.grad is None


def test_second_derivatives_within():
    def build():
        w = cr.nn.Parameter(cr.tensor([0.5, -1.0, 2.0]))

        def penalty(x):
            (g,) = cr.autograd.grad((w * x).tanh().sum(), w, create_graph=True)
            loss = (g**2).sum()
            loss.backward()
            hessian = cr.hessian(lambda v: (v**3 * x).sum())(w.detach())
            slope = cr.grad(lambda v: (v.sin() * w).sum())(x)
            with cr.no_grad():
                w.sub_(0.1 * w.grad)
                w.grad = None
            return loss, hessian, slope

        layer = cr.nn.Module()
        layer.w = w
        return penalty, (layer,)

    rng = np.random.default_rng(0)
    both(build, [(rng.standard_normal(3).astype(np.float32),) for _ in range(3)])


def test_lenet():
    def build():
        model = cr.models.LeNet5(outputs=3)
        # Not Adam: its first step is the sign of the gradient, and of some of 60,000 only rounding decides the sign.
        optimizer = cr.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        return training(model, optimizer), (model, optimizer)

    rng = np.random.default_rng(0)
    both(build, [(rng.standard_normal((2, 28, 28, 1)).astype(np.float32), rng.integers(0, 3, 2)) for _ in range(2)])
