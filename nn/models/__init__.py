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
from .bert import (
    MaskedLM,
)
from .boltzmann import (
    RBM,
    DeepBeliefNetwork,
)
from .capsules import (
    CapsuleNetwork,
    Capsules,
)
from .captioner import (
    Captioner,
)
from .charrnn import (
    CharRNN,
)
from .gpt import (
    GPT,
)
from .hopfield import (
    Hopfield,
)
from .seq2seq import (
    Seq2Seq,
)
from .siamese import (
    Siamese,
)
from .turing import (
    NeuralTuringMachine,
)
from .vit import (
    ViT,
)

__all__ = [
    "Autoencoder",
    "CapsuleNetwork",
    "Capsules",
    "Captioner",
    "CharRNN",
    "DeepBeliefNetwork",
    "GPT",
    "Hopfield",
    "MaskedLM",
    "NeuralTuringMachine",
    "RBM",
    "Seq2Seq",
    "Siamese",
    "ViT",
]
