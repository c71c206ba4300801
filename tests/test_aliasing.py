"""Which results share memory with their arguments: as in NumPy, at every size."""

import copy
import pickle

import numpy as np
import pytest

import autodiff as ad
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


@pytest.mark.parametrize(
    "view",
    [np.flip, np.flipud, lambda t: t[::-1].T, lambda t: np.rot90(t, 2), lambda t: t.real, lambda t: np.real(t)[1:]],
)
def test_writes_through_views_that_turn_around(view):
    x, a = leaf(2.0), np.zeros((2, 3))
    t = Tensor(a)
    view(a)[0, 0] = 2.0
    view(t)[0, 0] = x[0]
    assert np.array_equal(t.value, a)
    (t * np.arange(6.0).reshape(2, 3)).sum().backward()
    assert x.grad.item() == np.flatnonzero(a)[0]


def test_writes_through_the_parts_of_complex_numbers():
    x = leaf(2.0, 3.0)
    z = Tensor(np.array([1.0 + 1.0j, 5.0]))
    z.real[0] = x[0]
    z.imag[:] = x * 2.0
    assert z.tolist() == [2.0 + 4.0j, 5.0 + 6.0j]
    (np.abs(z) ** 2).sum().backward()
    assert x.grad.tolist() == [4.0 + 16.0, 24.0]


def cumulate(x):
    total = anp.zeros(2)
    total += x
    total[0] *= 3.0
    return total


def counted(x):
    count = Tensor(0.0)
    for _ in range(2):
        count += x.sum()
    return count


@pytest.mark.parametrize("f", [cumulate, counted])
def test_what_a_traced_function_makes_is_made_anew(f):
    program = ad.trace(f)(np.array([1.0, 2.0]))
    for given in ([1.0, 2.0], [3.0, 4.0], [3.0, 4.0]):
        assert program(np.array(given)).tolist() == f(Tensor(given)).tolist()
    assert not program.writes


@pytest.mark.parametrize(
    "write",
    [
        lambda x: np.copyto(x[:1], 9.0),
        lambda x: x[1:].fill(2.0),
        lambda x: np.add(x[:1], x[1:2], out=x[:1]),
        lambda x: np.multiply(x, 2.0, out=x[::-1]),
        lambda x: x[:1].__iadd__(x.mean()),
        lambda x: x[::-1].ravel().__setitem__(0, 9.0),
        lambda x: np.broadcast_to(x, (2, 3)).copy().__setitem__(0, 9.0),
        lambda x: x.reshape(3, 1).__setitem__(0, x[1:2]),
    ],
)
def test_writes_inside_vmap(write):
    def f(x):
        x = x * 1.0
        column = np.atleast_3d(x)
        write(x)
        return x, column

    given = np.arange(6.0).reshape(2, 3)
    for all_at_once, *each in zip(ad.vmap(f)(given), *[f(Tensor(row)) for row in given], strict=True):
        assert np.array_equal(all_at_once, np.stack([one.detach().numpy() for one in each]))


@pytest.mark.parametrize(
    "transform",
    [
        lambda f, x: ad.value_and_grad(f, has_aux=True)(x)[0][1],
        lambda f, x: ad.jvp(f, (x,), (x,), has_aux=True)[2],
        lambda f, x: ad.vjp(f, x, has_aux=True)[2],
        lambda f, x: ad.checkpoint(f)(x)[1],
        lambda f, x: ad.checkpoint(f)(Tensor(x, requires_grad=True))[1],
        lambda f, x: ad.trace(f)(x)(x)[1],
        lambda f, x: ad.vmap(f)(x[None])[1][0],
    ],
)
def test_views_among_results_are_brought_up_to_date(transform):
    def f(x):
        y = x * 1.0
        view = y[:2]
        y *= 2.0
        return (y * y).sum(), view

    assert transform(f, np.array([1.0, 2.0, 3.0])).tolist() == [2.0, 4.0]


def scaled(x):
    c = Tensor([1.0, 2.0]) * 1.0
    c[...] = x.mean() * c
    return c.sum()


def replaced(x):
    c = Tensor([1.0, 2.0]) * 1.0
    z = x * c
    c += x
    return z.sum()


def overwritten(x):
    c = Tensor([1.0, 2.0]) * 1.0
    z = x * c
    c[0] = 5.0
    return z.sum()


def its_own(x):
    y = np.exp(x)
    y[0] = y.sum()
    return (y * y).sum()


def test_gradients_of_writes_are_the_same_while_traced():
    x = np.array([1.2, 2.4])
    program = ad.trace(ad.grad(its_own))(x)
    assert np.array_equal(program(x + 1.0), ad.grad(its_own)(x + 1.0))
    for f, gradient in (scaled, [1.5, 1.5]), (replaced, [1.0, 2.0]):
        assert np.allclose(ad.grad(f)(x), gradient)
        assert np.allclose(ad.trace(ad.grad(f))(x)(x + 1.0), gradient)
    for transform in (ad.grad, lambda f: ad.trace(ad.grad(f))):
        with pytest.raises(ad.GradientError, match="kept 'y' for its rule"):
            transform(overwritten)(x)
