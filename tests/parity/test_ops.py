"""Every public function that PyTorch has too: value, gradients, and gradients of the gradients.

The seed of the backward pass is itself an input of the second one, so that second order is compared for
rules that are linear in everything else as well.
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import autodiff as ad
from tests.backends import Ours, assert_close
from tests.parity.conftest import Torch

Sampler = Callable[[np.random.Generator, tuple[int, ...]], Any]
T = Torch()


def normal(rng, shape):
    return rng.normal(size=shape)


def positive(rng, shape):
    return rng.uniform(0.3, 2.0, size=shape)


def away(rng, shape):
    """Away from zero, of both signs."""
    return rng.uniform(0.3, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def distinct(rng, shape):
    """No two elements near each other."""
    return rng.permutation(int(np.prod(shape))).reshape(shape) * 0.25 - 1.0


class Case(NamedTuple):
    """One function in both systems, with the shapes of its arrays."""

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    samplers: tuple[Sampler, ...] = (normal,)
    dtypes: tuple[type, ...] = (np.float64, np.float32)
    differentiable: bool = True

    def __str__(self) -> str:
        return f"{self.name}-{'-'.join('x'.join(map(str, s)) or 'scalar' for s in self.shapes)}"


DTYPES = {
    False: (np.float64, np.float32),
    True: (np.float64, np.float32, np.complex128, np.complex64),
    "only": (np.complex128, np.complex64),
}
CASES: list[Case] = []
COVERED: set[str] = set()


def case(names, ours, theirs, *shapes, samplers=(normal,), z=False, differentiable=True):
    """Add a case per shape: a tuple of ints, or a tuple of such tuples for several arrays.

    The first word of `names` is the function's; z says whether complex arrays are tried too, or only they.
    """
    name = names.split()[0]
    COVERED.add(name)
    for shape in shapes:
        several = shape if shape and isinstance(shape[0], tuple) else (shape,)
        CASES.append(Case(name, ours, theirs, several, samplers, DTYPES[z], differentiable))


# -- elementwise --------------------------------------------------------------------------------------

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
case("clip", lambda x: ad.clip(x, high=0.7), lambda x: torch.clip(x, max=0.7), (3, 4))

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

# -- comparisons --------------------------------------------------------------------------------------

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

# -- reductions ---------------------------------------------------------------------------------------

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

# -- shapes -------------------------------------------------------------------------------------------

for name, move, shapes in (
    ("reshape", lambda b, x: b.reshape(x, (4, -1)), [(2, 3, 4), (2, 2)]),
    ("reshape", lambda b, x: b.reshape(x, (1, 1)), [(), (1,)]),
    ("ravel", lambda b, x: b.ravel(x), [(2, 3), (), (4,)]),
    ("transpose", lambda b, x: b.transpose(x, (2, 0, 1)), [(2, 3, 4)]),
    ("swapaxes", lambda b, x: b.swapaxes(x, 0, -1), [(2, 3, 4), (3,)]),
    ("broadcast_to", lambda b, x: b.broadcast_to(x, (2, 3, 4)), [(4,), (3, 1), (), (2, 1, 4)]),
    ("squeeze", lambda b, x: b.squeeze(x), [(1, 3, 1), (2,), (1,)]),
    ("squeeze", lambda b, x: b.squeeze(x, 0), [(1, 3, 1)]),
    ("expand_dims", lambda b, x: b.expand_dims(x, (0, 2)), [(3, 4), (3,)]),
    ("expand_dims", lambda b, x: b.expand_dims(x, -1), [(3, 4), ()]),
    ("concatenate", lambda b, x, y: b.concatenate([x, y, x], 1), [((2, 3), (2, 1)), ((2, 0), (2, 3))]),
    ("concatenate", lambda b, x, y: b.concatenate([x, y]), [((2,), (3,))]),
    ("stack", lambda b, x, y: b.stack([x, y, x], -1), [((2, 3), (2, 3)), ((), ())]),
):
    case(name, lambda *xs, f=move: f(Ours(), *xs), lambda *xs, f=move: f(T, *xs), *shapes, z=True)

X = (4, 3, 5)
for key in (
    0, -1, (1, 2), (1, 2, 3), slice(1, 3), (slice(None), 1), (..., 2), (0, ..., 1), (None, 1),
    (slice(None), None),
    (slice(None, None, 2), slice(1, None)), ..., (slice(2, 2),), ([0, 2, 2, 0],), ([0, -1], [2, 1]),
    (slice(None), [0, 0]), ([[0, 1], [2, 3]],), ([0, 1], slice(None), [4, 4]), (1, [0, 2]), (..., [0, 3]),
    (np.arange(60).reshape(X) % 3 == 0,), (np.array([True, False, True, True]),),
    (slice(None), np.array([True, False, True])), (np.array(2),), (slice(None), [0, 1, 2], [4, 3, 3]),
):  # fmt: skip
    torch_key = key
    if isinstance(key, tuple):
        torch_key = tuple(torch.tensor(k) if isinstance(k, list | np.ndarray) else k for k in key)
    case("getitem", lambda x, k=key: x[k], lambda x, k=torch_key: x[k], X, z=True)

# -- products and layers --------------------------------------------------------------------------------

case(
    "matmul", ad.matmul, torch.matmul,
    ((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((2, 3), (5, 3, 4)), ((2, 1, 2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((0, 3), (3, 2)),
    ((2, 0), (0, 3)), z=True,
)  # fmt: skip
case("dot", ad.dot, torch.matmul, ((3,), (3,)), ((2, 3), (3, 4)), z=True)
case(
    "linear",
    ad.linear,
    F.linear,
    ((5, 3), (4, 3), (4,)),
    ((2, 5, 3), (4, 3), (4,)),
    ((3,), (4, 3), (4,)),
    z=True,
)
case("linear", ad.linear, F.linear, ((5, 3), (4, 3)), z=True)
for axis in (0, 1, -1):
    case(
        "softmax",
        lambda x, a=axis: ad.softmax(x, a),
        lambda x, a=axis: torch.softmax(x, a),
        (3, 4),
        (2, 3, 4),
    )
    case("log_softmax", lambda x, a=axis: ad.log_softmax(x, a), lambda x, a=axis: torch.log_softmax(x, a),
         (3, 4), (2, 3, 4))  # fmt: skip
CLASSES = np.array([0, 3, 2, 2, 1])
for how in ("mean", "sum", "none"):
    case(
        "cross_entropy", lambda x, r=how: ad.cross_entropy(x, CLASSES, r),
        lambda x, r=how: F.cross_entropy(x, torch.tensor(CLASSES), reduction=r), (5, 4),
    )  # fmt: skip
for options, shapes in (
    ({}, ((2, 3, 5, 6), (4, 3, 3, 2), (4,))),
    ({"padding": 1}, ((2, 3, 5, 5), (4, 3, 3, 3), (4,))),
    ({"stride": 2, "padding": (2, 1)}, ((2, 3, 6, 7), (4, 3, 3, 3), (4,))),
    ({"dilation": 2, "padding": 1}, ((2, 3, 6, 7), (4, 3, 3, 2), (4,))),
    ({"groups": 2, "stride": (1, 2)}, ((2, 4, 5, 5), (6, 2, 2, 2), (6,))),
    ({"groups": 3}, ((1, 3, 4, 4), (3, 1, 3, 3), (3,))),
    ({}, ((2, 3, 4, 4), (2, 3, 1, 1))),
):
    both = [partial(f, **options) for f in (ad.conv2d, F.conv2d)]
    case("conv2d", *both, shapes, z=True)
for options in (
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": (2, 3), "stride": 1},
    {"kernel_size": 2, "dilation": 2, "stride": 1},
):  # fmt: skip
    both = [partial(f, **options) for f in (ad.max_pool2d, F.max_pool2d)]
    case("max_pool2d", *both, (2, 2, 6, 7), samplers=(distinct,))
case("astype", lambda x: ad.astype(x, np.float32), lambda x: x.to(torch.float32), (2, 3), ())
case("astype", lambda x: ad.astype(x, np.complex128), lambda x: x.to(torch.complex128), (2, 3), ())
case("dropout", lambda x: ad.dropout(x, 0.0), lambda x: F.dropout(x, 0.0), (2, 3))
case("dropout", lambda x: ad.dropout(x, 1.0), lambda x: F.dropout(x, 1.0), (2, 3))

# -- the test -------------------------------------------------------------------------------------------

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
    public = {name for name in ad.__all__ if name.islower() and hasattr(ad.functional, name)}
    assert public - COVERED == set()
