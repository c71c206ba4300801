"""Every public function that PyTorch has too: value, gradients, and gradients of the gradients.

The seed of the backward pass is itself an input of the second one, so that second order is compared for
rules that are linear in everything else as well.
"""

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.backends import Ours, assert_close
from tests.parity.cases import CASES, COVERED
from tests.parity.op_cases import T, normal

TOLERANCE = {np.float64: 1e-9, np.complex128: 1e-9, np.float32: 5e-4, np.complex64: 5e-4}
RUNS = [
    pytest.param(one, dtype, id=f"{one}-{i}-{np.dtype(dtype).name}")
    for i, one in enumerate(CASES)
    for dtype in TOLERANCE
    if dtype in one.dtypes
]


def sample(rng, samplers, shapes, dtype):
    """Arrays for a case; complex ones have an imaginary part of the same kind."""
    arrays = []
    for i, shape in enumerate(shapes):
        draw = samplers[min(i, len(samplers) - 1)]
        array = np.asarray(draw(rng, shape))
        if issubclass(dtype, np.complexfloating):
            array = array + 1j * draw(rng, shape)
        arrays.append(np.asarray(array, dtype))
    return arrays


def results(backend, function, arrays):
    """Value, gradients for a random seed, and the gradients of these, the seed among the inputs."""
    rng = np.random.default_rng(1)
    xs = [backend.tensor(a) for a in arrays]
    out = function(*xs)
    value = backend.array(out)
    seed = backend.tensor(sample(rng, (normal,), [value.shape], value.dtype.type)[0])
    first = backend.gradients(out, xs, seed, create_graph=True, allow_unused=True)
    vectors = [backend.constant(sample(rng, (normal,), [a.shape], a.dtype.type)[0]) for a in arrays]
    pairs = [(g, v) for g, v in zip(first, vectors, strict=True) if g is not None and g.requires_grad]
    inputs = [*xs, seed]
    second = backend.gradients([g for g, _ in pairs], inputs, [v for _, v in pairs], allow_unused=True)
    return [value, *(or_zero(backend, g, x) for g, x in zip((*first, *second), (*xs, *inputs), strict=True))]


def or_zero(backend, gradient, x):
    """Systems differ in when a gradient is None and when it is zero."""
    return np.zeros_like(backend.array(x)) if gradient is None else backend.array(gradient)


@pytest.mark.parametrize(("one", "dtype"), RUNS)
def test_op(one, dtype):
    arrays = sample(np.random.default_rng(0), one.samplers, one.shapes, dtype)
    tolerance = TOLERANCE[dtype]
    if one.name == "astype" and one.theirs(T.constant(arrays[0])).dtype == torch.float32:
        tolerance = TOLERANCE[np.float32]
    if one.differentiable:
        ours, theirs = results(Ours(), one.ours, arrays), results(T, one.theirs, arrays)
    else:
        out = one.ours(*map(ad.Tensor, arrays))
        assert not one.ours(*(ad.Tensor(a, requires_grad=True) for a in arrays)).requires_grad or one.name == "imag"
        ours, theirs = [out.value], [T.array(one.theirs(*map(T.constant, arrays)))]
    assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_every_public_function_is_here():
    public = {
        name for name in ad.__all__ if name.islower() and (name in ad.functional.__all__ or name in ad.numpy.__all__)
    }
    assert public - COVERED == {"asarray"}  # it makes a Tensor, and has no gradient
