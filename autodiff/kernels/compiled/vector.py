"""exp, expm1, log, log1p, tanh, sigmoid, erf, ndtr, sin and cos for the inside of loops, in float32 and float64.

Numba's own call the C library, one number at a time. These have no branches and no calls, so LLVM makes vector
instructions of a loop around them. Each is a reduction to a short interval and a polynomial there, interpolated at
Chebyshev's nodes. The largest errors, in units of the last place of the result (tests/kernels/test_vector.py):

    exp 1.5    log 1.5    tanh 3    sigmoid 3.5    erf 3    sin, cos 2.5, for |x| up to 8000
    log1p 1.5, for 0 <= x <= 1    expm1 3, for x <= 0    ndtr 10 + 2 x^2 for negative x, 4 for positive
    bell 2 + x^2 / 2, and 0 below the normal range

They treat infinities, NaN and numbers below the normal range as the C library does, but that sin, cos, expm1 and
log1p are of no use beyond their range. Outside of a compiled loop they are NumPy's and SciPy's functions.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

# No reassociation: sums are in this order for a reason. A call that is left in a loop keeps it from becoming vectors.
_OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz"}, "forceinline": True}

_EXP = {
    "f": (0.5, 0.16666573286056519, 0.04166654869914055, 0.008363774046301842, 0.0013926926767453551),
    "d": (
        0.5000000000000001, 0.16666666666666669, 0.04166666666662064, 0.008333333333329793, 0.0013888888918939168,
        0.00019841269864380513, 2.4801518641395993e-05, 2.75572664186123e-06, 2.7621338669142925e-07,
        2.510134692835034e-08,
    ),
}  # fmt: skip
"""(e^r - 1 - r) / r^2 for |r| < log(2) / 2."""

_LOG = {
    "f": (0.6666666865348816, 0.40000125765800476, 0.28550398349761963, 0.23341943323612213),
    "d": (
        0.6666666666666666, 0.4000000000000094, 0.2857142857076445, 0.2222222240054776, 0.181817947008978,
        0.15386290534658992, 0.13267418596474884, 0.1310072138350349,
    ),
}  # fmt: skip
"""(2 atanh(s) / s - 2) / s^2 as a polynomial in s^2, for 1/sqrt(2) < (1 + s) / (1 - s) < sqrt(2)."""

_SIN = {
    "f": (-0.1666666716337204, 0.008333331905305386, -0.00019840039021801203, 2.724378191487631e-06),
    "d": (
        -0.16666666666666666, 0.008333333333333331, -0.00019841269841264567, 2.7557319218954762e-06,
        -2.505210610025599e-08, 1.6058510875319195e-10, -7.585486485235938e-13,
    ),
}  # fmt: skip
_COS = {
    "f": (0.0416666679084301, -0.00138888880610466, 2.48005599132739e-05, -2.7295831728224584e-07),
    "d": (
        0.041666666666666664, -0.0013888888888888887, 2.4801587301584367e-05, -2.75573192211891e-07,
        2.0876755717584403e-09, -1.1470449354466773e-11, 4.745198807202876e-14,
    ),
}  # fmt: skip
"""(sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in r^2, for |r| < pi / 4."""

_ERF = {
    "f": (
        1.1283791065216064, -0.3761262595653534, 0.11283594369888306, -0.02685421146452427, 0.005189087241888046,
        -0.000801686430349946, 7.875874871388078e-05,
    ),
    "d": (
        1.1283791670955126, -0.37612638903183754, 0.1128379167095512, -0.02686617064512984, 0.0052239776254232985,
        -0.000854832702193483, 0.00012055332902888736, -1.4925647567519332e-05, 1.6462045441468418e-06,
        -1.6364642158167616e-07, 1.4792401209404813e-08, -1.216456005728345e-09, 8.709045129053106e-11,
        -4.230945824295338e-12,
    ),
}  # fmt: skip
"""erf(x) / x in x^2, for |x| < 1."""

_ERFCX = {
    "f": (
        0.5107913613319397, -0.34358033537864685, 0.13973605632781982, -0.018221041187644005, -0.010755334980785847,
        0.0032387664541602135, 0.001544588478282094, -0.00041513529140502214, -0.0003263530961703509,
        1.200732913275715e-05, 5.926435187575407e-05, 1.5315525160986e-05,
    ),
    "d": (
        0.3580023023627799, -0.2944648177232946, 0.1967427857013668, -0.10348908730018422, 0.03984258709579598,
        -0.008942411541650066, -0.00040413887656825414, 0.0010113540026577765, -0.00018276988652596166,
        -9.225929944904131e-05, 3.5853749703822525e-05, 1.0132797000335223e-05, -5.823164510634471e-06,
        -1.5832610819417568e-06, 9.207785511832633e-07, 3.331670696210395e-07, -1.3415980673912e-07,
        -7.772906446136499e-08, 1.3364198034350175e-08, 1.6271005977536553e-08, 8.276520755101915e-10,
        -2.128101489411479e-09, -5.377283000108533e-10,
    ),
}  # fmt: skip
"""e^(x^2) erfc(x) (x + K) / K in t = (x - K) / (x + K), for 0 <= x < 11 (float32, K = 2) or 28 (float64, K = 3)."""


@intrinsic
def _as_float32(typing: Any, bits: Any) -> Any:
    """The float32 with these bits."""
    return types.float32(types.int32), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.FloatType()
    )


@intrinsic
def _as_float64(typing: Any, bits: Any) -> Any:
    """The float64 with these bits."""
    return types.float64(types.int64), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.DoubleType()
    )


@intrinsic
def _bits_float32(typing: Any, x: Any) -> Any:
    """The bits of a float32."""
    return types.int32(types.float32), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.IntType(32)
    )


@intrinsic
def _bits_float64(typing: Any, x: Any) -> Any:
    """The bits of a float64."""
    return types.int64(types.float64), lambda context, builder, signature, args: builder.bitcast(
        args[0], ir.IntType(64)
    )


def _polynomial(coefficients: tuple[float, ...], number: Any) -> Any:
    """Horner's scheme written out: a loop over a tuple would not become constants."""
    scope = {f"c{i}": number(c) for i, c in enumerate(coefficients)}
    text = f"c{len(coefficients) - 1}"
    for i in reversed(range(len(coefficients) - 1)):
        text = f"(c{i} + x * {text})"
    exec(f"def polynomial(x): return {text}", scope)  # constants from above, and nothing else
    return njit(**_OPTIONS)(scope["polynomial"])


def _make(char: str) -> SimpleNamespace:
    """All functions for one dtype."""
    double = char == "d"
    number: Any = np.float64 if double else np.float32
    integer: Any = np.int64 if double else np.int32
    as_float: Any
    bits_of: Any
    as_float, bits_of = (_as_float64, _bits_float64) if double else (_as_float32, _bits_float32)
    shift, bias = (integer(52), integer(1023)) if double else (integer(23), integer(127))
    low, high = (number(-746), number(710)) if double else (number(-104), number(89))
    zero, half, one, two = (number(v) for v in (0, 0.5, 1, 2))
    log2_e = number(1 / math.log(2))
    # log(2) and pi / 2 in parts, the first of few digits, so that a multiple of it is exact
    ln2 = (0.693359375, -2.1219444005469058e-4) if not double else (0.6931471803691238, 1.9082149292705877e-10)
    ln2_high, ln2_low = (number(v) for v in ln2)
    parts = (
        (1.5703125, 4.8351287841796875e-4, 3.13855707645416259765625e-7, 6.077094383272197e-11)
        if not double
        else (1.5707962512969971, 7.549789415861596e-08, 5.390302529957765e-15, 3.282003415807913e-22)
    )
    pi_1, pi_2, pi_3, pi_4 = (number(v) for v in parts)
    two_over_pi = number(2 / math.pi)
    tiny, lift_by = (number(2.0**-1022), number(2.0**54)) if double else (number(2.0**-126), number(2.0**25))
    lifted = integer(54 if double else 25)
    sqrt_half = integer(np.array(math.sqrt(0.5), number).view(integer))
    bottom = number(-709 if double else -88)  # the power of two of which is 0
    infinity, nan = number(np.inf), number(np.nan)
    least, most, last = np.iinfo(integer).min, integer(np.iinfo(integer).max), integer(63 if double else 31)
    k = number(3 if double else 2)
    exp_p, log_p, sin_p, cos_p, erf_p, erfcx_p = (
        _polynomial(table[char], number) for table in (_EXP, _LOG, _SIN, _COS, _ERF, _ERFCX)
    )
    end = number(28 if double else 11)

    @njit(**_OPTIONS)
    def power_of_two(n: Any) -> Any:
        return as_float((integer(n) + bias) << shift)

    @njit(**_OPTIONS)
    def exp(x: Any) -> Any:
        y = min(max(x, low), high)
        n = np.floor(y * log2_e + half)
        r = (y - n * ln2_high) - n * ln2_low
        p = one + (r + r * r * exp_p(r))
        i = np.int32(n)
        first = i >> np.int32(1)  # in two steps, for numbers below the normal range and infinity
        p = p * power_of_two(first) * power_of_two(i - first)
        return x if x != x else p

    @njit(**_OPTIONS)
    def log(x: Any) -> Any:
        below = x < tiny
        y = x * lift_by if below else x
        bits = bits_of(y)
        e = (bits - sqrt_half) >> shift
        m = as_float(bits - (e << shift))
        n = number(np.int32(e - (lifted if below else integer(0))))
        f = m - one
        s = f / (two + f)
        z = s * s
        square = half * f * f
        y = n * ln2_high - ((square - (s * (square + z * log_p(z)) + n * ln2_low)) - f)
        y = infinity if x == infinity else y
        y = -infinity if x == zero else y
        return y if x >= zero else nan

    @njit(**_OPTIONS)
    def log1p(x: Any) -> Any:
        high = x > number(math.sqrt(2) - 1)
        f = half * (x - one) if high else x  # 1 + x is 1 + f, or twice that
        n = one if high else zero
        s = f / (two + f)
        z = s * s
        square = half * f * f
        return n * ln2_high - ((square - (s * (square + z * log_p(z)) + n * ln2_low)) - f)

    @njit(**_OPTIONS)
    def expm1(x: Any) -> Any:
        y = max(x, number(-60))
        n = np.floor(y * log2_e + half)
        r = (y - n * ln2_high) - n * ln2_low
        scale = power_of_two(np.int32(n))
        e = scale * (r + r * r * exp_p(r)) + (scale - one)
        return x if x != x else e

    @njit(**_OPTIONS)
    def top(x: Any) -> Any:
        found = integer(least)
        for i in range(x.size):
            bits = bits_of(x[i])
            found = max(found, integer(bits ^ (integer(bits >> last) & most)))  # ordered as the numbers are
        return as_float(found ^ (integer(found >> last) & most))

    @njit(**_OPTIONS)
    def tanh(x: Any) -> Any:
        y = min(two * abs(x), number(44))
        n = np.floor(y * log2_e + half)
        r = (y - n * ln2_high) - n * ln2_low
        scale = power_of_two(np.int32(n))
        e = scale * (r + r * r * exp_p(r)) + (scale - one)  # exp(2 |x|) - 1
        t = e / (e + two)
        t = -t if x < zero else t
        return x if x != x or x == zero else t

    @njit(**_OPTIONS)
    def sigmoid(x: Any) -> Any:
        e = exp(-abs(x))
        s = one / (one + e)
        return s if x >= zero else e * s

    @njit(**_OPTIONS)
    def erfcx(x: Any) -> Any:
        """e^(x^2) erfc(x) for x >= 0."""
        r = one / (min(x, end) + k)
        return erfcx_p(one - (two * k) * r) * (k * r)

    @njit(**_OPTIONS)
    def erf(x: Any) -> Any:
        y = abs(x)
        near = min(y, one) * erf_p(min(y, one) * min(y, one))
        far = one - erfcx(y) * exp(-min(y, end) * min(y, end))
        weight = number(y >= one)  # a choice would become a branch around all of it
        y = near * (one - weight) + far * weight
        return -y if x < zero else y

    @njit(**_OPTIONS)
    def bell(x: Any) -> Any:
        y = -half * x * x
        y = y if y > bottom else bottom
        n = np.floor(y * log2_e + half)
        r = (y - n * ln2_high) - n * ln2_low
        return (one + (r + r * r * exp_p(r))) * power_of_two(np.int32(n))

    @njit(**_OPTIONS)
    def ndtr_of(x: Any, e: Any) -> Any:
        tail = half * erfcx(min(abs(x) * number(math.sqrt(0.5)), end)) * e
        return tail if x < zero else one - tail

    @njit(**_OPTIONS)
    def ndtr(x: Any) -> Any:
        y = min(abs(x) * number(math.sqrt(0.5)), end)
        tail = half * erfcx(y) * exp(-y * y)
        return tail if x < zero else one - tail

    @njit(**_OPTIONS)
    def turned(x: Any, by: Any) -> Any:
        """sin(x + by pi / 2)."""
        n = np.floor(x * two_over_pi + half)
        r = (((x - n * pi_1) - n * pi_2) - n * pi_3) - n * pi_4
        z = r * r
        s = r + r * z * sin_p(z)
        c = one - half * z + z * z * cos_p(z)
        quarter = np.int32(n) + by
        y = c if quarter & np.int32(1) else s
        return -y if quarter & np.int32(2) else y

    @njit(**_OPTIONS)
    def sin(x: Any) -> Any:
        return turned(x, np.int32(0))

    @njit(**_OPTIONS)
    def cos(x: Any) -> Any:
        return turned(x, np.int32(1))

    return SimpleNamespace(
        exp=exp,
        log=log,
        log1p=log1p,
        expm1=expm1,
        top=top,
        tanh=tanh,
        sigmoid=sigmoid,
        erf=erf,
        bell=bell,
        ndtr_of=ndtr_of,
        ndtr=ndtr,
        sin=sin,
        cos=cos,
    )


_SINGLE, _DOUBLE = _make("f"), _make("d")


def exp(x: Any) -> Any:
    """e^x."""
    return np.exp(x)


def log(x: Any) -> Any:
    """Natural logarithm."""
    return np.log(x)


def log1p(x: Any) -> Any:
    """`log(1 + x)`, exact near 0, for 0 <= x <= 1."""
    return np.log1p(x)


def expm1(x: Any) -> Any:
    """`e^x - 1`, exact near 0, for x <= 0."""
    return np.expm1(x)


def top(x: Any) -> Any:
    """The largest number of a vector. A maximum of floats alone would be taken one number at a time, for NaN's sake.

    NaN wins or is lost, by its sign; of no numbers it is NaN.
    """
    return np.max(x, initial=-np.inf)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return np.tanh(x)


def sigmoid(x: Any) -> Any:
    """Logistic function `1 / (1 + e^-x)`."""
    from ..elementwise import sigmoid as reference

    return reference(x)


def erf(x: Any) -> Any:
    """Error function."""
    from scipy.special import erf as reference

    return reference(x)


def bell(x: Any) -> Any:
    """`e^(-x^2 / 2)`, and 0 where that is below the normal range or x is NaN."""
    return np.exp(-0.5 * x * x)


def ndtr_of(x: Any, e: Any) -> Any:
    """`ndtr(x)` where `e = bell(x)` is known."""
    return ndtr(x)


def ndtr(x: Any) -> Any:
    """Distribution function of the standard normal."""
    from scipy.special import ndtr as reference

    return reference(x)


def sin(x: Any) -> Any:
    """Sine, for |x| up to 8000."""
    return np.sin(x)


def cos(x: Any) -> Any:
    """Cosine, for |x| up to 8000."""
    return np.cos(x)


def _dispatch(stub: Any) -> None:
    name = stub.__name__

    @overload(stub, jit_options=_OPTIONS, strict=False)
    def choose(x: Any) -> Any:
        chosen = getattr(_SINGLE if getattr(x, "dtype", x) == types.float32 else _DOUBLE, name)
        return lambda x: chosen(x)


for _stub in (exp, log, log1p, expm1, top, tanh, sigmoid, erf, bell, ndtr, sin, cos):
    _dispatch(_stub)


@overload(ndtr_of, jit_options=_OPTIONS, strict=False)
def _ndtr_of(x: Any, e: Any) -> Any:
    chosen = (_SINGLE if x == types.float32 else _DOUBLE).ndtr_of
    return lambda x, e: chosen(x, e)
