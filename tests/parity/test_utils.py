"""Gradients clipped, and parameters as a vector."""

import numpy as np
import pytest
import torch

from autodiff.tensor import Tensor
from nn import utils

SHAPES = [(3, 4), (), (5,), (0,)]


def drawn():
    """The same parameters with gradients in both systems, and one without."""
    rng = np.random.default_rng(0)
    ours, theirs = [Tensor(1.0, requires_grad=True)], [torch.tensor(1.0, requires_grad=True)]
    for shape in SHAPES:
        value, g = rng.normal(size=shape), rng.normal(size=shape)
        ours.append(Tensor(value, requires_grad=True))
        theirs.append(torch.tensor(value, requires_grad=True))
        ours[-1].grad, theirs[-1].grad = Tensor(g), torch.tensor(g)
    return ours, theirs


def compare(ours, theirs):
    for p, q in zip(ours[1:], theirs[1:], strict=True):
        np.testing.assert_allclose(p.grad.value, q.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("norm_type", [2, 1.0, 3.0, np.inf])
@pytest.mark.parametrize("max_norm", [0.1, 2.0, 100.0])
def test_clip_grad_norm(max_norm, norm_type):
    ours, theirs = drawn()
    if norm_type == np.inf:
        ours, theirs = ours[:-1], theirs[:-1]  # the largest of none is no number
    a = utils.clip_grad_norm_(ours, max_norm, norm_type)
    b = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    np.testing.assert_allclose(a.value, b.numpy(), rtol=1e-12)
    compare(ours, theirs)


def test_clip_grad_value():
    ours, theirs = drawn()
    utils.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    compare(ours, theirs)


def test_vectors():
    ours, theirs = drawn()
    a, b = utils.parameters_to_vector(ours), torch.nn.utils.parameters_to_vector(theirs)
    np.testing.assert_array_equal(a.value, b.detach().numpy())
    utils.vector_to_parameters(2 * a, ours)
    np.testing.assert_array_equal(utils.parameters_to_vector(ours).value, 2 * b.detach().numpy())
