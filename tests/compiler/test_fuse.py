"""Fused programs compute what their graphs mean, and are fused as they should be."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.fuse import fused
from chainrule.compiler.fuse.clusters import Clustering
from chainrule.compiler.fuse.feeds import work_of
from chainrule.compiler.fuse.joining import clustered
from chainrule.compiler.kernel import Contraction, Convolution, Loops, Program, Whole, buffers, written
from chainrule.compiler.simplify import simplify
from chainrule.graph import Graph
from chainrule.graph.evaluate import evaluate
from chainrule.ops.convolution import CONVOLUTION_INPUT, CONVOLUTION_WEIGHT, Frame
from chainrule.ops.random import default_generator
from tests.compiler.kernels_in_numpy import run
from tests.graph.random_graphs import random_graph
from tests.graph.recorder import record, training_step


def agree(graph: Graph, arrays: list[np.ndarray], simplified: bool = True) -> Program:
    """The program of a graph, once it is known to compute what the graph means."""
    program = fused(simplify(graph) if simplified else graph)
    found, state = run(program, arrays)
    results, writes = evaluate(graph, arrays)
    for value, expected in zip(found, results, strict=True):
        np.testing.assert_allclose(value.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)
    for (number, _), expected in zip(graph.writes, writes, strict=True):
        np.testing.assert_allclose(state[number].reshape(expected.shape), expected, rtol=2e-4, atol=1e-5)
    untouched = set(range(len(arrays))) - {number for number, _ in graph.writes}
    for number in untouched:
        np.testing.assert_array_equal(state[number].reshape(arrays[number].shape), arrays[number])
    return program


def of(function, *shapes: tuple[int, ...], simplified: bool = True) -> Program:
    """The program of a function of random tensors, checked."""
    generator = cr.Generator(1)
    tensors = [cr.randn(*shape, generator=generator) for shape in shapes]

    def results():
        out = function(*tensors)
        return out if isinstance(out, list) else [out]

    return agree(*record(results, tensors), simplified)


@pytest.mark.parametrize("simplified", [True, False])
def test_a_training_step_of_adam(simplified):
    agree(*training_step(), simplified)


def test_an_update_by_adam_streams_over_its_arrays():
    program = agree(*training_step())
    products = [kernel for kernel in program.kernels if isinstance(kernel, Contraction)]
    assert len(products) == 5  # two forward, one back through the second layer, two gradients of weights
    assert not [buffer for kernel in products for buffer in written(kernel) if buffer.place == "input"]
    updates = [kernel for kernel in program.kernels if len([b for b in written(kernel) if b.place == "input"]) == 3]
    assert len(updates) == 4  # of each weight a loop; of each bias, in the sum that is its gradient


def test_an_update_of_few_arrays_is_made_where_the_gradient_is():
    w, g, x = (cr.randn(*shape, generator=cr.Generator(0)) for shape in ((5, 4), (3, 5), (3, 4)))

    def step():
        with cr.no_grad():
            w.sub_(0.1 * (g.mT @ x))
        return []

    (kernel,) = agree(*record(step, [w, g, x])).kernels
    assert isinstance(kernel, Contraction)
    assert [buffer.name for buffer in written(kernel)] == ["state0"]


def test_nothing_is_copied_in_a_training_step():
    program = agree(*training_step())
    assert not [kernel for kernel in program.kernels if kernel.name.endswith(".copy")]


def test_softmax_is_one_kernel():
    program = of(lambda x: cr.nn.functional.softmax(x * 2, dim=-1) + 1, (7, 12))
    (kernel,) = program.kernels
    assert isinstance(kernel, Loops)
    assert kernel.lanes == "inner"
    assert len(buffers(kernel)) == 2


def test_many_short_rows_run_a_row_a_lane():
    (kernel,) = of(lambda x: cr.nn.functional.softmax(x, dim=-1), (32, 3)).kernels
    assert kernel.lanes == "outer"


def test_normalising_columns_is_one_kernel():
    (kernel,) = of(lambda x: (x - x.mean(0)) / (x.var(0) + 1e-5).sqrt(), (64, 16)).kernels
    assert kernel.lanes == "outer"


def test_long_reductions_are_shared_in_parts():
    first, second = of(lambda x: x.sum(), (256, 256)).kernels
    assert np.prod([loop.extent for loop in first.outer]) == 64
    assert not second.outer


@pytest.mark.parametrize("keepdim", [False, True])
def test_deviations_are_squared_from_the_mean_of_each_part(keepdim):
    """One kernel makes the sums of each picture and its squared deviations, another one all that follows."""

    def variance(x):
        return ((x - x.mean((0, 1, 2), keepdim=keepdim)) ** 2).mean((0, 1, 2))

    first, second = of(variance, (64, 36, 40, 3)).kernels
    assert [len(each.loops) for each in first.passes if each.loops] == [2, 2]
    assert [loop.extent for loop in second.outer] == [3]


def test_deviations_from_what_is_not_the_mean_are_left_alone():
    def others(x):
        mean = x.mean((0, 1, 2))
        return [((x - mean * 2) ** 2).sum((0, 1, 2)), ((x - x.mean((1, 2), keepdim=True)) ** 2).sum((0, 1, 2))]

    of(others, (64, 36, 40, 3))


@pytest.mark.parametrize("size", [1, 1e4])
def test_a_spread_that_is_small_beside_the_mean_keeps_its_digits(size):
    """Each picture has a mean of its own, some of them far from that of all."""
    rng = np.random.default_rng(0)
    means = np.where(np.arange(64) % 7, 1, 1.001)[:, None, None, None] * size
    x = (rng.standard_normal((64, 36, 40, 3)) * 1e-3 * size + means).astype(np.float32)
    tensor = cr.tensor(x)
    program = fused(simplify(record(lambda: [((tensor - tensor.mean((0, 1, 2))) ** 2).mean((0, 1, 2))], [tensor])[0]))
    (found,), _ = run(program, [x])
    np.testing.assert_allclose(found, x.astype(np.float64).var((0, 1, 2)), rtol=1e-3)


def test_reductions_of_what_a_kernel_makes_are_one():
    def function(a, b, x):
        product = a @ b
        return [product, product.sum(0), (product * x).sum(0)]

    product, reduction = of(function, (64, 5), (5, 16), (64, 16)).kernels
    assert isinstance(product, Contraction)
    assert len([each for each in reduction.passes if each.loops]) == 1


def test_a_reduction_that_reads_what_an_epilogue_reads_does_it_itself():
    """The gradient behind a normalisation and ReLU: the product is stored as it is, the mask is the reduction's."""

    def function(a, w, y):
        g = cr.where(y > 0, a @ w, 0.0)
        means = g.mean(0), (g * y).mean(0)
        return g * means[0] + y * means[1]

    product, reduction = of(function, (4096, 8), (8, 32), (4096, 32)).kernels
    assert isinstance(product, Contraction)
    assert [store.value for store in product.epilogue] == [product.total]
    assert len(buffers(reduction)) == 3
    # Small arrays are near anyway, and so the product has them at hand.
    small = of(function, (64, 8), (8, 32), (64, 32)).kernels[0]
    assert [store.value for store in small.epilogue] != [small.total]


def test_the_gradient_to_a_weight_is_summed_over_parts_of_the_batch():
    def function(x, g):
        return CONVOLUTION_WEIGHT(x, g, kernel=(3,), frame=Frame((1,), ((1, 1),), (1,), 1))

    first, second = of(function, (4, 512, 1), (4, 512, 2)).kernels
    assert first.params["parts"] == 2
    assert isinstance(second, Loops)


def test_a_product_of_few_results_is_summed_in_parts():
    first, second = of(lambda a, b: a.mT @ b, (8192, 2), (8192, 3)).kernels
    assert isinstance(first, Contraction)
    assert [loop.extent for loop in first.batch] == [32]
    assert isinstance(second, Loops)


def test_parts_of_a_product_are_as_many_as_its_sums_are_worth():
    """128 + 128 numbers a step, and 128 * 128 sums a part: 4 times as much is gone over as is made."""
    a, b = cr.zeros(4096, 128), cr.zeros(4096, 128)
    first, _ = fused(record(lambda: [a.mT @ b], [a, b])[0]).kernels
    assert [loop.extent for loop in first.batch] == [16]


def test_the_gradient_to_the_weight_of_single_pixels_is_a_product():
    def function(x, g):
        return CONVOLUTION_WEIGHT(x, g, kernel=(1, 1), frame=Frame((1, 1), ((0, 0), (0, 0)), (1, 1), 1))

    (kernel,) = of(function, (2, 4, 5, 3), (2, 4, 5, 7)).kernels
    assert isinstance(kernel, Contraction)


def test_a_convolution_of_single_pixels_takes_what_follows():
    def function(x, w, b, more):
        return (cr.conv2d(x, w, b) + more).relu()

    (kernel,) = of(function, (2, 4, 5, 3), (7, 1, 1, 3), (7,), (2, 4, 5, 7)).kernels
    assert isinstance(kernel, Contraction)


def test_a_transposed_operand_is_read_where_it_stands():
    (kernel,) = of(lambda a, b: a @ b.mT, (5, 4), (3, 4)).kernels
    assert isinstance(kernel, Contraction)


def test_rows_that_are_looked_up_are_gathered_once():
    def function(x, w):
        rows = x[cr.tensor([3, 0, 3])]
        return [rows @ w, rows.mT @ rows]

    gathering, *products = of(function, (5, 4), (4, 2)).kernels
    assert isinstance(gathering, Loops)
    assert [type(kernel) for kernel in products] == [Contraction, Contraction]


def test_parts_that_stand_side_by_side_have_a_loop_each():
    def joined(x, y, z):
        return cr.concatenate([x * 2, cr.concatenate([(y + 1).relu(), z[:, :1]], dim=1), z], dim=1)

    (kernel,) = of(joined, (6, 1), (6, 5), (6, 3)).kernels
    assert [[loop.extent for loop in each.loops] for each in kernel.passes] == [[], [5], [], [3]]
    # Beside rows that are one only, or under one another, an element is asked whose it is.
    assert len(of(joined, (1, 1), (1, 5), (1, 3)).kernels[0].passes) == 1
    assert len(of(lambda x, y: cr.concatenate([x.relu(), y]), (2, 3), (4, 3)).kernels[0].passes) == 1


def test_an_operand_that_is_padded_is_put_into_memory_first():
    first, second = of(lambda a, b: cr.nn.functional.pad(a, (1, 1)) @ b, (5, 4), (6, 3)).kernels
    assert isinstance(first, Loops)
    assert isinstance(second, Contraction)


def test_a_product_takes_bias_and_activation():
    (kernel,) = of(lambda x, w, b: (x @ w.mT + b).relu(), (6, 4), (5, 4), (5,)).kernels
    assert len(kernel.epilogue) == 1


@pytest.mark.parametrize("simplified", [True, False])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: [x, x, x.mT, x.reshape(-1)],
        lambda x: [cr.cat([x, x * 2], 0), cr.nn.functional.pad(x, (1, 2)), x.flip(0), x[::2, 1:3]],
        lambda x: [x.argmax(1), x.argmin(0), x.amax(), x.sort(1)[0], x.cumsum(0)],
        lambda x: [x[cr.tensor([1, 0, 1])], x.gather(1, (x > 0).long())],
        lambda x: [x - x.mean(1, keepdim=True) * x.sum(0), (x @ x.mT).exp().sum()],
        lambda x: [x.reshape(2, 2, 6).permute(2, 0, 1).reshape(3, 8) * 2],
        lambda x: [x.std(1), cr.nn.LayerNorm(6)(x)],
        lambda x: [cr.where(x > 0, x, 0.0).sum(1).exp()[:, None] + x],
    ],
)
def test_compositions(function, simplified):
    of(function, (4, 6), simplified=simplified)


def test_random_numbers_are_drawn_from_the_state():
    generator = cr.Generator(3)

    def function():
        first = cr.rand(5, 7, generator=generator)
        return [first, cr.rand(4, generator=generator) + first.sum(), cr.rand(2, generator=generator)]

    agree(*record(function, [generator.state]))


@pytest.mark.parametrize(
    "assign",
    [
        lambda w, a: w.copy_(w @ a),
        lambda w, a: w.copy_(w.mT),
        lambda w, a: w.copy_(w.flip(0)),
        lambda w, a: w.copy_(w - w.mean()),
        lambda w, a: (a.copy_(w), w.copy_(a * 2)),
        lambda w, a: (w.mul_(2), a.add_(w)),
        lambda w, a: w.copy_(w.cumsum(0)),
        lambda w, a: w.copy_(cr.nn.functional.softmax(w, -1) * w.sum(0)),
    ],
)
@pytest.mark.parametrize("simplified", [True, False])
def test_state_is_always_computed_from_what_it_was(assign, simplified):
    w, a = cr.randn(4, 4, generator=cr.Generator(0)), cr.randn(4, 4, generator=cr.Generator(1))

    def function():
        with cr.no_grad():
            before = w * 1
            assign(w, a)
            return [before + a, w * 1]

    agree(*record(function, [w, a]), simplified)


def test_swapping_two_states():
    a, b = cr.randn(3, generator=cr.Generator(0)), cr.randn(3, generator=cr.Generator(1))

    def function():
        with cr.no_grad():
            old = a * 1
            a.copy_(b)
            b.copy_(old)
        return []

    agree(*record(function, [a, b]))


@pytest.mark.parametrize("batch_norm", [True, False])
def test_networks(batch_norm):
    nn = cr.nn
    cr.manual_seed(0)
    middle = nn.BatchNorm1d(6) if batch_norm else nn.LayerNorm(6)
    model = nn.Sequential(nn.Linear(4, 6), middle, nn.Dropout(0.3), nn.GELU(), nn.Linear(6, 2))
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, y = cr.randn(8, 4), cr.randn(8, 2)

    def step():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return [loss]

    step()
    state = [*model.parameters(), *model.buffers(), *[t for s in optimizer.state.values() for t in s.values()]]
    agree(*record(step, [x, y, *state, default_generator().state]))


@pytest.mark.parametrize("seed", range(20))
def test_what_reads_a_cluster_is_remembered_only_as_long_as_it_is_true(seed, monkeypatch):
    def true(clustering, cluster):
        readers = [clustering.of[reader] for value in cluster.roles for reader, _ in clustering.readers[value]]
        return list(dict.fromkeys(reader for reader in readers if reader is not cluster))

    remembered, looks = Clustering.read_by, []

    def checked(self, cluster):
        found = remembered(self, cluster)
        assert list(found) == true(self, cluster)
        looks.append(len(found))
        return found

    monkeypatch.setattr(Clustering, "read_by", checked)
    graph, _ = random_graph(seed, 40) if seed else training_step()
    clustering = clustered(work_of(simplify(graph)))
    for cluster in clustering.clusters:
        checked(clustering, cluster)
    assert looks


def test_convolutions_and_pooling():
    nn = cr.nn
    cr.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 3))
    x, y = cr.randn(2, 6, 6, 2), cr.tensor([0, 2])

    def step():
        for parameter in model.parameters():
            parameter.grad = None
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return [loss, *[parameter.grad for parameter in model.parameters()]]

    program = agree(*record(step, [x, y, *model.parameters()]))
    assert [kernel for kernel in program.kernels if isinstance(kernel, Whole)]


def test_the_gradient_to_a_filter_is_made_where_it_stays():
    cr.manual_seed(0)
    conv, x = cr.nn.Conv2d(8, 8, 3), cr.randn(1, 6, 6, 8)

    def step(x):
        conv.weight.grad = None
        loss = (conv(x) ** 2).sum()
        loss.backward()
        return loss

    compiled = cr.jit(step)
    kernels = compiled.lower(x).program.kernels
    (made,) = [kernel for kernel in kernels if isinstance(kernel, Whole)]
    assert [(buffer.place, buffer.name) for buffer in written(made)] == [("input", "weight.grad")]
    assert not [kernel.name for kernel in kernels if kernel.name.startswith("weight.")]
    step(x)
    expected = conv.weight.grad.numpy()
    compiled(x)
    np.testing.assert_allclose(conv.weight.grad.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_a_whole_primitive_that_reads_what_it_replaces_puts_it_aside():
    x = cr.tensor([3.0, 1.0, 2.0])

    def sort():
        x.copy_(x.sort().values.flip(0))

    compiled = cr.jit(sort)
    for expected in ([3.0, 2.0, 1.0], [3.0, 2.0, 1.0]):
        compiled()
        assert x.tolist() == expected

    def into_itself():
        x.copy_(x.cumsum(0))

    compiled = cr.jit(into_itself)
    assert any(kernel.name.endswith("copy") for kernel in compiled.lower().program.kernels)
    compiled()
    assert x.tolist() == [3.0, 5.0, 6.0]


def test_pooling_without_a_backward_pass_takes_what_is_before_it():
    def function(x, mean, scale, shift):
        return cr.max_pool2d((((x - mean) * scale) * scale + shift).relu(), 2)

    *_, last = of(function, (2, 4, 4, 3), (3,), (3,), (3,)).kernels
    assert "state0" in {buffer.name for buffer in buffers(last)}


def trained(*layers: cr.nn.Module, shape: tuple[int, ...]) -> tuple[Graph, list[np.ndarray]]:
    """The graph of a step of gradient descent."""
    model = cr.nn.Sequential(*layers)
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
    x = cr.randn(*shape, generator=cr.Generator(0))

    def step():
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
        return []

    return record(step, [x, *model.parameters(), *model.buffers()])


def test_a_rectified_normalisation_goes_back_by_what_it_normalised():
    nn = cr.nn
    layers = nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3, bias=False)
    program = agree(*trained(*layers, shape=(2, 8, 7, 2)))
    forward = [kernel for kernel in program.kernels if isinstance(kernel, Convolution)][1]
    rectified = forward.inputs[0]
    readers = [
        kernel for kernel in program.kernels if rectified in buffers(kernel) and rectified not in written(kernel)
    ]
    # Neither the sums of BatchNorm's gradient nor the gradient itself: the mask is computed from what they read anyway.
    assert [kernel.primitive.name for kernel in readers] == ["convolution", "convolution_weight"]


def test_a_gradient_to_a_weight_is_made_before_what_it_is_made_of_has_left_the_cache():
    layers = [cr.nn.Conv2d(4, 4, 3, padding=1, bias=False) for _ in range(3)]
    program = fused(simplify(trained(*layers, shape=(4, 128, 128, 4))[0]))
    found = [kernel.primitive.name for kernel in program.kernels if isinstance(kernel, (Convolution, Whole))]
    assert found[3:] == [*["convolution_weight", "convolution_input"] * 2, "convolution_weight"]


def test_a_convolution_takes_what_follows():
    def function(x, w, bias, residual, mean, scale):
        y = (cr.conv2d(x, w, bias, padding=1) - mean) * scale + residual
        return [y.relu(), y <= 0]

    *_, kernel = of(function, (2, 4, 5, 3), (6, 3, 3, 3), (6,), (2, 4, 5, 6), (6,), (6,)).kernels
    assert isinstance(kernel, Convolution)
    assert len(kernel.epilogue) == 2


def test_a_gradient_to_the_input_takes_the_mask_before_it():
    def function(g, w, mask):
        return cr.where(mask > 0, 0.0, CONVOLUTION_INPUT(g, w, spatial=(6, 5), frame=frame))

    frame = Frame((2, 2), ((1, 1), (0, 1)), (1, 1), 1)
    (kernel,) = of(function, (2, 3, 2, 4), (4, 3, 3, 3), (2, 6, 5, 3)).kernels
    assert isinstance(kernel, Convolution)


def test_windows_that_overlap_compute_nothing_twice():
    first, second = of(lambda x: cr.max_pool2d(cr.exp(x), 3, stride=2), (2, 7, 7, 3)).kernels
    assert isinstance(first, Loops)
    assert isinstance(second, Loops)


@pytest.mark.parametrize("simplified", [True, False])
@pytest.mark.parametrize("seed", range(40))
def test_random_graphs(seed, simplified):
    agree(*random_graph(seed, 40), simplified)


@pytest.mark.parametrize("seed", [1911, 2461, 2953])
def test_a_divisor_of_nothing_but_padding_is_no_fault(seed):
    agree(*random_graph(seed, 50))


def test_whole_numbers_are_divided_only_where_they_stand():
    x = cr.tensor([4, 6])

    def function():
        return [cr.nn.functional.pad(12 // x, (1, 1)), cr.cat([12 % x, x])]

    agree(*record(function, [x]))
