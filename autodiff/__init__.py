"""Automatic differentiation on NumPy arrays: define by run, see every step.

>>> import autodiff as ad
>>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
>>> loss = (x * x).sum()
>>> loss.backward()
>>> x.grad
Tensor([2., 4.])
"""

from . import functional, methods
from .backward import backward_all, gradients
from .config import *
from .functional import *
from .op import OPS, define
from .tensor import Tensor, asarray
