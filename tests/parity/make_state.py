"""Write tests/data/pytorch.safetensors: a small network of PyTorch's, an input, and its output. Run it once:

python -m tests.parity.make_state
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

PATH = Path(__file__).resolve().parent.parent / "data" / "pytorch.safetensors"


def main() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.Tanh(),
        nn.Linear(5, 3, bias=False), nn.LogSoftmax(dim=-1),
    )  # fmt: skip
    x = torch.randn(2, 1, 6, 6)
    with torch.no_grad():
        state = net.state_dict() | {"input": x, "output": net(x)}
    save_file(state, PATH, {"torch": torch.__version__})


if __name__ == "__main__":
    main()
