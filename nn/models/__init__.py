"""Networks of the literature and of the lectures, a family a file, small or full size by their arguments.

`docs/models.md` lists them. The lines below are written by `make stubs`: each of the other files lists in
`__all__` what it adds.

>>> import nn
>>> nn.models.RBM(64, 32, generator=0).num_parameters()
2144
"""

from .autoencoder import (
    Autoencoder,
)
from .boltzmann import (
    RBM,
    DeepBeliefNetwork,
)
from .capsules import (
    CapsuleNetwork,
    Capsules,
)
from .hopfield import (
    Hopfield,
)
from .siamese import (
    Siamese,
)
from .turing import (
    NeuralTuringMachine,
)

__all__ = [
    "Autoencoder",
    "CapsuleNetwork",
    "Capsules",
    "DeepBeliefNetwork",
    "Hopfield",
    "NeuralTuringMachine",
    "RBM",
    "Siamese",
]
