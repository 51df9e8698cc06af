"""Which kernels go through a batch together, and what that does to memory."""

from itertools import combinations

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import chains, cheap, compile_graph, remaking
from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Loops, read, written
from chainrule.compiler.memory import lifetimes
from chainrule.compiler.substitute import Substitution
from chainrule.compiler.text import text
from chainrule.graph import evaluate
from tests.compiler.kernels_in_numpy import run
from tests.graph.recorder import record


@pytest.fixture(autouse=True)
def small_arrays_are_worth_it(monkeypatch):
    monkeypatch.setattr(cheap, "LARGE", 1)
    monkeypatch.setattr(chains, "_PREPARED", 0)


def program_of(forward, *shape):
    """The program of a function of an array, and the names of the kernels in each of its chains."""
    x = cr.randn(*shape, generator=cr.Generator(0))
    program = compile_graph(record(lambda: [forward(x)], [x])[0])
    return program, [[kernel.name for kernel in program.kernels[each.first : each.stop]] for each in program.chains]


def convolution(inputs, outputs):
    weight = cr.randn(outputs, 3, 3, inputs, generator=cr.Generator(1))
    return lambda x: cr.nn.functional.conv2d(x, weight)


FIRST, SECOND = convolution(2, 3), convolution(3, 2)


def pooled(x):
    return cr.nn.functional.max_pool2d(x, 2)


def test_a_pooling_layer_reads_what_a_convolution_has_just_made():
    program, found = program_of(lambda x: SECOND(pooled(FIRST(x))), 16, 12, 12, 2)
    assert found == [["forward.convolution", "forward.amax", "forward.convolution (2)"]]
    (chain,) = program.chains
    # What is handed on within the chain needs memory for a stretch only; the result is there as a whole.
    assert {buffer.size for buffer in chain.within} == {16 * 10 * 10 * 3, 16 * 5 * 5 * 3}
    assert chain.stretches == 8
    assert all(kernel.stretches == 8 for kernel in program.kernels)


def test_arrays_that_stay_in_a_cache_are_not_worth_it(monkeypatch):
    monkeypatch.setattr(cheap, "LARGE", 1 << 18)
    assert program_of(lambda x: pooled(FIRST(x)), 16, 12, 12, 2)[1] == []


@pytest.mark.parametrize(("batch", "stretches"), [(4, []), (7, []), (13, []), (15, [15]), (24, [8]), (30, [10])])
def test_a_batch_that_threads_could_not_share_is_not_cut(batch, stretches):
    program, _ = program_of(lambda x: pooled(FIRST(x)), batch, 12, 12, 2)
    assert [chain.stretches for chain in program.chains] == stretches


@pytest.mark.parametrize(
    "between",
    [
        lambda x: x.flip(0),  # the first stretch reads the last one
        lambda x: x + x.mean(0),  # every stretch reads all
        lambda x: x[:, :, :, :1].reshape(8, 2, 10, 10, 1).mean(0).repeat(8, 1, 1, 3),
    ],
    ids=["backwards", "all", "elsewhere"],
)
def test_what_reads_other_stretches_waits_for_all_of_them(between):
    program, _ = program_of(lambda x: pooled(cr.exp(between(FIRST(x)))), 16, 12, 12, 2)
    (convolution,) = (n for n, kernel in enumerate(program.kernels) if kernel.name == "forward.convolution")
    assert all(not each.first <= convolution < each.stop for each in program.chains)


def test_weights_that_are_large_beside_the_pictures_are_not_packed_for_every_stretch(monkeypatch):
    monkeypatch.setattr(chains, "_PREPARED", 2)
    small, large = convolution(8, 8), convolution(8, 64)
    assert program_of(lambda x: pooled(small(x)), 32, 12, 12, 8)[1] != []
    assert program_of(lambda x: pooled(large(cr.relu(x))), 8, 4, 4, 8)[1] == []


def test_products_of_matrices_are_cut_by_rows():
    weight = cr.randn(6, 5, generator=cr.Generator(1))
    program, found = program_of(lambda x: (cr.relu(x).reshape(-1, 6) @ weight).reshape(16, 9, 5).amax(1), 16, 3, 3, 6)
    assert found == [["forward.le+where", "forward.matmul", "forward.amax"]]
    (product,) = (kernel for kernel in program.kernels if kernel.name == "forward.matmul")
    assert [var.extent for var in product.batch] == [8]
    assert product.m.extent == 16 * 9 // 8


def test_what_a_chain_touches_is_alive_at_the_same_time():
    """The last kernel may write while the first has not read all: no two arrays of a chain share memory."""
    program, found = program_of(lambda x: cr.exp(pooled(SECOND(pooled(cr.exp(FIRST(x)))))), 16, 24, 24, 2)
    assert found
    alive = {
        buffer: span for buffer, span in lifetimes(program.kernels, program.chains).items() if buffer.place == "arena"
    }
    for (a, (first, last)), (b, (begin, end)) in combinations(alive.items(), 2):
        if begin <= last and first <= end:
            start, other = program.offsets[a.number], program.offsets[b.number]
            assert start + a.bytes <= other or other + b.bytes <= start
    assert all(alive[buffer] == (chain.first, chain.stop - 1) for chain in program.chains for buffer in chain.within)


def test_the_text_says_which_kernels_go_together():
    program, _ = program_of(lambda x: pooled(FIRST(x)), 16, 12, 12, 2)
    assert text(program).count("--- together, in 8 stretches ---") == 1


THIRD = cr.randn(4, 3, 3, 2, generator=cr.Generator(3))


def read_by_two_chains(make, *others):
    """A program in which two chains, far apart, read what `make` makes of an array; it does what the graph says."""
    x = cr.randn(16, 12, 12, 2, generator=cr.Generator(0))

    def forward():
        y = make(x)
        first = pooled(FIRST(y))
        # The second convolution cannot begin before all of the first chain is done.
        second = pooled(cr.nn.functional.conv2d(y, THIRD * first.mean()))
        return [second, *(other(x, y, first) for other in others)]

    graph, arrays = record(forward, [x])
    program = compile_graph(graph)
    (results, state), (expected, after) = run(program, arrays), evaluate(graph, arrays)
    written_to = [state[number] for number, _ in graph.writes]
    for got, value in zip((*results, *written_to), (*expected, *after), strict=True):
        np.testing.assert_allclose(got.reshape(value.shape), value, rtol=1e-4, atol=1e-4)
    maps = [
        n for n, each in enumerate(program.kernels) if isinstance(each, Loops) and written(each)[0].size == x.numel()
    ]
    return program, maps


def test_what_two_chains_read_is_made_by_each_of_them():
    program, maps = read_by_two_chains(lambda x: cr.relu(x * 2))
    assert len(maps) == len(program.chains) == 2
    for number, chain in zip(maps, program.chains, strict=True):
        assert chain.first == number
        # No more than a stretch of it is needed at a time, and the kernel is cut as its chain is.
        assert set(written(program.kernels[number])) <= chain.within
        assert program.kernels[number].stretches == chain.stretches


@pytest.mark.parametrize(
    ("make", "others"),
    [
        (lambda x: cr.exp(x), []),  # costs more than the way to memory
        (lambda x: cr.relu(x * 2), [lambda x, y, first: y.cumsum(0)]),  # one reader is in no chain
        (lambda x: cr.relu(x * 2), [lambda x, y, first: y]),  # a result, which must be there as a whole
    ],
    ids=["dear", "by itself", "result"],
)
def test_what_cannot_be_made_again_is_read(make, others):
    assert len(read_by_two_chains(make, *others)[1]) == 1


def test_what_is_made_of_something_that_is_overwritten_is_not_made_again(monkeypatch):
    with monkeypatch.context() as never:
        never.setattr(remaking, "_MOST", 0)
        program, (number,) = read_by_two_chains(lambda x: cr.relu(x * 2))
    made = program.kernels[number]
    (x,), (y,) = read(made), written(made)
    other = Substitution(buffers={y: x, x: Buffer("other", x.size, x.dtype, "constant", 0)}).kernel(made)

    def copies(kernels):
        return sum(x in read(each) and written(each)[0].size == x.size for each in chains.chained(kernels, [])[0])

    between = program.chains[0].stop
    assert copies(program.kernels) == 2
    assert copies([*program.kernels[:between], other, *program.kernels[between:]]) == 1


def test_the_statistics_of_a_normalisation_are_made_while_its_input_is_near():
    """One kernel, in the chain of the convolution, has the sums and the squared deviations of each picture."""
    norm = cr.nn.BatchNorm2d(3)
    _, found = program_of(lambda x: norm(FIRST(x)), 64, 42, 42, 2)
    assert found[0] == ["forward.convolution", "BatchNorm2d.forward.sum+mul+sub"]
