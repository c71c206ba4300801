"""Special functions, against SciPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special

from autodiff import special
from tests.op_table import Draw, binary, fixed, negative, op, positive, real, row, unary


def between(low: float, high: float) -> Any:
    """Numbers in [low, high)."""
    return lambda *shape: lambda rng: np.asarray(rng.uniform(low, high, shape))[()]


def drawn(value: Any) -> Draw:
    """These very numbers, to differentiate by."""
    return lambda rng: np.asarray(value, float)[()]


inside = between(0.2, 0.8)
WIDE = [drawn([-8.0, -2.5, -0.3, 0.0, 0.7, 1.9, 2.1, 6.0])]

for _name in ("erf", "erfc"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), [*unary(real), WIDE], complex=True)
row("ndtr", special.ndtr, scipy.special.ndtr, [*unary(real), WIDE])
row("erfcx", special.erfcx, scipy.special.erfcx, [*unary(real), [drawn([-2.0, 0.0, 1.9, 2.1, 50.0])]])
row("erfc_ratio", op("erfc_ratio"), lambda x, order: scipy.special.erfcx(x) * math.sqrt(math.pi) / 2,
    [*unary(real), [drawn([-3.0, 1.9])]], options=[{"order": 0}])  # fmt: skip
row("mills", op("mills"), lambda x: np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) / scipy.special.ndtr(x),
    [*unary(real), WIDE])  # fmt: skip
row("log_ndtr", special.log_ndtr, scipy.special.log_ndtr, [*unary(real), WIDE, [drawn([-1e4, -40.0, 40.0])]])
for _name in ("ndtri", "erfinv", "erfcinv", "logit"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), unary(inside))
row("ndtri_exp", special.ndtri_exp, scipy.special.ndtri_exp, unary(negative))
row("expit", special.expit, scipy.special.expit, [*unary(real), WIDE])
row("log_expit", special.log_expit, scipy.special.log_expit, [*unary(real), WIDE])
row("softplus", special.softplus, lambda x, beta=1.0, threshold=math.inf:
    np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta).astype(x.dtype)[()], [*unary(real), WIDE],
    options=[{}, {"beta": 2.0}, {"beta": 0.5, "threshold": 0.9}])  # fmt: skip

for _name in ("psi", "gamma", "gammaln", "loggamma"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), [*unary(positive), [drawn([5.5, 30.0])]])
row("gamma of negative numbers", special.gamma, scipy.special.gamma, [[drawn([-0.5, -1.4, -2.6])]])
row("rgamma", special.rgamma, scipy.special.rgamma, [*unary(positive), [drawn([-2.0, -1.4, 0.0, 0.3, 0.5, 7.0])]])
row("gammasgn", special.gammasgn, scipy.special.gammasgn, [*unary(real)], differentiable=False)
row("polygamma", special.polygamma, scipy.special.polygamma,
    [[fixed(0), positive(2, 3)], [fixed(1), positive()], [fixed([1, 2]), positive(3, 1)]])  # fmt: skip
row("zeta", special.zeta, scipy.special.zeta, [[fixed(2.5), positive(2, 3)], [fixed([[2.0], [3.0]]), positive(3)]],
    inputs=[1])  # fmt: skip
row("zeta of Riemann", special.zeta, scipy.special.zeta, [[fixed([2, 3])]], differentiable=False)
row("multigammaln", special.multigammaln, scipy.special.multigammaln, [[positive(2, 3), fixed(1)],
    [between(2, 4)(3), fixed(4)], [between(2, 4)(), fixed(2)]])  # fmt: skip
for _name in ("beta", "betaln"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), binary(positive))
for _name in ("gammainc", "gammaincc"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name),
        [[fixed(2.5), positive(2, 3)], [fixed([0.5, 1.0]), positive(3, 1)]], inputs=[1])  # fmt: skip
row("betainc", special.betainc, scipy.special.betainc, [[fixed(2.5), fixed(1.5), inside(2, 3)],
    [fixed([0.5, 1.0]), fixed(2.0), inside(3, 1)]], inputs=[2])  # fmt: skip

for _name in ("xlogy", "xlog1py", "rel_entr", "kl_div"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), binary(positive))
row("entr", special.entr, scipy.special.entr, unary(positive))
for _name in ("exp1", "expi", "exp10"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), unary(positive))

for _name in ("jv", "yv", "iv", "kv", "ive", "kve"):
    _ours, _theirs = getattr(special, _name), getattr(scipy.special, _name)
    row(_name, _ours, _theirs, [[fixed(0), positive(2, 3)], [fixed(1), positive()], [fixed(2.5), positive(0)],
        [fixed([0, 1, 3]), positive(2, 1)]], complex=_name in ("jv", "yv", "iv", "kv"))  # fmt: skip
for _name in ("j0", "j1", "i1", "i0e", "i1e"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), [*unary(positive), [drawn([-2.0, 0.3, 7.0])]])
row("yn", special.yn, scipy.special.yn, [[fixed(0), positive(2, 3)], [fixed([1, 2]), positive(3, 1)]], inputs=[1])
for _name in ("y0", "y1", "k0", "k1", "k0e", "k1e"):
    row(_name, getattr(special, _name), getattr(scipy.special, _name), unary(positive))

_axes = [{}, {"axis": 0}, {"axis": -1}, {"axis": (0, 1)}]
row("special.softmax", special.softmax, scipy.special.softmax, [[real(2, 3)], [real(3, 2, 2)]], options=_axes)
row(
    "special.log_softmax",
    special.log_softmax,
    scipy.special.log_softmax,
    [[real(2, 3)], [real(3, 2, 2)]],
    options=_axes,
)
row("special.logsumexp", special.logsumexp, scipy.special.logsumexp, needs="scipy 1.15",
    cases=[[real(2, 3)], [real(3, 2, 2)]],
    options=[*_axes, {"keepdims": True}, {"axis": 1, "b": 2.0}])  # fmt: skip
row("special.logsumexp with weights", lambda a, b, **options: special.logsumexp(a, b=b, **options),
    lambda a, b, **options: scipy.special.logsumexp(a, b=b, **options),
    [[real(2, 3), positive(3)], [real(2, 3), positive(2, 3)]], options=_axes)  # fmt: skip
