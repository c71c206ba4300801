"""Views and writes of every kind, at random: NumPy's values and the derivative of `Dual`, or an error that says why."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autodiff import GradientError, Tensor
from tests.dual import Plain, Recorded, draw, run
from tests.fuzz import fuzz_settings


def check(r):
    leaves, steps = draw(r)
    looks = ([], [])
    expected = run(Plain(), leaves, steps, lambda a: looks[0].append(np.array(a)))
    slope = Plain().loss(expected)
    try:
        made = run(Recorded(), leaves, steps, lambda a: looks[1].append(np.array(a)))
    except (GradientError, TypeError, ValueError) as error:
        if not re.search("[Ww]rite|copy|empty|lengths 0", str(error)):
            raise
        return
    for ours, theirs in zip(*reversed(looks), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(made, expected, strict=True):
        assert (ours.shape, ours.dtype) == (np.shape(theirs.v), theirs.v.dtype)
        np.testing.assert_allclose(ours.detach().numpy(), theirs.v, rtol=1e-12, atol=1e-12)
    loss = Recorded().loss(made)
    found = 0.0
    if type(loss) is Tensor and loss.requires_grad:
        try:
            loss.backward()
        except GradientError as error:
            if "has written into that array since" not in str(error):
                raise
            return
        for x, (_, direction) in zip(made, leaves, strict=False):
            if x.grad is not None:
                found += float(np.real(np.conj(x.grad.value) * direction).sum())
    assert abs(found - slope) <= 1e-9 * max(1.0, abs(slope))


@fuzz_settings(150)
@given(st.randoms(use_true_random=False))
def test_random_programs_of_views_and_writes(r):
    check(r)
