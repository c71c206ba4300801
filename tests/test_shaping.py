"""Shapes, joining, padding and creation: what NumPy's rows cannot show, and what is refused with what words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor
from autodiff.errors import GradientError

N = ad.numpy
A = np.arange(12.0).reshape(3, 4)


def tracked(a: Any = A) -> Tensor:
    return Tensor(a, requires_grad=True)


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda a: a[::-1], lambda a: a[:, ::2].T])
@pytest.mark.parametrize("order", ["C", "F", "A"])
def test_orders_of_reading(layout: Any, order: Any) -> None:
    a = layout(A)
    np.testing.assert_array_equal(N.reshape(a, (2, -1), order), np.reshape(a, (2, -1), order))
    np.testing.assert_array_equal(N.reshape(ad.asarray(a), (2, -1), order).value, np.reshape(a, (2, -1), order))
    for how in (order, "K"):
        np.testing.assert_array_equal(N.ravel(a, how), np.ravel(a, how))
        np.testing.assert_array_equal(np.ravel(ad.asarray(a), how).value, np.ravel(a, how))


def test_a_reshape_may_be_told_to_copy_or_not_to() -> None:
    t = Tensor(A)
    assert not np.may_share_memory(N.reshape(t, -1, copy=True).value, t.value)
    assert np.may_share_memory(N.reshape(t, -1, copy=False).value, t.value)
    with pytest.raises(ValueError, match="copy=False forbids a copy"):
        N.reshape(t.T, -1, copy=False)
    with pytest.raises(ValueError, match='order "C", "F" or "A", got \'X\''):
        N.reshape(t, -1, "X")


def test_trimming_zeros_hands_on_gradients() -> None:
    t = tracked([0.0, 0.0, 1.0, 0.0, 2.0, 0.0])
    for trim, kept in (("fb", slice(2, 5)), ("f", slice(2, 6)), ("b", slice(0, 5)), ("B", slice(0, 5))):
        out = N.trim_zeros(t, trim)
        np.testing.assert_array_equal(out.value, t.value[kept])
        g = ad.gradients(out.sum(), t).value
        assert g[kept].all()
        assert g.sum() == out.size
    assert N.trim_zeros(np.zeros(3)).size == N.trim_zeros(np.zeros(0)).size == 0
    box = np.zeros((4, 5))
    box[1:3, 2] = 1
    np.testing.assert_array_equal(N.trim_zeros(box), box[1:3, 2:3])
    np.testing.assert_array_equal(N.trim_zeros(box, axis=-1), box[:, 2:3])
    with pytest.raises(ValueError, match='trim is "f", "b" or "fb"'):
        N.trim_zeros(t, "x")


def test_triangles_do_not_touch_what_they_drop() -> None:
    a = np.array([[1.0, np.nan], [2.0, 3.0]])
    t = tracked(a)
    N.tril(t).sum().backward()
    np.testing.assert_array_equal(t.grad.value, [[1, 0], [1, 1]])


def test_padding_by_axis() -> None:
    for width in ({0: 1}, {-1: (2, 0)}, {0: (1, 2), 1: 3}, {}):
        pairs = [np.broadcast_to(width.get(i, width.get(i - 2, 0)), 2).tolist() for i in range(2)]
        np.testing.assert_array_equal(N.pad(A, width, "edge"), np.pad(A, pairs, "edge"))


def test_padding_with_infinities_stays_on_its_side() -> None:
    a = np.array([np.inf, 1.0, 2.0, 3.0])
    with np.errstate(invalid="ignore"):
        for mode in ("reflect", "symmetric"):
            np.testing.assert_array_equal(N.pad(a, (0, 2), mode, reflect_type="odd"),
                                          np.pad(a, (0, 2), mode, reflect_type="odd"))  # fmt: skip
    np.testing.assert_array_equal(N.pad(a, 1), [0, *a, 0])


@pytest.mark.parametrize("mode", ["mean", "maximum", "minimum", "linear_ramp", "edge", "constant", "wrap"])
def test_padding_of_integers(mode: Any) -> None:
    a = np.array([[1, 4, 7], [2, 9, 5]])
    for result in (N.pad(a, 2, mode), N.pad(Tensor(a), 2, mode).value):
        expected = np.pad(a, 2, mode)
        np.testing.assert_array_equal(result, expected)
        assert result.dtype == expected.dtype


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: N.pad(t, -1), ValueError, "no negative numbers"),
        (lambda t: N.pad(t, 1.5), TypeError, "pad_width is a number of elements"),
        (lambda t: N.pad(t, 1, "mirror"), ValueError, "has the modes constant, edge, .*; got 'mirror'"),
        (lambda t: N.pad(t, 1, "edge", constant_values=2), ValueError, "mode 'edge' takes no constant_values="),
        (lambda t: N.pad(t[:0], 1, "edge"), ValueError, r"axis 0 of float64 \(0, 4\) is empty"),
        (lambda t: N.pad(t, 1, "maximum", stat_length=0), ValueError, "one element at least"),
        (lambda t: N.pad(t, 1, "reflect", reflect_type="x"), ValueError, 'reflect_type is "even" or "odd"'),
        (lambda t: N.moveaxis(t, (0, 1), (0,)), ValueError, "a place for each axis"),
        (lambda t: N.moveaxis(t, (0, 0), (0, 1)), ValueError, "none twice"),
        (lambda t: N.rot90(t, axes=(0, 2 - 2)), ValueError, "two different axes"),
        (lambda t: N.rot90(t, axes=(0,)), ValueError, "plane of two axes"),
        (lambda t: N.diag(t[None]), ValueError, r"a vector or a matrix, got float64 \(1, 3, 4\)"),
        (lambda t: N.diagonal(t[0]), ValueError, "a diagonal needs two axes"),
        (lambda t: N.diagonal(t, axis2=0), ValueError, "two different axes, got 0 and 0"),
        (lambda t: N.tril(t[0, 0]), ValueError, "takes matrices"),
        (lambda t: N.fliplr(t[0]), ValueError, "fliplr needs two axes"),
        (lambda t: N.flipud(t[0, 0]), ValueError, "flipud needs an axis"),
        (lambda t: N.meshgrid(t, indexing="yx"), ValueError, 'indexing is "xy" or "ij"'),
        (lambda t: N.copy(t, "X"), ValueError, "takes order"),
        (lambda t: N.concatenate([]), ValueError, "at least one array"),
        (lambda t: N.concatenate([t[0, 0], t[0, 1]]), ValueError, "numbers have none; use stack"),
        (lambda t: N.stack([t, t], dtype=int), TypeError, "stack cannot cast"),
        (lambda t: N.concatenate([t], out=A.copy()), TypeError, "the gradient would be lost"),
        (lambda t: N.block([]), ValueError, "empty list"),
        (lambda t: N.block([[t], t]), ValueError, r"lists of one depth, got depths \[0, 1\]"),
        (lambda t: N.block((t, t)), TypeError, "a tuple is neither"),
        (lambda t: N.split(t, 2), ValueError, "into 2 equal pieces along axis 0"),
        (lambda t: N.array_split(t, 0), ValueError, "one piece at least"),
        (lambda t: N.vsplit(t[0], 2), ValueError, "vsplit takes arrays of 2 axes or more"),
        (lambda t: N.unstack(t[0, 0]), ValueError, "unstack takes arrays of 1 axes"),
        (lambda t: N.resize(t, -1), ValueError, "not negative"),
        (lambda t: N.apply_along_axis(np.sum, 0, t[:, :0]), ValueError, "no vectors to call the function on"),
        (lambda t: N.apply_over_axes(lambda x, axis: x[0, 0], t, 0), ValueError, "apply_over_axes: the function made"),
        (lambda t: N.vectorize(abs, signature="()->()"), TypeError, "takes no signature="),
        (lambda t: N.vectorize(abs)(t[:0]), ValueError, "no elements"),
        (lambda t: N.arange(t[0, 0]), GradientError, r"Write start \+ step \* arange\(n\)"),
        (lambda t: N.zeros(2, device="gpu"), ValueError, "Tensors live on the device \"cpu\", got 'gpu'"),
        (lambda t: N.zeros(2, order="X"), ValueError, "takes order"),
        (lambda t: N.asarray([1.0], copy=False), ValueError, "needs a copy"),
        (lambda t: N.asarray(t, np.float32, copy=False), ValueError, "needs a copy"),
        (lambda t: N.asarray(["a"]), TypeError, "a Tensor holds numbers"),
        (lambda t: N.asarray(np.ma.masked_array([1.0], [True])), TypeError, "masked arrays"),
        (lambda t: N.asarray_chkfinite([np.nan]), ValueError, "infinities or NaN"),
        (lambda t: N.geomspace(0.0, t[0, 1]), ValueError, "no zero in it"),
        (lambda t: N.vander(t), ValueError, "takes a vector"),
        (lambda t: N.tril_indices_from(t[0]), ValueError, "takes a matrix"),
        (lambda t: N.diag_indices_from(t), ValueError, "two axes or more of one length"),
    ],
)
def test_what_is_refused(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call(tracked())


def test_joining_writes_where_out_says() -> None:
    out = np.zeros((2, 3, 4), np.float32)
    assert N.stack([Tensor(A), A], out=out) is out
    np.testing.assert_array_equal(out[1], A)
    assert N.concatenate([tracked(), A], dtype=np.float32).dtype == np.float32


def test_nested_lists_of_tensors_are_recorded() -> None:
    x, y = tracked(2.0), tracked([1.0, 3.0])
    for make in (N.array, N.asarray):
        t = make([[x, 1.0], y])
        assert t.shape == (2, 2)
        gx, gy = ad.gradients((t * np.array([[1.0, 2.0], [3.0, 4.0]])).sum(), [x, y])
        assert gx.item() == 1.0
        np.testing.assert_array_equal(gy.value, [3, 4])
    assert N.array([np.float32(1), 2.0]).dtype == np.float64
    assert N.array([ad.Tensor(np.float32(1)), 2.0]).dtype == np.float64


def test_asarray_shares_and_array_copies() -> None:
    a = np.zeros(3)
    t = tracked()
    assert np.may_share_memory(N.asarray(a).value, a)
    assert N.asarray(t) is t
    assert N.asarray(a, copy=False).value is a
    for copied in (N.array(a), N.asarray(a, copy=True), N.asarray(a, order="F", copy=True)):
        assert not np.may_share_memory(copied.value, a)
    copy = N.array(t)
    assert copy.requires_grad
    assert not np.may_share_memory(copy.value, t.value)
    assert N.asarray(A, order="F").value.flags.f_contiguous
    assert np.may_share_memory(N.from_dlpack(a).value, a)
    assert not np.may_share_memory(N.from_dlpack(a, copy=True).value, a)


def test_numpys_creation_functions_make_tensors_like_tensors() -> None:
    t = tracked()
    for like in (np.zeros_like(t), np.ones_like(t), np.full_like(t, 2.0), np.empty_like(t), np.zeros(3, like=t)):
        assert type(like) is Tensor
        assert not like.requires_grad
    c = tracked(2.0)
    np.full_like(t.detach(), c).sum().backward()
    assert c.grad.item() == A.size
    assert np.full_like(np.zeros(2, int), 2.7).dtype == N.full_like(np.zeros(2, int), 2.7).dtype


def test_functions_of_tensors_that_give_several() -> None:
    t = tracked()
    for parts in (np.split(t, 3), np.array_split(t, 2, 1), np.unstack(t) if hasattr(np, "unstack") else N.unstack(t)):
        assert all(part.requires_grad for part in parts)
    assert type(np.split(t, 3)) is list
    assert type(np.broadcast_arrays(t, 1.0)) is type(np.meshgrid(t[0], t[1])) is type(np.atleast_1d(t, t)) is tuple
    assert np.atleast_1d(t).requires_grad


def test_vectorize() -> None:
    f = N.vectorize(lambda x, k, scale=1.0: (x * scale, k), excluded={"k"}, otypes=[np.float32, int])
    t = tracked([1.0, 2.0])
    values, numbers = f(t, 3, scale=2.0)
    assert (values.dtype, numbers.dtype) == (np.float32, np.int64)
    values.sum().backward()
    np.testing.assert_array_equal(t.grad.value, [2, 2])
    assert N.vectorize(abs, doc="Size.").__doc__ == "Size."


def test_dtypes_of_tensors() -> None:
    t = tracked(np.zeros(2, np.float32))
    assert np.result_type(t, 1.0) == N.result_type(t, 1.0) == np.float32
    assert np.can_cast(t, np.float64)
    assert N.can_cast(t, np.float64)
    assert not N.can_cast(t, np.int64)
    assert N.finfo(t).dtype == np.float32
    assert N.finfo(np.zeros(1)).bits == 64
    assert N.iinfo(Tensor([1])).max == np.iinfo(np.int64).max
    assert N.common_type(t, Tensor([1])) is np.float64
    assert N.min_scalar_type(t) == np.float32
    assert N.iscomplexobj(t * 1j)
    assert N.isrealobj(t)
    assert np.iscomplexobj(t * 1j)
    assert N.isdtype(t.dtype, "real floating")
