"""Functions of each element, and constants."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff import numpy as N
from tests.op_table import Draw, apart, below, binary, fixed, negative, op, positive, real, row, unary

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
row("sigmoid_slope", op("sigmoid_slope"), lambda dy, s: dy * s * (1 - s), binary(real))
row("tanh_slope", op("tanh_slope"), lambda dy, t: dy * (1 - t**2), binary(real), complex=True)
row("relu_slope", op("relu_slope"), lambda dy, r: np.where(r != 0, dy, 0.0)[()], binary(real, apart), inputs=[0])
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
row("share", op("share"), lambda x, y, of:
    ((x > y) if of == "maximum" else (x < y)) + 0.5 * (x == y),
    binary(apart), options=[{"of": "maximum"}, {"of": "fmin"}], differentiable=False)  # fmt: skip
row("maximum", ad.maximum, np.maximum, binary(apart, below))
row("minimum", ad.minimum, np.minimum, binary(apart, below))
row("fmax", N.fmax, np.fmax, binary(apart, below))
row("fmin", N.fmin, np.fmin, binary(apart, below))
row("astype", ad.astype, lambda x, dtype: x.astype(dtype), [[real(2, 3)], [real()], [real(0)]],
    options=[{"dtype": np.float64}, {"dtype": np.complex128}])  # fmt: skip
row("clone", ad.clone, np.copy, unary(real), complex=True)
row("identity", op("identity"), np.array, unary(real), complex=True)

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
for _name in ("isnan", "isfinite", "isinf", "isposinf", "isneginf", "isreal", "iscomplex", "signbit", "floor",
              "ceil", "trunc", "rint", "fix", "spacing", "round"):  # fmt: skip
    row(_name, getattr(N, _name), getattr(np, _name), unary(real), differentiable=False)
row("whole", op("whole"), lambda x: np.modf(x)[1], unary(real), differentiable=False)
row("exponent", op("exponent"), lambda x: np.frexp(x)[1], unary(real), differentiable=False)
row("isclose", N.isclose, np.isclose, binary(real), options=[{}, {"rtol": 0.5, "atol": 0.1}], differentiable=False)
for _name in ("allclose", "array_equal", "array_equiv"):
    row(_name, getattr(N, _name), getattr(np, _name), [[real(2, 3), real(2, 3)], [fixed([1.0, 2.0]), fixed([1.0, 2.0])],
        [fixed([1.0]), fixed([[1.0]])]], differentiable=False)  # fmt: skip
for _name in ("gcd", "lcm", "left_shift", "right_shift"):
    row(_name, getattr(N, _name), getattr(np, _name), [[fixed([6, 8]), fixed([4, 1])], [fixed([12]), fixed(3)]],
        differentiable=False)  # fmt: skip
row("bitwise_count", N.bitwise_count, np.bitwise_count, [[fixed([7, -8])]], differentiable=False)
row("round to decimals", ad.round, np.round, [[real(2, 3), fixed(1)], [fixed([123, 155]), fixed(-1)]],
    differentiable=False)  # fmt: skip
for _name in ("argmax", "argmin"):
    row(_name, getattr(ad, _name), getattr(np, _name), [[apart(2, 3)], [apart(4)]],
        options=[{}, {"axis": 0}, {"axis": -1}, {"keepdims": True}, {"axis": 0, "keepdims": True}],
        differentiable=False)  # fmt: skip
for _name in ("any", "all"):
    row(_name, getattr(ad, _name), getattr(np, _name), [[real(2, 3)], [fixed([[True, False]])]],
        options=[{}, {"axis": 0, "keepdims": True}], differentiable=False)  # fmt: skip
row("float_power", N.float_power, np.float_power, binary(positive))


def small(*shape: int) -> Draw:
    """Numbers in (-0.8, 0.8)."""
    return lambda rng: np.asarray(rng.uniform(-0.8, 0.8, shape))[()]


def large(*shape: int) -> Draw:
    """Numbers in [1.5, 3)."""
    return lambda rng: np.asarray(rng.uniform(1.5, 3.0, shape))[()]


def drawn(value: Any) -> Draw:
    """These very numbers, to differentiate by."""
    return lambda rng: np.asarray(value, float)[()]


for _name in ("exp2", "positive", "tan", "arctan", "sinh", "cosh", "arcsinh", "sinc"):
    row(_name, getattr(N, _name), getattr(np, _name), unary(small), complex=_name != "exp2")
row("sinc far from 0", N.sinc, np.sinc, [[drawn([0.0, 1e-8, 0.3, -0.6, 1.0, 1.3, 7.7])], [drawn(-2.0)]])
for _name in ("arcsin", "arccos", "arctanh"):
    row(_name, getattr(N, _name), getattr(np, _name), unary(small), complex=True)
row("arccosh", N.arccosh, np.arccosh, unary(large), complex=True)
for _name in ("log2", "log10", "reciprocal"):
    row(_name, getattr(N, _name), getattr(np, _name), unary(positive), complex=True)
row("cbrt", N.cbrt, np.cbrt, [*unary(positive), [negative(3)]])
row("fabs", N.fabs, np.fabs, unary(apart))
for _name in ("deg2rad", "rad2deg"):
    row(_name, getattr(N, _name), getattr(np, _name), unary(real))
row("arctan2", N.arctan2, np.arctan2, [*binary(apart, positive), [negative(3), negative(3)]])
row("hypot", N.hypot, np.hypot, binary(apart, below))
row("logaddexp", N.logaddexp, np.logaddexp, binary(real))
row("logaddexp2", N.logaddexp2, np.logaddexp2, binary(real))
row("gap", op("gap"), np.subtract, binary(apart, below))
row("copysign", N.copysign, np.copysign, [[apart(2, 3), apart(3)], [apart(), fixed(-1.0)], [apart(3), fixed(-0.0)]],
    inputs=[0])  # fmt: skip
row("fmod", N.fmod, np.fmod, [[apart(2, 3), fixed(1.7)], [drawn([3.3, -2.2, 0.5]), drawn([0.9, -0.8, 2.0])],
    [drawn(5.0), drawn([[3.2], [-1.4]])]])  # fmt: skip
row("divmod", lambda *xs: N.divmod(*xs)[1], lambda *xs: np.divmod(*xs)[1], [[apart(2, 3), drawn(1.7)]])
row("modf", lambda x: N.modf(x)[0], lambda x: np.modf(x)[0], unary(apart))
row("fraction", op("fraction"), lambda x: np.modf(x)[0], unary(apart))
row("frexp", lambda x: N.frexp(x)[0], lambda x: np.frexp(x)[0], unary(positive))
row("mantissa", op("mantissa"), lambda x: np.frexp(x)[0], [[negative(2, 3)]])
row("ldexp", N.ldexp, np.ldexp, [[real(2, 3), fixed([1, -2, 0])], [real(), fixed(3)]])
row("heaviside", N.heaviside, np.heaviside, [[fixed([-1.0, 0.0, 2.0]), real(2, 3)], [fixed(0.0), real()]],
    inputs=[1])  # fmt: skip
row("nextafter", N.nextafter, np.nextafter, [[real(2, 3), fixed(9.0)], [real(), fixed(-9.0)]], inputs=[0])
row("i0", N.i0, np.i0, [case for case in unary(real) if case[0](np.random.default_rng(0)).ndim])
row("angle", N.angle, np.angle, unary(apart), options=[{}, {"deg": True}], complex=True)
row("real_if_close", N.real_if_close, np.real_if_close, [[real(2, 3)], [real()]], complex=True)
row("unwrap", N.unwrap, np.unwrap, [[drawn([0.1, 3.0, 6.5, -4.2])], [drawn([[0.1, 4.0], [5.0, -9.0]])]],
    options=[{}, {"axis": 0}, {"discont": 4.0}, {"period": 3.0}])  # fmt: skip
_special = [[drawn([1.0, -2.0, 0.5])], [drawn(1.5)], [drawn(np.zeros((0, 2)))]]
row("nan_to_num", N.nan_to_num, np.nan_to_num, _special, options=[{}, {"nan": 3.0, "posinf": 1.0}], complex=True)
row("select", lambda x, y: N.select([x > 0.3, x > -0.3], [x * x, y], 2.0),
    lambda x, y: np.select([x > 0.3, x > -0.3], [x * x, y], 2.0),
    [[apart(3, 4), real(4)], [apart(), real()]])  # fmt: skip
row("piecewise", lambda x: N.piecewise(x, [x > 0.3, x < -0.3], [N.log, lambda x, *_: x * x, 3.0]),
    lambda x: np.piecewise(x, [x > 0.3, x < -0.3], [np.log, lambda x, *_: x * x, 3.0]), unary(apart))  # fmt: skip
_points = [drawn([0.0, 1.0, 2.5, 4.0]), drawn([1.0, -2.0, 0.5, 3.0])]
row("interp", N.interp, np.interp,
    [[drawn([[0.3, 2.2, 3.9], [-1.0, 5.0, 1.7]]), *_points], [drawn(2.2), *_points], [drawn([]), *_points],
     [drawn([0.5]), drawn([1.0]), drawn([3.0])]],
    options=[{}, {"left": 7.0, "right": -7.0}, {"period": 4.7}])  # fmt: skip
