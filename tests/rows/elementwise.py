"""Functions of each element, and constants."""

from __future__ import annotations

import numpy as np

import autodiff as ad
from tests.op_table import apart, below, binary, fixed, negative, op, positive, real, row, unary

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
row("float_power", ad.numpy.float_power, np.float_power, binary(positive))
