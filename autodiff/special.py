"""Special functions, under SciPy's names: error functions, gamma functions, entropies, Bessel functions.

`scipy.special.erf(t)` of a Tensor comes here too. SciPy is imported when the first of them is called. Complex
numbers are taken by those whose derivative can be had of them: `erf`, `erfc`, `ndtr`, `expit`, `gamma`,
`loggamma`, `jv`, `yv`, `iv`, `kv`; of gamma functions first derivatives only.

>>> import autodiff as ad
>>> x = ad.Tensor(0.0, requires_grad=True)
>>> ad.special.erf(x).backward()
>>> x.grad.item()  # 2 / sqrt(pi)
1.128379167095...
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .batched import Batched
from .errors import describe
from .inplace import is_recorded
from .numpy.arguments import Axis, axes_of, fixed, floating, one_axis, ordered, plain
from .numpy.elementwise import cbrt, exp2, expm1, log1p, sinc
from .numpy.reductions import max as largest
from .ops import compare, elementwise, norm, reduce
from .ops import special as ops
from .tensor import Tensor

__all__ = [
    "beta", "betainc", "betaln", "cbrt", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "exp1",
    "exp10", "exp2", "expi", "expit", "expm1", "gamma", "gammainc", "gammaincc", "gammaln", "gammasgn", "i0", "i0e",
    "i1", "i1e", "iv", "ive", "j0", "j1", "jn", "jv", "k0", "k0e", "k1", "k1e", "kl_div", "kv", "kve", "log1p",
    "log_expit", "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri",
    "ndtri_exp", "polygamma", "psi", "rel_entr", "rgamma", "sinc", "softmax", "softplus", "xlog1py", "xlogy", "y0",
    "y1", "yn", "yv", "zeta",
]  # fmt: skip

erf, erfc, erfinv, erfcinv, ndtr, ndtri = ops.erf, ops.erfc, ops.erfinv, ops.erfcinv, ops.ndtr, ops.ndtri
logit, expit = ops.logit, elementwise.sigmoid
gamma, gammaln, loggamma, beta, betaln = ops.gamma, ops.gammaln, ops.loggamma, ops.beta, ops.betaln
gammasgn = ops.gammasgn
psi = digamma = ops.digamma
entr, rel_entr, kl_div = ops.entr, ops.rel_entr, ops.kl_div
erfcx, log_ndtr, ndtri_exp, log_expit = ops.erfcx, ops.log_ndtr, ops.ndtri_exp, ops.log_expit
exp1, expi, exp10, i0 = ops.exp1, ops.expi, ops.exp10, ops.i0


def _fixed(function: str, **arguments: Any) -> Any:
    """The value of the one argument given, which a function has no derivative by."""
    ((name, value),) = arguments.items()
    return fixed(f"special.{function}", name, value)


def _real(function: str, *arguments: Any) -> None:
    for x in arguments:
        if np.iscomplexobj(plain(x)):
            raise TypeError(f"special.{function} takes real numbers, got {describe(plain(x))}")


# -- logistic, and x log y ---------------------------------------------------------------------------------


def softplus(x: Any, beta: float = 1.0, threshold: float = math.inf) -> Any:
    """`log(1 + exp(beta x)) / beta`, without overflow; x itself where `beta x > threshold`.

    >>> softplus(np.array([-1000.0, 0.0, 1000.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    return ops.softplus(x, beta=float(_fixed("softplus", beta=beta)), threshold=float(threshold))


def xlogy(x: Any, y: Any) -> Any:
    """`x log y`, and 0 where x = 0; where y is not positive there, the derivative by x is taken as 0.

    >>> xlogy(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    array([0., 0.])
    """
    _real("xlogy", x, y)
    return ops.xlogy(x, y)


def xlog1py(x: Any, y: Any) -> Any:
    """`x log(1 + y)`, and 0 where x = 0; where 1 + y is not positive there, the derivative by x is taken as 0.

    >>> xlog1py(np.array([0.0, 2.0]), np.array([-1.0, 0.0]))
    array([0., 0.])
    """
    _real("xlog1py", x, y)
    return ops.xlog1py(x, y)


# -- gamma and zeta ------------------------------------------------------------------------------------------


def rgamma(x: Any) -> Any:
    """`1 / gamma(x)`, 0 and differentiable where gamma has its poles; of real x.

    >>> rgamma(np.array([-1.0, 4.0]))
    array([0.        , 0.16666667])
    """
    _real("rgamma", x)
    return ops.rgamma(x)


def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of digamma, of integers n >= 0, which are constants.

    >>> polygamma(1, np.array([1.0]))  # pi^2 / 6
    array([1.64493407])
    """
    return ops.polygamma(_fixed("polygamma", n=n), x)


def zeta(x: Any, q: Any = 1.0) -> Any:
    """Hurwitz zeta function `sum_k (k + q)^-x`, Riemann's with q = 1; the derivative is by q alone.

    >>> zeta(np.array([2.0]))  # pi^2 / 6
    array([1.64493407])
    """
    return ops.zeta(_fixed("zeta", x=x), q)


def multigammaln(a: Any, d: int) -> Any:
    """Logarithm of the gamma function of d dimensions, `d (d-1)/4 log pi + sum_j gammaln(a - j/2)`, j = 0 .. d-1.

    >>> multigammaln(np.array([2.0]), 1)
    array([0.])

    Raises ValueError where `2 a <= d - 1`.
    """
    d = operator.index(d)
    value = plain(a)
    if d < 1 or (type(value) is not Batched and np.any(np.asarray(value) <= (d - 1) / 2)):
        raise ValueError(f"special.multigammaln needs an integer d >= 1 and 2 a > d - 1, got d = {d}")
    return sum((gammaln(a - 0.5 * j) for j in range(d)), d * (d - 1) / 4 * np.log(np.pi))


def gammainc(a: Any, x: Any) -> Any:
    """Regularized lower incomplete gamma function `int_0^x t^(a-1) e^-t dt / gamma(a)`; the derivative is by x alone.

    >>> gammainc(1.0, np.array([0.0, 50.0]))
    array([0., 1.])
    """
    return ops.gammainc(_fixed("gammainc", a=a), x)


def gammaincc(a: Any, x: Any) -> Any:
    """Regularized upper incomplete gamma function, `1 - gammainc(a, x)`; the derivative is by x alone.

    >>> gammaincc(1.0, np.array([0.0, 1000.0]))
    array([1., 0.])
    """
    return ops.gammaincc(_fixed("gammaincc", a=a), x)


def betainc(a: Any, b: Any, x: Any) -> Any:
    """Regularized incomplete beta function `int_0^x t^(a-1) (1-t)^(b-1) dt / beta(a, b)`; the derivative is by x alone.

    >>> betainc(1.0, 1.0, np.array([0.25, 1.0]))
    array([0.25, 1.  ])
    """
    return ops.betainc(_fixed("betainc", a=a), _fixed("betainc", b=b), x)


# -- Bessel functions: the order v is a constant ----------------------------------------------------------------


def jv(v: Any, z: Any) -> Any:
    """Bessel function of the first kind of order v.

    >>> jv(0, np.array([0.0]))
    array([1.])
    """
    return ops.jv(_fixed("jv", v=v), z)


def yv(v: Any, z: Any) -> Any:
    """Bessel function of the second kind of order v, of positive z.

    >>> yv(0, np.array([1.0]))
    array([0.08825696])
    """
    return ops.yv(_fixed("yv", v=v), z)


def iv(v: Any, z: Any) -> Any:
    """Modified Bessel function of the first kind of order v.

    >>> iv(0, np.array([0.0]))
    array([1.])
    """
    return ops.iv(_fixed("iv", v=v), z)


def kv(v: Any, z: Any) -> Any:
    """Modified Bessel function of the second kind of order v, of positive z.

    >>> kv(0, np.array([1.0]))
    array([0.42102444])
    """
    return ops.kv(_fixed("kv", v=v), z)


def ive(v: Any, z: Any) -> Any:
    """`exp(-|z|) iv(v, z)`, which does not overflow; of real z.

    >>> ive(0, np.array([0.0]))
    array([1.])
    """
    return ops.ive(_fixed("ive", v=v), z)


def kve(v: Any, z: Any) -> Any:
    """`exp(z) kv(v, z)`, which does not underflow; of positive z.

    >>> kve(0, np.array([1.0]))
    array([1.14446308])
    """
    return ops.kve(_fixed("kve", v=v), z)


jn = jv


def yn(n: Any, z: Any) -> Any:
    """Bessel function of the second kind of an integer order n, of positive z.

    Raises TypeError for an order that is no integer.

    >>> yn(0, np.array([1.0]))
    array([0.08825696])
    """
    order = _fixed("yn", n=n)
    if np.any(np.asarray(order) % 1):
        raise TypeError(f"special.yn takes an integer order, got {order}; write special.yv(v, z)")
    return ops.yn(order, z)


def j0(z: Any) -> Any:
    """Bessel function of the first kind of order 0."""
    return ops.jv(0, z)


def j1(z: Any) -> Any:
    """Bessel function of the first kind of order 1."""
    return ops.jv(1, z)


def y0(z: Any) -> Any:
    """Bessel function of the second kind of order 0."""
    return ops.yv(0, z)


def y1(z: Any) -> Any:
    """Bessel function of the second kind of order 1."""
    return ops.yv(1, z)


def i1(z: Any) -> Any:
    """Modified Bessel function of the first kind of order 1."""
    return ops.iv(1, z)


def k0(z: Any) -> Any:
    """Modified Bessel function of the second kind of order 0."""
    return ops.kv(0, z)


def k1(z: Any) -> Any:
    """Modified Bessel function of the second kind of order 1."""
    return ops.kv(1, z)


def i0e(z: Any) -> Any:
    """`exp(-|z|) i0(z)`."""
    return ops.ive(0, z)


def i1e(z: Any) -> Any:
    """`exp(-|z|) i1(z)`."""
    return ops.ive(1, z)


def k0e(z: Any) -> Any:
    """`exp(z) k0(z)`."""
    return ops.kve(0, z)


def k1e(z: Any) -> Any:
    """`exp(z) k1(z)`."""
    return ops.kve(1, z)


# -- softmax and its kin, with SciPy's default: over all axes ------------------------------------------------------


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """`log(sum(b exp(a)))` over an axis, several, or all, without overflow.

    With `return_sign`, the logarithm of the sum's absolute value, and its sign, a constant; without it, NaN where
    the sum is negative.

    >>> logsumexp(np.array([[1000.0, 1000.0]]), axis=1, b=0.5)
    array([1000.])
    """
    a = floating(a)
    if b is None and not return_sign:
        return reduce.logsumexp(a, axis=axes_of(axis, a.ndim), keepdims=keepdims)
    a, b = ordered(a, "special.logsumexp with b or return_sign"), 1.0 if b is None else b
    b = float(b) if isinstance(b, int) else b if isinstance(b, float) else floating(b)
    constant = b.detach() if type(b) is Tensor else b
    a = a + 0 * constant
    if not is_recorded(b):  # what counts nothing must not overflow
        a = elementwise.where(compare.equal(constant, 0), -np.inf, a)
    axes = axes_of(axis, a.ndim)
    top = largest(a.detach() if type(a) is Tensor else a, axes, keepdims=True, initial=-np.inf)
    top = elementwise.where(compare.isfinite(top), top, 0)
    total = reduce.sum_(b * elementwise.exp(a - top), axis=axes, keepdims=keepdims)
    signs = compare.sign(total)
    total = elementwise.where(signs < 0, -total if return_sign else np.nan, total)
    with np.errstate(divide="ignore"):
        result = elementwise.log(total)
    result = result + (top if keepdims else top.reshape(signs.shape))
    return (result, signs) if return_sign else result


def softmax(x: Any, axis: Axis = None) -> Any:
    """`exp(x_i) / sum_j exp(x_j)` over an axis, several, or all.

    >>> softmax(np.zeros((2, 2)))
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    x = floating(x)
    if isinstance(axis, int):
        return norm.softmax(x, axis=one_axis(axis, x.ndim))
    return elementwise.exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: Axis = None) -> Any:
    """Logarithm of softmax over an axis, several, or all.

    >>> log_softmax(np.zeros(2))
    array([-0.69314718, -0.69314718])
    """
    x = floating(x)
    if isinstance(axis, int):
        return norm.log_softmax(x, axis=one_axis(axis, x.ndim))
    return x - reduce.logsumexp(x, axis=axes_of(axis, x.ndim), keepdims=True)
