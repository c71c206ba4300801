"""Plain NumPy code, unchanged, on Tensors and on arrays: equal values, and gradients as by finite differences.

The programs are written with `import numpy as np`. NumPy asks a Tensor only where it is given one, so those that
make arrays of their own, `np.zeros(n)`, and write Tensors into them are run with `import autodiff.numpy as np` alone.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import GradientError, Tensor
from tests.rows import ROWS

HERE: Any = sys.modules[__name__]
rng = functools.partial(np.random.default_rng, 0)


# -- examples of the lectures, E4 and E5 --------------------------------------------------------------------


def taylor_sine(x):
    ans = currterm = x
    i = 0
    while np.abs(currterm) > 0.001:
        currterm = -currterm * x**2 / ((2 * i + 3) * (2 * i + 2))
        ans = ans + currterm
        i += 1
    return ans


def logistic_loss(weights, inputs, targets):
    preds = 0.5 * (np.tanh(np.dot(inputs, weights)) + 1)
    label_probabilities = preds * targets + (1 - preds) * (1 - targets)
    return -np.sum(np.log(label_probabilities))


def test_e4_and_e5_are_plain_numpy():
    assert round(float(ad.grad(taylor_sine)(np.pi)), 7) == -0.9998995
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])
    weights, losses = np.array([0.0, 0.0, 0.0]), []
    slope = ad.grad(logistic_loss)
    for _ in range(100):
        losses.append(logistic_loss(weights, inputs, targets))
        weights -= slope(weights, inputs, targets) * 0.01
    assert round(losses[0], 6) == 2.772589
    assert (np.diff(losses) < 0).all()
    assert round(logistic_loss(weights, inputs, targets), 6) == 0.389008


# -- networks -----------------------------------------------------------------------------------------------


def two_layer_network(x, y, w1, w2):
    h = np.maximum(0, x @ w1)
    scores = h.dot(w2)
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), y]).mean() + 0.01 * (np.sum(w1 * w1) + np.sum(w2 * w2))


def softmax_regression(x, y, w, b):
    z = np.einsum("nd,dk->nk", x, w) + b
    shifted = z - np.max(z, axis=-1)[:, np.newaxis]
    log_p = shifted - np.log(np.exp(shifted).sum(-1))[..., None]
    return -np.take_along_axis(log_p, y[:, None], axis=1).sum() / x.shape[0]


def recurrent_network_writing_into_an_array(x, u, w, s):
    states = np.zeros((len(x) + 1, len(s)))
    states[0] = s
    for t in range(len(x)):
        states[t + 1] = np.tanh(u @ x[t] + w @ states[t])
    return (states[1:] ** 2).sum() + states[-1, ::2].prod()


def batch_normalisation(x, gamma, beta):
    mu, var = x.mean(axis=0), x.var(axis=0)
    out = gamma * (x - mu) / np.sqrt(var + 1e-5) + beta
    return np.sum(out**3)


def attention(q, k, v):
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) / np.sqrt(q.shape[-1])
    scores = np.where(np.tri(q.shape[-2], dtype=bool), scores, -1e9)
    weights = np.exp(scores - np.amax(scores, axis=-1, keepdims=True))
    return np.tensordot(weights / np.sum(weights, axis=-1, keepdims=True) @ v, v, axes=v.ndim)


# -- distances, filters, equations --------------------------------------------------------------------------


def distances_to_centres(x, centres):
    d2 = ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    nearest = d2.argmin(axis=1)
    spread = np.bincount(nearest, minlength=len(centres))
    return np.mean(np.min(d2, axis=1)) + np.sum(np.sqrt(d2)) * spread.max() * 0.01


def image_filter(image, kernel):
    padded = np.pad(image, 1, mode="edge")
    rows, cols = image.shape
    out = np.zeros_like(image)
    for i in range(3):
        for j in range(3):
            out += kernel[i, j] * padded[i : i + rows, j : j + cols]
    edges = np.abs(np.diff(out, axis=0))[:, 1:] + np.abs(np.diff(out, axis=1))[1:, :]
    return np.clip(edges, 0.0, 50.0).sum() + np.flip(out)[::2, 1:].std()


def heat_equation_in_place(u, k):
    u = u.copy()
    for _ in range(5):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    u[[0, -1]] *= 0.5
    return np.dot(u, u)


def jacobi_iteration(a, b):
    d = np.diag(a)
    r = a - np.diagflat(d)
    x = np.zeros_like(b)
    for _ in range(6):
        x = (b - np.dot(r, x)) / d
    return np.linalg.norm(x)


def matrix_factorisation(u, v, data, known):
    error = np.where(known, data - u @ v.T, 0.0)
    return 0.5 * np.square(error).sum() + 0.1 * (np.linalg.norm(u) ** 2 + np.linalg.norm(v, "fro") ** 2)


def kalman_filter(ys, f, q, r):
    m, p, total = np.zeros_like(q[0]), np.eye(2), 0.0
    h = np.array([[1.0, 0.0]])
    for y in ys:
        m, p = f @ m, f @ p @ f.T + q @ q.T
        s = h @ p @ h.T + r * r
        gain = np.linalg.solve(s, h @ p).T
        innovation = y - h @ m
        m = m + gain @ innovation
        p = p - gain @ h @ p
        total = total + 0.5 * (np.linalg.slogdet(s)[1] + innovation @ np.linalg.inv(s) @ innovation)
    return total


def least_squares(x, y):
    design = np.stack([np.ones_like(x), x, x**2], axis=1)
    q, r = np.linalg.qr(design)
    residual = y - design @ np.linalg.solve(r, q.T @ y)
    return np.sum(residual**2)


def power_iteration(a):
    v = np.ones(len(a)) / np.sqrt(len(a))
    for _ in range(30):
        v = a @ v
        v = v / np.linalg.norm(v)
    return v @ a @ v / (v @ v)


def gram_schmidt_in_place(a):
    q = a.copy()
    for i in range(q.shape[1]):
        column = q[:, i].copy()
        for j in range(i):
            column -= q[:, j].dot(column) * q[:, j]
        q[:, i] = column / np.sqrt(np.sum(column**2))
    return np.abs(q).sum()


def cholesky_by_hand(a):
    n = len(a)
    a = a @ a.T + n * np.eye(n)
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j] - low[i, :j] @ low[j, :j]
            low[i, j] = np.sqrt(s) if i == j else s / low[j, j]
    return np.log(np.diagonal(low)).sum() + low[-1].sum()


def spectrum(x):
    power = np.abs(np.fft.rfft(x * np.sin(np.pi * np.arange(len(x)) / len(x)))) ** 2
    freqs = np.fft.rfftfreq(len(x))
    centroid = np.sum(freqs * power) / np.sum(power)
    return centroid + np.real(np.fft.ifft(np.fft.fft(x) * 1j)).max()


def random_walk_statistics(x):
    path = np.cumsum(np.concatenate(([0.0], x)))
    best = np.maximum.accumulate(path)
    lows = np.minimum.reduce(np.stack([path[i : i + 4] for i in range(len(path) - 3)]))
    return np.mean(best - path) + np.median(x) + np.percentile(x, 30) + np.ptp(lows) + np.average(x, weights=x**2)


def geometry(points):
    a, b, c = np.split(points, 3)
    normal = np.cross(np.squeeze(b - a), np.squeeze(c - a))
    area = 0.5 * np.sqrt(np.vdot(normal, normal))
    angle = np.arctan2(normal[1], normal[0])
    return area + np.hypot(angle, 1.0) + np.outer(a, b).trace() + np.kron(a, c).sum()


def polynomial(c, x):
    horner = np.zeros_like(x)
    for coefficient in c[::-1]:
        horner = horner * x + coefficient
    return np.sum(horner * np.polyval(c, x)) + np.trapezoid(horner, x) + np.interp(0.3, np.sort(x), horner)


def masked_update(x):
    y = x.copy()
    y[y < 0] *= 0.1
    y[1:4] = np.sort(y[1:4])[::-1]
    row = y.reshape(2, -1)[1]
    row[...] = row * 2 + y[0]
    return np.sum(np.nan_to_num(y) ** 2 * np.arange(1.0, y.size + 1))


def normals(*shapes):
    r = rng()
    return [r.normal(size=shape) for shape in shapes]


CLASSES = np.array([0, 2, 1, 2, 0])
PROGRAMS: dict[str, list[Any]] = {
    "taylor_sine": [1.3],
    "logistic_loss": [*normals(3, (4, 3)), np.array([1.0, 1.0, 0.0, 1.0])],
    "two_layer_network": [*normals((5, 4)), CLASSES, *normals((4, 6), (6, 3))],
    "softmax_regression": [*normals((5, 4)), CLASSES, *normals((4, 3), 3)],
    "recurrent_network_writing_into_an_array": normals((4, 2), (3, 2), (3, 3), 3),
    "batch_normalisation": normals((6, 3), 3, 3),
    "attention": normals((2, 3, 4), (2, 3, 4), (2, 3, 2)),
    "distances_to_centres": normals((6, 2), (3, 2)),
    "image_filter": normals((5, 6), (3, 3)),
    "heat_equation_in_place": [*normals(8), 0.3],
    "jacobi_iteration": [normals((4, 4))[0] + 6 * np.eye(4), *normals(4)],
    "matrix_factorisation": [*normals((4, 2), (5, 2), (4, 5)), rng().random((4, 5)) < 0.7],
    "kalman_filter": [*normals((5, 1), (2, 2), (2, 2)), 0.7],
    "least_squares": normals(6, 6),
    "power_iteration": [normals((4, 4))[0] @ normals((4, 4))[0].T + np.diag([5.0, 1, 1, 1])],
    "gram_schmidt_in_place": normals((4, 3)),
    "cholesky_by_hand": normals((4, 4)),
    "spectrum": normals(10),
    "random_walk_statistics": normals(9),
    "geometry": [normals((3, 3))[0]],
    "polynomial": normals(4, 5),
    "masked_update": [np.array([0.5, -1.2, 0.8, 2.0, -0.4, 1.1])],
}
WRITES_INTO_ITS_OWN = {"recurrent_network_writing_into_an_array", "cholesky_by_hand"}


@pytest.fixture
def written_with(monkeypatch):
    """Run the programs of this file with another module under the name `np`."""
    return lambda module: monkeypatch.setattr(HERE, "np", module)


def tensors(args):
    return [Tensor(a, requires_grad=True) if is_floating(a) else a for a in args]


def is_floating(a):
    return np.asarray(a).dtype.kind == "f"


def test_all_programs_run():
    here = {n for n, f in vars(HERE).items() if inspect.isfunction(f) and f.__module__ == __name__}
    helpers = {"normals", "tensors", "is_floating", "written_with", "parts", "looks_into"}
    assert {n for n in here if not n.startswith("test_")} - helpers == set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_are_numpys(name, written_with):
    program, args = getattr(HERE, name), PROGRAMS[name]
    before = [np.array(a) for a in args]
    expected = np.asarray(program(*args))[()]
    if name not in WRITES_INTO_ITS_OWN:
        out = program(*tensors(args))
        assert out.requires_grad
        np.testing.assert_allclose(out.value, expected, rtol=1e-12)
    written_with(ad.numpy)
    for given in (args, [Tensor(a) for a in args]):
        plain = program(*given)
        original_close(getattr(plain, "value", plain), expected)
    out = program(*tensors(args))
    original_close(out.value, expected)
    assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
    for a, old in zip(args, before, strict=True):
        assert (a == old).all()


original_close = functools.partial(np.testing.assert_allclose, rtol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("module", [np, ad.numpy], ids=["numpy", "autodiff.numpy"])
def test_gradients_are_those_of_finite_differences(name, module, written_with):
    if module is np and name in WRITES_INTO_ITS_OWN:
        with pytest.raises((GradientError, ValueError)) as caught:  # an ndarray of np.zeros holds no gradient
            getattr(HERE, name)(*tensors(PROGRAMS[name]))
        assert "detach()" in str(caught.value.__cause__ or caught.value)  # NumPy puts an error of its own around ours
        return
    program, args = getattr(HERE, name), PROGRAMS[name]
    places = [i for i, a in enumerate(args) if is_floating(a)]
    chosen = [np.asarray(args[i])[()] for i in places]
    written_with(module)

    def of_floating(*xs):
        called = list(args)
        for i, x in zip(places, xs, strict=True):
            called[i] = x
        return program(*called)

    ad.testing.check_grads(of_floating, chosen, rtol=1e-5, atol=1e-7)


def test_a_value_that_a_rule_needs_is_not_overwritten_without_a_word():
    def normalised(a):  # numpy code that wants a copy: the square's rule needs the column as it was
        q = a * 1.0
        q[:, 0] /= np.sqrt(np.sum(q[:, 0] ** 2))
        return np.sum(q**3)

    def through_a_view(x):
        y = x * 1.0
        y.reshape(2, -1)[0] = 0.5
        squares = y * y
        y[3] = 5.0
        return squares.sum() + (y * y).sum()

    a, x = normals((3, 2))[0], np.array([1.0, 2.0, 3.0, 4.0])
    message = r"kept 'x' for its rule, and .*t\.clone\(\)"
    with pytest.raises(GradientError, match=message):
        ad.grad(normalised)(a)
    with pytest.raises(GradientError, match=message):
        ad.grad(through_a_view)(x)
    with pytest.raises(GradientError, match=message):
        ad.jvp(through_a_view, (x,), (np.ones(4),))
    ad.testing.check_grads(normalised, [a], 1, modes=["forward"])  # there all values are kept, and so copied


def test_methods_of_ufuncs_are_in_the_namespace():
    t = Tensor([1.0, 3.0, 2.0], requires_grad=True)
    assert ad.numpy.maximum.accumulate(t).tolist() == [1.0, 3.0, 3.0]
    assert ad.numpy.add.outer(t, t).requires_grad
    assert ad.numpy.multiply.reduce(t).item() == 6.0
    assert ad.numpy.add.reduce(np.ones(3)) == 3.0


def test_an_array_of_numpys_takes_no_tensor_that_requires_grad():
    a = np.zeros(3)
    x = Tensor(2.0, requires_grad=True)
    with pytest.raises(ValueError, match="sequence") as caught:
        a[0] = x
    assert isinstance(caught.value.__cause__, GradientError)
    assert "a[i] = t.detach()" in str(caught.value.__cause__)
    a[0] = x.detach()
    assert a[0] == 2.0
    with pytest.raises(ValueError, match="sequence") as caught:
        np.sum(a, initial=x)
    assert "np.sum(a) + t" in str(caught.value.__cause__)
    assert np.sum(a, initial=x.detach()) == 4.0
    with pytest.raises(GradientError, match="asked for the plain number of a tensor"):
        np.interp([9.0], [0.0, 1.0], [1.0, 2.0], right=x)


def test_lists_are_arrays():
    N = ad.numpy
    assert N.less([2.0, 1.5], [1.0, 3.0]).tolist() == [False, True]
    assert N.equal((1, 2), [1, 3]).tolist() == [True, False]
    assert N.floor_divide([7, 8], [2, 3]).tolist() == [3, 2]
    x = Tensor(2.0, requires_grad=True)
    for f in (N.mean, N.sum, N.std, N.median, N.linalg.norm, N.prod, N.max, N.cumsum, N.sort, N.diff, N.ravel):
        found = f([x, x * 3, 1.0])
        np.testing.assert_allclose(found.value, f(np.array([2.0, 6.0, 1.0])))
        assert found.requires_grad
    N.mean([[x, 0.0], [1.0, x * x]]).backward()
    assert x.grad.item() == (1 + 4) / 4
    with pytest.raises(GradientError, match="stack"):
        N.sin([x, x])


COPIES_LESS = {
    "identity": "stands for its argument",
    "dropout": "with p = 0 it does nothing",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tracked", [False, True])
def test_results_look_into_an_argument_only_where_numpys_do(tracked):
    """What NumPy copies may be written into, and must not change the argument."""
    views = set()
    for name, row in ROWS.items():
        for case, options in row.trials():
            args = [draw(rng()) for draw in case]
            arrays = [a for a in args if isinstance(a, np.ndarray)]
            given = [Tensor(a, requires_grad=tracked and a.dtype.kind in "fc") if isinstance(a, np.ndarray) else a
                     for a in args]  # fmt: skip
            try:
                theirs, ours = (parts(f(*xs, **options)) for f, xs in ((row.reference, args), (row.call, given)))
            except (AttributeError, TypeError, ValueError):
                continue  # a reference that is no function of NumPy's
            values = [t.value for t in given if type(t) is Tensor]
            if len(ours) == len(theirs) and any(
                looks_into(o, values) and not looks_into(t, arrays) for o, t in zip(ours, theirs, strict=True)
            ):
                views.add(name)
    assert views == set(COPIES_LESS)


def parts(result):
    return [part for one in result for part in parts(one)] if isinstance(result, list | tuple) else [result]


def looks_into(result, arrays):
    value = getattr(result, "value", result)
    return isinstance(value, np.ndarray) and any(np.shares_memory(value, a) for a in arrays)


def test_a_broadcast_array_is_a_view_whatever_its_size():
    for n in (3, 3000):
        x = Tensor(np.ones(n), requires_grad=True)
        y = x * 1.0
        wide = np.broadcast_to(y, (2, n))
        y[0] = 9.0
        assert (wide * 1.0)[1, 0].item() == 9.0
        wide.sum().backward()
        assert x.grad[:2].tolist() == [0.0, 2.0]
        with pytest.raises(GradientError, match=r"copy\(\)"):
            wide[0, 0] = 1.0
        full = ad.numpy.full((2, n), x[1])
        full[0, 0] = 3.0
        assert full[:2, 0].tolist() == [3.0, 1.0]


def test_leading_axes_of_length_one_are_dropped_in_a_write():
    y = Tensor(np.ones(2), requires_grad=True) * 1.0
    np.copyto(y, np.full((1, 1, 1), 5.0))
    assert y.tolist() == [5.0, 5.0]
    np.copyto(y, Tensor(np.full((1, 2), 3.0), requires_grad=True))
    assert y.tolist() == [3.0, 3.0]
    with pytest.raises(ValueError, match="cannot write"):
        np.copyto(y, np.ones((2, 1, 2)))


KEYS = [
    lambda x: (x, 0.0, 5.0), lambda x: (x,), lambda x: (slice(0, 3), x), lambda x: ("0,2", x, x),
    lambda x: (slice(0, 1, 3j), x, [1.0, 2.0]), lambda x: (x[0], x[1]),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_r_joins_what_stands_in_brackets(key):
    x = np.array([1.5, -2.0])
    expected = np.r_[key(x)]
    t = Tensor(x, requires_grad=True)
    found = ad.numpy.r_[key(t)]
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.value, expected)
    ad.testing.check_grads(lambda x: ad.numpy.r_[key(x)], [x])
    assert type(ad.numpy.r_[key(x)]) is np.ndarray


def test_c_joins_columns():
    x, m = np.array([1.5, -2.0]), np.eye(2)
    t = Tensor(x, requires_grad=True)
    for ours, theirs in (
        (ad.numpy.c_[t, [3.0, 4.0], m], np.c_[x, [3.0, 4.0], m]),
        (ad.numpy.c_[t], np.c_[x]),
        (ad.numpy.c_[1.0, t[0]], np.c_[1.0, x[0]]),
    ):
        assert ours.requires_grad
        np.testing.assert_array_equal(ours.value, theirs)
    ad.testing.check_grads(lambda x: ad.numpy.c_[x, x * 2, m], [x])
