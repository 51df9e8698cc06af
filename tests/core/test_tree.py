from collections import namedtuple

from hypothesis import given
from hypothesis import strategies as st

from chainrule.core import tree

Pair = namedtuple("Pair", ["first", "second"])
trees = st.recursive(
    st.integers(),
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner, inner), st.dictionaries(st.text(), inner), st.builds(Pair, inner, inner)
    ),
)


@given(trees)
def test_leaves_and_form_make_the_whole(value):
    rebuilt = tree.unflatten(value, tree.leaves(value))
    assert rebuilt == value
    assert type(rebuilt) is type(value)


@given(trees)
def test_mapping_reaches_every_leaf_in_order(value):
    assert tree.leaves(tree.map_leaves(str, value)) == [str(leaf) for leaf in tree.leaves(value)]
