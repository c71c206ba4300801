"""Reading by index: every form of key that NumPy takes, forward and backward; and what is said of wrong ones."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor
from autodiff.kernels.scatter import add_rows
from autodiff.ops.index import Scatter, split_key
from autodiff.testing import check_grads

PARTS: list[Any] = [
    0, -2, np.int8(1), slice(None), slice(None, None, -2), slice(1, 1), slice(-1, None), None, ..., True, False,
    [0, 2, 2], np.array([[0], [-1]], np.int16), np.array([1, 0], np.uint8), np.array(1), np.array([], int), [],
    np.array([True, False, True]), np.array([[True, False, True, False]] * 3),
]  # fmt: skip


def keys() -> list[Any]:
    found: list[Any] = [part for part in PARTS if not isinstance(part, list)]
    return [*found, (), *[key for n in (1, 2, 3) for key in product(PARTS, repeat=n)]]


def expected(x: Any, key: Any) -> Any:
    try:
        return x[key]
    except IndexError as error:
        return error


def test_every_key_reads_what_numpy_reads_and_sends_the_gradient_back_there() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 3))
    t, wrong = Tensor(x, requires_grad=True), 0
    for key in keys():
        value = expected(x, key)
        if isinstance(value, IndexError):
            wrong += 1
            with pytest.raises(IndexError):
                t[key]
            continue
        out = t[key]
        assert out.shape == value.shape, key
        np.testing.assert_array_equal(out.value, value)
        g = np.cos(np.arange(value.size)).reshape(value.shape)
        t.grad = None
        out.backward(g)
        places = np.zeros(x.shape)
        np.add.at(places, key, g)
        np.testing.assert_array_equal(t.grad.value, places)
    assert 1000 < wrong < len(keys()) - 1000


def test_a_scalar_is_indexed_by_nothing_and_by_truth() -> None:
    t = Tensor(2.0, requires_grad=True)
    for key in ((), ..., None, (None, ...), True, False, np.array(True), (True, None)):
        value = np.array(2.0)[key]
        t.grad = None
        out = t[key]
        assert out.shape == np.shape(value)
        out.backward(np.ones(np.shape(value)))
        assert t.grad.item() == np.size(value)
    with pytest.raises(IndexError):
        t[0]


@pytest.mark.parametrize("key", [
    (Tensor(1), slice(None, Tensor(2))), Tensor([0, 2, 0]), (Tensor([True, False, True]), Tensor([0, 1])),
    (slice(None), Tensor(np.array([[1, 0]], np.uint16))), [Tensor(1), Tensor(0)],
])  # fmt: skip
def test_tensors_are_indices(key: Any) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))

    def plain(part: Any) -> Any:
        if isinstance(part, slice):
            return slice(*[plain(end) for end in (part.start, part.stop, part.step)])
        if isinstance(part, tuple | list):
            return type(part)(map(plain, part))
        return part.value if type(part) is Tensor else part

    np.testing.assert_array_equal(Tensor(x)[key].value, x[plain(key)])
    check_grads(lambda x: x[key] ** 2, [x])


@pytest.mark.parametrize("key", [
    ([0, 2, 0], slice(None), [1, 1, 0]), (slice(None), None, [0, 1]), (..., np.array([[True, False, True]] * 4)),
    ([[0, 1], [1, 1]], 0, slice(None, None, -1)), (None, True, [1, 0]), (1, [0, 3], None),
])  # fmt: skip
def test_second_order_through_an_index(key: Any) -> None:
    check_grads(lambda x: ad.numpy.sin(x[key]) * x[key], [np.random.default_rng(0).normal(size=(3, 4, 3))])


@pytest.mark.parametrize(("key", "error"), [
    (3, IndexError), ((0, 0, 0), IndexError), ([0, 5], IndexError), (1.5, IndexError), ("a", IndexError),
    (np.array([0.5]), IndexError), (np.array([True, False]), IndexError), (([0, 1], [0, 1, 2]), IndexError),
    ((..., ...), IndexError),
])  # fmt: skip
def test_a_wrong_key_is_an_error_that_shows_the_shape_or_the_key(key: Any, error: Any) -> None:
    with pytest.raises(error) as caught:
        Tensor(np.ones((3, 4)), requires_grad=True)[key]
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert "(3, 4)" in text or "got" in text


# -- the adjoint of reading: many elements at once -----------------------------------------------------------

_rng = np.random.default_rng(0)
LARGE = [
    ((300, 40), (_rng.integers(-300, 300, 500),)), ((300, 40), (_rng.integers(-300, 300, (50, 10)),)),
    ((5, 300, 7), (slice(None), _rng.integers(-300, 300, (50, 10)))), ((300, 2), (_rng.integers(0, 300, 3000),)),
    ((5, 300), (..., _rng.integers(0, 255, (50, 100)).astype(np.uint8))), ((4000, 8), (_rng.integers(0, 4000, 300),)),
    ((30, 40, 5), (_rng.integers(0, 30, (50, 1)), _rng.integers(0, 40, 100))), ((1, 5000), (0, np.arange(5000) % 7)),
    ((3, 40, 5), (slice(None), _rng.integers(0, 40, (50, 1)), _rng.integers(0, 5, 100))),
    ((30, 4, 50), (_rng.integers(0, 30, 900), slice(None), _rng.integers(0, 50, 900))),
    ((30, 40), (None, _rng.integers(0, 30, 100))), ((3, 0, 4000), (np.zeros(2, int),)),
    ((60, 60), (np.arange(60)[:, None], _rng.permuted(np.tile(np.arange(60), (60, 1)), axis=1))),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.complex128, np.longdouble])
@pytest.mark.parametrize(("shape", "key"), LARGE)
def test_many_elements_are_added_as_numpy_adds_them(shape: Any, key: Any, dtype: Any) -> None:
    index, arrays = split_key(key)
    g = _rng.normal(size=np.zeros(shape)[key].shape).astype(dtype)
    for start in (np.zeros(shape, dtype), _rng.normal(size=shape).astype(dtype).T.copy().T):
        want = start.copy(order="K")
        np.add.at(want, key, g)
        buffer = start.copy(order="K")
        Scatter(g, index, tuple(arrays), shape).into(buffer)
        np.testing.assert_allclose(buffer, want, rtol=1e-2 if dtype is np.float16 else 1e-6, atol=1e-5)


def test_rows_are_added_in_their_order() -> None:
    rows, values = np.array([1, 0, 1, 1]), np.array([[1e20], [1.0], [-1e20], [1.0]]).repeat(8, axis=1)
    out = np.zeros((2, 8))
    add_rows(out, rows, values)
    np.testing.assert_array_equal(out, [[1.0] * 8] * 2)


# -- the functions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda t: np.take(t, [0, 4]), IndexError, "out of bounds"),
    (lambda t: np.take(t, [0.5]), TypeError, "the indices of take are integers, got float64"),
    (lambda t: np.take(t, [0], mode="around"), ValueError, 'mode is "raise", "wrap" or "clip"'),
    (lambda t: np.take(t[:0], [0], axis=0, mode="wrap"), IndexError, "empty axis"),
    (lambda t: np.take_along_axis(t, np.array([0]), 1), ValueError, r"int64 \(1,\) needs as many axes as"),
    (lambda t: np.take_along_axis(t, np.array([[5]]), 1), IndexError, "out of bounds"),
    (lambda t: np.choose([2, 0], [t, t]), ValueError, "outside 0 .. 1"),
    (lambda t: ad.numpy.choose([0], []), ValueError, "at least one array"),
    (lambda t: np.compress([[True]], t), ValueError, "a condition in one row"),
    (lambda t: ad.numpy.nonzero(t[0, 0]), ValueError, "has no axes"),
    (lambda t: ad.one_hot([3], 3), ValueError, "are 0 .. 2, got 3 .. 3"),
    (lambda t: ad.one_hot([0.5], 3), TypeError, "labels are integers"),
    (lambda t: ad.top_k(t, 3), ValueError, "has 2 elements"),
    (lambda t: ad.segment_sum(t, [0, 2], 2), IndexError, "the ids of 2 segments are 0 .. 1, got 0 .. 2"),
    (lambda t: ad.segment_sum(t, [0, -1]), IndexError, "got -1 .. 0"),
    (lambda t: ad.segment_max(t, [0]), ValueError, "not one for each row"),
    (lambda t: ad.segment_prod(t, [0.0, 1.0]), TypeError, "segment_ids are integers"),
    (lambda t: ad.scatter_add(t, 0, 1j), TypeError, "would lose a part"),
])  # fmt: skip
def test_what_the_functions_refuse(call: Any, error: Any, text: str) -> None:
    for t in (Tensor(np.eye(2)), Tensor(np.eye(2), requires_grad=True)):
        with pytest.raises(error, match=text):
            call(t)


def test_places_are_constants_of_recorded_tensors() -> None:
    t = Tensor(np.array([[0.0, 2.0], [3.0, 0.0]]), requires_grad=True)
    for places in (*np.nonzero(t), np.argwhere(t), np.flatnonzero(t), np.argsort(t), np.searchsorted(t[:, 1], 1.0)):
        assert type(places) is Tensor
        assert places.dtype == np.intp
        assert not places.requires_grad
    np.testing.assert_array_equal(t[np.nonzero(t)].value, [2, 3])
    np.testing.assert_array_equal(t[np.ix_([1], [0, 1])].value, [[3, 0]])
    np.testing.assert_array_equal(np.unravel_index(Tensor([3]), (2, 2))[0].value, [1])
    assert type(ad.numpy.ravel_multi_index((Tensor([1]), Tensor([1])), (2, 2))) is Tensor
    assert type(ad.numpy.unravel_index(3, (2, 2))[0]) is not Tensor


def test_segments_without_rows_and_ties() -> None:
    x = Tensor([[1.0, 5.0], [1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    top = ad.segment_max(x, np.array([2, 2, 2]), 4)
    np.testing.assert_array_equal(top.value, [[-np.inf] * 2, [-np.inf] * 2, [3, 5], [-np.inf] * 2])
    top[2].sum().backward()
    np.testing.assert_array_equal(x.grad.value, [[0, 0.5], [0, 0], [1, 0.5]])
    assert ad.segment_min(np.array([3, 1]), [0, 2]).tolist() == [3, np.iinfo(int).max, 1]
    assert ad.segment_max(np.array([True, False]), [0, 2], 3).tolist() == [True, False, False]
    nan = Tensor([1.0, np.nan, 2.0], requires_grad=True)
    worst = ad.segment_max(nan, [0, 0, 1])
    np.testing.assert_array_equal(worst.value, [np.nan, 2])
    worst.sum().backward()
    np.testing.assert_array_equal(nan.grad.value, [0, 1, 1])


def test_the_first_of_equal_elements_are_the_top() -> None:
    values, places = ad.top_k(np.array([2.0, 3.0, np.nan, 3.0, 1.0]), 3)
    np.testing.assert_array_equal(values, [np.nan, 3, 3])
    np.testing.assert_array_equal(places, [2, 1, 3])
    np.testing.assert_array_equal(ad.top_k(np.array([2, 1, 1, 3]), 2, largest=False)[1], [1, 2])
