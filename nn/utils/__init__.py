"""What is done to parameters and sequences outside of layers."""

from . import rnn

__all__ = ["rnn"]
