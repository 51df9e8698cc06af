import numpy as np

from chainrule.core.dtype import float32
from chainrule.graph import Apply, Constant, Graph, Input, Note, text
from chainrule.ops.arithmetic import ADD, MAXIMUM
from chainrule.ops.movement import CAST, PERMUTE
from tests.graph.recorder import training_step


def test_a_line_says_what_is_done_to_what_for_which_layer():
    x, weight = Input((2, 3), float32, "x"), Input((3, 2), float32, "fc1.weight")
    note = Note("fc1", "Linear", "forward", "train.py:12")
    turned = Apply.of(PERMUTE, weight, note=note, dims=(1, 0))
    added = Apply.of(ADD, x, turned, note=note)
    capped = Apply.of(MAXIMUM, added, Constant.of(np.float32(0)), note=Note("relu", "ReLU"))
    table = Constant.of(np.arange(6, dtype=np.float32).reshape(2, 3))
    graph = Graph(
        (x, weight), (Apply.of(ADD, capped, table),), ((0, capped), (1, Apply.of(CAST, weight, dtype=float32)))
    )
    assert (
        text(graph)
        == """\
inputs:
  x           float32 (2, 3)
  fc1.weight  float32 (3, 2)
values:
  %1  permute(fc1.weight, dims=(1, 0))  float32 (2, 3)  # Linear 'fc1', forward, train.py:12
  %2  add(x, %1)                        float32 (2, 3)  # Linear 'fc1', forward, train.py:12
  %3  maximum(%2, 0.0)                  float32 (2, 3)  # ReLU 'relu', forward
  %4  constant                          float32 (2, 3)
  %5  add(%3, %4)                       float32 (2, 3)  # forward
  %6  cast(fc1.weight, dtype=float32)   float32 (3, 2)  # forward
results:
  %5
writes:
  x <- %3
  fc1.weight <- %6"""
    )


def test_a_whole_step_reads_from_the_top():
    graph, _ = training_step()
    lines = text(graph).splitlines()
    values = lines[lines.index("values:") + 1 : lines.index("results:")]
    numbers = [int(line.split()[0][1:]) for line in values]
    assert numbers == list(range(1, len(numbers) + 1))
    assert max(map(len, lines)) < 160


def test_an_empty_graph_has_a_text():
    assert text(Graph((), ())) == "inputs:\nvalues:\nresults:\nwrites:"
