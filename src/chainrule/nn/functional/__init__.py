"""What layers compute, as functions of tensors: `import chainrule.nn.functional as F`.

Names, argument names and their order are PyTorch's. Pictures and sequences are channels last, and so are class scores.
"""

from chainrule.nn.functional.activation import (
    elu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    selu,
    silu,
    softplus,
    step,
)
from chainrule.nn.functional.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss
from chainrule.nn.functional.class_losses import (
    categorical_cross_entropy,
    cross_entropy,
    kl_div,
    kl_divergence,
    nll_loss,
)
from chainrule.nn.functional.dropout import alpha_dropout, dropout
from chainrule.nn.functional.number_losses import (
    cosine_embedding_loss,
    cosine_similarity_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from chainrule.nn.functional.vectors import cosine_similarity, linear, normalize
from chainrule.ops.activation import log_softmax, relu, softmax
from chainrule.ops.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from chainrule.ops.exponential import sigmoid
from chainrule.ops.gathering import one_hot
from chainrule.ops.interpolation import interpolate
from chainrule.ops.padding import pad
from chainrule.ops.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)
from chainrule.ops.trigonometric import tanh

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cosine_similarity_loss",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_loss",
    "huber_loss",
    "interpolate",
    "kl_div",
    "kl_divergence",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "step",
    "tanh",
]
