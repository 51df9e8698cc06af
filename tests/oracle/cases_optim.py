"""Trajectories of optimizers, schedules, clipping and averaging; the same code runs on both libraries where it can."""

from tests.oracle.case import Cases, normal

cases = Cases("torch")

SHOWN = (0, 1, 5, 11)  # the steps after which the weights are compared


def loss_of(w, b, x, y):
    """A small network's loss: curved, and different for each weight."""
    return (((x @ w + b).tanh() - y) ** 2).mean()


def train(make, change=None):
    """Twelve steps of an optimizer over a matrix and a vector."""

    def run(torch, w, b, x, y):
        optimizer = make(torch.optim, w, b)
        shown = {}
        for step in range(SHOWN[-1] + 1):
            optimizer.zero_grad()
            loss_of(w, b, x, y).backward()
            if change:
                change(step, optimizer, w, b)
            optimizer.step()
            if step in SHOWN:
                shown |= {f"w_{step}": w.detach().clone(), f"b_{step}": b.detach().clone()}
        return shown

    return run


def add(name, make, change=None, wrap=lambda run: run):
    cases.add(name, wrap(train(make, change)), w=normal(4, 3), b=normal(3), x=normal(8, 4), y=normal(8, 3))


def in_float64(run):
    """With PyTorch's 0-d state in float64 too, where it takes the default dtype."""

    def wrapped(torch, **inputs):
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            return run(torch, **inputs)
        finally:
            torch.set_default_dtype(usual)

    return wrapped


SETTINGS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.8, "dampening": 0.3},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "weight_decay": 0.2},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.1, "momentum": 0.8, "dampening": -0.5, "weight_decay": 0.1},
        {},
    ],
    "Adagrad": [
        {"lr": 0.1},
        {"lr": 0.1, "lr_decay": 0.2},
        {"lr": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.2, "maximize": True},
        {},
    ],
    "RMSprop": [
        {"lr": 0.05},
        {"lr": 0.05, "alpha": 0.8, "eps": 1e-2},
        {"lr": 0.05, "centered": True},
        {"lr": 0.05, "momentum": 0.9},
        {"lr": 0.05, "momentum": 0.7, "centered": True, "weight_decay": 0.2, "maximize": True},
        {},
    ],
    "Adam": [
        {"lr": 0.05},
        {"lr": 0.05, "betas": (0.7, 0.9)},
        {"lr": 0.05, "betas": (0.0, 0.99)},
        {"lr": 0.05, "betas": (0.9, 0.0), "eps": 1e-3},
        {"lr": 0.05, "amsgrad": True, "betas": (0.5, 0.6)},
        {"lr": 0.05, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.05, "weight_decay": 0.2, "decoupled_weight_decay": True},
        {},
    ],
    "AdamW": [
        {"lr": 0.05},
        {"lr": 0.05, "weight_decay": 0.0},
        {"lr": 0.05, "weight_decay": 0.5, "amsgrad": True},
        {"lr": 0.05, "weight_decay": 0.5, "maximize": True, "betas": (0.8, 0.9)},
        {},
    ],
    "NAdam": [
        {"lr": 0.05},
        {"lr": 0.05, "momentum_decay": 0.1, "betas": (0.8, 0.9)},
        {"lr": 0.05, "weight_decay": 0.2, "eps": 1e-3},
        {"lr": 0.05, "weight_decay": 0.2, "decoupled_weight_decay": True, "maximize": True},
        {},
    ],
}


def described(settings):
    return ",".join(f"{name}={value}" for name, value in settings.items()) or "defaults"


for name, all_settings in SETTINGS.items():
    for settings in all_settings:
        add(
            f"{name}({described(settings)})",
            lambda optim, w, b, name=name, settings=settings: getattr(optim, name)([w, b], **settings),
            wrap=in_float64 if name == "NAdam" else lambda run: run,
        )

# Groups, and what a user changes on the way

add("groups", lambda optim, w, b: optim.SGD([{"params": [w], "lr": 0.2}, {"params": b, "momentum": 0.9}], lr=0.1))
add(
    "groups-adam",
    lambda optim, w, b: optim.AdamW(
        [{"params": [w], "weight_decay": 0.3, "betas": (0.5, 0.9)}, {"params": [b], "amsgrad": True}], lr=0.05
    ),
)


def halve_the_rate(step, optimizer, w, b):
    for group in optimizer.param_groups:
        group["lr"] *= 0.5


def without_a_gradient_at_times(step, optimizer, w, b):
    if step % 3 == 0:
        b.grad = None


def momentum_from_the_fifth_step(step, optimizer, w, b):
    if step == 5:
        optimizer.param_groups[0]["momentum"] = 0.9


def a_group_from_the_fifth_step(step, optimizer, w, b):
    if step == 5:
        optimizer.add_param_group({"params": [b], "lr": 0.3})


add("halved", lambda optim, w, b: optim.Adam([w, b], lr=0.1), halve_the_rate)
add("skipped-adam", lambda optim, w, b: optim.Adam([w, b], lr=0.1), without_a_gradient_at_times)
add(
    "skipped-sgd",
    lambda optim, w, b: optim.SGD([w, b], lr=0.1, momentum=0.9, dampening=0.5),
    without_a_gradient_at_times,
)
add("momentum-later", lambda optim, w, b: optim.SGD([w, b], lr=0.1), momentum_from_the_fifth_step)
add("group-later", lambda optim, w, b: optim.SGD([w], lr=0.1, momentum=0.9), a_group_from_the_fifth_step)

# Muon: PyTorch rounds to bfloat16 on the way; here it does not


def unrounded(run):
    def wrapped(torch, **inputs):
        torch.Tensor.bfloat16 = lambda self: self.clone()
        try:
            return run(torch, **inputs)
        finally:
            del torch.Tensor.bfloat16

    return wrapped


def train_matrices(settings):
    def run(torch, wide, tall):
        optimizer = torch.optim.Muon([wide, tall], **settings)
        for _ in range(6):
            optimizer.zero_grad()
            ((wide @ tall).tanh() ** 2).sum().backward()
            optimizer.step()
        return {"wide_after": wide.detach().clone(), "tall_after": tall.detach().clone()}

    return unrounded(run)


MUON = [
    {},
    {"lr": 0.05},
    {"lr": 0.05, "nesterov": False, "weight_decay": 0.0},
    {"lr": 0.05, "momentum": 0.5, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3},
    {"lr": 0.05, "ns_coefficients": (3.0, -4.0, 1.5), "adjust_lr_fn": "original", "eps": 10.0},
]
for settings in MUON:
    cases.add(f"Muon({described(settings)})", train_matrices(settings), wide=normal(3, 5), tall=normal(5, 2))

# Schedules: the learning rates of two groups (and the momentum) over the steps


def schedule(make, steps=24, change=None, momentum=None):
    """`make(optim, optimizer)` gives one schedule, or several that are stepped one after the other."""

    def run(torch, w, b):
        optim = torch.optim
        kinds = {None: optim.SGD, "momentum": optim.SGD, "betas": optim.Adam}
        optimizer = kinds[momentum]([{"params": [w]}, {"params": [b], "lr": 0.3}], lr=0.1)
        made = make(optim.lr_scheduler, optimizer)
        schedules = made if isinstance(made, list) else [made]
        (w.sum() + b.sum()).backward()
        lrs, momenta = [], []
        for step in range(steps):
            lrs.append([group["lr"] for group in optimizer.param_groups])
            if momentum == "betas":
                momenta.append([group["betas"][0] for group in optimizer.param_groups])
            elif momentum:
                momenta.append([group["momentum"] for group in optimizer.param_groups])
            optimizer.step()
            if change:
                change(step, optimizer, w, b)
            for one in schedules:
                one.step()
        shown = {"lrs": torch.tensor(lrs, dtype=torch.float64)}
        return shown | ({"momenta": torch.tensor(momenta, dtype=torch.float64)} if momentum else {})

    return run


def add_schedule(name, make, **options):
    cases.add(f"schedule-{name}", schedule(make, **options), w=normal(2), b=normal(1))


add_schedule("step", lambda lrs, o: lrs.StepLR(o, step_size=5))
add_schedule("step-gamma", lambda lrs, o: lrs.StepLR(o, 3, gamma=0.7))
add_schedule("multi-step", lambda lrs, o: lrs.MultiStepLR(o, milestones=[9, 3, 9, 15], gamma=0.5))
add_schedule("exponential", lambda lrs, o: lrs.ExponentialLR(o, gamma=0.9))
add_schedule("lambda", lambda lrs, o: lrs.LambdaLR(o, lr_lambda=lambda epoch: 0.95**epoch))
add_schedule("lambdas", lambda lrs, o: lrs.LambdaLR(o, [lambda epoch: 1 / (1 + epoch), lambda epoch: epoch / 10]))
add_schedule("linear", lambda lrs, o: lrs.LinearLR(o))
add_schedule("linear-down", lambda lrs, o: lrs.LinearLR(o, start_factor=0.9, end_factor=0.2, total_iters=10))
add_schedule("polynomial", lambda lrs, o: lrs.PolynomialLR(o, total_iters=10))
add_schedule("polynomial-power", lambda lrs, o: lrs.PolynomialLR(o, total_iters=20, power=2.5))
add_schedule("cosine", lambda lrs, o: lrs.CosineAnnealingLR(o, T_max=24))
add_schedule("cosine-back-up", lambda lrs, o: lrs.CosineAnnealingLR(o, T_max=7, eta_min=0.01))
add_schedule("restarts", lambda lrs, o: lrs.CosineAnnealingWarmRestarts(o, T_0=5))
add_schedule("restarts-longer", lambda lrs, o: lrs.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.02), steps=40)
add_schedule("one-cycle", lambda lrs, o: lrs.OneCycleLR(o, max_lr=1.0, total_steps=24), momentum="momentum")
add_schedule(
    "one-cycle-linear",
    lambda lrs, o: lrs.OneCycleLR(
        o, max_lr=[1.0, 2.0], epochs=4, steps_per_epoch=6, pct_start=0.5, anneal_strategy="linear", three_phase=True
    ),
    momentum="betas",
)
add_schedule(
    "one-cycle-all",
    lambda lrs, o: lrs.OneCycleLR(
        o, 1.0, 30, base_momentum=[0.6, 0.7], max_momentum=0.9, div_factor=10.0, final_div_factor=5.0, pct_start=0.2
    ),
    momentum="momentum",
)
add_schedule("one-cycle-no-momentum", lambda lrs, o: lrs.OneCycleLR(o, 1.0, 25, cycle_momentum=False))
add_schedule("chained", lambda lrs, o: [lrs.ExponentialLR(o, 0.9), lrs.MultiStepLR(o, [4, 8], 0.5)])
add_schedule("chained-cosine", lambda lrs, o: [lrs.CosineAnnealingLR(o, 30), lrs.LinearLR(o, 0.1, total_iters=6)])
add_schedule("changed", lambda lrs, o: lrs.StepLR(o, 5, gamma=0.5), change=halve_the_rate)


def resumed(make):
    """A schedule that goes on after the fifth step, over an optimizer that has been restored."""

    def run(lrs, optimizer):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        return make(lrs, optimizer)

    return run


add_schedule("resumed", resumed(lambda lrs, o: lrs.LambdaLR(o, lambda epoch: 0.95**epoch, last_epoch=5)))
add_schedule(
    "sequence",
    lambda lrs, o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, 0.1, total_iters=4), lrs.CosineAnnealingLR(o, T_max=20)], milestones=[4]
    ),
)
add_schedule(
    "sequence-of-three",
    lambda lrs, o: lrs.SequentialLR(
        o,
        [lrs.LinearLR(o, 0.1, total_iters=4), lrs.LambdaLR(o, lambda epoch: 1.0), lrs.ExponentialLR(o, 0.8)],
        milestones=[4, 10],
    ),
)

MEASURES = [1.0, 0.8, 0.7, 0.7, 0.69999, 0.7, 0.6, 0.65, 0.66, float("nan"), 0.64, 0.3, 0.4, 0.5, -0.1, 0.0, 0.0, 0.0]


def plateau(settings, sign):
    def run(torch, w):
        optimizer = torch.optim.SGD([w], lr=0.1)
        made = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
        lrs = []
        for value in MEASURES:
            made.step(sign * value)
            lrs.append(optimizer.param_groups[0]["lr"])
        return {"lrs": torch.tensor(lrs, dtype=torch.float64)}

    return run


PLATEAU = [
    {"patience": 1},
    {"patience": 0, "factor": 0.5, "min_lr": 0.02},
    {"patience": 1, "cooldown": 2, "factor": 0.5},
    {"patience": 1, "threshold": 0.1, "factor": 0.5},
    {"patience": 1, "threshold": 0.15, "threshold_mode": "abs", "factor": 0.5},
    {"patience": 0, "eps": 1e-2, "factor": 0.5},
]
for settings in PLATEAU:
    for mode, sign in (("min", 1.0), ("max", -1.0)):
        cases.add(f"plateau-{mode}({described(settings)})", plateau({"mode": mode, **settings}, sign), w=normal(1))

# Clipping, averaging


def gradients(w, b):
    (w * w.detach() * 3).sum().backward()
    (b * b.detach()).sum().backward()


def clip_norm(max_norm, norm_type):
    def run(torch, w, b):
        gradients(w, b)
        total = torch.nn.utils.clip_grad_norm_([w, b], max_norm, norm_type)
        return {"total": total, "w_grad": w.grad.clone(), "b_grad": b.grad.clone()}

    return run


def clip_value(limit):
    def run(torch, w, b):
        gradients(w, b)
        torch.nn.utils.clip_grad_value_([w, b], limit)
        return {"w_grad": w.grad.clone(), "b_grad": b.grad.clone()}

    return run


NORMS = [(1.0, 2.0), (100.0, 2.0), (0.5, 1.0), (0.5, float("inf")), (2.0, 3.0), (0.0, 2.0), (float("inf"), 2.0)]
for max_norm, norm_type in NORMS:
    cases.add(f"clip-norm-{max_norm}-{norm_type}", clip_norm(max_norm, norm_type), w=normal(3, 2), b=normal(2))
for limit in (0.5, 0.0, 100.0):
    cases.add(f"clip-value-{limit}", clip_value(limit), w=normal(3, 2), b=normal(2))


def averaged(torch, values):
    model = torch.nn.ParameterList([torch.nn.Parameter(values[0].detach().clone())])
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.8))
    shown = []
    for value in values.detach():
        with torch.no_grad():
            model[0].copy_(value)
        average.update_parameters(model)
        shown.append(average.module[0].detach().clone())
    return torch.stack(shown)


cases.add("ema", averaged, values=normal(6, 3))
