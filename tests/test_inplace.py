"""In-place writes and views of views: what NumPy does, with the right gradient, or an error that names both lines."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import GradientError, Tensor
from autodiff.tensor import WRITTEN


def leaf(value: Any) -> Tensor:
    return Tensor(value, requires_grad=True)


# -- random programs ------------------------------------------------------------------------------------

VIEWS: list[Any] = [
    lambda b, x: x[0] if x.ndim > 1 else x[:],
    lambda b, x: x[..., 1:],
    lambda b, x: x[..., ::-1],
    lambda b, x: x[None],
    lambda b, x: x.T,
    lambda b, x: x.reshape((-1, 2)) if x.size % 2 == 0 else x,
    lambda b, x: x.reshape(-1),
    lambda b, x: x[x.shape[0] // 2 :],
]
VALUES: list[Any] = [
    lambda b, x: x * x * 0.1,
    lambda b, x: b.exp(0.1 * x),
    lambda b, x: b.sin(x),
    lambda b, x: x + 1.0,
    lambda b, x: x * 1.0,
    lambda b, x: b.tanh(x),
]


def _write(kind: int, x: Any, v: Any, b: Any) -> Any:
    """One write into x of a value made of v; the name x afterwards."""
    v = v.sum() * 0.1
    if kind == 0:
        x[...] = v
    elif kind == 1:
        x[..., 0] = v
    elif kind == 2:
        x[1:] *= v
    elif kind == 3:
        x += v
    elif kind == 4:
        x *= 0.5
    elif kind == 5:
        x[np.arange(x.shape[0]) % 2 == 0] = v * 2.0
    elif kind == 6:
        x[np.array([0, -1, 0])] = v * np.ones((3, *x.shape[1:]))
    elif kind == 7:
        np.multiply(x, v, out=x)
    elif kind == 8:
        x[0] = 3.0
    elif kind == 9:
        b.copyto(x, v)
    return x


KINDS = ["view", "view", "value", "write", "write", "look"]
STEP = st.tuples(st.sampled_from(KINDS), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))


def run(steps: Any, start: Any, b: Any, constant: Any) -> Any:
    """A program on NumPy arrays or on Tensors: views, values and writes of what it has made so far."""
    made = [start, constant]
    for what, i, j, k in steps:
        x, y = made[i % len(made)], made[j % len(made)]
        if not x.size or x.ndim > 5:
            continue
        if what == "view":
            made.append(VIEWS[k % len(VIEWS)](b, x))
        elif what == "look":  # it must not matter where a view is brought up to date
            with ad.no_grad():
                b.sum(x).tolist()
        elif what == "value":
            made.append(VALUES[k % len(VALUES)](b, x))
        else:
            _write(k % 10, x, y, b)
    total = 0.0
    for n, x in enumerate(made):
        total = total + (b.sin(x) * (n + 1)).sum()
    return total


@settings(max_examples=400, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=9))
def test_random_programs_of_views_and_writes(steps: Any) -> None:
    """NumPy's value and the gradient of finite differences, or an error; never anything different."""
    start = np.array([[0.3, -0.7, 0.2, 0.9], [1.1, 0.4, -0.5, 0.8]])
    other = np.linspace(-1.0, 1.0, 6).reshape(3, 2)

    def value(a: Any) -> Any:
        return run(steps, a * 1.0, np, other.copy())

    with np.errstate(all="ignore"):
        expected = value(start)
        if not np.isfinite(expected) or abs(expected) > 1e6:
            return
        x = leaf(start)
        out = run(steps, x * 1.0, np, Tensor(other))
        np.testing.assert_allclose(out.value, expected, rtol=1e-12)
        try:
            if out.requires_grad:
                out.backward()
        except GradientError as error:
            if "has written into that array since" not in str(error):
                raise
            return
        direction = np.cos(np.arange(start.size)).reshape(start.shape)
        slope = (value(start + 1e-6 * direction) - value(start - 1e-6 * direction)) / 2e-6
        found = 0.0 if x.grad is None else (x.grad.value * direction).sum()
        np.testing.assert_allclose(found, slope, rtol=1e-4, atol=1e-5 * max(1.0, abs(expected)))
    del out, x
    assert not WRITTEN


# -- views of one element, diagonals, what is detached ----------------------------------------------------

ONE = [
    lambda x: x[..., 0],
    lambda x: x[0, ...],
    lambda x: x[:1].squeeze(),
    lambda x: np.reshape(x[:1], ()),
    lambda x: x[None, ..., 0][0, ...],
    lambda x: np.einsum("i->i", x)[..., 0].T,
]


@pytest.mark.parametrize("view", ONE)
def test_a_view_of_one_element(view: Any) -> None:
    x, u, a = leaf([1.0, 2.0]), leaf(3.0), np.array([1.0, 2.0])
    t = x * 1.0
    one, theirs, same = view(t), view(a), view(t)
    t[0] = u * 2.0
    a[0] = 6.0
    assert one.item() == theirs.item() == 6.0
    kept = one
    one += x[1]
    theirs += 2.0
    assert kept is one
    assert t.tolist() == a.tolist() == [8.0, 2.0]
    assert same.item() == 8.0
    one[...] = one * u
    same[()] *= 2.0
    assert t.tolist() == [48.0, 2.0]
    (t.sum() + one).backward()
    assert (x.grad.tolist(), u.grad.item()) == ([0.0, 1.0 + 12.0], 2 * (2.0 * 2.0 * 3.0 + 16.0))


@pytest.mark.parametrize("view", ONE)
def test_a_view_of_one_element_of_a_constant(view: Any) -> None:
    t = Tensor([1.0, 2.0])
    one, number = view(t), t[0]
    t[0] = 5.0
    assert (one.item(), number.item()) == (5.0, 1.0)
    one *= 2.0
    one.fill(one.item() + 1.0)
    np.copyto(one, one + 1.0)
    assert (t.tolist(), repr(one), one.detach().numpy().base is not None) == ([12.0, 2.0], "Tensor(12.0)", True)
    with ad.no_grad():
        one -= 1.0
    assert t.tolist() == [11.0, 2.0]
    assert np.arange(3.0)[np.array([1, 2])[..., 0]] == Tensor(np.arange(3.0))[Tensor([1, 2])[..., 0]].item()


def test_views_of_one_element_inside_transforms() -> None:
    def f(x: Any) -> Any:
        t = x * 1.0
        one, other, number = t[..., 0], t[-1:].squeeze(), t[0]
        one *= t[1]
        t[-1] = one * 3.0
        return one * other + number

    x = np.array([2.0, 3.0, 5.0])
    value, gradient = 3 * (2.0 * 3.0) ** 2 + 2.0, [6 * 6.0 * 3.0 + 1.0, 6 * 6.0 * 2.0, 0.0]
    assert ad.vmap(f)(np.stack([x, x])).tolist() == [value, value]
    assert ad.vmap(ad.grad(f))(x[None]).tolist() == [gradient]
    assert ad.grad(f)(x).tolist() == gradient
    assert ad.trace(f)(np.ones(3))(x) == value
    assert ad.trace(ad.grad(f))(np.ones(3))(x).tolist() == gradient
    ad.testing.check_grads(f, [x])


DIAGONALS = [
    lambda x: np.einsum("ii->i", x),
    lambda x: np.einsum("ii->i", x.T),
    lambda x: np.einsum("ji->ij", x)[::-1, ::-1][0, ...],
    lambda x: np.einsum("...ii->i...", x),
]


@pytest.mark.parametrize("layout", [lambda a: a, lambda a: a.T, lambda a: a[::-1], lambda a: a[:, 1:].T[:, 1:]])
@pytest.mark.parametrize("view", DIAGONALS)
def test_einsum_views_in_every_layout(view: Any, layout: Any) -> None:
    a = np.arange(9.0).reshape(3, 3)
    x, u = leaf(a), leaf(-1.0)
    t = x * 1.0
    theirs, ours = view(layout(a)), view(layout(t))
    theirs[0] = -1.0
    ours[0] = u
    layout(a)[-1] *= 2.0
    layout(t)[-1] *= 2.0
    assert np.array_equal(t.value, a)
    assert np.array_equal(ours.detach().numpy(), theirs)
    (t.sum() + ours.sum()).backward()
    untouched = np.ones((3, 3))
    layout(untouched)[-1] = 2.0
    assert u.grad.item() == 2.0 * untouched[tuple(np.argwhere(a == (-1.0 if -1.0 in a else -2.0))[0])]


@pytest.mark.parametrize(
    "view", [np.diagonal, lambda x: x.T.diagonal(1), lambda x: np.diag(x[::-1]), np.linalg.diagonal]
)
def test_a_diagonal_is_a_view_that_is_not_written(view: Any) -> None:
    a = np.arange(9.0).reshape(3, 3)
    x = leaf(a)
    t = x * 1.0
    theirs, ours = view(a), view(t)
    a += 1.0
    t += 1.0
    a[1, 1] = t[1, 1] = 7.0
    assert np.array_equal(ours.detach().numpy(), theirs)
    for write in (lambda: ours.fill(1.0), lambda: ours.__setitem__(0, 1.0), lambda: ours.__iadd__(x[0, 0])):
        with pytest.raises(ValueError, match="read-only"):
            write()
    assert np.array_equal(t.value, a)


def test_a_detached_tensor_shares_memory_whatever_is_written() -> None:
    x = leaf([1.0, 2.0, 3.0])
    t = x * 1.0
    cut, part, one, stopped = t.detach(), t[1:].detach(), t[..., 2].detach(), ad.stop_gradient(t[::-1])
    t += 1.0
    assert (cut.tolist(), part.tolist(), one.item()) == ([2.0, 3.0, 4.0], [3.0, 4.0], 4.0)
    t[2] = x[0] * 9.0
    assert (cut.tolist(), part.tolist(), one.item(), stopped.tolist()) == ([2, 3, 9], [3, 9], 9.0, [9, 3, 2])
    for each in (cut, part, one, stopped):
        assert not each.requires_grad
        with pytest.raises(GradientError, match="cut it off the graph"):
            each[...] = x[0]
    seen = weakref.ref(t)
    t *= 2.0
    del t
    assert seen() is None
    assert (cut.tolist(), part.tolist()) == ([4.0, 6.0, 18.0], [6.0, 18.0])
    with pytest.raises(GradientError, match="cut it off the graph"):  # whether or not anything of it is left
        cut += x
    fresh = cut * 1.0
    fresh[0] = x[0]  # computed of what is detached: memory of its own
    fresh.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_views_made_under_no_grad() -> None:
    x = leaf([1.0, 2.0])
    t, constant = x * 1.0, Tensor([0.0, 0.0])
    with ad.no_grad():
        cut, view, product = t[1:], constant[1:], t * 2.0
    with pytest.raises(GradientError, match=r"ran under `no_grad.*shares the memory"):
        cut[0] = x[0]
    view[0] = x[0]  # nothing was cut off a constant
    part = product[1:]
    product[1] = x[1]
    (constant.sum() + part.sum()).backward()
    assert x.grad.tolist() == [1.0, 1.0]


# -- writes inside transforms ------------------------------------------------------------------------------


def doubled(x: Any) -> Any:
    x *= 2.0
    return (x * x).sum()


def hidden(x: Any) -> Any:
    with ad.no_grad():
        x *= 2.0
        x[..., 0] += 0.0
    return (x * x).sum()


@pytest.mark.parametrize(("f", "gradient"), [(doubled, [8.0, 16.0]), (hidden, [4.0, 8.0])])
@pytest.mark.parametrize("make", [np.array, Tensor])
def test_arguments_of_transforms_are_theirs(f: Any, gradient: Any, make: Any) -> None:
    a, rows = make([1.0, 2.0]), make([[1.0, 2.0]])
    assert ad.grad(f)(a).tolist() == gradient
    assert ad.vjp(f, a)[1](1.0)[0].tolist() == gradient
    assert ad.jvp(f, (a,), (make([1.0, 0.0]),))[1].tolist() == gradient[0]
    assert ad.jacobian(f)(a).tolist() == gradient
    assert ad.vmap(ad.grad(f))(rows).tolist() == [gradient]
    assert ad.grad(lambda rows: ad.vmap(f)(rows).sum())(rows).tolist() == [gradient]
    if f is doubled:
        assert ad.trace(ad.grad(f))(a)(a).tolist() == gradient
    else:
        with pytest.raises(GradientError, match="cannot be traced"):
            ad.trace(ad.grad(f))(a)
    assert (a.tolist(), rows.tolist()) == ([1.0, 2.0], [[1.0, 2.0]])


@pytest.mark.parametrize("f", [doubled, hidden, lambda x: doubled(x[::-1]), lambda x: doubled(x[..., 0])])
def test_an_argument_that_a_region_writes_into_is_an_error(f: Any) -> None:
    custom = ad.custom_vjp(f)
    custom.defvjp(lambda x: (f(x), None), lambda _, g: (g * np.ones(2),))
    for function in (ad.checkpoint(f), custom):
        t = leaf([1.0, 2.0]) * 1.0
        with pytest.raises(GradientError, match=r"has written into its argument, float64 \(2,\)"):
            function(t)
        assert t.tolist() == [1.0, 2.0]


def test_what_a_checkpointed_function_writes_outside_is_written_once() -> None:
    x, given, seen, taken = leaf([1.0, 2.0]), Tensor([0.0, 0.0]), Tensor([0.0, 0.0]), []
    count, runs = Tensor(0), []
    view = seen[1:]

    def f(x: Any, given: Any) -> Any:
        runs.append(1)
        count[...] = count + 1
        given += x * 2.0
        seen[1] = x[0] * 3.0
        taken.append(x * 5.0)
        return (x * x).sum()

    out = ad.checkpoint(f)(x, given)
    (out + given.sum() + view.sum() + taken[0].sum()).backward(retain_graph=True)
    assert (len(runs), count.item(), given.tolist(), view.item()) == (2, 1, [2.0, 4.0], 3.0)
    assert x.grad.tolist() == [2.0 + 2.0 + 3.0 + 5.0, 4.0 + 2.0 + 5.0]
    assert not view.detach().requires_grad
    x.grad = None
    (seen.sum() + given.sum() + view.sum()).backward()
    assert x.grad.tolist() == [3.0 + 2.0 + 3.0, 2.0]


def test_hidden_writes_of_what_is_mapped_hide_nothing_else() -> None:
    def f(x: Any) -> Any:
        t = x * 3.0
        part, one = t[1:], t[..., 0]
        with ad.no_grad():
            t += 1.0
            part[0] = 7.0
        return t.sum() * one + part.sum()

    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    for all_at_once, *each in zip(ad.vmap(ad.grad(f))(rows), [ad.grad(f)(row) for row in rows], strict=True):
        assert all_at_once.tolist() == each[0].tolist()
    assert ad.vmap(f)(rows).tolist() == [f(Tensor(row)).item() for row in rows]
    assert ad.trace(ad.grad(f))(rows[0])(rows[1]).tolist() == ad.grad(f)(rows[1]).tolist()


# -- one by one -------------------------------------------------------------------------------------------


def test_a_loop_that_fills_an_array() -> None:
    """Rows that are written differ from rows that were saved: no copy is made and no error raised."""
    w = leaf([[0.5, -0.2], [0.1, 0.7]])
    h = ad.numpy.copy(Tensor(np.zeros((5, 2))))
    memory = h.value
    h[0] = 1.0
    for i in range(1, 5):
        h[i] = np.tanh(h[i - 1] @ w)
    assert h.value is memory
    h.sum().backward()
    found = w.grad.value
    w.grad = None
    rows = [Tensor([1.0, 1.0])]
    for _ in range(4):
        rows.append(np.tanh(rows[-1] @ w))
    np.stack(rows).sum().backward()
    np.testing.assert_allclose(found, w.grad.value, rtol=1e-14)


def test_a_view_sees_what_is_written_later() -> None:
    x, u = leaf([1.0, 2.0, 3.0]), leaf(10.0)
    t = x * 1.0
    view, twice = t[1:], t[1:][::-1]
    t[2] = u
    assert view.tolist() == [2.0, 10.0]
    t += 1.0
    assert (view.tolist(), twice.tolist()) == ([3.0, 11.0], [11.0, 3.0])
    (twice * Tensor([5.0, 7.0])).sum().backward()
    assert (x.grad.tolist(), u.grad.item()) == ([0.0, 7.0, 0.0], 5.0)


def test_a_view_that_is_looked_at_under_no_grad_keeps_its_gradient() -> None:
    x = leaf([1.0, 2.0, 3.0])
    t = x * 2.0
    view = t[1:]
    with ad.no_grad():
        cut = t[1:]
    t[0] = 5.0
    with ad.no_grad():
        assert view.tolist() == [4.0, 6.0]
        assert not view.sum().requires_grad
    assert not cut.sum().requires_grad
    (view.sum() + x[0]).backward()
    assert x.grad.tolist() == [1.0, 2.0, 2.0]


def test_writing_through_views_of_views() -> None:
    x, u = leaf(np.arange(6.0).reshape(2, 3)), leaf([7.0, 8.0])
    t = x * 2.0
    t.T[1:].reshape(4)[:2] *= 3.0  # the reshape is a copy: NumPy does not write through it
    assert t.tolist() == (x.value * 2.0).tolist()
    t.T[1:][0] = u
    assert t.tolist() == [[0.0, 7.0, 4.0], [6.0, 8.0, 10.0]]
    t.sum().backward()
    assert x.grad.tolist() == [[2.0, 0.0, 2.0], [2.0, 0.0, 2.0]]
    assert u.grad.tolist() == [1.0, 1.0]


def test_constants_become_recorded() -> None:
    u = leaf([1.0, 2.0])
    a = np.zeros((2, 2))
    t = ad.asarray(a)
    row = t[1]
    t[1] = u
    assert (t.requires_grad, row.sum().requires_grad) == (True, True)
    assert a.tolist() == [[0.0, 0.0], [0.0, 0.0]]  # an array of somebody else: the write went to a copy
    (row * row).sum().backward()
    assert u.grad.tolist() == [2.0, 4.0]


def test_what_the_op_itself_saved_is_copied() -> None:
    x = leaf([1.0, 2.0])
    y = np.exp(x)
    y[0] = 0.0
    y.sum().backward()
    np.testing.assert_allclose(x.grad.value, [0.0, np.exp(2.0)])


def test_what_another_op_saved_is_an_error_that_names_both_lines() -> None:
    x = leaf([1.0, 2.0])
    y = x * 1.0
    z = y * y
    y[0] = 5.0
    with pytest.raises(GradientError, match=r"op 'mul' at .*inplace.py:\d+ kept 'x'.*inplace.py:\d+ has written into"):
        z.sum().backward()


def test_repeated_indices_give_the_gradient_to_the_last_value() -> None:
    v = leaf([1.0, 2.0, 3.0])
    t = ad.numpy.copy(Tensor(np.zeros(2)))
    t[np.array([0, 0, 1])] = v
    t.sum().backward()
    assert t.tolist() == [2.0, 3.0]
    assert v.grad.tolist() == [0.0, 1.0, 1.0]


def test_second_order_through_writes() -> None:
    def f(x: Any) -> Any:
        t = x * 2.0
        t[1:] *= t[:-1] * 1.0
        t += x
        return (t**3).sum()

    ad.testing.check_grads(f, [np.array([0.5, 1.5, -0.7])])


def test_the_argument_of_a_transform_is_not_written() -> None:
    def f(x: Any) -> Any:
        x[0] = x[1] * 3.0
        return (x * x).sum()

    a = np.array([1.0, 2.0])
    assert ad.grad(f)(a).tolist() == [0.0, 40.0]
    assert a.tolist() == [1.0, 2.0]


def test_shapes_of_length_nothing_and_scalars() -> None:
    x, s = leaf(3.0), Tensor(2.0)
    s[...] = x * 2.0
    s[()] = s * 1.0
    s.backward()
    assert x.grad.item() == 2.0
    t = leaf(np.ones((0, 3))) * 1.0
    t += 1.0
    t[:, 0] = x
    assert t.shape == (0, 3)
    with pytest.raises(IndexError, match=r"write t\[\.\.\.\] = v"):
        s[0] = 1.0


@pytest.mark.parametrize(("write", "error", "text"), [
    (lambda x, t: x.__setitem__(0, 1.0), GradientError, "leaf that requires grad cannot be recorded"),
    (lambda x, t: x[:1].__setitem__(0, 1.0), GradientError, "this tensor is a view of it"),
    (lambda x, t: t.detach().__setitem__(0, x[0]), GradientError, "shares the memory of the tensor it was cut off"),
    (lambda x, t: Tensor([1, 2]).__setitem__(0, x[0]), TypeError, "cannot be written into integers"),
    (lambda x, t: t.__setitem__(0, 1j), TypeError, "complex value cannot be written into a real"),
    (lambda x, t: t.__setitem__(0, np.ones(3)), ValueError, "sequence|broadcast"),
    (lambda x, t: t.__setitem__(5, 1.0), IndexError, "out of bounds"),
    (lambda x, t: t.__iadd__(np.ones((3, 2))), ValueError, r"into a tensor of shape \(2,\)"),
    (lambda x, t: t.__iadd__(1j), TypeError, "cannot write complex128"),
    (lambda x, t: np.broadcast_to(t, (3000, 2)).__setitem__(0, 1.0), GradientError, "view made by op 'expand'"),
    (lambda x, t: np.add(np.ones(2), x, out=np.ones(2)), TypeError, "gradient would be lost"),
    (lambda x, t: np.copyto(np.ones(2), x), TypeError, "gradient would be lost"),
])  # fmt: skip
def test_what_cannot_be_written(write: Any, error: Any, text: str) -> None:
    x = leaf([1.0, 2.0])
    t = x * 1.0
    with pytest.raises(error, match=text):
        write(x, t)
    assert (x.tolist(), t.tolist()) == ([1.0, 2.0], [1.0, 2.0])


def test_writes_leave_nothing_behind() -> None:
    gc.collect()
    gc.disable()
    try:
        x = leaf([1.0, 2.0])
        t = np.exp(x)
        view = t[1:]
        t[0] = x[1]
        view *= 2.0
        seen = weakref.ref(t)
        del t, view
        assert seen() is None
        assert not WRITTEN
    finally:
        gc.enable()


def test_no_grad_writes_as_numpy_does() -> None:
    x = leaf([1.0, 2.0])
    view = x[1:]
    with ad.no_grad():
        x[1] = 5.0
        view += 1.0
    assert x.tolist() == [1.0, 6.0]
    assert x.is_leaf


def test_names_and_augmented_assignment() -> None:
    x = leaf([1.0, 2.0])
    t = x * 1.0
    same = t
    t += x
    assert same is t
    t **= 2
    same.sum().backward()
    assert x.grad.tolist() == [8.0, 16.0]
