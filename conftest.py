"""Import the packages before pytest collects doctests, so that `pytest autodiff/tensor.py` alone finds them whole."""

import nn
import optim

__all__ = ["nn", "optim"]
