"""Layers and losses as functions, under PyTorch's names and arguments.

The lines below are written by `make stubs`: each of the other files lists in `__all__` what it adds.
"""

from .activation import (
    celu,
    elu,
    gelu,
    glu,
    gumbel_softmax,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    prelu,
    relu,
    relu6,
    rrelu,
    selu,
    sigmoid,
    silu,
    softmax,
    softmin,
    softplus,
    softshrink,
    softsign,
    step,
    tanh,
    tanhshrink,
    threshold,
)
from .attention import (
    multi_head_attention_forward,
    scaled_dot_product_attention,
)
from .conv import (
    conv2d,
)
from .distance import (
    cosine_similarity,
    normalize,
    pairwise_distance,
    pdist,
)
from .dropout import (
    dropout,
)
from .embedding import (
    embedding,
    embedding_bag,
    one_hot,
)
from .linear import (
    bilinear,
    flatten,
    linear,
    unflatten,
)
from .loss import (
    cross_entropy,
    l1_loss,
    mse_loss,
    nll_loss,
)
from .normalization import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    rms_norm,
)
from .pool import (
    max_pool2d,
)
from .recurrent import (
    gru,
    gru_cell,
    lstm,
    lstm_cell,
    rnn,
    rnn_cell,
)

__all__ = [
    "batch_norm",
    "bilinear",
    "celu",
    "conv2d",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "embedding_bag",
    "flatten",
    "gelu",
    "glu",
    "group_norm",
    "gru",
    "gru_cell",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "instance_norm",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lstm",
    "lstm_cell",
    "max_pool2d",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "nll_loss",
    "normalize",
    "one_hot",
    "pairwise_distance",
    "pdist",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rnn",
    "rnn_cell",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "step",
    "tanh",
    "tanhshrink",
    "threshold",
    "unflatten",
]
