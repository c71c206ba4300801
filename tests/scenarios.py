"""Situations that a backward pass has to get right, each with the closed form of its results.

A scenario is a function of a backend `b` (tests/backends.py) that returns a list of arrays, and
stands below what they must be. tests/test_backward.py compares ours to these closed forms,
tests/parity/test_core.py to what PyTorch makes of the same code.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Scenario(NamedTuple):
    """A program, and its results in closed form."""

    run: Callable[[Any], list[Any]]
    expect: list[Any]


SCENARIOS: dict[str, Scenario] = {}

A = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
B = np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 3.0]])
M = np.array([[0.5, -1.0], [2.0, 0.25]])
V = np.array([1.0, -2.0, 3.0])
Z = np.array([1.0 + 2.0j, -0.5 + 0.25j, 2.0 - 1.0j])


def scenario(*expect: Any) -> Callable[[Callable[[Any], list[Any]]], Callable[[Any], list[Any]]]:
    """Add a function to the table, with the arrays it must give; None for "no gradient"."""
    arrays = [None if e is None else np.asarray(e) for e in expect]

    def add(run: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
        SCENARIOS[run.__name__] = Scenario(run, arrays)
        return run

    return add


# -- shapes of graphs -----------------------------------------------------------------------------


@scenario(2 * A + np.cos(A))
def diamond(b):
    x = b.tensor(A)
    (x * x + b.sin(x)).sum().backward()
    return [b.array(x.grad)]


@scenario(6.0 * 2 * 2 * 2)
def diamonds_in_a_row(b):
    x = b.tensor(6.0)
    y = x * x / 2  # dy/dx = x
    for _ in range(3):
        y = y + y
    y.backward()
    return [b.array(x.grad)]


@scenario(1 + (1 - np.tanh(A) ** 2) + (1 - np.tanh(A + np.tanh(A)) ** 2) * (2 - np.tanh(A) ** 2))
def residual(b):
    x = b.tensor(A)
    h = x + b.tanh(x)
    (h + b.tanh(h)).sum().backward()
    return [b.array(x.grad)]


@scenario(2 * 5.0 * 3.0 + 3.0**2, 5.0**2 + 2 * 5.0 * 3.0)
def reused_at_different_depths(b):
    x, y = b.tensor(5.0), b.tensor(3.0)
    p = x * y
    (p * x + p * y).backward()
    return [b.array(x.grad), b.array(y.grad)]


@scenario(2 * A, np.full_like(A, 2), np.zeros_like(A), np.zeros_like(A))
def twice_in_one_op(b):
    results = []
    for op in (lambda x: x * x, lambda x: x + x, lambda x: x - x, lambda x: x / x):
        x = b.tensor(A)
        op(x).sum().backward()
        results.append(b.array(x.grad))
    return results


@scenario(np.ones((2, 2)) @ M.T + M.T @ np.ones((2, 2)))
def matmul_with_itself(b):
    x = b.tensor(M)
    b.matmul(x, x).sum().backward()
    return [b.array(x.grad)]


@scenario(A[:, :3] + B, A + B)
def joined_with_itself(b):
    seed = np.concatenate([A, B])
    x = b.tensor(A)
    b.concatenate([x, x]).backward(b.constant(seed))
    y = b.tensor(A)
    b.stack([y, y]).backward(b.constant(np.stack([A, B])))
    return [b.array(x.grad), b.array(y.grad)]


@scenario(B.sum(), A.sum(0), A.sum(1, keepdims=True), A)
def broadcast_of_every_kind(b):
    scalar, row, column = b.tensor(1.0), b.tensor(np.ones(3)), b.tensor(np.ones((2, 1)))
    full = b.tensor(np.ones((1, 2, 3)))
    (b.constant(B) * scalar).sum().backward()
    (b.constant(A) * row).sum().backward()
    (column * b.constant(A)).sum().backward()
    b.squeeze(full * b.constant(A), 0).sum().backward()
    return [b.array(x.grad) for x in (scalar, row, column)] + [b.array(full.grad)[0]]


@scenario([[1.0, 0.0, 2.0], [1.0, 0.0, 1.0]])
def a_place_read_twice(b):
    x = b.tensor(A)
    picked = b.getitem(x, (np.array([0, 0]), np.array([2, 2])))
    (picked.sum() + b.getitem(x, (slice(None), 0)).sum() + b.getitem(x, (1, 2))).backward()
    return [b.array(x.grad)]


@scenario(np.ones((2, 3)) + 2 * B)
def several_views_of_one_tensor(b):
    x = b.tensor(A)
    flat, turned = b.reshape(x, (6,)), b.transpose(x, (1, 0))
    (flat.sum() + (turned * b.constant(2 * B.T)).sum()).backward()
    return [b.array(x.grad)]


@scenario(np.ones(3), 1.0)
def a_leaf_is_the_root(b):
    x, y = b.tensor(V), b.tensor(2.0)
    x.backward(b.constant(np.ones(3)))
    y.backward()
    return [b.array(x.grad), b.array(y.grad)]


# -- several passes -------------------------------------------------------------------------------


@scenario(2 * V + 3, 2 * V + 3 + np.cos(V))
def accumulation_over_passes(b):
    x = b.tensor(V)
    (x * x).sum().backward()
    (3 * x).sum().backward()
    first = b.array(x.grad)
    b.sin(x).sum().backward()
    return [first, b.array(x.grad)]


@scenario(2 * V, 4 * V)
def the_same_graph_twice(b):
    x = b.tensor(V)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    first = b.array(x.grad)
    loss.backward()
    return [first, b.array(x.grad)]


@scenario(np.exp(V) * 3 + 2 * np.exp(2 * V))
def two_losses_share_a_graph(b):
    x = b.tensor(V)
    shared = b.exp(x)
    (3 * shared).sum().backward(retain_graph=True)
    (shared * shared).sum().backward()
    return [b.array(x.grad)]


@scenario(np.full(3, 7.0))
def two_losses_share_what_keeps_nothing(b):
    x = b.tensor(V)
    shared = b.reshape(x + x, (3, 1))
    (3 * shared).sum().backward()
    (0.5 * shared).sum().backward()
    return [b.array(x.grad)]


@scenario(2 * A * B)
def a_gradient_for_a_non_scalar(b):
    x = b.tensor(A)
    (x * x).backward(b.constant(B))
    return [b.array(x.grad)]


@scenario(B, None, A)
def only_the_inputs_named(b):
    x, y = b.tensor(A), b.tensor(B)
    loss = (x * y).sum()
    loss.backward(inputs=[x], retain_graph=True)
    before = y.grad
    loss.backward(inputs=[y])
    return [b.array(x.grad), before, b.array(y.grad)]


@scenario(np.cos(V), np.cos(V) * 2 * V)
def retained_gradient(b):
    x = b.tensor(V)
    y = x * x
    y.retain_grad()
    (b.sin(y) * b.constant(np.cos(V) / np.cos(V * V))).sum().backward()
    return [b.array(y.grad), b.array(x.grad)]


@scenario(np.full(3, 2.0), np.full(3, 5.0))
def retained_over_two_passes(b):
    x = b.tensor(V)
    y = x + 1
    y.retain_grad()
    (2 * y).sum().backward(retain_graph=True)
    first = b.array(y.grad)
    (3 * y).sum().backward()
    return [first, b.array(y.grad)]


# -- hooks ----------------------------------------------------------------------------------------


@scenario(2 * V, 2 * V + 1, 10 * (2 * V + 1))
def hooks_see_the_whole_gradient_in_order(b):
    seen = []

    def look(g):
        seen.append(b.array(g))

    def shift(g):
        return g + 1

    x = b.tensor(V)
    y = x + 0
    y.register_hook(look)
    y.register_hook(shift)
    y.register_hook(look)
    y.register_hook(lambda g: g * 10)
    (y * y).sum().backward()
    return [*seen, b.array(x.grad)]


@scenario(-2 * V, -2 * V + 2 * V)
def hooks_on_a_leaf_and_their_removal(b):
    x = b.tensor(V)
    handle = x.register_hook(lambda g: -g)
    (x * x).sum().backward()
    first = b.array(x.grad)
    handle.remove()
    (x * x).sum().backward()
    return [first, b.array(x.grad)]


@scenario(2 * V, 4 * V)
def a_hook_comes_before_the_retained_gradient(b):
    x = b.tensor(V)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    (y * b.constant(V)).sum().backward()
    return [b.array(y.grad), b.array(x.grad)]


# -- higher orders --------------------------------------------------------------------------------


@scenario(3 * V**2, 6 * V, np.full(3, 6.0))
def three_derivatives_of_a_cube(b):
    x = b.tensor(V)
    first = b.gradients((x * x * x).sum(), x, create_graph=True)
    second = b.gradients(first.sum(), x, create_graph=True)
    third = b.gradients(second.sum(), x)
    return [b.array(g) for g in (first, second, third)]


@scenario(-np.sin(V), -np.cos(V), np.sin(V), np.cos(V))
def the_sine_comes_round(b):
    x = b.tensor(V)
    g = b.cos(x)
    results = []
    for _ in range(4):
        g = b.gradients(g.sum(), x, create_graph=True)
        results.append(b.array(g))
    return results


@scenario(2 * V + 2 * 4 * V)
def a_penalty_on_the_gradient(b):
    x = b.tensor(V)
    loss = (x * x).sum()
    g = b.gradients(loss, x, create_graph=True)
    (loss + (g * g).sum()).backward()
    return [b.array(x.grad)]


@scenario(M + M.T, (M + M.T) @ np.array([1.0, 2.0]))
def hessian_of_a_quadratic_form(b):
    x, m = b.tensor(np.array([0.3, -0.7])), b.constant(M)
    g = b.gradients((x * b.matmul(m, x)).sum(), x, create_graph=True)
    rows = [b.gradients(b.getitem(g, i), x, retain_graph=True) for i in range(2)]
    product = b.gradients(g, x, b.constant(np.array([1.0, 2.0])))
    return [np.stack([b.array(row) for row in rows]), b.array(product)]


@scenario(np.cos(V), 1 + 0 * V)
def derivative_by_the_seed(b):
    x, v = b.tensor(V), b.tensor(np.ones(3))
    g = b.gradients(b.sin(x), x, v, create_graph=True)
    by_v = b.gradients(g, v, b.constant(np.ones(3)))
    linear = b.gradients(b.gradients(x + x, x, v, create_graph=True), v, b.constant(np.ones(3)) / 2)
    return [b.array(by_v), b.array(linear)]


@scenario(2 * V, 2 + 0 * V)
def create_graph_into_grad(b):
    x = b.tensor(V)
    (x * x).sum().backward(create_graph=True)
    g, x.grad = x.grad, None  # x.grad would keep itself alive through its own graph
    first = b.array(g)
    g.sum().backward()
    return [first, b.array(x.grad)]


@scenario(np.exp(A) / np.exp(A).sum(1, keepdims=True), np.zeros_like(A))
def second_order_of_a_softmax(b):
    x = b.tensor(A)
    p = b.gradients(b.logsumexp(x, 1).sum(), x, create_graph=True)
    total = b.gradients(p.sum(), x)  # the rows of a softmax always sum to 1
    return [b.array(p), np.round(b.array(total), 12) + 0]


# -- gradients by name ----------------------------------------------------------------------------


@scenario(B, None)
def an_input_that_is_not_used(b):
    x, y = b.tensor(A), b.tensor(B)
    gx, gy = b.gradients((x * b.constant(B)).sum(), [x, y], allow_unused=True)
    return [b.array(gx), gy, x.grad, y.grad][:2]


@scenario(np.cos(V * V), np.cos(V * V) * 2 * V)
def gradients_of_the_interior(b):
    x = b.tensor(V)
    y = x * x
    gy, gx = b.gradients(b.sin(y).sum(), [y, x])
    return [b.array(gy), b.array(gx)]


@scenario(2 * V + np.exp(V), V)
def gradients_of_several_outputs(b):
    x, y = b.tensor(V), b.tensor(V)
    gx, gy = b.gradients([(x * x).sum(), b.exp(x), (y * y).sum() / 2], [x, y], [None, b.constant(np.ones(3)), None])
    return [b.array(gx), b.array(gy)]


@scenario(1.0, V)
def gradients_of_an_output_by_itself(b):
    x, y = b.tensor(2.0), b.tensor(V)
    return [b.array(b.gradients(x, x)), b.array(b.gradients(y, y, b.constant(V)))]


# -- cutting the graph ----------------------------------------------------------------------------


@scenario(V)
def detached_is_a_constant(b):
    x = b.tensor(V)
    (x * x.detach()).sum().backward()
    return [b.array(x.grad)]


@scenario(V * V, [False, True])
def no_grad_and_enable_grad(b):
    x = b.tensor(V)
    with b.no_grad():
        square = x * x
        with b.enable_grad():
            inside = x * x
    (x * square).sum().backward()
    return [b.array(x.grad), [square.requires_grad, inside.requires_grad]]


@scenario(2 * np.ones(3))
def frozen_leaf(b):
    x, w = b.tensor(V), b.tensor(np.full(3, 2.0))
    w.requires_grad_(False)
    (x * w).sum().backward()
    return [b.array(x.grad)]


# -- dtypes ---------------------------------------------------------------------------------------


@scenario(np.float32(B), np.float64(np.float32(A)))
def gradients_keep_their_leaf_s_dtype(b):
    x, y = b.tensor(np.float32(A)), b.tensor(B)
    (x * y).sum().backward()
    return [b.array(x.grad), b.array(y.grad)]


@scenario(np.float32(2 * V), np.full(3, 1.5, np.float32))
def float32_with_python_numbers(b):
    x, y = b.tensor(np.float32(V)), b.tensor(np.float32(V))
    (x * x + 1.0).sum().backward()
    (y * 1.5 - 0.5).sum().backward()
    return [b.array(x.grad), b.array(y.grad)]


# -- where a derivative is a matter of convention -------------------------------------------------


@scenario([0.0, 0.0, 1.0], [-1.0, 0.0, 1.0])
def relu_and_abs_at_zero(b):
    x, y = b.tensor(np.array([-1.0, 0.0, 2.0])), b.tensor(np.array([-1.0, 0.0, 2.0]))
    b.relu(x).sum().backward()
    b.abs(y).sum().backward()
    return [b.array(x.grad), b.array(y.grad)]


@scenario([0.5, 1.0, 0.0], [0.5, 0.0, 1.0], [0.5, 0.0, 0.5], [[0.5, 0.5, 0.0]])
def ties_share(b):
    x, y = b.tensor(np.array([1.0, 2.0, 3.0])), b.tensor(np.array([1.0, 0.0, 5.0]))
    b.maximum(x, y).sum().backward()
    z, w = b.tensor(np.array([4.0, 1.0, 4.0])), b.tensor(np.array([[1.0, 1.0, 2.0]]))
    b.max(z, 0).backward()
    b.min(w, 1).sum().backward()
    return [b.array(t.grad) for t in (x, y, z, w)]


@scenario([6.0, 0.0, 0.0], [0.0, 0.0, 0.0], [6.0, 3.0, 2.0])
def product_with_zeros(b):
    results = []
    for values in ([0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0]):
        x = b.tensor(np.array(values))
        b.prod(x, 0).backward()
        results.append(b.array(x.grad))
    return results


@scenario([0.0, 2.0], [1.0, 1.0], [0.0, 0.0], [0.0, 2 * np.log(2.0)])
def powers_at_zero(b):
    base = np.array([0.0, 1.0])
    results = []
    for exponent in (2, 1, 0):
        x = b.tensor(base)
        (x**exponent).sum().backward()
        results.append(b.array(x.grad))
    y = b.tensor(np.array([2.0, 1.0]))
    (b.constant(np.array([0.0, 2.0])) ** y).sum().backward()
    return [*results, b.array(y.grad)]


@scenario([1.0, 0.0])
def the_untaken_branch(b):
    x = b.tensor(np.array([1.0, -1.0]))
    positive = b.constant(np.array([True, False]))
    safe = b.where(positive, x, b.constant(np.ones(2)))
    b.where(positive, b.log(safe), b.constant(np.zeros(2))).sum().backward()
    return [b.array(x.grad)]


# -- complex numbers: the gradient is dL/d(real) + i dL/d(imaginary), PyTorch's convention --------


@scenario(2 * Z, Z / np.abs(Z), np.ones(3) + 0j, 1j * np.ones(3))
def complex_to_real(b):
    results = []
    for f in (lambda z: b.real(z * b.conj(z)), b.abs, b.real, b.imag):
        z = b.tensor(Z)
        f(z).sum().backward()
        results.append(b.array(z.grad))
    return results


@scenario(np.conj(2 * Z) * (2 - 1j), np.conj(np.exp(Z)) * (2 - 1j), np.conj(-1 / Z**2) * (2 - 1j))
def holomorphic_functions(b):
    results = []
    for f in (lambda z: z * z, b.exp, lambda z: 1 / z):
        z = b.tensor(Z)
        f(z).backward(b.constant(np.full(3, 2 - 1j)))
        results.append(b.array(z.grad))
    return results


@scenario(Z.real, Z.imag, np.conj(Z) * 0 + V)
def real_and_complex_mixed(b):
    x, y, z = b.tensor(V), b.tensor(V), b.tensor(Z)
    b.real(x * b.constant(np.conj(Z))).sum().backward()
    b.imag(y * b.constant(Z)).sum().backward()
    b.real(b.constant(V) * z).sum().backward()
    return [b.array(x.grad), b.array(y.grad), b.array(z.grad)]


@scenario(2 * Z, np.full(3, 2 + 0j))
def second_order_of_a_complex_square(b):
    z = b.tensor(Z)
    g = b.gradients(b.real(z * b.conj(z)).sum(), z, create_graph=True)
    return [b.array(g), b.array(b.gradients(b.real(g).sum(), z))]
