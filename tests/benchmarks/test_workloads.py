from dataclasses import replace

import numpy as np
import pytest

from benchmarks.catalogue import BY_NAME, PARTS, contestants_of
from benchmarks.contestants import BY_MODULE
from benchmarks.layers import Dropout
from benchmarks.scaling import CURVES, value
from benchmarks.workloads import WORKLOADS


def test_flops_are_those_of_the_matrix_products():
    # Forward, for the weights and, but for the first layer, for the inputs, two operations each.
    assert BY_NAME["xor"].flops == 2 * 4 * ((8 * 16) * 2 + (16 * 1) * 3)
    assert BY_NAME["logistic"].flops == 2 * 256 * 100 * 2
    assert BY_NAME["mlp"].flops == 29_081_600
    # A convolution goes over its weight once a position: 26×26 and, after pooling, 11×11 of them.
    passes = 26**2 * 32 * 9, 11**2 * 64 * 9 * 32, 1600 * 10
    assert BY_NAME["predict-cnn"].flops == 2 * 64 * sum(passes)
    assert BY_NAME["cnn"].flops == 2 * 64 * (3 * sum(passes) - passes[0])


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_data_and_weights_fit_the_network_and_are_the_same_in_every_process(workload):
    x, y = workload.data
    assert (x.shape, x.dtype) == ((workload.rows, *workload.row), np.float32)
    assert y.shape[0] == workload.rows
    assert workload.rows % workload.batch == 0
    assert all(len(part) == workload.batch for part, _ in workload.batches())
    for made, again in zip((x, y), replace(workload).data, strict=True):
        assert made.tobytes() == again.tobytes()
    for product, (weight, bias) in zip(workload.products, workload.first_weights, strict=True):
        assert (weight.shape, weight.dtype) == (product.layer.weight, np.float32)
        assert bias is None or (bias.shape, bias.dtype) == ((product.layer.outputs,), np.float32)


def test_the_layers_of_resnet_are_those_of_the_paper():
    shapes = [product.layer.weight for product in BY_NAME["resnet18"].products]
    assert sum(1 for shape in shapes if len(shape) == 4 and shape[1] == 3) == 17
    assert sum(np.prod(shape) for shape in shapes) == 11_164_352


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_every_class_occurs(workload):
    _, y = workload.data
    if workload.loss == "cross_entropy":
        assert set(y.tolist()) == set(range(workload.products[-1].layer.outputs))
    if workload.loss == "binary_cross_entropy":
        assert set(y.ravel().tolist()) == {0.0, 1.0}


def test_to_compare_nothing_is_random_and_no_batch_comes_twice():
    assert len(BY_NAME["resnet18"].to_compare(20).batches()) == 20
    without = BY_NAME["autoencoder"].to_compare(20)
    assert {layer.p for layer in without.layers if isinstance(layer, Dropout)} == {0.0}
    assert without.first_weights[0][0].tobytes() == BY_NAME["autoencoder"].first_weights[0][0].tobytes()


def test_names_are_unique_and_everyone_named_takes_part_somewhere():
    assert len(BY_NAME) == sum(len(part) for part in PARTS.values())
    for workload in BY_NAME.values():
        assert set(workload.contestants or ()) <= set(BY_MODULE)
        assert any(one.ours for one in contestants_of(workload))


def test_curves_reach_from_end_to_end():
    ends = {axis: (value(points[0].name), value(points[-1].name)) for axis, points in CURVES.items()}
    assert ends == {
        "batch": (1, 4096),
        "width": (16, 4096),
        "depth": (1, 64),
        "pictures": (1, 512),
        "size": (7, 65),
        "channels": (3, 513),
    }


def test_only_who_has_them_takes_part_with_pictures():
    rows, pictures = ({one.module for one in contestants_of(BY_NAME[name])} for name in ("mlp", "lenet"))
    assert rows - pictures == {"scikit_learn"}
    assert pictures - rows == {"torch_last", "torch_fused_last"}
