"""One row per op and public function: how it is called, what NumPy says, and on which arguments it is tried.

`test_op_table.py` runs every row; a missing row fails. A case is a list of arguments, each a function of a
random generator that draws it. Ties and kinks are avoided by drawing distinct numbers far enough apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.op import OPS

Draw = Callable[[np.random.Generator], Any]


# -- arguments ------------------------------------------------------------------------------------------


def real(*shape: int) -> Draw:
    """Normal numbers."""
    return lambda rng: np.asarray(rng.standard_normal(shape))[()]


def positive(*shape: int) -> Draw:
    """Numbers in [0.5, 2)."""
    return lambda rng: np.asarray(rng.uniform(0.5, 2.0, shape))[()]


def negative(*shape: int) -> Draw:
    """Numbers in (-2, -0.5]."""
    return lambda rng: np.asarray(-rng.uniform(0.5, 2.0, shape))[()]


def apart(*shape: int) -> Draw:
    """Distinct numbers, none within 0.05 of another or of 0, so that a finite difference crosses no kink."""

    def draw(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        return ((rng.permutation(n) - n / 2 + 0.25 + rng.uniform(0, 0.3, n)) * 0.2).reshape(shape)[()]

    return draw


def fixed(value: Any) -> Draw:
    """This very argument: an index array, a condition, a class."""
    return lambda rng: np.asarray(value) if isinstance(value, list) else value


# -- rows -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """How one op is tried."""

    name: str  # of the op, or of the public function
    call: Callable[..., Any]
    reference: Callable[..., Any]
    cases: Sequence[Sequence[Draw]]
    options: Sequence[dict[str, Any]] = ({},)
    inputs: Sequence[int] | None = None  # the arguments to differentiate by; all floating ones by default
    complex: bool = False  # also tried on complex arguments
    differentiable: bool = True
    second_order: bool = True
    rtol: float = 1e-6
    tags: tuple[str, ...] = field(default=())

    def trials(self) -> list[tuple[Sequence[Draw], dict[str, Any]]]:
        return [(case, options) for case in self.cases for options in self.options]


ROWS: dict[str, Row] = {}


def row(name: str, call: Any, reference: Any, cases: Any, **spec: Any) -> None:
    assert name not in ROWS, name
    ROWS[name] = Row(name, call, reference, cases, **spec)


def op(name: str) -> Callable[..., Any]:
    return OPS[name].call


UNARY = [(2, 3), (), (4,), (0,), (2, 0, 3), (1, 2, 1)]
BINARY = [
    ((2, 3), (2, 3)), ((), ()), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 2)), ((2, 2), ()),
    ((0,), (1,)), ((2, 0), (1, 1)), ((4, 1, 2), (3, 1)),
]  # fmt: skip


def unary(draw: Callable[..., Draw]) -> list[list[Draw]]:
    return [[draw(*shape)] for shape in UNARY]


def binary(draw: Callable[..., Draw], other: Callable[..., Draw] | None = None) -> list[list[Draw]]:
    return [[draw(*a), (other or draw)(*b)] for a, b in BINARY]


def below(*shape: int) -> Draw:
    """Numbers that differ from those of `apart` by 0.02 at least."""

    def draw(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        return ((rng.permutation(n) - n / 2 + 0.65 + rng.uniform(0, 0.1, n)) * 0.2).reshape(shape)[()]

    return draw


# arithmetic
row("add", ad.add, np.add, binary(real), complex=True)
row("sub", ad.subtract, np.subtract, binary(real), complex=True)
row("mul", ad.multiply, np.multiply, binary(real), complex=True)
row("div", ad.divide, np.divide, binary(real, positive), complex=True)
row("neg", ad.negative, np.negative, unary(real), complex=True)
row("floordiv", ad.floor_divide, np.floor_divide, binary(real, positive), differentiable=False)
row("mod", ad.remainder, np.remainder, [[apart(2, 3), fixed(1.7)], [fixed([3.3, -2.2, 0.5]), fixed([0.9, -0.8, 2.0])],
    [fixed(5.0), fixed(np.array([[3.2], [-1.4]]))]])  # fmt: skip
row("pow", ad.power, np.power, [*binary(positive), [real(2, 3), fixed(2)], [real(3), fixed(3.0)],
    [positive(2), fixed(-1)], [real(3), fixed(0)], [fixed(2.0), real(3)], [positive(), fixed(0.5)]],
    complex=True)  # fmt: skip
row("pow of negative numbers", ad.power, np.power, [[negative(3), fixed([2.0, 3.0, -1.0])], [negative(), fixed(2.0)]],
    inputs=[0])  # fmt: skip
row("pow of negative numbers, complex exponents", lambda x, y: ad.power(x, y * (1 + 1j)),
    lambda x, y: np.power(x, y * (1 + 1j)),
    [[negative(2, 3), real(2, 3)], [fixed(-2.0), real(3)], [negative(3), real()], [negative(), real()]])  # fmt: skip

# elementwise
row("exp", ad.exp, np.exp, unary(real), complex=True)
row("log", ad.log, np.log, unary(positive), complex=True)
row("log1p", ad.log1p, np.log1p, unary(positive), complex=True)
row("expm1", ad.expm1, np.expm1, unary(real), complex=True)
row("sqrt", ad.sqrt, np.sqrt, unary(positive), complex=True)
row("sin", ad.sin, np.sin, unary(real), complex=True)
row("cos", ad.cos, np.cos, unary(real), complex=True)
row("tanh", ad.tanh, np.tanh, unary(real), complex=True)
row("sigmoid", ad.sigmoid, lambda x: 1 / (1 + np.exp(-x)), unary(real))
row("relu", ad.relu, lambda x: np.maximum(x, 0), unary(apart))
row("abs", ad.absolute, np.absolute, unary(apart), complex=True)
row("sign", ad.sign, np.sign, unary(apart), differentiable=False)
row("real", ad.real, np.real, unary(real), complex=True)
row("imag", ad.imag, np.imag, unary(real), complex=True)
row("conj", ad.conj, np.conj, unary(real), complex=True)
row("square", ad.square, np.square, unary(real), complex=True)
row("clip", ad.clip, np.clip, [[apart(3, 4), fixed(-0.3), fixed(0.5)], [apart(), fixed(-9.0), fixed(9.0)],
    [apart(2, 2), fixed(None), fixed(0.1)], [apart(2, 2), fixed(-0.1), fixed(None)]], inputs=[0])  # fmt: skip
row("clip by arrays", ad.clip, np.clip, [
    [apart(3, 4), fixed([-0.24, -0.84, 0.16, 0.36]), fixed([0.36, 0.56, 0.36, -0.24])],  # the last two are crossed
    [apart(2, 2), fixed(np.array([[-0.04], [-0.24]])), fixed(None)], [apart(4), fixed(-0.04), fixed(np.array(0.16))],
    [apart(), fixed([-9.0, 0.36]), fixed([9.0, 0.56])], [apart(0), fixed([-0.24]), fixed([0.36])]])  # fmt: skip
row("where", ad.where, np.where, [
    [fixed([[True, False, True], [False, False, True]]), real(2, 3), real(3)], [fixed(True), real(), real()],
    [fixed([True, False]), real(2), fixed(1.0)], [fixed([True, False]), real(), real(3, 1)],
    [fixed(np.zeros((0, 2), bool)), real(1, 2), real()]], complex=True)  # fmt: skip
row("share", op("share"), lambda x, y: (x > y) + 0.5 * (x == y), binary(apart), differentiable=False)
row("maximum", ad.maximum, np.maximum, binary(apart, below))
row("minimum", ad.minimum, np.minimum, binary(apart, below))
row("astype", ad.astype, lambda x, dtype: x.astype(dtype), [[real(2, 3)], [real()], [real(0)]],
    options=[{"dtype": np.float64}, {"dtype": np.complex128}])  # fmt: skip
row("clone", ad.clone, np.copy, unary(real), complex=True)
row("identity", op("identity"), np.array, unary(real), complex=True)

# comparisons and other constants
for _name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    row(_name, getattr(ad, _name), getattr(np, _name), binary(real), differentiable=False)
_bits = [[fixed([True, False, True]), fixed([True, True, False])], [fixed([5, 6]), fixed([3, 0])]]
row("invert", op("invert"), np.invert, [[fixed([True, False])], [fixed([5, 0])]], differentiable=False)
row("and", op("and"), np.bitwise_and, _bits, differentiable=False)
row("or", op("or"), np.bitwise_or, _bits, differentiable=False)
row("xor", op("xor"), np.bitwise_xor, _bits, differentiable=False)
row("logical_not", ad.logical_not, np.logical_not, [*unary(real), [fixed([1, 0])], [fixed([True, False])]],
    differentiable=False)  # fmt: skip
for _name in ("logical_and", "logical_or", "logical_xor"):
    row(_name, op(_name), getattr(np, _name), [*binary(real), *_bits], differentiable=False)
for _name in ("isnan", "isfinite", "floor", "ceil", "round"):
    row(_name, getattr(ad, _name), getattr(np, _name), unary(real), differentiable=False)
row("round to decimals", ad.round, np.round, [[real(2, 3), fixed(1)], [fixed([123, 155]), fixed(-1)]],
    differentiable=False)  # fmt: skip
for _name in ("argmax", "argmin"):
    row(_name, getattr(ad, _name), getattr(np, _name), [[apart(2, 3)], [apart(4)]],
        options=[{}, {"axis": 0}, {"axis": -1}, {"keepdims": True}, {"axis": 0, "keepdims": True}],
        differentiable=False)  # fmt: skip
for _name in ("any", "all"):
    row(_name, getattr(ad, _name), getattr(np, _name), [[real(2, 3)], [fixed([[True, False]])]],
        options=[{}, {"axis": 0, "keepdims": True}], differentiable=False)  # fmt: skip

# reductions
_axes = [
    {},
    {"axis": 0},
    {"axis": -1, "keepdims": True},
    {"axis": (0, 2)},
    {"axis": (2, 0), "keepdims": True},
]
_reduced = [[real(2, 3, 4)], [real(1, 2, 1)]]
_scalars = [[real()], [real(5)]]


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


for _name, _draw, _reference, _complex in (
    ("sum", real, np.sum, True),
    ("mean", real, np.mean, True),
    ("prod", real, np.prod, True),
    ("max", apart, np.max, False),
    ("min", apart, np.min, False),
    ("var", real, np.var, False),
    ("std", real, np.std, False),
    ("logsumexp", real, _logsumexp, False),
):
    _empty = [[_draw(2, 0, 3)]] if _name in ("sum", "prod") else []
    row(_name, getattr(ad, _name), _reference, [[_draw(2, 3, 4)], [_draw(3, 2, 3)], *_empty], options=_axes,
        complex=_complex)  # fmt: skip
    if _name not in ("std",):
        row(f"{_name} of a row", getattr(ad, _name), _reference, [[_draw()], [_draw(5)]], complex=_complex)
row("var with ddof", ad.var, np.var, [[real(2, 3)]], options=[{"ddof": 1}, {"ddof": 1, "axis": 1}])
row("prod with zeros", ad.prod, np.prod, [[fixed(np.array([[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]]))]],
    options=[{}, {"axis": 0}, {"axis": 1}], complex=True)  # fmt: skip
row("prod of many with zeros", ad.prod, np.prod,
    [[fixed(np.array([0.5, *[1.5] * n, 0.0, -2.0, 0.0]))] for n in range(5)], complex=True)  # fmt: skip
row("ties", lambda x, y: op("ties")(x, y, axis=(1,)), lambda x, y: (x == y[:, None]) / (x == y[:, None]).sum(1),
    [[fixed(np.array([[1.0, 3.0, 3.0]])), fixed(np.array([3.0]))]], differentiable=False)  # fmt: skip

# shape
row("reshape", ad.reshape, lambda x, shape: np.reshape(x, shape), [[real(2, 6)], [real(3, 4)]],
    options=[{"shape": (4, 3)}, {"shape": (2, -1, 3)}, {"shape": -1}], complex=True)  # fmt: skip
row(
    "reshape of nothing", ad.reshape, lambda x, shape: np.reshape(x, shape), [[real(0, 3)]], options=[{"shape": (3, 0)}]
)
row(
    "reshape of a scalar",
    ad.reshape,
    lambda x, shape: np.reshape(x, shape),
    [[real()]],
    options=[{"shape": (1, 1)}, {"shape": ()}],
)
row("ravel", ad.ravel, np.ravel, unary(real))
row("transpose", ad.transpose, np.transpose, unary(real), complex=True)
row("transpose by axes", ad.transpose, np.transpose, [[real(2, 3, 4)]],
    options=[{"axes": (1, 0, 2)}, {"axes": (-1, 0, 1)}])  # fmt: skip
row("swapaxes", lambda x: ad.swapaxes(x, 0, -1), lambda x: np.swapaxes(x, 0, -1), [[real(2, 3, 4)], [real(3)]])
row("expand", ad.broadcast_to, np.broadcast_to, [[real(3)], [real()], [real(2, 1)], [real(1, 3)]],
    options=[{"shape": (2, 3)}, {"shape": (4, 2, 3)}], complex=True)  # fmt: skip
row("expand, large", ad.broadcast_to, np.broadcast_to, [[real(3)]], options=[{"shape": (2000, 3)}],
    second_order=False)  # fmt: skip
row("expand to nothing", ad.broadcast_to, np.broadcast_to, [[real(1)]], options=[{"shape": (0,)}])
row("squeeze", ad.squeeze, np.squeeze, [[real(1, 3, 1)], [real(1, 1, 1)]],
    options=[{}, {"axis": 0}, {"axis": (0, -1)}])  # fmt: skip
row(
    "expand_dims",
    ad.expand_dims,
    np.expand_dims,
    [[real(2, 3)], [real()]],
    options=[{"axis": 0}, {"axis": (0, -1)}],
)
row("concatenate", lambda *xs, **o: ad.concatenate(xs, **o), lambda *xs, **o: np.concatenate(xs, **o),
    [[real(2, 3), real(2, 3)], [real(1, 3), real(1, 3), real(1, 3)], [real(0, 2), real(0, 2)]],
    options=[{"axis": 0}, {"axis": -1}, {"axis": None}], complex=True)  # fmt: skip
row("concatenate, unequal", lambda *xs: ad.concatenate(xs), lambda *xs: np.concatenate(xs),
    [[real(2, 3), real(0, 3), real(4, 3)], [real(2), fixed([1.0, 2.0])]])  # fmt: skip
row("stack", lambda *xs, **o: ad.stack(xs, **o), lambda *xs, **o: np.stack(xs, **o),
    [[real(2, 3), real(2, 3)], [real(1, 3), real(1, 3), real(1, 3)], [real(0, 1), real(0, 1)]],
    options=[{"axis": 0}, {"axis": -1}, {"axis": 1}], complex=True)  # fmt: skip
row("stack of scalars", lambda *xs: ad.stack(xs), lambda *xs: np.stack(xs), [[real(), real(), real()]])

# index
_keys: list[Any] = [
    0, -1, slice(None), slice(1, None), slice(None, None, -1), (slice(None), 1), (..., 0), (None, 1),
    (slice(0, 2), slice(None, None, 2)), (1, 2, 3), (slice(0, 0),), (..., None, slice(1, 3)), (),
]  # fmt: skip
row("getitem", ad.getitem, lambda x, key: x[key], [[real(3, 4, 5)]], options=[{"key": k} for k in _keys],
    complex=True)  # fmt: skip
_keys = [
    [0, 2, 0], (slice(None), [1, 1, 0]), ([0, 1], [2, 3]), (slice(None), [[0, 1], [1, 1]], 0),
    ([[0], [2]], [1, 3]), (np.array([True, False, True]),), (..., np.array([True, False, True, True, False])),
    ([], ), ([0, 1], slice(None), [1, 2]), np.array([0, 0, 0]), (1, [0, 3], None),
]  # fmt: skip
row("gather", ad.getitem, lambda x, key: x[key], [[real(3, 4, 5)]], options=[{"key": k} for k in _keys],
    complex=True)  # fmt: skip
row("gather by a mask", lambda x: x[np.array([[True, False], [False, True]])],
    lambda x: x[np.array([[True, False], [False, True]])], [[real(2, 2, 3)]])  # fmt: skip


def _scatter(x: Any) -> Any:
    out = np.zeros((4, 3), x.dtype)
    np.add.at(out, ([0, 2, 0],), x)
    return out


row("scatter", lambda x: op("scatter")(x, np.array([0, 2, 0]), index=("array",), shape=(4, 3)), _scatter,
    [[real(3, 3)]], complex=True)  # fmt: skip
row("pick", lambda x: op("pick")((x, x), index=1, count=2), lambda x: x, [[fixed(1.0)]], differentiable=False)

# products
_products = [
    ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((0, 3), (3, 2)),
    ((2, 0), (0, 2)), ((4, 5, 2, 3), (3, 1)), ((1, 2, 3), (1, 3, 2)),
    ((2, 3, 0), (0, 4)), ((2, 3, 4), (4, 0)), ((2, 0, 4), (4, 3)), ((2, 3, 0), (2, 0, 4)),
]  # fmt: skip
row("matmul", ad.matmul, np.matmul, [[real(*a), real(*b)] for a, b in _products], complex=True)
row(
    "dot",
    ad.dot,
    np.dot,
    [[real(2, 3), real(3, 4)], [real(3), real(3)], [real(), real(2)], [real(2, 2, 3), real(3)]],
)
row("affine", op("affine"), lambda x, w, b: x @ w.T + b, [
    [real(4, 3), real(2, 3), real(2)], [real(2, 5, 3), real(1, 3), real(1)], [real(0, 3), real(2, 3), real(2)],
    [real(4, 0), real(2, 0), real(2)], [real(2, 5, 0), real(3, 0), real(3)], [real(2, 5, 3), real(0, 3), real(0)]],
    complex=True)  # fmt: skip
row("linear", ad.linear, lambda x, w, b=None: x @ w.T + (0 if b is None else b), [
    [real(4, 3), real(2, 3), real(2)], [real(3), real(2, 3), real(2)], [real(2, 3), real(2, 3)],
    [real(3), real(2, 3)], [real(2, 1, 3), real(2, 3), real(2)], [real(2, 5, 0), real(3, 0), real(3)],
    [real(2, 5, 0), real(3, 0)]])  # fmt: skip

# softmax and losses
_softmax = [[real(2, 3)], [real(4)], [real(2, 3, 2)]]


def _np_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


row("softmax", ad.softmax, _np_softmax, [*_softmax, [real(0, 3)]], options=[{}, {"axis": 0}][:1])
row("softmax along axis 0", ad.softmax, _np_softmax, _softmax, options=[{"axis": 0}])
row("log_softmax", ad.log_softmax, lambda x, axis=-1: np.log(_np_softmax(x, axis)), _softmax,
    options=[{}, {"axis": 0}])  # fmt: skip


def _cross_entropy(x: Any, t: Any, reduction: str) -> Any:
    losses = -np.log(_np_softmax(x))[np.arange(len(t)), t]
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(t), 1)}[reduction]


row("cross_entropy", ad.cross_entropy, _cross_entropy, [[real(4, 3), fixed([0, 2, 1, 2])], [real(1, 2), fixed([1])]],
    options=[{"reduction": r} for r in ("mean", "sum", "none")])  # fmt: skip
row("cross_entropy of nothing", ad.cross_entropy, _cross_entropy, [[real(0, 3), fixed(np.zeros(0, int))]],
    options=[{"reduction": "sum"}, {"reduction": "none"}])  # fmt: skip

# convolution and pooling
_geometry = [
    {}, {"padding": 1}, {"stride": 2, "padding": (1, 0)}, {"dilation": (2, 1)}, {"stride": (1, 3), "padding": 2},
]  # fmt: skip


def loop_conv2d(
    x: Any, w: Any, b: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """The definition of convolution, as loops over the output."""
    (sh, sw), (ph, pw), (dh, dw) = (np.broadcast_to(v, 2).tolist() for v in (stride, padding, dilation))
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    (n, _, h, width), (o, cg, kh, kw) = x.shape, w.shape
    oh, ow = (h - dh * (kh - 1) - 1) // sh + 1, (width - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((n, o, oh, ow), np.result_type(x, w))
    for k in range(o):
        first = k // (o // groups) * cg
        for p in range(oh):
            for q in range(ow):
                seen = x[:, first : first + cg, p * sh : p * sh + dh * (kh - 1) + 1 : dh,
                         q * sw : q * sw + dw * (kw - 1) + 1 : dw]  # fmt: skip
                out[:, k, p, q] = (seen * w[k]).sum((1, 2, 3))
    return out if b is None else out + b[:, None, None]


row("conv2d", ad.conv2d, loop_conv2d, [[real(2, 2, 5, 6), real(3, 2, 3, 2)], [real(0, 1, 5, 5), real(1, 1, 2, 2)]],
    options=_geometry, complex=True)  # fmt: skip
row("conv2d with bias", ad.conv2d, loop_conv2d, [[real(2, 2, 4, 4), real(3, 2, 3, 3), real(3)]])
row("conv2d in groups", ad.conv2d, loop_conv2d, [[real(2, 4, 4, 4), real(6, 2, 2, 2)]],
    options=[{"groups": 2}, {"groups": 2, "stride": 2}])  # fmt: skip
row("conv2d by channel", ad.conv2d, loop_conv2d, [[real(2, 3, 4, 4), real(3, 1, 3, 3)]],
    options=[{"groups": 3, "padding": 1}])  # fmt: skip


def _adjoint(which: str) -> tuple[Any, Any, Any]:
    """The adjoints of convolution, and their definition: the gradient of <g, conv2d(x, w)>, by unit vectors."""
    how = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    x_shape, w_shape = (2, 2, 5, 6), (4, 1, 3, 2)
    g_shape = loop_conv2d(np.zeros(x_shape), np.zeros(w_shape), **how).shape

    def by_units(g: Any, other: Any, shape: Any, swap: bool) -> Any:
        out = np.zeros(shape, np.result_type(g, other))
        for place in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[place] = 1
            pair = (other, unit) if swap else (unit, other)
            out[place] = (g * loop_conv2d(*pair, **how)).sum()
        return out

    if which == "dx":
        call = lambda g, w: op("conv2d_dx")(g, w, shape=x_shape[2:], **how)  # noqa: E731  # shorter than a def here
        return call, lambda g, w: by_units(g, w, x_shape, False), [[real(*g_shape), real(*w_shape)]]
    call = lambda x, g: op("conv2d_dw")(x, g, kernel=w_shape[2:], **how)  # noqa: E731  # as above
    return call, lambda x, g: by_units(g, x, w_shape, True), [[real(*x_shape), real(*g_shape)]]


row("conv2d_dx", *_adjoint("dx"))
row("conv2d_dw", *_adjoint("dw"))


def loop_max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1) -> Any:
    """The definition of max pooling, as loops over the output."""
    (kh, kw), (ph, pw), (dh, dw) = (np.broadcast_to(v, 2).tolist() for v in (kernel_size, padding, dilation))
    sh, sw = (kh, kw) if stride is None else np.broadcast_to(stride, 2).tolist()
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    oh, ow = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1, (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((*x.shape[:2], oh, ow), x.dtype)
    for p in range(oh):
        for q in range(ow):
            out[:, :, p, q] = x[:, :, p * sh : p * sh + dh * (kh - 1) + 1 : dh,
                                q * sw : q * sw + dw * (kw - 1) + 1 : dw].max((2, 3))  # fmt: skip
    return out


row("max_pool2d", ad.max_pool2d, loop_max_pool2d, [[apart(2, 2, 5, 6)]], options=[
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 1}, {"kernel_size": (2, 3), "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 1, "dilation": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}])  # fmt: skip
row(
    "max_pool2d of nothing",
    ad.max_pool2d,
    loop_max_pool2d,
    [[real(0, 1, 4, 4)]],
    options=[{"kernel_size": 2}],
)


# random
def _dropout(x: Any, p: float, generator: int) -> Any:
    from autodiff.random import philox

    kept = philox(generator, 0).random(x.shape, np.float32) >= p
    return x * kept / (1 - p) if p < 1 else x * 0


row("dropout", ad.dropout, _dropout, [[real(4, 5)], [real()], [real(0)]],
    options=[{"p": 0.3, "generator": 5}, {"p": 0.0, "generator": 5}, {"p": 1.0, "generator": 5}],
    complex=True)  # fmt: skip

ALIASES = {  # public names of ops whose row has the op's name
    "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "negative": "neg",
    "floor_divide": "floordiv", "remainder": "mod", "power": "pow", "absolute": "abs", "broadcast_to": "expand",
}  # fmt: skip
