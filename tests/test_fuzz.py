"""Random programs against central differences, to second order, and what must hold of any gradient."""

import numpy as np
import pytest
from hypothesis import given

import autodiff as ad
from tests.backends import Detached, NumPy, Ours
from tests.fuzz import Program, fuzz_settings, programs


def weights(program: Program, outputs) -> list[np.ndarray]:
    """A cotangent for each output."""
    rng = np.random.default_rng([program.seed, 1000])
    return [np.asarray(rng.normal(size=out.shape)) for out in outputs]


def directions(program: Program) -> list[np.ndarray]:
    """A direction in the space of the leaves, of length 1."""
    rng = np.random.default_rng([program.seed, 2000])
    raw = [np.asarray(rng.normal(size=shape)) for shape in program.leaves]
    return [v / np.sqrt(sum((r * r).sum() for r in raw)) for v in raw]


def moved(program: Program, h: float) -> list[np.ndarray]:
    return [x + h * v for x, v in zip(program.inputs(), directions(program), strict=True)]


def loss_of(program: Program, backend, leaves):
    """The sum of all outputs' elements, each with a weight of its own."""
    outputs = program.run(backend, leaves)
    loss = 0.0
    for out, w in zip(outputs, weights(program, outputs), strict=True):
        loss = loss + (out * w).sum()
    return loss


def differentiable(loss) -> bool:
    return type(loss) is ad.Tensor and loss.requires_grad


def gradient_of(program: Program, arrays, detached: Detached | None = None, **options):
    """Our loss and its gradients; None where the program has detached everything."""
    leaves = [ad.Tensor(a, requires_grad=True) for a in arrays]
    loss = loss_of(program, Ours(detached), leaves)
    if not differentiable(loss):
        return loss, leaves, None
    return loss, leaves, ad.gradients(loss, leaves, allow_unused=True, **options)


def along(gradients, vectors) -> float:
    """The inner product of gradients and a direction."""
    return float(sum((g.value * v).sum() for g, v in zip(gradients, vectors, strict=True) if g is not None))


def central_difference(f, h: float) -> float:
    """The derivative of f at 0, with an error of order h^4."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


def assert_derivative(analytic: float, f) -> None:
    """Compare with differences of two widths; that of the wider one says how exact they are."""
    fine, coarse = central_difference(f, 1e-4), central_difference(f, 2e-4)
    scale = max(1.0, abs(analytic))
    tolerance = 1e-7 * scale + 2 * abs(fine - coarse)
    assert abs(fine - coarse) < 1e-4 * scale, "the program has a kink: tests/fuzz.py let it pass"
    assert abs(analytic - fine) <= tolerance, f"{analytic} and {fine}, {coarse} by differences"


@fuzz_settings(1_000)
@given(programs())
def test_gradients_agree_with_central_differences(program):
    detached = Detached()
    value = loss_of(program, NumPy(detached), program.inputs())
    loss, _, gradients = gradient_of(program, program.inputs())
    np.testing.assert_allclose(getattr(loss, "value", loss), value, rtol=1e-10, atol=1e-10)

    def f(h):
        detached.rewind()
        return loss_of(program, NumPy(detached), moved(program, h))

    assert_derivative(along(gradients, directions(program)) if gradients else 0.0, f)


@fuzz_settings(500)
@given(programs(max_steps=7))
def test_second_order_agrees_with_differences_of_the_first(program):
    v = directions(program)
    detached = Detached()
    loss_of(program, NumPy(detached), program.inputs())
    _, leaves, gradients = gradient_of(program, program.inputs(), create_graph=True)
    if gradients is None:
        return
    inner = sum((g * w).sum() for g, w in zip(gradients, v, strict=True) if g is not None)
    second = ad.gradients(inner, leaves, allow_unused=True) if differentiable(inner) else [None] * len(leaves)

    def f(h):
        detached.rewind()
        return along(gradient_of(program, moved(program, h), detached)[2], v)

    assert_derivative(along(second, v), f)


@fuzz_settings(500)
@given(programs())
def test_what_holds_of_any_gradient(program):
    arrays = [x.astype(np.float32 if i % 2 else np.float64) for i, x in enumerate(program.inputs())]
    leaves = [ad.Tensor(a, requires_grad=True) for a in arrays]
    outputs = [out for out in program.run(Ours(), leaves) if out.requires_grad]
    seeds = weights(program, outputs)
    held = [t.value for t in leaves] + [out.value for out in outputs] + seeds
    before = [np.array(a) for a in held]
    nodes, _ = ad.graph.history([out.node for out in outputs])
    for node in nodes:
        for saved in node.saved_arrays.values():
            held += [a for a in (saved if type(saved) is tuple else (saved,)) if isinstance(a, np.ndarray)]
    by_name = ad.gradients(outputs, leaves, seeds, retain_graph=True, allow_unused=True) if outputs else []
    if outputs:
        ad.backward_all(outputs, seeds)
    for a, b in zip(held, before, strict=False):
        np.testing.assert_array_equal(a, b)  # nothing was written into
    grads = [t.grad for t in leaves]
    for leaf, g, named in zip(leaves, grads, by_name, strict=False):
        assert (g is None) == (named is None)
        if g is None:
            continue
        assert (g.shape, g.dtype) == (leaf.shape, leaf.dtype)
        assert type(g.value) is type(leaf.value)
        np.testing.assert_array_equal(g.value, named.value)
        others = [*held, named.value, *(h.value for h in grads if h is not None and h is not g)]
        assert not any(np.shares_memory(g.value, other) for other in others)
    assert all(node.saved is None or not node.saved_arrays for node in nodes)  # freed


def test_a_failing_program_would_be_found():
    """The check itself: a rule that is wrong by one part in a thousand does not pass."""
    with pytest.raises(AssertionError):
        assert_derivative(2.002, lambda h: (1 + h) ** 2)
    assert_derivative(2.0, lambda h: (1 + h) ** 2)
