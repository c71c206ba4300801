"""Which results share memory with their arguments: as in NumPy, at every size."""

import copy
import pickle

import numpy as np
import pytest

import autodiff.numpy as anp
from autodiff import Tensor

MANY = 5000  # broadcasting makes views of large arrays and copies of small ones


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values), requires_grad=True)


@pytest.mark.parametrize("n", [3, MANY])
def test_broadcasting_is_a_view(n):
    z = Tensor([0.0])
    whole, (one, _) = np.broadcast_to(z, (n,)), np.broadcast_arrays(z, np.zeros(n))
    z[0] = 5.0
    assert whole[-1] == one[-1] == 5.0
    x = leaf(2.0)
    z += x
    assert whole[-1].item() == one[-1].item() == 7.0
    whole.sum().backward()
    assert x.grad.item() == n
    with pytest.raises(ValueError, match="read-only"):
        np.broadcast_to(Tensor([0.0]), (n,))[0] = 1.0


@pytest.mark.parametrize("n", [3, MANY])
@pytest.mark.parametrize(
    "function",
    [
        lambda x, n: anp.full(n, x[0]),
        lambda x, n: np.repeat(x, n),
        lambda x, n: np.tile(x, n),
        lambda x, n: np.resize(x, n),
        lambda x, n: np.meshgrid(x, np.zeros(n))[0][:, 0],
        lambda x, n: np.tile(x, (n, 1))[:, 0],
    ],
)
def test_repeating_is_a_copy(function, n):
    x = leaf(2.0)
    y = x * 1.0
    made = function(y, n)
    y[0] = 9.0
    made[0] = 7.0
    assert made[0].item() == 7.0
    assert made[1].item() == 2.0
    assert y[0].item() == 9.0
    made.sum().backward()
    assert x.grad.item() == n - 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: +x,
        lambda x: np.tile(x, 1),
        lambda x: np.repeat(x, 1, axis=0),
        lambda x: np.meshgrid(x[0])[0],
        lambda x: np.meshgrid(x[0], x[1], sparse=True)[0],
        lambda x: np.delete(x, [], axis=0),
        lambda x: np.pad(x, 0, "edge"),
        lambda x: anp.ascontiguousarray(x.T),
        lambda x: anp.asfortranarray(x),
        lambda x: x[:, 0].ravel(),
        lambda x: x[::-1, 0].ravel(),
        lambda x: x.T.ravel(),
        lambda x: x.flatten(),
    ],
)
def test_copies(function):
    x = Tensor(np.zeros((2, 3)))
    function(x)[...] = 1.0
    assert not x.value.any()


@pytest.mark.parametrize("function", [np.ravel, anp.ascontiguousarray, lambda x: x.ravel(), lambda x: x.reshape(-1)])
def test_views(function):
    x = Tensor(np.zeros((2, 3)))
    function(x)[...] = 1.0
    assert x.value.all()


def test_a_copy_lies_row_by_row():
    x = leaf(1.0, 2.0)
    for y, shared in [(x * np.ones((3, 1))).T.copy(), True], [np.copy((x * np.ones((3, 1))).T), False]:
        y.reshape(-1)[0] = 9.0
        assert (y[0, 0].item() == 9.0) is shared
    assert np.copy(Tensor(np.zeros((2, 3))), order="F").value.flags.f_contiguous
    assert anp.ascontiguousarray(Tensor(np.zeros((2, 3))).T).value.flags.c_contiguous


def stale() -> tuple[Tensor, Tensor]:
    """A leaf, and a view that is behind: the tensor it looks into has been written since."""
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1.0
    view = y[:2]
    y *= 2.0
    return x, view


@pytest.mark.parametrize(
    "read",
    [
        lambda v: v.detach().tolist(),
        lambda v: copy.copy(v).tolist(),
        lambda v: copy.deepcopy(v).tolist(),
        lambda v: pickle.loads(pickle.dumps(v)).tolist(),
        lambda v: v.tolist(),
        lambda v: [float(v[0]), v[1].item()],
        lambda v: [2.0 if 2.0 in v else 0.0, 4.0 if 1.0 not in v else 0.0],
    ],
)
def test_every_way_of_reading_a_view_that_is_behind(read):
    assert read(stale()[1]) == [2.0, 4.0]


def test_a_number_of_a_view_that_is_behind():
    z, x = Tensor(np.zeros(2)), leaf(1.0, 2.0)
    view = z[:1]
    z += x
    assert float(view) == 1.0
    assert f"{view}" == "Tensor([1.], op='getitem')"


def test_hooks_and_gradients_of_a_view_that_is_behind():
    x, view = stale()
    seen = []
    view.register_hook(lambda g: seen.append(g.tolist()))
    view.retain_grad()
    (view * 3.0).sum().backward()
    assert seen == [[3.0, 3.0]]
    assert view.grad.tolist() == [3.0, 3.0]
    assert x.grad.tolist() == [6.0, 6.0, 0.0]
