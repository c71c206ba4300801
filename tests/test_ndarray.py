"""Methods and attributes that Tensor has because an ndarray has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff import Tensor

A = np.array([[0.3, -1.25, 2.0], [0.75, 0.5, -0.125]])
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("all", (), {}), ("any", (1,), {}), ("argmax", (0,), {}), ("argmin", (), {}), ("argpartition", (1,), {}),
    ("argsort", (), {}), ("argsort", (0,), {}), ("astype", (np.float32,), {}), ("choose", ([A, 2 * A],), {}),
    ("clip", (-0.5, 0.6), {}), ("clip", (), {"min": -0.5}),
    ("compress", ([True, False, True], 1), {}), ("conj", (), {}),
    ("conjugate", (), {}), ("copy", (), {}), ("copy", ("F",), {}), ("cumprod", (1,), {}), ("cumsum", (), {}),
    ("diagonal", (1,), {}), ("dot", (A.T,), {}), ("flatten", (), {}), ("flatten", ("F",), {}), ("max", (0,), {}),
    ("mean", (1,), {"keepdims": True}), ("min", (), {}), ("nonzero", (), {}), ("prod", (0,), {}), ("ravel", (), {}),
    ("ravel", ("F",), {}), ("repeat", (2,), {}), ("repeat", ([1, 2, 0], 1), {}), ("reshape", (3, -1), {}),
    ("reshape", ((6,),), {}), ("reshape", (3, 2), {"order": "F"}), ("round", (1,), {}), ("round", (), {}),
    ("searchsorted", (0.4,), {}), ("squeeze", (), {}), ("std", (0,), {"ddof": 1}), ("sum", (), {"axis": (0, 1)}),
    ("swapaxes", (0, 1), {}), ("take", ([0, 2], 1), {}), ("take", (4,), {}), ("trace", (1,), {}), ("transpose", (), {}),
    ("transpose", (1, 0), {}), ("transpose", ((1, 0),), {}), ("var", (), {}), ("tolist", (), {}), ("item", (), {}),
]  # fmt: skip
INPUTS = {"choose": np.array([[0, 1, 1], [1, 0, 0]]), "searchsorted": np.array([0.0, 0.5, 1.0]), "item": A[:1, :1]}


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS)
@pytest.mark.parametrize("tracked", [False, True])
def test_methods_do_what_those_of_arrays_do(name: str, args: Any, kwargs: Any, tracked: bool) -> None:
    a = INPUTS.get(name, A)
    t = Tensor(a, requires_grad=tracked and a.dtype.kind == "f")
    expected, result = getattr(a, name)(*args, **kwargs), getattr(t, name)(*args, **kwargs)
    pairs = list(zip(expected, result, strict=True)) if isinstance(expected, tuple) else [(expected, result)]
    for e, r in pairs:
        if name not in ("tolist", "item"):
            assert type(r) is Tensor
            assert (r.shape, r.dtype) == (e.shape, e.dtype)
        np.testing.assert_allclose(getattr(r, "value", r), e, rtol=1e-15)


def test_methods_that_work_in_place_are_refused() -> None:
    t = Tensor(A)
    for name, instead in (("sort", "np.sort"), ("partition", "np.partition"), ("resize", "np.resize")):
        with pytest.raises(TypeError, match=rf"t\.{name}\(\) of an array works in place .* write {instead}\(t"):
            getattr(t, name)(1)
    t.put([0, 5], [7.0, 8.0])
    assert (t.value[0, 0], t.value[1, 2]) == (7.0, 8.0)
    t.fill(2.0)
    assert t.sum().item() == 12.0


def test_every_method_of_an_array_is_here_or_has_no_place() -> None:
    memory = "base byteswap ctypes data dump dumps flags getfield setfield setflags tobytes tofile"
    gone = "itemset newbyteorder ptp tostring"  # which NumPy 2 has given up, by and by
    missing = {name for name in dir(np.ndarray) if name[0] != "_" and not hasattr(Tensor, name)}
    assert missing <= {*memory.split(), *gone.split()}


def test_attributes() -> None:
    t = Tensor(A.T, requires_grad=True)
    assert (t.shape, t.ndim, t.size, t.nbytes, t.itemsize, t.strides) == ((3, 2), 2, 6, 48, 8, t.value.strides)
    np.testing.assert_array_equal([v.item() for v in t.flat], list(A.T.flat))
    assert all(v.requires_grad for v in t.flat)


def test_a_flat_copy_is_a_copy() -> None:
    t = Tensor(A)
    t.flatten()[0] = 9.0
    assert t.value[0, 0] == A[0, 0]


def test_divmod_of_a_number_and_a_tensor() -> None:
    whole, rest = divmod(7.0, Tensor(2.0, requires_grad=True))
    assert (whole.item(), rest.item()) == (3.0, 1.0)
    assert rest.requires_grad
