"""Whether a model's last layer fits the loss, and which form of a loss fits the last layer.

A loss takes logits or probabilities; a model that gives the other trains badly and says nothing. So what the model
ends in is looked up before training: in the model where it is a chain of layers, and otherwise in the trace of an
output, where functions (`F.softmax(x, dim=-1)`) are recognised as well as layers. What cannot be known is not judged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.node import Node
from chainrule.core.shape import Shape
from chainrule.errors import OutputLayerError, TargetDTypeError
from chainrule.nn.containers import Sequential
from chainrule.nn.losses import Loss, forms
from chainrule.nn.losses.base import Takes
from chainrule.nn.module import Module
from chainrule.nn.scope import LayerScope

# Layers that give numbers of any size and sign.
_UNBOUNDED = {
    *("Linear", "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Embedding"),
    *("BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "RMSNorm"),
}
# And those that do not; which numbers Hardtanh gives is up to its limits.
_ACTIVATIONS = {
    *("ELU", "GELU", "Hardswish", "LeakyReLU", "LogSigmoid", "LogSoftmax", "ReLU", "SELU", "SiLU", "Sigmoid"),
    *("Softmax", "Softplus", "Step", "Tanh"),
}
# Layers and operations behind which numbers are what they were: they are only moved, averaged or scaled.
_PASSING = {
    *("Identity", "Flatten", "Unflatten", "Dropout"),
    *("AvgPool1d", "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d"),
    *("MaxPool1d", "MaxPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d"),
}
_MOVING = ("reshape", "permute", "broadcast", "cast", "slice", "flip", "windows", "sum", "amax")


class LastLayer(NamedTuple):
    """What a model ends in.

    Attributes:
        kind: The layer's class, such as "Softmax" or "Linear"; None if it cannot be known, or says nothing of its
            outputs' range.
        label: The layer as the user knows it, such as "Softmax '3'".
    """

    kind: str | None
    label: str


def last_layer(model: Module) -> LastLayer:
    """What a model ends in, as far as its structure shows: a layer, or the last one of a chain of them.

    >>> last_layer(cr.nn.Sequential(cr.nn.Linear(4, 2), cr.nn.Softmax()))
    LastLayer(kind='Softmax', label="Softmax '1'")
    """
    last, name = model, ""
    while type(last).forward is Sequential.forward:
        children = [(n, m) for n, m in last.named_children() if type(m).__name__ not in _PASSING]
        if not children:
            break
        own, last = children[-1]
        name = f"{name}.{own}" if name else own
    label = type(last).__name__
    return LastLayer(_kind(last), f"{label} '{name}'" if name else label)


def traced_layer(output: Tensor) -> LastLayer:
    """What a model ends in, from an output that remembers how it was computed: with gradients on, also without values.

    >>> model = cr.nn.Linear(4, 2)
    >>> traced_layer(model(cr.zeros(1, 4)).sigmoid().squeeze(0)).kind
    'Sigmoid'
    """
    node = _source(output.node)
    scope = node.scope
    kind = _kind(scope.module) if isinstance(scope, LayerScope) else None
    return LastLayer(kind or _function(node), scope.label() if scope else "the model")


def _kind(module: Module) -> str | None:
    name = type(module).__name__
    own = type(module).__module__.startswith("chainrule.nn.")
    return name if own and name in _UNBOUNDED | _ACTIVATIONS else None


def _function(node: Node) -> str | None:
    """The layer that gives what `node` is, recognised by its last operations."""
    operation, parents = _operation(node), [_source(parent) for parent in _parents(node)]
    before = [_operation(parent) for parent in parents]
    if operation in ("sigmoid", "tanh"):
        return operation.capitalize()
    if operation in ("matmul", "convolution") or (operation == "add" and {"matmul", "convolution"} & {*before}):
        return "Linear"
    if operation == "div" and before == ["exp", "exp"] and parents[0] is parents[1]:
        return "Softmax"  # exp(x) / sum(exp(x))
    if operation == "div" and before[1] == "add" and "exp" in map(_operation, _parents(parents[1])):
        return "Sigmoid"  # 1 / (1 + exp(-x))
    if operation == "sub" and before[1] == "log" and _operation(_source(_parents(parents[1])[0])) == "exp":
        return "LogSoftmax"  # x - log(sum(exp(x)))
    return None


def _operation(node: Node) -> str | None:
    return node.origin.primitive.name if node.origin is not None else None


def _parents(node: Node) -> tuple[Node, ...]:
    return node.origin.inputs if node.origin is not None else ()


def _source(node: Node) -> Node:
    """Where the numbers of `node` come from: what they were before they were moved, averaged or scaled."""
    while node.origin is not None:
        name, inputs = node.origin.primitive.name, node.origin.inputs
        scaled = name in ("mul", "div") and inputs[0].tracked and not inputs[1].tracked
        if name not in _MOVING and not scaled:
            break
        node = inputs[0]
    return node


def fit_loss_to_output(name: str, model: Module, layer: LastLayer | None = None) -> tuple[Loss, str]:
    """The loss that a name means for this model: from probabilities behind a Softmax or Sigmoid, else from logits.

    Args:
        name: One of `losses.loss_names()`.
        model: The model whose output the loss will take.
        layer: What the model ends in, if it is known better than from its structure: see `traced_layer`.

    Returns:
        The loss, and a sentence that says why it has this form; empty where there is only one.

    Raises:
        UnknownNameError: If there is no such name; the nearest is suggested.
        OutputLayerError: If no form of the loss fits the model's last layer.

    >>> model = cr.nn.Sequential(cr.nn.Linear(4, 2), cr.nn.Softmax())
    >>> fit_loss_to_output("sparse_categorical_crossentropy", model)
    (CategoricalCrossEntropy(), 'from probabilities, because the model ends in Softmax')
    """
    known = forms(name)
    end = layer or last_layer(model)
    keras = next(iter(known))
    if len(known) == 1:
        takes, why = keras, ""
    elif end.kind is None:
        takes, why = keras, f"from {_words(keras)}, as in Keras, because it cannot be seen what the model ends in"
    elif end.kind == "LogSoftmax" and "log_probabilities" not in known:
        takes, why = "logits", "from logits, because the model ends in LogSoftmax, which a softmax leaves as it is"
    else:
        wanted: Takes = "log_probabilities" if end.kind == "LogSoftmax" else "logits"
        takes = keras if end.kind in ("Sigmoid", "Softmax") or wanted not in known else wanted
        why = f"from {_words(takes)}, because the model ends in {end.kind}"
    loss = known[takes]()
    check_layer(loss, end)
    return loss, why


def _words(takes: str) -> str:
    return takes.replace("_", "-")


def check_layer(loss: Loss, layer: LastLayer) -> None:
    """Raise an `OutputLayerError` if a loss cannot take what a layer gives."""
    misfit = _misfit(loss, layer.kind) if layer.kind else None
    if misfit:
        message, remedy = misfit
        raise OutputLayerError(
            message,
            where=layer.label,
            expected=_EXPECTED[loss.takes].format(loss=type(loss).__name__),
            got=f"a model that ends in {layer.kind}",
            remedy=remedy,
        )


_EXPECTED = {
    "numbers": "numbers for {loss}",
    "probabilities": "probabilities for {loss}",
    "log_probabilities": "log-probabilities for {loss}",
    "logits": "logits for {loss}: the output of a layer without an activation",
}


def _misfit(loss: Loss, kind: str) -> tuple[str, str] | None:
    """What is wrong with a layer of this kind before a loss, and what to do; None if nothing is."""
    name = type(loss).__name__
    if kind == "Step":
        return "the derivative of Step is 0, so nothing would be learned.", "Sigmoid, the smooth step"
    if loss.takes == "logits":
        return _misfit_for_logits(loss, kind, name)
    if loss.takes == "probabilities" and kind == "Sigmoid" and loss.task == "multiclass":
        return (
            "the outputs of Sigmoid do not add up to 1 over the classes.",
            "Softmax in place of Sigmoid; or binary cross entropy, if several classes may hold at once",
        )
    if loss.takes == "probabilities" and kind not in ("Sigmoid", "Softmax"):
        end, other = ("Sigmoid", "BCEWithLogitsLoss") if loss.task == "binary" else ("Softmax", "CrossEntropyLoss")
        return f"the outputs of {kind} are no probabilities.", f"end the model with {end}, or take {other}"
    if loss.takes == "log_probabilities" and kind not in ("LogSoftmax", "LogSigmoid"):
        remedy = "end the model with LogSoftmax" + (", or take CrossEntropyLoss" if name == "NLLLoss" else "")
        return f"the outputs of {kind} are no log-probabilities.", remedy
    return None


def _misfit_for_logits(loss: Loss, kind: str, name: str) -> tuple[str, str] | None:
    if kind == "ReLU":
        return "ReLU cuts off what is below 0, and logits may be.", "leave out the last ReLU"
    if kind not in ("Sigmoid", "Softmax", "LogSoftmax") or (kind == "LogSoftmax" and loss.task == "multiclass"):
        return None
    if name == "HingeLoss":
        return f"the scores of {kind} have one sign, and the hinge loss needs both.", "Tanh, or no activation"
    applied = "softmax" if loss.task == "multiclass" else "sigmoid"
    instead = {"Softmax": "CategoricalCrossEntropy", "Sigmoid": "BCELoss"}.get(kind)
    fits = (kind == "Softmax") == (loss.task == "multiclass")
    return (
        f"{name} applies a {applied} itself, so that there would be two activations.",
        f"leave out {kind}" + (f", or take {instead}, which takes probabilities" if instead and fits else ""),
    )


def check_output(
    model: Module, loss: Loss, output: Shape | None, targets: np.ndarray | None = None, layer: LastLayer | None = None
) -> None:
    """Raise an error if the model's output does not fit the loss or the targets.

    Args:
        model: The model.
        loss: The loss.
        output: The shape of the model's output for a batch; None if it is not known.
        targets: The targets of all rows; None if they are not known.
        layer: What the model ends in, if it is known better than from its structure: see `traced_layer`.

    Raises:
        OutputLayerError: It names the last layer, what the loss takes, and the remedy.
        TargetDTypeError: For class indices that are no integers.
    """
    end = layer or last_layer(model)
    if output and output[-1] == 1 and end.kind in ("Softmax", "LogSoftmax"):
        raise OutputLayerError(
            f"the {end.kind.lower()} of a single output is always the same.",
            where=end.label,
            expected="an output for each class",
            got=f"output {output}",
            remedy="an output for each class; or one output with Sigmoid and binary cross entropy",
        )
    check_layer(loss, end)
    if output and targets is not None and targets.size:
        if loss.task == "multiclass":
            _check_classes(loss, output, targets, end)
        elif loss.task == "binary":
            _check_answers(output, targets, end)


def _check_classes(loss: Loss, output: Shape, targets: np.ndarray, end: LastLayer) -> None:
    """As many outputs as there are classes."""
    if targets.dtype.kind in "iu":
        found = np.unique(targets)
        classes = int((found != getattr(loss, "ignore_index", None)).sum())
        fits = len(output) > 1 and output[-1] >= max(classes, 2)
    elif targets.ndim < len(output):
        raise TargetDTypeError(
            "class indices are integers.",
            where=type(loss).__name__,
            expected="int64",
            got=targets.dtype,
            remedy="y.astype('int64'); distributions over the classes have the shape of the output",
        )
    else:
        classes = targets.shape[-1]
        fits = output[-1] == classes
    if not fits:
        raise OutputLayerError(
            f"the targets have {classes} classes, and the model has not as many outputs.",
            where=end.label,
            expected=f"output (N, ..., {max(classes, 2)})",
            got=f"output {output}",
            remedy=f"give the last layer {max(classes, 2)} outputs"
            + ("; or keep the one, with binary cross entropy" if output[-1] == 1 and classes <= 2 else ""),
        )


def _check_answers(output: Shape, targets: np.ndarray, end: LastLayer) -> None:
    """One yes or no for each output, rather than one of several classes."""
    outputs = output[-1] if len(output) > 1 else 1
    values = np.unique(targets)
    classes = len(values) if (values == np.round(values)).all() else 2
    if classes > 2 or (outputs > 1 and targets.ndim == 1):
        raise OutputLayerError(
            f"the targets are one of {classes} classes a row, and the loss asks yes or no of each output.",
            where=end.label,
            expected=f"targets 0 or 1, in the shape of the output (N, {outputs})",
            got=f"targets {targets.shape} with {classes} different values, output {output}",
            remedy="for one class of several: Softmax, an output a class, and sparse categorical cross entropy",
        )
