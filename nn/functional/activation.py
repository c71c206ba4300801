"""Nonlinearities."""

from __future__ import annotations

from autodiff.functional import log_softmax, relu, sigmoid, softmax
from autodiff.numpy import tanh

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "tanh"]
