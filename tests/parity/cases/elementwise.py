"""Comparisons with PyTorch."""

import numpy as np
import torch

import autodiff as ad
from autodiff import numpy as N
from tests.parity.op_cases import T, away, case, distinct, normal, positive

ONE = ((3, 4), (), (0, 3), (2, 1, 3))
for function_name in ("exp", "expm1", "sin", "cos", "tanh", "sigmoid", "square", "negative"):
    case(function_name, getattr(ad, function_name), getattr(T, function_name), *ONE, z=True)
for function_name in ("log", "sqrt", "log1p"):
    case(
        function_name, getattr(ad, function_name), getattr(torch, function_name), *ONE,
        samplers=(positive,), z=True,
    )  # fmt: skip
case("relu", ad.relu, torch.relu, *ONE, samplers=(away,))
case("abs", ad.abs, torch.abs, *ONE, samplers=(away,), z=True)
case("absolute", ad.absolute, torch.abs, (2, 3), samplers=(away,), z=True)
case("sign", ad.sign, torch.sgn, *ONE, differentiable=False)
case("real", ad.real, lambda x: x.real, *ONE, z=True)
case("imag", ad.imag, lambda x: x.imag, *ONE, z="only")
case("conj", ad.conj, torch.conj_physical, *ONE, z=True)
case("clone", ad.clone, torch.clone, *ONE, z=True)
case("clip", lambda x: ad.clip(x, -0.5, 0.7), lambda x: torch.clip(x, -0.5, 0.7), *ONE)
case("clip", lambda x: ad.clip(x, max=0.7), lambda x: torch.clip(x, max=0.7), (3, 4))

TWO = (
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((2, 1), (1, 3)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((), ()),
    ((2, 0), (1, 1)),
)
for function_name in ("add", "subtract", "multiply"):
    case(function_name, getattr(ad, function_name), getattr(torch, function_name), *TWO, z=True)
for function_name in ("divide", "true_divide"):
    case(function_name, getattr(ad, function_name), torch.divide, *TWO, samplers=(normal, away), z=True)
for function_name in ("maximum", "minimum"):
    case(function_name, getattr(ad, function_name), getattr(torch, function_name), *TWO)
for function_name in ("remainder", "mod"):
    case(function_name, getattr(ad, function_name), torch.remainder, *TWO, samplers=(normal, away))
case("floor_divide", ad.floor_divide, torch.floor_divide, *TWO, samplers=(normal, away), differentiable=False)
case("power", ad.power, torch.pow, *TWO, samplers=(positive, normal), z=True)
for exponent in (0, 1, 2, 3, -1, -2, 0.5, -1.5):
    sampler = normal if exponent in (0, 1, 2, 3) else positive
    case(f"power {exponent}", lambda x, p=exponent: x**p, lambda x, p=exponent: x**p, (3, 4), (),
         samplers=(sampler,), z=True)  # fmt: skip
for base in (2.0, 0.5):
    case(f"power {base}", lambda x, c=base: c**x, lambda x, c=base: c**x, (3, 4), (), z=True)
for name, operator in {
    "add": lambda x: x + 2.5,
    "subtract": lambda x: 2.5 - x,
    "multiply": lambda x: 2.5 * x,
    "divide": lambda x: x / 2.5,
    "true_divide": lambda x: 2.5 / (x + 3),
}.items():
    case(name, operator, operator, (3, 4), (), z=True)

MASK = np.array([[True, False, True], [False, False, True]])
case(
    "where", lambda x, y: ad.where(MASK, x, y), lambda x, y: torch.where(torch.tensor(MASK), x, y),
    ((2, 3), (2, 3)), ((3,), (2, 1)), ((), (2, 3)), z=True,
)  # fmt: skip

for function_name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    theirs = torch.eq if function_name == "equal" else getattr(torch, function_name)
    case(function_name, getattr(ad, function_name), theirs, *TWO[:3], differentiable=False)
for function_name in ("floor", "ceil", "round", "isnan", "isfinite"):
    case(function_name, getattr(ad, function_name), getattr(torch, function_name), *ONE, differentiable=False)
case("logical_not", lambda x: ad.logical_not(x > 0), lambda x: ~(x > 0), *ONE, differentiable=False)
for function_name in ("argmax", "argmin"):
    ours, theirs = getattr(ad, function_name), getattr(torch, function_name)
    case(function_name, ours, theirs, (3, 4), differentiable=False)
    case(function_name, lambda x, f=ours: f(x, 1), lambda x, f=theirs: f(x, 1), (3, 4), differentiable=False)
for function_name in ("any", "all"):
    ours, theirs = getattr(ad, function_name), getattr(torch, function_name)
    case(function_name, lambda x, f=ours: f(x > 0), lambda x, f=theirs: f(x > 0), (3, 4), differentiable=False)


# -- the other ufuncs, and what belongs to them -----------------------------------------------------------


def small(rng, shape):
    return rng.uniform(-0.7, 0.7, size=shape)


def large(rng, shape):
    return rng.uniform(1.3, 3.0, size=shape)


for function_name in ("tan", "arctan", "sinh", "cosh", "arcsinh", "arcsin", "arccos", "arctanh"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *ONE, samplers=(small,), z=True)
case("arccosh", N.arccosh, torch.arccosh, *ONE, samplers=(large,), z=True)
for function_name in ("log2", "log10", "reciprocal"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *ONE, samplers=(positive,), z=True)
for function_name in ("exp2", "deg2rad", "rad2deg", "positive"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *ONE)
for function_name in ("hypot", "arctan2"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *TWO, samplers=(away, positive))
for function_name in ("logaddexp", "logaddexp2"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *TWO)
case("sinc", N.sinc, torch.sinc, *ONE, samplers=(away,))
case("i0", N.i0, torch.i0, (3, 4), (2, 1, 3), samplers=(away,))
for function_name in ("fmax", "fmin"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *TWO)
case("fmod", N.fmod, torch.fmod, *TWO, samplers=(normal, away))
case("copysign", lambda x: N.copysign(x, -2.0), lambda x: torch.copysign(x, torch.tensor(-2.0)), *ONE, samplers=(away,))
case("frexp", lambda x: N.frexp(x)[0], lambda x: torch.frexp(x)[0], *ONE, samplers=(away,))
case("ldexp", lambda x: N.ldexp(x, 3), lambda x: torch.ldexp(x, torch.tensor(3)), (3, 4))
case("fabs", N.fabs, torch.abs, *ONE, samplers=(away,))
case("angle", N.angle, torch.angle, *ONE, samplers=(away,), z=True)
case("sign", N.sign, torch.sgn, *ONE, samplers=(away,), z="only")
for function_name in ("trunc", "fix", "rint"):
    theirs = torch.round if function_name == "rint" else getattr(torch, function_name)
    case(function_name, getattr(N, function_name), theirs, *ONE, differentiable=False)
for function_name in ("signbit", "isinf", "isposinf", "isneginf"):
    case(function_name, getattr(N, function_name), getattr(torch, function_name), *ONE, differentiable=False)
case("heaviside", lambda x: N.heaviside(x, 0.5), lambda x: torch.heaviside(x, torch.tensor(0.5, dtype=x.dtype)), *ONE,
     differentiable=False)  # fmt: skip
case("nan_to_num", N.nan_to_num, torch.nan_to_num, *ONE)
case("square", ad.square, torch.square, *ONE, z=True)
case("maximum", ad.maximum, torch.maximum, ((4,), (4,)), samplers=(lambda rng, shape: np.ones(shape),))  # ties
case("maximum reduced", np.maximum.reduce, lambda x: torch.amax(x, 0), (3, 4), samplers=(distinct,))
case("logaddexp reduced", np.logaddexp.reduce, lambda x: torch.logsumexp(x, 0), (3, 4))
