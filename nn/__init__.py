"""Neural networks: modules, their initial values, losses and data.

The lines below are written by `make stubs`: each of the other files lists in `__all__` what it adds.

>>> import nn
>>> model = nn.Sequential(nn.Linear(2, 8, generator=0), nn.Tanh(), nn.Linear(8, 1, generator=1))
>>> loss = nn.MSELoss()(model([[0.0, 1.0]]), [[1.0]])
>>> loss.backward()
>>> model[0].weight.grad.shape
(8, 2)
"""

from . import data, functional, init, scalar, utils
from .activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    RBF,
    SELU,
    AdaptiveLogSoftmaxWithLoss,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Maxout,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softmax2d,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    Step,
    Tanh,
    Tanhshrink,
    Threshold,
)
from .attention import (
    LearnedPositions,
    MultiheadAttention,
    RotaryPositions,
    SinusoidalPositions,
)
from .container import (
    Concat,
    ModuleDict,
    ModuleList,
    Parallel,
    ParameterDict,
    ParameterList,
    Residual,
    Sequential,
)
from .conv import (
    Conv2d,
)
from .distance import (
    CosineSimilarity,
    PairwiseDistance,
)
from .dropout import (
    Dropout,
)
from .embedding import (
    Embedding,
    EmbeddingBag,
)
from .files import (
    load,
    save,
)
from .lazy import (
    LazyLinear,
)
from .linear import (
    Bilinear,
    Flatten,
    Identity,
    Linear,
    Unflatten,
)
from .loss import (
    CrossEntropyLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
)
from .module import (
    Module,
    Parameter,
)
from .neuron import (
    MLP,
    Layer,
    Neuron,
)
from .normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    LocalResponseNorm,
    RMSNorm,
)
from .pool import (
    MaxPool2d,
)
from .recurrent import (
    GRU,
    LSTM,
    RNN,
    GRUCell,
    LSTMCell,
    RNNCell,
    VanillaRNN,
)
from .transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
    generate_square_subsequent_mask,
)

__all__ = [
    "AdaptiveLogSoftmaxWithLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "CELU",
    "Concat",
    "Conv2d",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "ELU",
    "Embedding",
    "EmbeddingBag",
    "Flatten",
    "GELU",
    "GLU",
    "GRU",
    "GRUCell",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "L1Loss",
    "LSTM",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "LazyLinear",
    "LeakyReLU",
    "LearnedPositions",
    "Linear",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "MLP",
    "MSELoss",
    "MaxPool2d",
    "Maxout",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiheadAttention",
    "NLLLoss",
    "Neuron",
    "PReLU",
    "PairwiseDistance",
    "Parallel",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "RBF",
    "RMSNorm",
    "RNN",
    "RNNCell",
    "RReLU",
    "ReLU",
    "ReLU6",
    "Residual",
    "RotaryPositions",
    "SELU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SinusoidalPositions",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Step",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Unflatten",
    "VanillaRNN",
    "data",
    "functional",
    "generate_square_subsequent_mask",
    "init",
    "load",
    "save",
    "scalar",
    "utils",
]
