"""Pictures of networks with matplotlib: one function each, which draws into one axes and returns its figure.

Every function takes `ax=`, an axes to draw into; without it, it makes a figure of its own, which a notebook shows and
`figure.savefig("name.png")` keeps. None of them touches matplotlib's global state, and none changes the model: its
mode, gradients, running statistics and weights are after the call what they were before. `autodiff.draw` shows graphs.
"""

from .architecture import architecture
from .boundary import decision_boundary
from .histograms import activation_histograms, gradient_histograms
from .maps import feature_maps, filters
from .neurons import neurons
from .surface import loss_surface

__all__ = [
    "activation_histograms", "architecture", "decision_boundary", "feature_maps", "filters", "gradient_histograms",
    "loss_surface", "neurons",
]  # fmt: skip
