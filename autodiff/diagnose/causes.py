"""Why a number turned into NaN or infinity, and what to write instead: a table of the classical causes.

A cause is a condition on the values at the bad place, a sentence that says why, and one that says what to do. The
first that holds is reported. `At` gives a condition the values by the names that the op's rules use: `v.x`, `v.y`,
`v.out`, `v.g`; a value that is not known at that place is NaN, for which every comparison is false.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_UNKNOWN = np.float64("nan")


class At:
    """The values at one place, and which ops computed the arrays they belong to."""

    def __init__(self, values: dict[str, Any], made_by: dict[str, str | None], dtype: Any, params: Any) -> None:
        self.values, self._made_by = values, made_by
        self.dtype, self.params = np.dtype(dtype), params

    def __getattr__(self, name: str) -> Any:
        return self.values.get(name, _UNKNOWN)

    def by(self, name: str) -> str | None:
        """The op that computed an input, None for a leaf or a constant."""
        return self._made_by.get(name)

    @property
    def finite(self) -> bool:
        """Whether all values that are known, but for the result, are finite."""
        return all(np.isfinite(value).all() for name, value in self.values.items() if name != "out")


class Cause(NamedTuple):
    """One row of the tables."""

    holds: Callable[[At], Any]
    why: str
    fix: str


_SAFE = "Keep such values out: safe = where(x {test}, x, 1.0), then {op}(safe)."
_PROBABILITY = "For the logarithm of a probability use log_softmax(scores), which never takes log(0)."
_DOMAIN = "Rounding may push a value out: clip(x, {low}, {high}) first."
_INSIDE = _DOMAIN.format(low="-1 + eps", high="1 - eps")
_DENOMINATOR = "Add something small to the denominator, or divide by where(y != 0, y, 1.0) and choose with where after."


def _one_out(op: str, test: Callable[[At], Any], domain: str, fix: str) -> Cause:
    return Cause(test, f"{op} is defined for {domain}; outside it is NaN.", fix)


FORWARD: dict[str, list[Cause]] = {
    "log": [
        Cause(lambda v: v.x == 0 and v.by("x") == "softmax", "softmax has rounded to 0, and log(0) is -inf.",
              "Use log_softmax(scores), which stays exact where softmax rounds to 0."),
        Cause(lambda v: v.x == 0 and v.by("x") == "sigmoid", "sigmoid has rounded to 0, and log(0) is -inf.",
              "Use -logaddexp(0, -x) for log(sigmoid(x)); it stays exact."),
        Cause(lambda v: v.x == 0 and v.by("x") == "sum", "a sum has rounded to 0, and log(0) is -inf.",
              "Of a sum of exponentials take logsumexp(x); of others log(maximum(x, tiny))."),
        Cause(lambda v: v.x == 0, "log(0) is -inf.",
              f"Use log(maximum(x, tiny)), or log(where(x > 0, x, 1.0)). {_PROBABILITY}"),
        Cause(lambda v: v.x < 0, "the logarithm of a negative number is NaN.",
              _SAFE.format(test="> 0", op="log")),
    ],
    "log1p": [
        Cause(lambda v: v.x == -1, "log1p(-1) is log(0), -inf.", "Keep x above -1: log1p(maximum(x, -1 + tiny))."),
        Cause(lambda v: v.x < -1, "log1p of less than -1 is NaN.", _SAFE.format(test="> -1", op="log1p")),
    ],
    "sqrt": [
        Cause(lambda v: v.x < 0, "the square root of a negative number is NaN.",
              "A variance or a squared distance may come out slightly below 0: sqrt(maximum(x, 0)). "
              + _SAFE.format(test="> 0", op="sqrt")),
    ],
    "div": [
        Cause(lambda v: v.x == 0 and v.y == 0, "0 / 0 is NaN.", _DENOMINATOR),
        Cause(lambda v: v.y == 0, "a number divided by 0 is infinite.", _DENOMINATOR),
        Cause(lambda v: np.isinf(v.x) and np.isinf(v.y), "inf / inf is NaN.",
              "Divide before the two overflow, or subtract their logarithms."),
    ],
    "pow": [
        Cause(lambda v: v.x == 0 and v.y < 0, "0 to a negative power is infinite.",
              "Keep 0 out: safe = where(x != 0, x, 1.0)."),
        Cause(lambda v: v.x < 0 and v.y != np.round(v.y), "a negative number to a power that is no integer is NaN.",
              "Use abs(x) ** y, or keep negative numbers out: safe = where(x > 0, x, 1.0)."),
    ],
    "exp": [
        Cause(lambda v: v.x > 0, "exp overflows {dtype} above {exp_limit}.",
              "Subtract the largest first, exp(x - max(x)); softmax, log_softmax, logsumexp and sigmoid do."),
    ],
    "add": [Cause(lambda v: np.isinf(v.x) and np.isinf(v.y), "inf + -inf is NaN.",
                  "Find where the infinities come from; a mask of -inf is to be added once only.")],
    "sub": [Cause(lambda v: np.isinf(v.x) and np.isinf(v.y), "inf - inf is NaN.",
                  "Find where the infinities come from; of a row of all -inf even the largest is -inf.")],
    "mul": [Cause(lambda v: (v.x == 0) | (v.y == 0), "0 * inf is NaN.",
                  "Choose with where(mask, x, 0) instead of multiplying by a mask.")],
    "softmax": [Cause(lambda v: np.isneginf(v.x).all(), "the softmax of a row of all -inf is 0 / 0.",
                      "Leave one element of each row unmasked, or choose those rows away with where before softmax."),
                Cause(lambda v: np.isposinf(v.x).any(), "softmax of +inf is inf / inf.",
                      "Keep scores finite; -inf is right for masks, +inf is not.")],
    "mean": [Cause(lambda v: not np.size(v.x), "the mean of no elements is 0 / 0.", "Check for an empty batch.")],
    "var": [
        Cause(lambda v: not np.size(v.x), "the variance of no elements is 0 / 0.", "Check for an empty batch."),
        Cause(lambda v: np.size(v.x) <= v.params.get("ddof", 0), "the divisor n - ddof is not positive.",
              "With n elements ddof is at most n - 1; use ddof=0 for a single one."),
    ],
    "sum": [Cause(lambda v: np.isposinf(v.x).any() and np.isneginf(v.x).any(), "the sum holds inf and -inf.",
                  "Find where the infinities come from.")],
    "arctanh": [Cause(lambda v: abs(v.x) == 1, "arctanh(1) is infinite.", _INSIDE),
                _one_out("arctanh", lambda v: abs(v.x) > 1, "-1 < x < 1", _INSIDE)],
    "arccosh": [_one_out("arccosh", lambda v: v.x < 1, "x >= 1", "Use arccosh(maximum(x, 1)).")],
    "arccos": [_one_out("arccos", lambda v: abs(v.x) > 1, "-1 <= x <= 1", _DOMAIN.format(low=-1, high=1))],
    "arcsin": [_one_out("arcsin", lambda v: abs(v.x) > 1, "-1 <= x <= 1", _DOMAIN.format(low=-1, high=1))],
    "log2": [Cause(lambda v: v.x == 0, "log2(0) is -inf.", "Use log2(maximum(x, tiny))."),
             Cause(lambda v: v.x < 0, "the logarithm of a negative number is NaN.",
                   _SAFE.format(test="> 0", op="log2"))],
    "log10": [Cause(lambda v: v.x == 0, "log10(0) is -inf.", "Use log10(maximum(x, tiny))."),
              Cause(lambda v: v.x < 0, "the logarithm of a negative number is NaN.",
                    _SAFE.format(test="> 0", op="log10"))],
    "reciprocal": [Cause(lambda v: v.x == 0, "1 / 0 is infinite.", "Divide by safe = where(x != 0, x, 1.0).")],
}  # fmt: skip
FORWARD["log_softmax"] = FORWARD["logsumexp"] = FORWARD["softmax"]
FORWARD["expm1"] = FORWARD["exp"]
for _name in ("exp2", "sinh", "cosh"):
    FORWARD[_name] = [Cause(lambda v: abs(v.x) > 1, "it grows exponentially, and overflows {dtype} here.",
                            "Keep x smaller, with clip or by scaling it down.")]  # fmt: skip
for _name in ("mod", "floordiv", "fmod", "remainder"):
    FORWARD[_name] = [Cause(lambda v: v.y == 0, "a division by 0 has no remainder and no quotient.", _DENOMINATOR)]
for _name in ("sin", "cos", "tan"):
    FORWARD[_name] = [Cause(lambda v: np.isinf(v.x), "angles must be finite.", "Find where the infinity comes from.")]

_ROOT_SLOPE = "the slope of sqrt, 1 / (2 sqrt(x)), is infinite at 0."
_NORM = (
    "This is a norm at 0, where it has no slope. Add something small under the root, sqrt(sum(x * x) + 1e-12), "
    "or keep 0 out with where before the root and after."
)
_STD = "This is the standard deviation of equal numbers. Add something small under the root: sqrt(var(x) + 1e-12)."
_ROOT = "Add something small, sqrt(x + 1e-12), or keep 0 out: sqrt(where(x > 0, x, 1.0))."

BACKWARD: dict[str, list[Cause]] = {
    "sqrt": [
        Cause(lambda v: v.out == 0 and v.by("x") == "sum", _ROOT_SLOPE, _NORM),
        Cause(lambda v: v.out == 0 and v.by("x") == "var", _ROOT_SLOPE, _STD),
        Cause(lambda v: v.out == 0, _ROOT_SLOPE, _ROOT),
    ],
    "log": [
        Cause(lambda v: v.x == 0, "the slope of log, 1 / x, is infinite at 0.",
              f"Use log(maximum(x, tiny)). {_PROBABILITY}"),
        Cause(lambda v: abs(v.x) < 1 and v.finite, "the slope of log, 1 / x, overflows {dtype} so close to 0.",
              f"Use log(maximum(x, tiny)). {_PROBABILITY}"),
    ],
    "log1p": [Cause(lambda v: v.x == -1, "the slope of log1p, 1 / (1 + x), is infinite at -1.", "Keep x above -1.")],
    "div": [
        Cause(lambda v: v.y == 0, "the slopes of x / y, 1 / y and -x / y^2, are infinite at y = 0.", _DENOMINATOR),
        Cause(lambda v: abs(v.y) < 1 and v.finite, "the slopes of x / y, 1 / y and -x / y^2, overflow {dtype} so close "
              "to y = 0.", _DENOMINATOR),
    ],
    "pow": [
        Cause(lambda v: v.x == 0 and v.y < 1, "the slope of x ** y, y x ** (y - 1), is infinite at 0 for y below 1.",
              "Keep 0 out: where(x > 0, x, 1.0) ** y."),
        Cause(lambda v: v.x < 0, "the slope of x ** y by the exponent, x ** y log(x), is NaN for negative x.",
              "If the exponent is a constant give it as a number: x ** 2, not x ** Tensor(2.0, requires_grad=True)."),
    ],
    "arccos": [Cause(lambda v: abs(v.x) == 1, "the slope of arccos, -1 / sqrt(1 - x^2), is infinite at -1 and 1.",
                     "Clip a little inside: arccos(clip(x, -1 + 1e-7, 1 - 1e-7)); for the angle between vectors use "
                     "arctan2(norm of the cross product, dot product).")],
    "arcsin": [Cause(lambda v: abs(v.x) == 1, "the slope of arcsin, 1 / sqrt(1 - x^2), is infinite at -1 and 1.",
                     "Clip a little inside: arcsin(clip(x, -1 + 1e-7, 1 - 1e-7)).")],
    "arctanh": [Cause(lambda v: abs(v.x) == 1, "the slope of arctanh, 1 / (1 - x^2), is infinite at -1 and 1.",
                      "Clip a little inside.")],
    "arccosh": [Cause(lambda v: v.x == 1, "the slope of arccosh is infinite at 1.", "Keep x above 1.")],
    "reciprocal": [Cause(lambda v: abs(v.out) > 1, "the slope of 1 / x, -1 / x^2, overflows {dtype} so close to 0.",
                         "Divide by where(abs(x) > tiny, x, 1.0).")],
    "cbrt": [Cause(lambda v: v.out == 0, "the slope of cbrt is infinite at 0.", "Keep 0 out: where(x != 0, x, 1.0).")],
    "mul": [Cause(lambda v: (v.g == 0) & (np.isinf(v.x) | np.isinf(v.y)), "the gradient 0 meets an infinite factor.",
                  "Choose with where(mask, x, 0) before the factor becomes infinite.")],
}  # fmt: skip
BACKWARD["log2"] = BACKWARD["log10"] = BACKWARD["log"]
BACKWARD["eigh"] = BACKWARD["eig"] = BACKWARD["svd"] = [
    Cause(
        lambda v: True,
        "vectors that belong to equal eigenvalues or singular values have no slope.",
        "Use the values alone, or make them differ: add small different numbers to the diagonal.",
    )
]

_OVERFLOW = Cause(
    lambda v: v.finite and v.values,
    "all that went in is finite; the result is larger than {dtype} holds, {limit}.",
    "Scale the numbers down, or compute in a wider dtype: x.astype(np.float64).",
)
_GRADIENT_OVERFLOW = Cause(
    lambda v: v.finite and v.values,
    "all that went in is finite; the gradient is larger than {dtype} holds, {limit}.",
    "Scale the loss down and divide the gradients again, or compute in a wider dtype.",
)


def forward_cause(op: str, v: At, nan: bool) -> tuple[str, str]:
    """Return why an op's result is NaN or infinite, and what to write instead; empty where nothing is known."""
    return _first([*FORWARD.get(op, ()), *(() if nan else (_OVERFLOW,))], v)


def backward_cause(op: str, v: At, nan: bool) -> tuple[str, str]:
    """The same for the gradient that an op's rule returned."""
    return _first([*BACKWARD.get(op, ()), *(() if nan else (_GRADIENT_OVERFLOW,))], v)


def _first(causes: list[Cause], v: At) -> tuple[str, str]:
    for cause in causes:
        try:
            holds = bool(cause.holds(v))
        except (TypeError, ValueError):  # complex numbers have no order; several values have no truth
            holds = False
        if holds:
            limit = np.finfo(v.dtype).max if v.dtype.kind in "fc" else 0.0
            why = cause.why.format(dtype=v.dtype, limit=f"{limit:.3g}", exp_limit=f"{np.log(limit):.1f}")
            return why, cause.fix
    return "", ""
