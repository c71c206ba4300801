"""Layers and losses as functions, under PyTorch's names and arguments.

The lines below are written by `make stubs`: each of the other files lists in `__all__` what it adds.
"""

from .activation import (
    log_softmax,
    relu,
    sigmoid,
    softmax,
    tanh,
)
from .conv import (
    conv2d,
)
from .dropout import (
    dropout,
)
from .linear import (
    flatten,
    linear,
)
from .loss import (
    cross_entropy,
    l1_loss,
    mse_loss,
    nll_loss,
)
from .normalization import (
    layer_norm,
    rms_norm,
)
from .pool import (
    max_pool2d,
)

__all__ = [
    "conv2d",
    "cross_entropy",
    "dropout",
    "flatten",
    "l1_loss",
    "layer_norm",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "relu",
    "rms_norm",
    "sigmoid",
    "softmax",
    "tanh",
]
