"""Random numbers: the published bits, the same for the same seed, distributed as they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError
from chainrule.ops import philox

# The known answers for philox4x32-10 of Random123 1.14 (tests/kat_vectors): counter, key, result.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter, key, expected):
    state = tuple(np.array([word], np.uint64) for word in words(counter))
    assert philox.rounds(state, tuple(words(key))).tolist() == [words(expected)]


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**40), st.integers(1, 20), st.integers(0, 19))
def test_any_part_of_the_stream_is_the_same(key, first, count, skipped):
    whole = philox.blocks(key, first, count)
    np.testing.assert_array_equal(
        philox.blocks(key, first + min(skipped, count - 1), 1)[0], whole[min(skipped, count - 1)]
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_long_draw_is_made_of_parts_of_the_stream(dtype):
    dtype = np.dtype(dtype)
    whole = philox.uniform(7, 3, 50_001, dtype)
    for start in (4, 16_384, 20_000):
        rest = philox.uniform(7, 3 + philox.blocks_needed(start, dtype), len(whole) - start, dtype)
        np.testing.assert_array_equal(rest, whole[start:])


def test_these_bits_stay_for_good():
    """Whoever changes these changes every seeded result of every user."""
    generator = cr.Generator(42)
    assert cr.rand(2, generator=generator).tolist() == [0.6129598617553711, 0.4685865044593811]
    # The logarithm and the cosine may differ in the last bit from machine to machine.
    np.testing.assert_allclose(cr.randn(2, generator=generator).numpy(), [-2.955053, -0.8536439], rtol=1e-6)
    assert cr.randint(0, 100, (3,), generator=generator).tolist() == [82, 60, 72]
    assert cr.randperm(5, generator=generator).tolist() == [3, 4, 2, 1, 0]


def test_the_same_seed_gives_the_same_numbers_and_another_others():
    draws = [
        lambda g: cr.rand(5, generator=g),
        lambda g: cr.randn(5, generator=g),
        lambda g: cr.randint(0, 1000, (5,), generator=g),
        lambda g: cr.randperm(20, generator=g),
        lambda g: cr.bernoulli(cr.full((40,), 0.5), generator=g),
        lambda g: cr.normal(1.0, 2.0, (5,), generator=g),
        lambda g: cr.multinomial(cr.ones(50), 10, generator=g),
    ]
    for draw in draws:
        a, b, c = draw(cr.Generator(1)), draw(cr.Generator(1)), draw(cr.Generator(2))
        assert a.tolist() == b.tolist() != c.tolist()


def test_one_draw_after_another_gives_others():
    generator = cr.Generator(0)
    assert cr.rand(5, generator=generator).tolist() != cr.rand(5, generator=generator).tolist()
    generator.manual_seed(0)
    assert cr.rand(5, generator=generator).tolist() == cr.rand(5, generator=cr.Generator(0)).tolist()


def test_manual_seed_is_for_the_default_generator():
    cr.manual_seed(3)
    a = cr.rand(4)
    assert cr.rand(4).tolist() != a.tolist()
    cr.manual_seed(3)
    assert cr.rand(4).tolist() == a.tolist() == cr.rand(4, generator=cr.Generator(3)).tolist()


def test_the_state_is_one_tensor_for_good():
    generator = cr.Generator(0)
    state = generator.state
    cr.rand(3, generator=generator)
    generator.manual_seed(5)
    assert generator.state is state


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_uniform_numbers(dtype):
    x = cr.rand(200_000, dtype=dtype, generator=cr.Generator(1)).numpy()
    assert x.dtype == dtype
    assert x.min() >= 0
    assert x.max() < 1
    counts = np.histogram(x, 50, (0, 1))[0]
    # Chi squared with 49 degrees of freedom: above 94 once in 10,000 times.
    assert ((counts - 4000) ** 2 / 4000).sum() < 94
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 0.01


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64])
def test_normal_numbers(dtype):
    x = cr.randn(200_000, dtype=dtype, generator=cr.Generator(1)).numpy().astype(np.float64)
    assert abs(x.mean()) < 0.01
    assert abs(x.var() - 1) < 0.015
    assert abs((x**3).mean()) < 0.03
    assert abs((x**4).mean() - 3) < 0.1
    assert np.isfinite(x).all()
    for bound in (-1, 0, 1, 2):
        assert abs((x < bound).mean() - (1 + math.erf(bound / math.sqrt(2))) / 2) < 0.005


def test_whole_numbers_are_even():
    x = cr.randint(-3, 7, (100_000,), generator=cr.Generator(0))
    assert x.dtype == cr.int64
    counts = np.bincount(x.numpy() + 3, minlength=10)
    assert len(counts) == 10
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 34
    assert cr.randint(high=2, size=(3, 2), dtype=cr.int32).shape == (3, 2)


def test_every_permutation_is_as_likely():
    generator = cr.Generator(0)
    seen = [tuple(cr.randperm(3, generator=generator).tolist()) for _ in range(3000)]
    counts = [seen.count(order) for order in set(seen)]
    assert len(counts) == 6
    assert max(abs(count - 500) for count in counts) < 100


def test_chances():
    generator = cr.Generator(0)
    chances = cr.tensor([0.0, 0.2, 1.0]).expand(20_000, 3)
    np.testing.assert_allclose(cr.bernoulli(chances, generator=generator).mean(0).numpy(), [0, 0.2, 1], atol=0.01)
    weights = cr.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, 2.0]])
    drawn = cr.multinomial(weights, 20_000, replacement=True, generator=generator).numpy()
    np.testing.assert_allclose([(drawn == i).mean(1) for i in range(3)], [[0.25, 0], [0, 0.5], [0.75, 0.5]], atol=0.02)
    once = [cr.multinomial(cr.tensor([0.0, 1.0, 9.0]), 2, generator=generator).tolist() for _ in range(2000)]
    assert {frozenset(pair) for pair in once} == {frozenset({1, 2})}
    assert abs(once.count([2, 1]) / 2000 - 0.9) < 0.03


def test_normal_with_tensors():
    mean, std = cr.tensor([0.0, 100.0], dtype=cr.float64), cr.tensor([[1.0], [10.0]])
    x = cr.normal(mean, std, generator=cr.Generator(0))
    assert (x.shape, x.dtype) == ((2, 2), cr.float64)
    assert cr.normal(0.0, 0.01, (2, 3)).dtype == cr.float32
    assert cr.normal(5.0, 0.0, (2,)).tolist() == [5, 5]


def test_like_and_gradients():
    like = cr.zeros(2, 3, dtype=cr.float64)
    assert (cr.rand_like(like).shape, cr.randn_like(like).dtype) == ((2, 3), cr.float64)
    assert cr.rand(2, requires_grad=True).requires_grad
    assert cr.rand().shape == cr.randn(()).shape == ()
    assert cr.rand(0, 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("draw", "error", "text"),
    [
        (lambda: cr.Generator(-1), ArgumentError, "2\\*\\*63"),
        (lambda: cr.manual_seed(0.5), ArgumentError, "whole number"),
        (lambda: cr.rand(2, dtype=cr.int64), DTypeError, "randint"),
        (lambda: cr.randn(-1), ShapeError, "negative"),
        (lambda: cr.randint(5, 5, (2,)), ArgumentError, "room"),
        (lambda: cr.randint(5), ArgumentError, "size"),
        (lambda: cr.multinomial(cr.tensor([1.0, -1.0]), 1), ArgumentError, "not negative"),
        (lambda: cr.multinomial(cr.tensor([1.0, 0.0]), 2), ArgumentError, "2 with a chance"),
        (lambda: cr.multinomial(cr.zeros(2), 1, replacement=True), ArgumentError, "chance"),
        (lambda: cr.multinomial(cr.ones(1, 1, 1), 1), ShapeError, "one or two"),
    ],
)
def test_what_cannot_be_drawn(draw, error, text):
    with pytest.raises(error, match=text):
        draw()
