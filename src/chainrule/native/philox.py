"""Philox 4×32-10 in vectors: bit for bit the numbers of `ops/philox.py`.

A block of four 32-bit words is computed in a lane, each word in 64 bits, of which only the lower half counts: so a
product of two words is one instruction (on x86 `vpmuludq`).
"""

from __future__ import annotations

from chainrule.native.emit import Function, V, i64, number

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def words_a_number(element: str) -> int:
    """How many 32-bit words a random number of this type takes."""
    return 1 if element == "float" else 2


def uniform(function: Function, element: str, key: V, counter: V, position: V) -> V:
    """The numbers from 0 (included) to 1 (not) at any positions of a draw.

    Args:
        function: The function under construction.
        element: `float` or `double`.
        key: The generator's key (i64).
        counter: Its counter, the block that the draw starts at (i64).
        position: Which numbers of the draw: an i64 or a vector.
    """
    position = function.convert("zext", position, "i64")
    each = words_a_number(element)
    in_a_block = number(4 // each, position.type)
    block = function.add(function.splat(counter, position.lanes), function.binary("udiv", position, in_a_block))
    words = _blocks(function, key, block)
    which = function.binary("urem", position, in_a_block)
    chosen = []
    for first in range(each):
        word = words[first]
        for other in range(1, 4 // each):
            here = function.compare("eq", which, number(other, which.type))
            word = function.select(here, words[other * each + first], word)
        chosen.append(word)
    return _number(function, element, chosen)


def consecutive(function: Function, element: str, key: V, counter: V, first: V, count: int) -> V:
    """The same for `count` positions in a row, of which the first begins a block: no block is computed twice."""
    each = words_a_number(element)
    blocks = count * each // 4
    # Shifted with its sign: behind padding the first lanes, which nobody looks at, stand before the draw.
    start = function.add(counter, function.binary("ashr", first, i64((4 // each).bit_length() - 1)))
    lanes = function.add(function.splat(start, blocks), function.lane_numbers(blocks))
    words = _blocks(function, key, lanes)
    return _number(function, element, [_interleaved(function, words[first::each]) for first in range(each)])


def _interleaved(function: Function, words: list[V]) -> V:
    """The first lanes of all, then the second lanes of all, and so on."""
    while len(words) > 1:
        half = len(words) // 2
        words = [_alternating(function, a, b) for a, b in zip(words[:half], words[half:], strict=True)]
    return words[0]


def _alternating(function: Function, a: V, b: V) -> V:
    return function.shuffle(a, b, [lane + side * a.lanes for lane in range(a.lanes) for side in (0, 1)])


def _blocks(function: Function, key: V, block: V) -> list[V]:
    """The four words of each block."""
    low, high = number(0xFFFFFFFF, block.type), number(32, block.type)
    zero = number(0, block.type)
    c0, c1, c2, c3 = function.binary("and", block, low), function.binary("lshr", block, high), zero, zero
    keys = [function.binary("and", key, i64(0xFFFFFFFF)), function.binary("lshr", key, i64(32))]
    for _ in range(_ROUNDS):
        k0, k1 = (function.splat(each, block.lanes) for each in keys)
        p0 = function.mul(c0, number(_MULTIPLIERS[0], block.type))
        p1 = function.mul(c2, number(_MULTIPLIERS[1], block.type))
        c0, c1, c2, c3 = (
            function.binary("xor", function.binary("xor", function.binary("lshr", p1, high), c1), k0),
            function.binary("and", p1, low),
            function.binary("xor", function.binary("xor", function.binary("lshr", p0, high), c3), k1),
            function.binary("and", p0, low),
        )
        keys = [
            function.binary("and", function.add(each, i64(step)), i64(0xFFFFFFFF))
            for each, step in zip(keys, _WEYL, strict=True)
        ]
    return [c0, c1, c2, c3]


def _number(function: Function, element: str, words: list[V]) -> V:
    """A float from 24 bits of a word, a double from 53 bits of two."""
    if element == "float":
        bits = function.convert("trunc", function.binary("lshr", words[0], number(8, words[0].type)), "i32")
        value = function.convert("sitofp", bits, "float")
        return function.mul(value, number(2.0**-24, value.type))
    high, low = (
        function.convert(
            "sitofp", function.convert("trunc", function.binary("lshr", word, number(by, word.type)), "i32"), "double"
        )
        for word, by in zip(words, (5, 6), strict=True)
    )
    total = function.add(function.mul(high, number(67108864.0, high.type)), low)
    return function.mul(total, number(2.0**-53, total.type))
