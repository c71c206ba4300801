"""Special functions of mathematics and statistics, with SciPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels import special as kernels
from ..op import Function, define
from .compare import sign
from .elementwise import exp, log, sigmoid, where
from .trigonometric import cos, sin

_SQRT_PI, _SQRT_2PI = math.sqrt(math.pi), math.sqrt(2 * math.pi)


def _unary(name: str, rule: Any, doc: str, **spec: Any) -> Function:
    return define(name, kernels.scipys(name), rule, kind="elementwise", doc=doc, **spec)


def _over(x: Any, y: Any) -> Any:
    """`x / y`, and 0 where both are 0."""
    return x / where((x == 0) & (y == 0), 1, y)


# -- the error function, and the normal distribution --------------------------------------------------------

erf = _unary("erf", lambda g, x: g * (2 / _SQRT_PI * exp(-x * x)), "Error function `2/sqrt(pi) int_0^x exp(-t^2) dt`.")
erfc = _unary("erfc", lambda g, x: g * (-2 / _SQRT_PI * exp(-x * x)), "`1 - erf(x)`, exact in the right tail.")
erfinv = _unary("erfinv", lambda g, out: g * (_SQRT_PI / 2 * exp(out * out)), "The x of a given erf(x).")
erfcinv = _unary("erfcinv", lambda g, out: g * (-_SQRT_PI / 2 * exp(out * out)), "The x of a given erfc(x).")

erfc_ratio: Function = define(
    "erfc_ratio", kernels.erfc_ratio,
    lambda g, x, out, *, order: g * (
        2 * out * (order * out - (order + 1) * erfc_ratio(x, order=order + 1))
    ),
    kind="elementwise", doc="The repeated integral of erfc of an order over that of the order below.",
)  # fmt: skip

erfcx = _unary(
    "erfcx", lambda g, x, out: g * (-2 * out * erfc_ratio(x, order=1)), "`exp(x^2) erfc(x)`, without overflow."
)
mills = define(
    "mills", kernels.mills, lambda g, x, out: g * (-math.sqrt(2) * out * erfc_ratio(x * -math.sqrt(0.5), order=1)),
    kind="elementwise", doc="The standard normal density over the distribution function, `ndtr'(x) / ndtr(x)`.",
)  # fmt: skip
ndtr = _unary("ndtr", lambda g, x: g * (exp(-0.5 * x * x) / _SQRT_2PI), "Distribution function of the standard normal.")
log_ndtr = _unary("log_ndtr", lambda g, x: g * mills(x), "Logarithm of ndtr, exact in the left tail.")
ndtri = _unary("ndtri", lambda g, out: g * (_SQRT_2PI * exp(0.5 * out * out)), "The x of a given ndtr(x).")
ndtri_exp = _unary("ndtri_exp", lambda g, out: g / mills(out), "The x of a given log_ndtr(x).")

# -- logistic ------------------------------------------------------------------------------------------------

logit = _unary("logit", lambda g, x: g / (x * (1 - x)), "`log(x / (1 - x))`, the inverse of expit.")
log_expit = define(
    "log_expit", kernels.log_sigmoid,
    lambda g, x: softplus_slope(g, x, beta=-1.0, threshold=math.inf), kind="elementwise",
    doc="Logarithm of the logistic function, `-log(1 + exp(-x))`, without overflow.",
)  # fmt: skip


def _softplus_bend(g: Any, dy: Any, x: Any, *, beta: float, threshold: float) -> Any:
    s = sigmoid(beta * x)
    bend = beta * (s * (1 - s))
    return g * dy * (bend if threshold == math.inf else where(beta * x > threshold, 0, bend))


softplus_slope: Function = define(
    "softplus_slope", kernels.softplus_slope,
    lambda g, x, *, beta, threshold: softplus_slope(g, x, beta=beta, threshold=threshold), _softplus_bend,
    inputs="dy x", kind="elementwise",
    doc="`dy sigmoid(beta x)`, dy itself where `beta x > threshold`: what `softplus` passes back.",
)  # fmt: skip

softplus = define(
    "softplus", kernels.softplus,
    lambda g, x, *, beta, threshold: softplus_slope(g, x, beta=beta, threshold=threshold), kind="elementwise",
    doc="`log(1 + exp(beta x)) / beta`, and x itself where `beta x > threshold`.",
)  # fmt: skip

# -- the gamma function and its kin --------------------------------------------------------------------------

polygamma: Function = define(
    "polygamma", kernels.scipys("polygamma"), None, lambda g, n, x: g * polygamma(n + 1, x), inputs="n x",
    kind="elementwise", doc="The n-th derivative of digamma.",
)  # fmt: skip
digamma = _unary("psi", lambda g, x: g * polygamma(1, x), "Logarithmic derivative of the gamma function.")
gamma = _unary("gamma", lambda g, x, out: g * (out * digamma(x)), "The gamma function; `gamma(n) = (n - 1)!`.")


def _rgamma_rule(g: Any, x: Any, out: Any) -> Any:
    left = x < 0.5  # there by reflection, 1 / gamma(x) = gamma(1 - x) sin(pi x) / pi, which has no poles
    mirrored, angle = where(left, 1 - x, 0.75), math.pi * x
    slope = gamma(mirrored) * (cos(angle) - digamma(mirrored) * sin(angle) / math.pi)
    return g * where(left, slope, -out * digamma(where(left, 1.0, x)))


rgamma = _unary("rgamma", _rgamma_rule, "`1 / gamma(x)`, 0 at the poles of gamma.")
gammasgn = _unary("gammasgn", None, "The sign of gamma(x); a constant.")
gammaln = _unary("gammaln", lambda g, x: g * digamma(x), "Logarithm of |gamma(x)|.")
loggamma = _unary("loggamma", lambda g, x: g * digamma(x), "Principal branch of the logarithm of gamma.")

beta = define(
    "beta", kernels.scipys("beta"),
    lambda g, a, b, out: g * (out * (digamma(a) - digamma(a + b))),
    lambda g, a, b, out: g * (out * (digamma(b) - digamma(a + b))),
    inputs="a b", kind="elementwise", doc="`gamma(a) gamma(b) / gamma(a + b)`.",
)  # fmt: skip
betaln = define(
    "betaln", kernels.scipys("betaln"),
    lambda g, a, b: g * (digamma(a) - digamma(a + b)),
    lambda g, a, b: g * (digamma(b) - digamma(a + b)),
    inputs="a b", kind="elementwise", doc="Logarithm of |beta(a, b)|.",
)  # fmt: skip
zeta: Function = define(
    "zeta", kernels.scipys("zeta"), None, lambda g, x, q: -g * (x * zeta(x + 1, q)), inputs="x q", kind="elementwise",
    doc="Hurwitz zeta function `sum_k (k + q)^-x`.",
)  # fmt: skip

# -- x log y, and entropies -----------------------------------------------------------------------------------

xlogy: Function = define(
    "xlogy", kernels.scipys("xlogy"),
    lambda g, x, y: g * xlogy(where((x == 0) & (y <= 0), 0.0, 1.0), y),
    lambda g, x, y: g * _over(x, y),
    inputs="x y", kind="elementwise", doc="`x log y`, 0 where x = 0; by x its derivative is 0 where x = 0 and y <= 0.",
)  # fmt: skip
xlog1py: Function = define(
    "xlog1py", kernels.scipys("xlog1py"),
    lambda g, x, y: g * xlog1py(where((x == 0) & (y <= -1), 0.0, 1.0), y),
    lambda g, x, y: g * _over(x, 1 + y),
    inputs="x y", kind="elementwise",
    doc="`x log(1 + y)`, 0 where x = 0; by x its derivative is 0 where x = 0 and y <= -1.",
)  # fmt: skip
entr = _unary("entr", lambda g, x: -g * (log(x) + 1), "`-x log x`, 0 at 0, where its derivative is infinite.")
rel_entr = define(
    "rel_entr", kernels.scipys("rel_entr"),
    lambda g, x, y: g * (log(x) - log(y) + 1), lambda g, x, y: -g * _over(x, y), inputs="x y", kind="elementwise",
    doc="`x log(x / y)`, 0 at x = 0.",
)  # fmt: skip
kl_div = define(
    "kl_div", kernels.scipys("kl_div"),
    lambda g, x, y: g * (log(x) - log(y)), lambda g, x, y: g * (1 - _over(x, y)), inputs="x y", kind="elementwise",
    doc="`x log(x / y) - x + y`.",
)  # fmt: skip

# -- incomplete gamma and beta functions: the derivative by x alone --------------------------------------------


def _gamma_density(a: Any, x: Any) -> Any:
    return exp(xlogy(a - 1, x) - x - gammaln(a))


gammainc = define(
    "gammainc", kernels.scipys("gammainc"), None, lambda g, a, x: g * _gamma_density(a, x), inputs="a x",
    kind="elementwise", doc="Regularized lower incomplete gamma function.",
)  # fmt: skip
gammaincc = define(
    "gammaincc", kernels.scipys("gammaincc"), None, lambda g, a, x: -g * _gamma_density(a, x), inputs="a x",
    kind="elementwise", doc="Regularized upper incomplete gamma function, `1 - gammainc(a, x)`.",
)  # fmt: skip
betainc = define(
    "betainc", kernels.scipys("betainc"), None, None,
    lambda g, a, b, x: g * exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)), inputs="a b x",
    kind="elementwise", doc="Regularized incomplete beta function.",
)  # fmt: skip

# -- exponential integrals --------------------------------------------------------------------------------------

exp1 = _unary("exp1", lambda g, x: -g * (exp(-x) / x), "Exponential integral `int_x^inf exp(-t) / t dt`.")
expi = _unary("expi", lambda g, x: g * (exp(x) / x), "Exponential integral `int_-inf^x exp(t) / t dt`.")
exp10 = _unary("exp10", lambda g, out: g * (out * math.log(10)), "Power of ten, `10^x`.")

# -- Bessel functions: each one's derivative is made of its neighbours of order v - 1 and v + 1 ------------------


def _bessel(name: str, rule: Any, doc: str, **spec: Any) -> Function:
    return define(name, kernels.scipys(name), None, rule, inputs="v z", kind="elementwise", doc=doc, **spec)


jv: Function = _bessel(
    "jv", lambda g, v, z: g * ((jv(v - 1.0, z) - jv(v + 1, z)) / 2), "Bessel function of the first kind of order v."
)
yv: Function = _bessel(
    "yv", lambda g, v, z: g * ((yv(v - 1.0, z) - yv(v + 1, z)) / 2), "Bessel function of the second kind of order v."
)
yn: Function = _bessel(
    "yn", lambda g, v, z: g * ((yn(v - 1, z) - yn(v + 1, z)) / 2), "Bessel function of the second kind, integer order."
)
iv: Function = _bessel(
    "iv", lambda g, v, z: g * ((iv(v - 1.0, z) + iv(v + 1, z)) / 2), "Modified Bessel function of the first kind."
)
kv: Function = _bessel(
    "kv", lambda g, v, z: g * ((kv(v - 1.0, z) + kv(v + 1, z)) / -2), "Modified Bessel function of the second kind."
)
ive: Function = _bessel(
    "ive", lambda g, v, z, out: g * ((ive(v - 1.0, z) + ive(v + 1, z)) / 2 - sign(z) * out), "`exp(-|z|) iv(v, z)`."
)
kve: Function = _bessel(
    "kve", lambda g, v, z, out: g * (out - (kve(v - 1.0, z) + kve(v + 1, z)) / 2), "`exp(z) kv(v, z)`."
)
i0 = define(
    "i0", np.i0, lambda g, x: g * iv(1, x), kind="elementwise", doc="Modified Bessel function of order 0."
)  # fmt: skip
