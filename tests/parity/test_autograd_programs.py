"""Programs in the style of autograd's own examples: what they give there they give here, by the adapter.

Each takes the two modules that such a program imports, `autograd` and `autograd.numpy`, and nothing else of them.
"""

import sys
from itertools import pairwise

import autograd
import autograd.extend
import autograd.misc
import autograd.numpy
import autograd.scipy.special
import numpy
import pytest
import scipy.optimize
from autograd import test_util

from tests.parity import autograd_adapter

ADAPTER = autograd_adapter.modules()
PROGRAMS = {}


def program(f):
    PROGRAMS[f.__name__] = f
    return f


def rng():
    return numpy.random.default_rng(0)


@program
def tanh_and_its_eight_derivatives(ag, np):
    x, found, f = np.linspace(-3, 3, 20), [], np.tanh
    for _ in range(8):
        f = ag.elementwise_grad(f)
        found.append(f(x))
    return found


@program
def logistic_regression(ag, np):
    inputs, targets = rng().normal(size=(20, 3)), rng().integers(0, 2, 20).astype(bool)

    def loss(weights):
        p = 0.5 * (np.tanh(np.dot(inputs, weights) / 2) + 1)
        return -np.sum(np.log(p * targets + (1 - p) * (1 - targets)))

    weights, losses, slope = np.zeros(3), [], ag.grad(loss)
    for _ in range(20):
        weights -= slope(weights) * 0.05
        losses.append(loss(weights))
    return [weights, *losses]


@program
def network_of_a_list_of_layers(ag, np):
    sizes = [4, 8, 8, 3]
    r = rng()
    params = [(r.normal(size=(m, n)), r.normal(size=n)) for m, n in pairwise(sizes)]
    x, t = r.normal(size=(10, 4)), numpy.eye(3)[r.integers(0, 3, 10)]

    def predict(params, x):
        for w, b in params:
            out = np.dot(x, w) + b
            x = np.tanh(out)
        return out - np.log(np.sum(np.exp(out), axis=1, keepdims=True))

    def objective(params):
        penalty = sum(np.sum(w**2) + np.sum(b**2) for w, b in params)
        return -np.sum(predict(params, x) * t) + 0.1 * penalty

    value, gradient = ag.value_and_grad(objective)(params)
    return [value, *(g for pair in gradient for g in pair)]


@program
def recurrent_network(ag, np):
    r = rng()
    params = {"change": r.normal(size=(7, 4)), "predict": r.normal(size=(5, 2)), "start": r.normal(size=(1, 4))}
    xs = r.normal(size=(6, 3, 2))

    def with_ones(*parts):
        return np.concatenate((*parts, np.ones((3, 1))), axis=1)

    def loss(params):
        h, total = np.repeat(params["start"], 3, axis=0), 0.0
        for x in xs:
            h = np.tanh(np.dot(with_ones(x, h), params["change"]))
            total = total + np.sum((np.dot(with_ones(h), params["predict"]) - x) ** 2)
        return total / len(xs)

    gradient = ag.grad(loss)(params)
    return [gradient[key] for key in sorted(gradient)]


@program
def convolutional_network(ag, np):
    r = rng()
    images, filters, weights = r.normal(size=(2, 6, 6)), r.normal(size=(3, 3, 3)), r.normal(size=(12, 4))

    def convolve(x, f):  # (N, 6, 6), (K, 3, 3) to (N, K, 4, 4)
        rows = [
            sum(x[:, None, i : i + 4, j : j + 4] * f[:, i, j][None, :, None, None] for j in range(3)) for i in range(3)
        ]
        return rows[0] + rows[1] + rows[2]

    def pool(x):
        return np.max(np.max(np.reshape(x, (2, 3, 2, 2, 2, 2)), axis=5), axis=3)

    def loss(filters, weights):
        h = np.maximum(0.0, pool(convolve(images, filters)))
        scores = np.dot(np.reshape(h, (2, 12)), weights)
        return -np.sum((scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True)))[:, 1])

    return ag.grad(loss, (0, 1))(filters, weights)


@program
def fluid(ag, np):
    r = rng()
    vx, vy = r.normal(size=(2, 6, 6))
    smoke, goal = r.uniform(size=(2, 6, 6))

    def project(vx, vy):
        h = 1.0 / vx.shape[0]
        div = (
            -0.5
            * h
            * (np.roll(vx, -1, axis=0) - np.roll(vx, 1, axis=0) + np.roll(vy, -1, axis=1) - np.roll(vy, 1, axis=1))
        )
        p = np.zeros(vx.shape)
        for _ in range(5):
            around = np.roll(p, 1, axis=0) + np.roll(p, -1, axis=0) + np.roll(p, 1, axis=1) + np.roll(p, -1, axis=1)
            p = (div + around) / 4.0
        vx = vx - 0.5 * (np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)) / h
        return vx, vy - 0.5 * (np.roll(p, -1, axis=1) - np.roll(p, 1, axis=1)) / h

    def advect(f, vx, vy):
        rows, cols = f.shape
        ys, xs = np.meshgrid(np.arange(rows), np.arange(cols))
        x, y = (xs - vx).ravel(), (ys - vy).ravel()
        left, top = np.floor(x).astype(int), np.floor(y).astype(int)
        rw, bw = x - left, y - top
        left, right, top, bottom = left % rows, (left + 1) % rows, top % cols, (top + 1) % cols
        flat = (1 - rw) * ((1 - bw) * f[left, top] + bw * f[left, bottom]) + rw * (
            (1 - bw) * f[right, top] + bw * f[right, bottom]
        )
        return np.reshape(flat, (rows, cols))

    def distance(packed):
        vx, vy = packed[:36].reshape(6, 6), packed[36:].reshape(6, 6)
        now = smoke
        for _ in range(3):
            vx, vy = project(advect(vx, 0.1 * vx, 0.1 * vy), advect(vy, 0.1 * vx, 0.1 * vy))
            now = advect(now, vx, vy)
        return np.mean((now - goal) ** 2)

    return list(ag.value_and_grad(distance)(numpy.concatenate([vx.ravel(), vy.ravel()])))


@program
def wing(ag, np):
    obstacle, flow = rng().normal(size=(8, 8)), rng().normal(size=(2, 8, 8))

    def lift(occlusion):
        solid = 1 / (1 + np.exp(-occlusion))
        vx, vy = flow * (1 - solid)
        for _ in range(4):
            vx, vy = ((np.roll(v, 1, axis=0) + np.roll(v, -1, axis=1) + 2 * v) / 4 * (1 - solid) for v in (vx, vy))
        return np.mean(vy) / np.sqrt(np.mean(vx**2) + 0.1)

    return [ag.grad(lift)(obstacle), ag.jacobian(ag.grad(lift))(obstacle)]


@program
def ordinary_differential_equation(ag, np):
    def f(y, p):
        return np.array([p[0] * y[0] - p[1] * y[0] * y[1], -p[2] * y[1] + p[3] * y[0] * y[1]])

    def end(p, y0):
        y, h = y0, 0.1
        for _ in range(15):
            k1 = f(y, p)
            k2 = f(y + 0.5 * h * k1, p)
            k3 = f(y + 0.5 * h * k2, p)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + f(y + h * k3, p))
        return y

    p, y0 = numpy.array([1.1, 0.4, 0.4, 0.1]), numpy.array([2.0, 1.0])
    return [ag.jacobian(end)(p, y0), ag.jacobian(end, 1)(p, y0), ag.hessian(lambda p: np.sum(end(p, y0)))(p)]


@program
def gaussian_process(ag, np):
    x, y = numpy.linspace(-2, 2, 8)[:, None], rng().normal(size=8)

    def likelihood(params):
        mean, scale, noise, lengths = params[0], np.exp(params[1]), np.exp(params[2]) + 0.001, np.exp(params[3:])
        diffs = (x / lengths)[:, None] - (x / lengths)[None, :]
        cov = scale * np.exp(-0.5 * np.sum(diffs**2, axis=2)) + noise * np.eye(8)
        _, logdet = np.linalg.slogdet(cov)
        solved = np.linalg.solve(cov, y - mean)
        half = np.sum(np.log(np.diag(np.linalg.cholesky(cov))))
        return -0.5 * np.dot(y - mean, solved) - 0.25 * logdet - 0.5 * half

    at = numpy.array([0.1, 0.2, -1.0, 0.3])
    return [*ag.value_and_grad(likelihood)(at), ag.hessian(likelihood)(at)]


@program
def mixture_of_gaussians(ag, np):
    from_special = {autograd: autograd.scipy.special}.get(ag, ADAPTER["autograd.scipy.special"])
    data, r = rng().normal(size=(12, 2)), rng()
    params = {
        "weights": r.normal(size=3),
        "means": r.normal(size=(3, 2)),
        "roots": r.normal(size=(3, 2, 2)) + numpy.eye(2),
    }

    def likelihood(params):
        normalised = params["weights"] - from_special.logsumexp(params["weights"])
        terms = []
        for weight, mean, root in zip(normalised, params["means"], params["roots"], strict=True):
            white = np.dot(data - mean, root)
            terms.append(weight - 0.5 * np.sum(white**2, axis=1) + np.linalg.slogdet(root)[1])
        return np.sum(from_special.logsumexp(np.vstack(terms), axis=0))

    gradient = ag.grad(likelihood)(params)
    return [likelihood(params), *(gradient[key] for key in sorted(gradient))]


@program
def rosenbrock(ag, np):
    def f(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    result = scipy.optimize.minimize(
        f, numpy.array([-1.2, 1.0]), jac=ag.grad(f), hess=ag.hessian(f), method="Newton-CG"
    )
    assert result.success
    return [result.x]


@program
def sine_by_its_series(ag, np):
    def series(x):
        total = term = x
        i = 0
        while abs(term) > 1e-4:
            term = -term * x**2 / ((2 * i + 3) * (2 * i + 2))
            total = total + term
            i += 1
        return total

    def fill(x):  # sinc, element by element
        return np.array([[np.sinc(v), series(v)] for v in (x, 2 * x, x * x)])

    return [ag.grad(series)(2.0), ag.grad(ag.grad(series))(2.0), ag.jacobian(fill)(0.7), ag.deriv(series)(2.0)]


@program
def a_gradient_written_by_hand(ag, np):
    extend = {autograd: autograd.extend}.get(ag, ADAPTER["autograd.extend"])

    @extend.primitive
    def logsumexp(x):
        top = numpy.max(x)
        return top + numpy.log(numpy.sum(numpy.exp(x - top)))

    extend.defvjp(logsumexp, lambda ans, x: lambda g: np.full(x.shape, g) * np.exp(x - np.full(x.shape, ans)))

    def f(y):
        return logsumexp(y**2)

    y = numpy.array([1.5, 6.7, 1e-3])
    return [ag.grad(f)(y), ag.hessian(f)(y)]


@program
def operators(ag, np):
    A = rng().normal(size=(4, 3))

    def f(x):
        return np.tanh(np.dot(A, x))

    x, v, w = rng().normal(size=(3, 3))
    pull, out = ag.make_vjp(f)(x)
    pushed = ag.make_jvp(f)(x)(v)

    def total(x):
        return np.sum(f(x) ** 2)

    return [
        pull(np.ones(4)),
        out,
        *pushed,
        ag.make_hvp(total)(x)[0](w),
        ag.hessian_tensor_product(total)(x, w),
        ag.tensor_jacobian_product(f)(x, np.ones(4)),
        ag.make_ggnvp(f)(x)(v),
        *ag.grad_and_aux(lambda x: (total(x), x))(x),
        ag.checkpoint(f)(x),
        ag.grad(lambda x: np.sum(ag.checkpoint(f)(x)))(x),
        ag.grad_named(lambda a, b: a * b**2, "b")(2.0, 3.0),
    ]


@program
def complex_numbers(ag, np):
    z = rng().normal(size=4) + 1j * rng().normal(size=4)
    return [
        ag.grad(lambda z: np.sum(np.abs(z) ** 3))(z),
        ag.grad(lambda z: np.real(np.sum(np.exp(1j * z) * np.conj(z))))(z),
        ag.holomorphic_grad(lambda z: z**3)(z[0]),
        ag.make_vjp(np.fft.fft)(z)[0](z[::-1].copy()),
        ag.grad(lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2.5))(z.real),
    ]


@program
def flattened(ag, np):
    flatten = autograd.misc.flatten if ag is autograd else ADAPTER["autograd.misc"].flatten
    tree = {"a": numpy.ones((2, 2)), "b": (3.0, [numpy.arange(3.0)])}
    vector, back = flatten(tree)
    gradient = ag.grad(lambda v: np.sum(back(v)["a"] ** 2) * back(v)["b"][0])(vector)
    return [vector, gradient]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    ours = PROGRAMS[name](ADAPTER["autograd"], ADAPTER["autograd.numpy"])
    theirs = PROGRAMS[name](autograd, autograd.numpy)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert numpy.shape(a) == numpy.shape(b)
        numpy.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("system", [ADAPTER["autograd.test_util"], test_util])
def test_the_checker_finds_what_autograds_finds(system):
    np = {test_util: autograd.numpy}.get(system, ADAPTER["autograd.numpy"])
    system.check_grads(lambda x, y: np.sin(x) * y, (0, 1))(numpy.array([0.5, 1.0]), 2.0)
    system.combo_check(np.sum, (0,))([rng().normal(size=(2, 3))], axis=[None, 0], keepdims=[True, False])

    def broken(x):  # half of its gradient is lost
        return x * getattr(x, "_value", getattr(x, "value", x))

    with pytest.raises(AssertionError):
        system.check_grads(broken, modes=["rev"])(0.3)


def test_install_puts_the_adapter_before_the_package(monkeypatch):
    for name in ADAPTER:
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    autograd_adapter.install()
    import autograd.numpy as np
    from autograd import grad

    assert grad is autograd_adapter.grad
    assert grad(lambda x: np.sum(np.sin(x)))(numpy.zeros(2)).tolist() == [1.0, 1.0]
