"""vmap of every row of the op table: the same as a loop and a stack, in value, gradient and tangent.

A function that asks for the value of one example is refused; nothing else may differ.
`python -m tests.test_vmap_table` lists the ops that are called example by example, and the rows that are refused.
"""

from __future__ import annotations

import sys
import warnings
import zlib
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import jvp, vjp, vmap
from autodiff.config import Observer, mode
from tests.rows import ROWS, Row
from tests.test_op_table import IDS, TRIALS, is_float

N = 3


def arguments(row: Row, trial: int, k: int) -> list[Any]:
    rng = np.random.default_rng(zlib.crc32(f"{row.name}-{trial}-{k}".encode()))
    return [make(rng) for make in row.trials()[trial][0]]


class Draws(Observer):
    """Whether a random op is called: each example then draws its own numbers."""

    found = False

    def called(self, op: Any, inputs: Any, params: Any, result: Any, frame: Any) -> None:
        self.found = self.found or op.kind == "random" or ("seed" in params and params.get("p", 0) > 0)


def draws_numbers(row: Row, trial: int, which: list[int]) -> bool:
    watch, args = Draws(), arguments(row, trial, 0)
    with mode(observers=(watch,)):
        row.call(*[ad.Tensor(a) if i in which else a for i, a in enumerate(args)], **row.trials()[trial][1])
    return watch.found


def parts(out: Any) -> list[Any]:
    outs = out if isinstance(out, tuple | list) else [out]
    return [np.asarray(o.value if type(o) is ad.Tensor else o) for o in outs]


def like(out: Any, values: list[Any]) -> Any:
    """These values in the structure of an output."""
    if not isinstance(out, tuple | list):
        return values[0]
    return out._make(values) if hasattr(out, "_make") else type(out)(values)


def run(row: Row, trial: int) -> tuple[set[str], bool]:
    """Check one trial, with all arguments mapped and with each one alone; return the ops that looped."""
    first, options = arguments(row, trial, 0), row.trials()[trial][1]
    which = [i for i, a in enumerate(first) if is_float(a) and (row.inputs is None or i in row.inputs)]
    looped: set[str] = set()
    if not which or draws_numbers(row, trial, which):
        return looped, False
    examples = [first, *(arguments(row, trial, k) for k in range(1, N))]
    if any(np.shape(e[i]) != np.shape(first[i]) for e in examples for i in which):
        return looped, False
    for chosen in [which] if len(which) == 1 else [which, *([i] for i in which)]:
        order = [*chosen, *(i for i in which if i not in chosen)]
        axes = (0,) * len(chosen) + (None,) * (len(which) - len(chosen))

        def f(*values: Any, order: Any = tuple(order)) -> Any:
            full = list(first)
            for i, value in zip(order, values, strict=True):
                full[i] = value
            return row.call(*full, **options)

        rows = [[e[i] if i in chosen else first[i] for i in order] for e in examples]
        stacked = [np.stack([r[j] for r in rows]) if a == 0 else rows[0][j] for j, a in enumerate(axes)]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                vmap(f, axes)(*stacked)
            except ad.GradientError as error:
                if "vmap runs the function once" not in str(error):
                    raise
                return looped, True
            check(row, f, rows, stacked, axes)
        looped |= {str(w.message).split("'")[1] for w in caught if "example by example" in str(w.message)}
    return looped, False


def check(row: Row, f: Any, rows: list[list[Any]], stacked: list[Any], axes: Any) -> None:
    expected = [parts(f(*r)) for r in rows]
    for j, value in enumerate(parts(vmap(f, axes)(*stacked))):
        want = np.stack([e[j] for e in expected])
        assert value.dtype == want.dtype
        np.testing.assert_allclose(value, want, rtol=1e-10, atol=1e-12)
    whole = parts(vmap(f, axes)(*stacked))
    if not row.differentiable or any(w.dtype != v.dtype for e in expected for w, v in zip(e, whole, strict=True)):
        return  # eigenvalues may be real for one example and complex for another
    out, pullback = vjp(vmap(f, axes), *stacked)
    seeds = [np.cos(np.arange(o.size)).reshape(o.shape).astype(o.dtype) for o in parts(out)]
    gradients = pullback(like(out, seeds))
    singles = [vjp(f, *r) for r in rows]
    pulled = [pull(like(o, [s[k] for s in seeds])) for k, (o, pull) in enumerate(singles)]
    inside = vmap(lambda s, *xs: vjp(f, *xs)[1](like(out, list(s))), (0, *axes))(tuple(seeds), *stacked)
    for j, axis in enumerate(axes):
        each = np.stack([p[j] for p in pulled])
        same(gradients[j], each if axis == 0 else each.sum(0))
        same(inside[j], each)
    tangents = [np.sin(np.arange(s.size) + 1.0).reshape(s.shape).astype(s.dtype) for s in map(np.asarray, stacked)]
    moved = parts(jvp(vmap(f, axes), stacked, tangents)[1])
    each_t = [[t[k] if a == 0 else t for t, a in zip(tangents, axes, strict=True)] for k in range(N)]
    one = [parts(jvp(f, r, t)[1]) for r, t in zip(rows, each_t, strict=True)]
    within = parts(vmap(lambda xs, ts: jvp(f, xs, ts)[1], (list(axes), list(axes)))(stacked, tangents))
    for j, value in enumerate(moved):
        same(value, np.stack([o[j] for o in one]))
        same(within[j], value)


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("row", "trial"), TRIALS, ids=IDS)
def test_row(row: Row, trial: int) -> None:
    run(row, trial)


def test_the_first_ops_loop_never() -> None:
    for name in ("add", "sum", "mean", "matmul", "getitem", "getitem by arrays", "conv2d", "softmax", "where"):
        if name in ROWS:
            for trial in range(len(ROWS[name].trials())):
                assert run(ROWS[name], trial) == (set(), False)


if __name__ == "__main__":
    loops: set[str] = set()
    for row in ROWS.values():
        for trial in range(len(row.trials())):
            looped, refused = run(row, trial)
            loops |= looped
            if refused:
                print("refused:", row.name, trial)
    sys.stdout.write(f"one by one: {', '.join(sorted(loops)) or 'none'}\n")
