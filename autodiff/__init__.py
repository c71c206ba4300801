"""Automatic differentiation on NumPy arrays: define by run, see every step.

>>> import autodiff as ad
>>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
>>> loss = (x * x).sum()
>>> loss.backward()
>>> x.grad
Tensor([2., 4.])
"""

from . import functional, methods, testing
from .backward import backward_all, gradients
from .config import *
from .functional import *
from .op import OPS, define
from .random import *
from .tensor import Tensor, asarray
from .transforms import grad, jvp, value_and_grad, vjp
