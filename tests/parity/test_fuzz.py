"""Random programs give in PyTorch what they give here: values, gradients, and products with the Hessian."""

import numpy as np
import pytest
from hypothesis import given

from tests.backends import Ours, assert_close
from tests.fuzz import fuzz_settings, programs
from tests.parity.conftest import Torch


def results(program, backend, dtype):
    """Outputs, gradients for random cotangents, and the gradient of a random combination of those."""
    rng = np.random.default_rng([program.seed, 3000])
    leaves = [backend.tensor(a.astype(dtype)) for a in program.inputs()]
    outputs = program.run(backend, leaves)
    found = [backend.array(out) for out in outputs]
    loss = sum((out * backend.constant(normal(rng, out.shape, dtype))).sum() for out in outputs)
    if not loss.requires_grad:
        return found
    gradients = backend.gradients(loss, leaves, create_graph=True, allow_unused=True)
    found += [array_or_zero(backend, g, leaf) for g, leaf in zip(gradients, leaves, strict=True)]
    vectors = [normal(rng, leaf.shape, dtype) for leaf in leaves]
    inner = [(g * backend.constant(v)).sum() for g, v in zip(gradients, vectors, strict=True) if g is not None]
    inner = [term for term in inner if term.requires_grad]
    if inner:
        second = backend.gradients(sum(inner), leaves, allow_unused=True)
        found += [array_or_zero(backend, g, leaf) for g, leaf in zip(second, leaves, strict=True)]
    else:
        found += [np.zeros(leaf.shape, dtype) for leaf in leaves]
    return found


def normal(rng, shape, dtype):
    return np.asarray(rng.normal(size=shape), dtype)


def array_or_zero(backend, gradient, leaf):
    """Systems differ in when a gradient is None and when it is zero."""
    return np.zeros_like(backend.array(leaf)) if gradient is None else backend.array(gradient)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-9), (np.float32, 2e-3)])
def test_random_programs(dtype, rtol):
    @fuzz_settings(500)
    @given(programs())
    def check(program):
        ours, theirs = results(program, Ours(), dtype), results(program, Torch(), dtype)
        scale = max([1.0, *(float(np.abs(a).max()) for a in theirs)])
        assert_close(ours, theirs, rtol=rtol, atol=rtol * scale)

    check()
