"""What a process costs that only imports a package, or only does one training step."""

from __future__ import annotations

from ..row import Startup


def first_step(system: str) -> str:
    """One step of LeNet."""
    return f"from benchmarks.rows.images import lenet_on; lenet_on(64, 28).programs('jax')[{system!r}]().run(1)"


FIRST_STEPS = {system: first_step(system) for system in ("ours", "torch", "jax")}

STARTUPS: dict[str, Startup] = {
    "import": Startup(
        "import, as a whole process", 1.5,
        {"ours": "import autodiff", "numpy": "import numpy", "torch": "import torch", "jax": "import jax"},
        peer="numpy",
    ),
    "first-cold": Startup(
        "import and first step of LeNet, nothing compiled yet", 1.0, FIRST_STEPS, peer="torch", cold=True
    ),
    "first-warm": Startup("import and first step of LeNet, kernels on disk", 1.0, FIRST_STEPS, peer="torch"),
}  # fmt: skip
"""By the name that `--rows` takes."""
