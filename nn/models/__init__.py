"""Networks of the literature and of the lectures, a family a file, small or full size by their arguments.

`docs/models.md` lists them. The lines below are written by `make stubs`: each of the other files lists in
`__all__` what it adds.

>>> import nn
>>> nn.models.LeNet5(generator=0).num_parameters()
61706
"""

from .alexnet import (
    AlexNet,
)
from .autoencoder import (
    Autoencoder,
    ConvAutoencoder,
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
from .gan import (
    GANDiscriminator,
    GANGenerator,
    discriminator_step,
    generator_step,
)
from .googlenet import (
    GoogLeNet,
    Inception,
)
from .gpt import (
    GPT,
)
from .hopfield import (
    Hopfield,
)
from .lenet import (
    LeNet5,
)
from .resnet import (
    BasicBlock,
    Bottleneck,
    ResNet,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
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
from .unet import (
    UNet,
)
from .vae import (
    VAE,
)
from .vgg import (
    VGG,
    vgg11,
    vgg13,
    vgg16,
    vgg19,
)
from .vit import (
    ViT,
)

__all__ = [
    "AlexNet",
    "Autoencoder",
    "BasicBlock",
    "Bottleneck",
    "CapsuleNetwork",
    "Capsules",
    "Captioner",
    "CharRNN",
    "ConvAutoencoder",
    "DeepBeliefNetwork",
    "GANDiscriminator",
    "GANGenerator",
    "GPT",
    "GoogLeNet",
    "Hopfield",
    "Inception",
    "LeNet5",
    "MaskedLM",
    "NeuralTuringMachine",
    "RBM",
    "ResNet",
    "Seq2Seq",
    "Siamese",
    "UNet",
    "VAE",
    "VGG",
    "ViT",
    "discriminator_step",
    "generator_step",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
]
