"""Derivatives of functions, and what else can be done to a function as a whole.

Each call of a transform wraps its arguments in fresh identity nodes, runs the function, and walks back to those
nodes (or forward from them) and no further. So transforms nest in any order, and levels cannot be confused:
d/dx [x d/dy (x y) at y = x] at 3 is 6.

Arguments may be numbers, arrays, Tensors, and containers of these (`trees.py` says which). Given arrays and numbers a
transform returns arrays; given Tensors it returns Tensors, recorded where they depend on something that requires a
gradient. A function that uses such a Tensor from outside gives Tensors too, since its derivative depends on it; under
`no_grad()` it gives arrays.
"""

from .checkpoint import checkpoint, checkpoint_sequential
from .custom import custom_vjp
from .forward import jvp, linearize
from .jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from .levels import Level
from .reverse import elementwise_grad, grad, stop_gradient, value_and_grad, vjp
from .trees import flatten
from .vmap import vmap

__all__ = [
    "Level", "checkpoint", "checkpoint_sequential", "custom_vjp", "elementwise_grad", "flatten", "grad", "hessian",
    "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "linearize", "stop_gradient", "value_and_grad", "vjp", "vmap",
]  # fmt: skip
