"""In-place operators, conversions and the Python protocols of Tensor."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor
from autodiff.errors import GradientError


def test_updating_a_parameter_in_place() -> None:
    for start, step in ((np.ones(3, np.float32), np.full(3, 0.5)), (2.0, 0.5)):
        p = Tensor(start, requires_grad=True)
        same, dtype = p, p.dtype
        with ad.no_grad():
            p -= step
            p *= 2.0
        assert same is p
        np.testing.assert_array_equal(p.value, (np.asarray(start) - 0.5) * 2)
        assert p.dtype == dtype
        assert p.requires_grad


def test_an_in_place_operation_on_a_leaf_is_refused_while_recording() -> None:
    p = Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(GradientError, match=r"inside `with no_grad\(\):`"):
        p -= 1.0
    with pytest.raises(GradientError, match="in-place operation on a leaf"):
        p[0] = 1.0
    np.testing.assert_array_equal(p.value, [1, 1, 1])


def test_accumulating_a_loss() -> None:
    x = Tensor(3.0, requires_grad=True)
    total = Tensor(0.0)
    first = total
    for k in range(3):
        total += x * k
    total.backward()
    assert total.item() == 9.0
    assert x.grad.item() == 3.0
    assert first.item() == 0.0  # a new tensor took the name; the constant was not written


def test_constants_are_written_like_arrays() -> None:
    a = np.zeros((2, 2))
    t = ad.asarray(a)
    t += 1
    t[0, 1] = 5.0
    t[[1]] *= 3.0
    np.testing.assert_array_equal(a, [[1, 5], [3, 3]])
    with pytest.raises(ValueError, match="broadcast"):
        t += np.ones((3, 2, 2))
    with pytest.raises(TypeError, match="Cannot cast"):
        t += 1j
    s = Tensor(1)
    s += 2
    assert s.item() == 3
    assert s.dtype == np.int64
    with pytest.raises(TypeError, match="cannot write float64"):
        s += 0.5
    with pytest.raises(ValueError, match=r"into a tensor of shape \(\)"):
        s += np.ones(2, int)


def test_a_write_to_what_a_graph_saved_is_found() -> None:
    x, w = Tensor(np.ones(3), requires_grad=True), Tensor(np.ones(3))
    y = (x * w).sum()
    w += 1.0
    with pytest.raises(GradientError, match=r"op 'mul' at .*methods.py:\d+ kept 'y'.*methods.py:\d+ has written"):
        y.backward()


def test_a_tensor_stored_into_an_array_raises() -> None:
    x = Tensor(2.0, requires_grad=True)
    a = np.zeros(3)
    with pytest.raises((GradientError, ValueError)) as caught:
        a[0] = x
    causes = [str(e) for e in (caught.value, caught.value.__cause__, caught.value.__context__) if e is not None]
    assert any("t.detach()" in text for text in causes)
    with pytest.raises(GradientError, match=r"t\.detach\(\)"):
        a[:] = x
    a[0] = x.detach()
    assert a[0] == 2.0
    assert float(x) == 2.0
    assert [float(x)][0] == 2.0
    with pytest.raises(TypeError, match=r"write a = a \+ t, not a \+= t"):
        a += x
    a += x.detach()
    np.testing.assert_array_equal(a, [4, 2, 2])


def test_ufuncs_of_constants_give_constants() -> None:
    t = Tensor([1.0, 8.0])
    cube_root = np.cbrt(t)
    assert type(cube_root) is Tensor
    np.testing.assert_allclose(cube_root.value, [1, 2])
    assert np.add.reduce(t).item() == 9.0
    fraction, whole = np.modf(t)
    assert type(fraction) is type(whole) is Tensor
    assert np.add(t, 1, dtype=np.float32).dtype == np.float32
    assert np.add(t, 1, out=t) is t
    assert t.tolist() == [2.0, 9.0]


def test_numbers() -> None:
    t = Tensor([[1.5]], requires_grad=True)
    assert (float(t), int(t), complex(t), bool(t)) == (1.5, 1, 1.5 + 0j, True)
    assert [10, 20][Tensor(1)] == 20
    assert round(Tensor(2.567), 1).item() == 2.6
    assert [v.item() for v in divmod(Tensor(7.0), 2.0)] == [3.0, 1.0]
    assert f"{Tensor(2.567):.2f}" == "2.57"
    assert 2.0 in Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="one element"):
        float(Tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))


def test_iteration_and_length() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(t) == 2
    first, second = t
    (first * second).sum().backward()
    np.testing.assert_array_equal(t.grad.value, [[3, 4], [1, 2]])
    for operation in (len, list):
        with pytest.raises(TypeError, match="scalar"):
            operation(Tensor(1.0))


def test_dtypes_follow_numpy() -> None:
    arrays = [np.ones(2, dtype) for dtype in (np.float32, np.int32, bool, np.float16)]
    values: list[Any] = [np.float32(2), np.float64(2), 3, 2.5, *arrays]
    for a in values:
        for b in values:
            if isinstance(a, int | float) and not isinstance(a, np.generic):
                continue
            expected = a * b
            for product in (Tensor(a) * b, Tensor(a) * Tensor(b) if not isinstance(b, int | float) else Tensor(a) * b,
                            b * Tensor(a)):  # fmt: skip
                assert product.dtype == expected.dtype, (a, b)
                np.testing.assert_array_equal(product.value, expected)
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    assert (x * 2.0 + 1).dtype == np.float32
    assert (2**x).dtype == np.float32
    assert (x * np.float64(2)).dtype == np.float64  # NumPy's scalars are not weak


def test_transposes() -> None:
    t = Tensor(np.arange(6.0).reshape(1, 2, 3), requires_grad=True)
    assert t.T.shape == (3, 2, 1)
    assert t.mT.shape == (1, 3, 2)
    assert t.transpose(0, 2, 1).shape == t.transpose((0, 2, 1)).shape == t.transpose([0, 2, 1]).shape == (1, 3, 2)
    assert t.transpose().shape == t.transpose(None).shape == (3, 2, 1)
    assert t.reshape(6).shape == t.reshape((6,)).shape == t.reshape(-1).shape == t.flatten().shape == (6,)
    assert t.sum((0, 1)).shape == t.sum(axis=(0, 1)).shape == (3,)
    with pytest.raises(ValueError, match="a matrix transpose swaps the last two axes"):
        t[0, 0].mT  # noqa: B018  # reading it raises


def test_bits_and_logic_through_numpy() -> None:
    t = Tensor([1, 0, 3])
    for symbol in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.logical_and, np.logical_or, np.logical_xor):
        for x, y in ((np.int64(2), t), (t, np.array([2, 0, 0]))):
            result, expected = symbol(x, y), symbol(*[v.value if type(v) is Tensor else v for v in (x, y)])
            assert type(result) is Tensor
            assert result.dtype == expected.dtype
            np.testing.assert_array_equal(result.value, expected)
    np.testing.assert_array_equal((np.int64(2) & t).value, [0, 0, 2])
    np.testing.assert_array_equal(np.invert(t).value, [-2, -1, -4])
    np.testing.assert_array_equal(ad.logical_not(t).value, [False, True, False])
    np.testing.assert_array_equal(np.logical_not(Tensor([1.5, 0.0], requires_grad=True)).value, [False, True])


def test_float_power_is_never_less_than_float64() -> None:
    x = Tensor(np.array([2.0, 3.0], np.float32), requires_grad=True)
    y = np.float_power(x, 2)
    assert y.dtype == np.float_power(x.detach().value, 2).dtype == np.float64
    y.sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad.value, [4, 6])
    assert np.float_power(Tensor(2), -1).item() == 0.5
    assert np.float_power(2, Tensor(1j)).dtype == np.complex128


A = np.array([[0.3, -1.25, 2.0], [0.75, 0.5, -0.125]], np.float32)

CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (np.sum, (0, np.float64), {}), (np.sum, (0, None, None, True), {}), (np.sum, (), {"dtype": np.float64}),
    (np.mean, (0, np.float64), {}), (np.mean, (1, None, None, True), {}), (np.prod, (0, np.float64), {}),
    (np.prod, (None, None, None, True), {}), (np.max, (0, None, True), {}), (np.min, (0,), {"keepdims": True}),
    (np.amax, (1,), {}), (np.amin, (), {"axis": 1}), (np.var, (0, None, None, 1), {}),
    (np.var, (0, np.float64, None, 1, True), {}), (np.std, (), {"axis": 1, "correction": 1}), (np.std, (0,), {}),
    (np.argmax, (), {"axis": 0, "keepdims": True}), (np.argmin, (1,), {}), (np.any, (0, None, True), {}),
    (np.all, (), {"axis": 1}), (np.clip, (-0.5, 0.6), {}), (np.clip, (), {"a_min": -0.5, "a_max": 0.6}),
    (np.clip, (), {"min": -0.5}), (np.clip, (), {"max": 0.6, "min": None}), (np.clip, (-0.5, None), {}),
    (np.round, (1,), {}), (np.around, (), {"decimals": 1}), (np.around, (), {}), (np.reshape, ((3, -1),), {}),
    (np.reshape, (6, "C"), {}), (np.reshape, (), {"shape": (6, 1), "order": "C"}), (np.ravel, (), {}),
    (np.ravel, (), {"order": "C"}), (np.transpose, (), {"axes": (1, 0)}), (np.swapaxes, (), {"axis1": 0, "axis2": 1}),
    (np.broadcast_to, ((2, 2, 3),), {}), (np.squeeze, (), {}), (np.expand_dims, (), {"axis": 1}),
    (np.dot, (np.ones(3, np.float32),), {}), (np.astype, (np.float64,), {"copy": False}),
    (np.astype, (np.float32,), {}), (np.real, (), {}), (np.imag, (), {}), (np.size, (), {}), (np.size, (1,), {}),
    (np.shape, (), {}), (np.ndim, (), {}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args", "kwargs"), CALLS)
@pytest.mark.parametrize("tracked", [False, True])
def test_numpys_functions_take_numpys_arguments(function: Any, args: Any, kwargs: Any, tracked: bool) -> None:
    try:
        expected = function(A, *args, **kwargs)
    except TypeError:
        pytest.skip("this NumPy does not take these arguments yet")
    result = function(Tensor(A, requires_grad=tracked), *args, **kwargs)
    if function in (np.size, np.shape, np.ndim):
        assert result == expected
        return
    assert type(result) is Tensor
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    np.testing.assert_allclose(result.value, expected, rtol=1e-6)


@pytest.mark.parametrize(("call", "named"), [
    (lambda t, a: np.clip(t, 0, 1, where=a > 0), "np.clip of Tensors takes no where="),
    (lambda t, a: np.concatenate([t, a], dtype=int), "cannot cast float64 .2, 2. to int64 by the rule 'same_kind'"),
    (lambda t, a: np.pad(t, 1, "empty"), 'takes no mode "empty"'),
    (lambda t, a: np.pad(t, 1, lambda *args: None), "takes no function as mode"),
])  # fmt: skip
def test_what_numpys_functions_of_tensors_refuse(call: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        call(Tensor(np.eye(2)), np.eye(2))


def test_functions_that_are_not_here_yet() -> None:
    t, p = Tensor([[2.0, 1.0], [0.0, 3.0]]), Tensor(np.eye(2), requires_grad=True)
    for call in (
        lambda: np.packbits(p), lambda: np.unpackbits(p),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"not support tensors that require grad yet.*autodiff\.define.*t\.detach"):
            call()
    np.testing.assert_array_equal(np.cumsum(t, axis=0).value, [[2, 1], [2, 4]])  # constants in, constants out
    np.testing.assert_array_equal(np.block([[t, t]]).value, np.block([[t.value, t.value]]))
    pair = namedtuple("pair", "x y")(t, 2 * t)  # a tuple of any class
    np.testing.assert_array_equal(np.vstack(pair).value, np.vstack([t.value, 2 * t.value]))
    np.testing.assert_array_equal(t[np.nonzero(t)].value, [2, 1, 3])
    assert np.einsum("ii", p.detach()).item() == 2.0
    assert np.linalg.eigh(t @ t.T).eigenvalues.shape == (2,)
    assert np.allclose(t, t.value) is True
    assert type(np.split(t, 2)[1]) is Tensor


def test_numpys_clip_and_mean_have_gradients() -> None:
    t = Tensor(A, requires_grad=True)
    (np.clip(t, -0.5, a_max=0.6).sum() + np.mean(t, 0, np.float64).sum()).backward()
    np.testing.assert_allclose(t.grad.value, ((A >= -0.5) & (A <= 0.6)) + 0.5)
    assert t.grad.dtype == np.float32
    with pytest.raises(ValueError, match="a_min and a_max, or min and max"):
        np.clip(t, 0.0, 1.0, max=2.0)
    with pytest.raises(ValueError, match="simultaneously"):
        np.var(t, ddof=1, correction=1)
    with pytest.raises(TypeError, match="axis3"):
        np.swapaxes(t, 0, axis3=1)
