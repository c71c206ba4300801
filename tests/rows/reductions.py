"""Functions that take several elements to one."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, positive, real, row

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
row("sum_rows", lambda x, axis: op("sum_rows")(x, axis=axis, keepdims=False), np.sum,
    [[real(2, 3, 4)], [real(20, 1, 3)]], options=[{"axis": (0, 1)}, {"axis": (1,)}], complex=True)  # fmt: skip

N = ad.numpy
_mask = np.array([[[True, False, True, True]], [[False, True, True, False]]])  # (2, 1, 4), for (2, 3, 4)
_where = [{"where": _mask}, {"where": _mask, "axis": (0, 2)}, {"where": _mask[0], "axis": -1, "keepdims": True}]
_start = [{"initial": 2.5}, {"initial": 2.5, "where": _mask, "axis": 1}, {"initial": 2.5, "axis": (0, 1)}]
_ddof = [{"ddof": 1, "axis": 1}, {"correction": 0.5, "axis": (0, 2)}, {"ddof": 1, **_where[1]}]


def _near(x: Any, **options: Any) -> dict[str, Any]:
    return {"mean": np.mean(x, axis=options.get("axis"), keepdims=True), **options}


def with_mean(f: Any, mean: Any) -> Any:
    """f with the mean computed before; together they are still differentiable by x."""
    return lambda x, **o: f(x, mean=mean(x, axis=o.get("axis"), keepdims=True, where=o.get("where", True)), **o)


for _name in ("sum", "prod", "mean", "var", "std"):
    _options = [*_where, *(_start if _name in ("sum", "prod") else [])]
    row(f"{_name} with where", getattr(N, _name), getattr(np, _name), [[real(2, 3, 4)]], options=_options, complex=True)
    row(f"{_name} with dtype", getattr(N, _name), getattr(np, _name), [[real(2, 3, 4)]],
        options=[{"dtype": np.float64, "axis": 0}, {"dtype": np.float64, "where": _mask}])  # fmt: skip
    _integers = [{}, {"axis": 0}, {"axis": (0, 1), "keepdims": True, "where": _mask}]
    row(f"{_name} of integers", getattr(N, _name), getattr(np, _name),
        [[fixed(np.arange(24).reshape(2, 3, 4).astype(_d))] for _d in (bool, np.int8, np.uint16)],
        options=_integers, differentiable=False)  # fmt: skip
row(
    "sum of small integers",
    N.sum,
    np.sum,
    [[fixed(np.arange(100, dtype=np.int8))]],
    options=[{"dtype": np.int8}, {"dtype": np.uint8}, {"dtype": np.float32}, {"initial": 3}],
    differentiable=False,
)
for _name in ("var", "std"):
    row(f"{_name} with divisors", getattr(N, _name), getattr(np, _name), [[real(2, 3, 4)]], options=_ddof, complex=True)
    row(f"{_name} around a mean", with_mean(getattr(N, _name), N.mean), with_mean(getattr(np, _name), np.mean),
        [[real(2, 3, 4)]], options=[{"axis": 1}, {"axis": None, "ddof": 1}, _where[1]], complex=True)  # fmt: skip
for _name in ("max", "min"):
    row(f"{_name} with a start", getattr(N, _name), getattr(np, _name), [[apart(2, 3, 4)], [apart(2, 3, 4)]],
        options=[{**o, "initial": -o["initial"] if _name == "min" else o["initial"]} for o in _start])  # fmt: skip
    row(f"{_name} of nothing", getattr(N, _name), getattr(np, _name), [[real(2, 0, 3)]],
        options=[{"initial": 1.0, "axis": 1}, {"initial": 1.0}])  # fmt: skip
    row(f"{_name} of integers", getattr(N, _name), getattr(np, _name),
        [[fixed(np.arange(24).reshape(2, 3, 4).astype(_d))] for _d in (np.int8, np.uint16)],
        options=[{}, {"axis": (0, 1)}, {"initial": 5, "where": _mask}], differentiable=False)  # fmt: skip
row("ptp", N.ptp, np.ptp, [[apart(2, 3, 4)]], options=_axes)
row(
    "any with where",
    N.any,
    np.any,
    [[fixed(np.eye(3))]],
    options=[{}, {"axis": 0}, {"axis": 1, "where": np.eye(3) == 0}],
    differentiable=False,
)
row(
    "all with where",
    N.all,
    np.all,
    [[fixed(np.eye(3))]],
    options=[{}, {"axis": 0}, {"axis": 1, "where": np.eye(3) == 1}],
    differentiable=False,
)
row("count_nonzero", N.count_nonzero, np.count_nonzero, [[fixed(np.eye(3))]],
    options=[{}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True}], differentiable=False)  # fmt: skip

_weights = [{}, {"axis": 0}, {"axis": (0, 2), "keepdims": True}]
row("average", N.average, np.average, [[real(2, 3, 4)]], options=_weights, complex=True)
row(
    "average with weights",
    lambda x, w, **o: N.average(x, weights=w, **o),
    lambda x, w, **o: np.average(x, weights=w, **o),
    [[real(2, 3, 4), positive(2, 3, 4)]],
    options=_weights,
)
row("average with weights of axes", lambda x, w, **o: N.average(x, weights=w, **o),
    lambda x, w, **o: np.average(x, weights=w, **o), [[real(4, 3, 4), positive(4)]],
    options=[{"axis": 0}, {"axis": -1, "keepdims": True}])  # fmt: skip
row(
    "average with weights of two axes",
    lambda x, w, **o: N.average(x, weights=w, **o),
    lambda x, w, **o: np.average(x, weights=w, **o),
    [[real(2, 3, 4), positive(4, 2)]],
    options=[{"axis": (2, 0)}],
)
row("average and the sum of its weights", lambda x, w: N.average(x, 0, w, True)[1],
    lambda x, w: np.average(x, 0, w, True)[1], [[real(2, 3), positive(2, 3)], [real(2, 3), positive(2)]],
    inputs=[1])  # fmt: skip
row("average of integers", N.average, np.average, [[fixed(np.arange(6).reshape(2, 3))]],
    options=[{}, {"weights": np.arange(1, 4), "axis": 1}, {"weights": np.ones((2, 3), np.float32)}],
    differentiable=False)  # fmt: skip


def holes(draw: Any, *shape: int) -> Any:
    """Numbers with NaN among them, though in no slice are all NaN."""

    def make(rng: np.random.Generator) -> Any:
        x = np.array(draw(*shape)(rng))
        x.reshape(-1)[::5] = np.nan
        return x

    return make


def through_holes(f: Any) -> Any:
    """A function of NaN and numbers as one of the numbers alone, for finite differences."""
    places = np.zeros(24, bool)
    places[::5] = True

    def g(x: Any, **options: Any) -> Any:
        return f((N if type(x) is ad.Tensor else np).where(places.reshape(2, 3, 4), np.nan, x), **options)

    return g


_nan = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (0, 1), "where": _mask}]
for _name in ("sum", "prod", "mean", "var", "std"):
    f = getattr(N, f"nan{_name}")
    row(f"nan{_name}", f, getattr(np, f"nan{_name}"), [[real(2, 3, 4)], [real(2, 3, 4)]], options=_axes, complex=True)
    row(
        f"nan{_name} with NaN",
        through_holes(f),
        through_holes(getattr(np, f"nan{_name}")),
        [[real(2, 3, 4)]],
        options=[*_nan[2:4], *(_nan[:2] if _name not in ("var", "std") else [{"ddof": 1}, {"correction": 0.5}])],
    )
    row(f"nan{_name} of integers", f, getattr(np, f"nan{_name}"), [[fixed(np.arange(6).reshape(2, 3))]],
        options=[{}, {"axis": 0}], differentiable=False)  # fmt: skip
for _name in ("max", "min"):
    f = getattr(N, f"nan{_name}")
    row(f"nan{_name}", f, getattr(np, f"nan{_name}"), [[apart(2, 3, 4)]], options=_axes)
    row(f"nan{_name} with NaN", through_holes(f), through_holes(getattr(np, f"nan{_name}")), [[apart(2, 3, 4)]],
        options=[*_nan[:4], {"initial": 0.05, "axis": 1, "where": _mask}])  # fmt: skip
    row(f"nan{_name} of integers", f, getattr(np, f"nan{_name}"), [[fixed(np.arange(6).reshape(2, 3))]],
        options=[{}, {"axis": 0}], differentiable=False)  # fmt: skip
for _name in ("argmax", "argmin", "nanargmax", "nanargmin"):
    _draw = apart if _name[0] == "a" else lambda *shape: holes(apart, *shape)
    _title = _name if _name[0] == "n" else f"{_name} of three axes"
    row(_title, getattr(N, _name), getattr(np, _name), [[_draw(2, 3, 4)]],
        options=[{}, {"axis": 0}, {"axis": -1, "keepdims": True}], differentiable=False)  # fmt: skip
