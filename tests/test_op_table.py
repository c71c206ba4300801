"""Every row of the op table: forward, vjp, jvp, second order, dtypes, memory layouts."""

from __future__ import annotations

import inspect
import zlib
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import functional, special
from autodiff.graph import is_internal
from autodiff.numpy import constants, inspection
from autodiff.op import OPS
from autodiff.testing import check_grads
from tests.rows import ROWS, Row

TRIALS = [(row, i) for row in ROWS.values() for i in range(len(row.trials()))]
IDS = [f"{row.name}-{i}" for row, i in TRIALS]
NO_ROW = {"shape", "ndim", "size", *constants.__all__, *inspection.__all__}  # they give Python numbers and dtypes
every_trial = pytest.mark.parametrize(("row", "trial"), TRIALS, ids=IDS)


def draw(row: Row, trial: int, dtype: Any = None) -> tuple[list[Any], dict[str, Any]]:
    """Draw a trial's arguments, the floating ones in a given dtype (complex ones with an imaginary part)."""
    case, options = row.trials()[trial]
    rng = np.random.default_rng(zlib.crc32(f"{row.name}-{trial}".encode()))
    args = [make(rng) for make in case]
    if dtype is not None:
        args = [cast(a, dtype, rng) if is_float(a) else a for a in args]
    return args, options


def is_float(a: Any) -> bool:
    return isinstance(a, np.ndarray | np.floating) and a.dtype.kind == "f"


def cast(a: Any, dtype: Any, rng: np.random.Generator) -> Any:
    a = np.asarray(a).astype(dtype)
    if a.dtype.kind == "c":
        a = a + 1j * rng.uniform(0.2, 0.6, a.shape).astype(a.real.dtype)
    return a


def tracked(row: Row, args: list[Any]) -> list[int]:
    """Which arguments are differentiated by."""
    if row.inputs is not None:
        return list(row.inputs)
    return [i for i, a in enumerate(args) if isinstance(a, np.ndarray | np.floating | np.complexfloating)
            and a.dtype.kind in "fc"]  # fmt: skip


def gradients(row: Row, args: list[Any], options: dict[str, Any], which: list[int]) -> tuple[Any, list[Any]]:
    """The output, and the gradients of a fixed weighting of it."""
    tensors = [ad.Tensor(a, requires_grad=True) if i in which else a for i, a in enumerate(args)]
    out = row.call(*tensors, **options)
    weight = np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype)
    out.backward(weight)
    return out, [tensors[i].grad for i in which]


@every_trial
def test_forward(row: Row, trial: int) -> None:
    """Arrays and Tensors give NumPy's values, shape and dtype."""
    args, options = draw(row, trial)
    expected = row.reference(*args, **options)
    plain = row.call(*args, **options)
    tensor = row.call(*[ad.Tensor(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args],
                      **options)  # fmt: skip
    assert row.creates == (type(plain) is ad.Tensor)
    for result in [r.value if type(r) is ad.Tensor else r for r in (plain, tensor)]:
        assert np.shape(result) == np.shape(expected)
        assert np.result_type(result) == np.result_type(expected)
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


@every_trial
def test_derivatives(row: Row, trial: int) -> None:
    """vjp, jvp and both of the gradient agree with finite differences in float64."""
    args, options = draw(row, trial)
    which = tracked(row, args)
    if not row.differentiable or not which:
        tensors = [ad.Tensor(a, requires_grad=True) if is_float(a) else a for a in args]
        out = row.call(*tensors, **options)
        assert type(out) is not ad.Tensor or not out.requires_grad
        return
    check(row, args, options, which)


@every_trial
def test_complex(row: Row, trial: int) -> None:
    """The same for complex arguments, where the function is defined for them."""
    if not row.complex:
        return
    args, options = draw(row, trial, np.complex128)
    which = tracked(row, args)
    if which:
        expected = row.reference(*args, **options)
        np.testing.assert_allclose(row.call(*args, **options), expected, rtol=1e-10, atol=1e-10)
        check(row, args, options, which)


def check(row: Row, args: list[Any], options: dict[str, Any], which: list[int]) -> None:
    def f(*values: Any) -> Any:
        full = list(args)
        for i, value in zip(which, values, strict=True):
            full[i] = value
        return row.call(*full, **options)

    check_grads(f, [args[i] for i in which], order=2 if row.second_order else 1, rtol=row.rtol)


@every_trial
def test_float32(row: Row, trial: int) -> None:
    """float32 stays float32, forward and backward, and agrees with float64."""
    args, options = draw(row, trial)
    which = tracked(row, args)
    if not row.differentiable or not which or "dtype" in options:
        return
    small = [a.astype(np.float32) if is_float(a) else a for a in args]
    reference = np.result_type(np.asarray(row.reference(*small, **options)))
    out32, grads32 = gradients(row, small, options, which)
    _, grads64 = gradients(row, args, options, which)
    assert out32.dtype == reference
    for g32, g64 in zip(grads32, grads64, strict=True):
        assert g32.dtype == np.float32
        np.testing.assert_allclose(g32.value, g64.value, rtol=2e-4, atol=2e-5)


@every_trial
def test_memory_layout(row: Row, trial: int) -> None:
    """Strided, reversed, transposed and read-only arguments give the same result and gradients."""
    args, options = draw(row, trial)
    which = tracked(row, args)
    if not row.differentiable or not which:
        return
    out, grads = gradients(row, args, options, which)
    for layout in (strided, backwards, fortran, read_only):
        twisted = [layout(a) if isinstance(a, np.ndarray) and a.ndim and a.dtype.kind == "f" else a for a in args]
        tensors = [ad.asarray(a).requires_grad_() if i in which else a for i, a in enumerate(twisted)]
        again = row.call(*tensors, **options)
        again.backward(np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype))
        np.testing.assert_allclose(again.value, out.value, rtol=1e-12, atol=1e-14)
        for i, g in zip(which, grads, strict=True):
            np.testing.assert_allclose(tensors[i].grad.value, g.value, rtol=1e-12, atol=1e-14)


def strided(a: Any) -> Any:
    return np.repeat(a, 2, axis=-1)[..., ::2]


def backwards(a: Any) -> Any:
    return a[::-1].copy()[::-1]


def fortran(a: Any) -> Any:
    return np.asfortranarray(a)


def read_only(a: Any) -> Any:
    a = a.copy()
    a.flags.writeable = False
    return a


@every_trial
def test_arguments_are_not_written(row: Row, trial: int) -> None:
    args, options = draw(row, trial)
    which = tracked(row, args)
    if not row.differentiable or not which:
        return
    before = [np.array(a, copy=True) for a in args if isinstance(a, np.ndarray)]
    tensors = [ad.asarray(a).requires_grad_() if i in which else a for i, a in enumerate(args)]
    out = row.call(*tensors, **options)
    value = np.array(out.value, copy=True)
    out.backward(np.ones_like(out.value))
    for a, b in zip([a for a in args if isinstance(a, np.ndarray)], before, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(out.value, value)


def test_every_op_has_a_row() -> None:
    engine = {name for name, op in OPS.items() if op.call.__module__.startswith("autodiff.ops.")}
    assert engine - set(ROWS) == set()


def test_every_public_function_has_a_row() -> None:
    names = {name: getattr(ad.numpy, name) for name in ad.numpy.__all__}
    names |= {name: getattr(ad, name) for name in functional.__all__}
    names |= {name: getattr(special, name) for name in special.__all__ if name not in names}
    for module in (ad.numpy.fft, ad.numpy.linalg):
        names |= {f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name) for name in module.__all__}
    called = [row.call for row in ROWS.values()]
    missing = {name for name, f in names.items() if inspect.isfunction(f) and f not in called} - set(ROWS)
    assert not {name for name in missing - NO_ROW if hasattr(np, name) or "." in name}  # an old NumPy lacks some


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_is_documented(name: str) -> None:
    op = OPS[name]
    if is_internal(op.call.__module__):
        assert (op.call.__doc__ or "").endswith((".", ")"))
        assert not (op.call.__doc__ or "").startswith("Op `")
