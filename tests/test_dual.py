"""Views and writes of every kind, at random: NumPy's values and the derivative of `Dual`, or an error that says why."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
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


@fuzz_settings(100)
@given(st.randoms(use_true_random=False))
def test_random_programs_of_views_and_writes(r):
    check(r)


class Given(Recorded):
    """Runs on tensors that it is given."""

    def __init__(self, tensors):
        super().__init__()
        self.tensors = list(tensors)

    def leaf(self, a, direction):
        return self.tensors.pop(0)


TRANSFORMS = {
    "grad": lambda f, x: ad.grad(f)(x),
    "checkpoint": lambda f, x: ad.grad(ad.checkpoint(f))(x),
    "jacfwd": lambda f, x: ad.jacfwd(f)(x),
    "trace": lambda f, x: ad.trace(ad.grad(f))(x * 0.9 + 0.01)(x),
    "vmap": lambda f, x: ad.vmap(ad.grad(f))(np.stack([x, x * 0.5]))[0],
}


@fuzz_settings(60)
@given(st.randoms(use_true_random=False))
def test_random_programs_inside_transforms(r):
    leaves, steps = draw(r)
    steps = [step for step in steps if step[0] not in ("look", "leaf write", "copy", "deepcopy")]
    (x, direction), constant = leaves[0], (leaves[1][0], np.zeros_like(leaves[1][1]))
    plain = Plain()
    made = run(plain, [(x, direction), constant], steps)
    if made is None or x.dtype.kind == "c":
        return

    def f(x):
        return Recorded().loss(run(Given([x, Tensor(constant[0])]), leaves, steps))

    transform = r.choice([*TRANSFORMS])
    try:
        found = (np.asarray(TRANSFORMS[transform](f, x)) * direction).sum()
    except (GradientError, TypeError, ValueError) as error:
        if not re.search(r"[Ww]rite|copy|empty|lengths 0|vmap runs the function once|has written into", str(error)):
            raise
        return
    slope = plain.loss(made)
    assert abs(found - slope) <= 1e-8 * max(1.0, abs(slope)), transform
