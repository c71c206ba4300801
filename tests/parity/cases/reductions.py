"""Comparisons with PyTorch."""

import itertools
from functools import partial

import autodiff as ad
from tests.parity.op_cases import T, case, distinct, normal

AXES = (None, 0, -1, (0, 2), (1,), (0, 1, 2))
for name in ("sum", "mean", "prod", "var", "std", "logsumexp", "max", "min"):
    sampler = distinct if name in ("max", "min") else normal
    for axis, keepdims in itertools.product(AXES, (False, True)):
        both = [partial(getattr(b, name), axis=axis, keepdims=keepdims) for b in (ad, T)]
        complex_too = name in ("sum", "mean", "prod", "var", "std")
        case(name, *both, (2, 3, 4), samplers=(sampler,), z=complex_too)
for name in ("sum", "mean", "prod", "max", "logsumexp"):
    case(name, getattr(ad, name), getattr(T, name), ())
for name in ("sum", "prod"):
    case(name, *[partial(getattr(b, name), axis=0) for b in (ad, T)], (0, 3), (3, 0))
for name in ("var", "std"):
    case(name, *[partial(getattr(b, name), axis=1, ddof=1) for b in (ad, T)], (2, 3, 4))
