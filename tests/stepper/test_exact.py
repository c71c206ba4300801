"""Stepping reproduces `backward()` bit for bit, and going back restores every state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.graph import history
from autodiff.stepper.steps import OpStep, same
from tests.backends import Ours
from tests.fuzz import fuzz_settings, programs
from tests.rows import ROWS, Row
from tests.test_fuzz import differentiable, loss_of
from tests.test_op_table import draw, fortran, tracked


def bits(value: Any) -> Any:
    """What tells two states apart: shape, dtype and every bit."""
    if isinstance(value, list):
        return [bits(part) for part in value]
    value = None if value is None else np.asarray(value)
    return None if value is None else (value.shape, str(value.dtype), value.tobytes())


def state(stepper: Any) -> Any:
    """All that a stepper shows at its position."""
    return repr(stepper), {name: bits(g) for name, g in stepper.gradients().items()}


def check(tensors: list[Any], gradients: list[Any], leaves: list[Any], **options: Any) -> Any:
    """Step through a pass, then run it: leaves, inner gradients and partial sums have the same bits."""
    stepper = ad.stepper(tensors, gradients, **options)
    assert all(leaf.grad is None for leaf in leaves)
    for step in stepper:
        assert step.text()
        if isinstance(step, OpStep):
            assert same(step.event.arrived, step.event.g)  # the sum that was shown, and what the rule was given
    nodes, _ = history([t.node for t in tensors])
    for node in nodes:
        if not node.op.several:
            ad.Tensor.retain_grad(_tensor_at(node))
    stepper.goto(-1)
    ad.backward_all(tensors, gradients, **options)
    for leaf in leaves:
        shown = stepper.gradient(leaf) if leaf in stepper._places else None
        assert (shown is None) == (leaf.grad is None)
        if shown is not None:
            assert same(shown, leaf.grad.value)
    for node in nodes:
        if not node.op.several and node.grad is not None:
            assert same(stepper.gradient(_tensor_at(node)), node.grad.value)
    return stepper


def _tensor_at(node: Any) -> Any:
    from autodiff.tensor import at

    return at(np.zeros(node.shape, node.dtype), node)


def walk(stepper: Any) -> None:
    """Go through all positions and back; each is as it was."""
    stepper.reset()
    seen = [state(stepper)]
    while stepper.next() is not None:
        seen.append(state(stepper))
    assert len(seen) == len(stepper) + 1
    while stepper.position:
        assert state(stepper) == seen[stepper.position]
        stepper.back()
    assert state(stepper) == seen[0]
    for position in np.random.default_rng(0).integers(0, len(seen), 10):
        stepper.goto(int(position))
        assert state(stepper) == seen[position]


@pytest.mark.parametrize("create_graph", [False, True])
@fuzz_settings(60)
@given(program=programs(max_steps=12))
def test_random_programs(create_graph, program):
    leaves = [ad.Tensor(a, requires_grad=True) for a in program.inputs()]
    loss = loss_of(program, Ours(), leaves)
    if differentiable(loss):
        walk(check([loss], [None], leaves, create_graph=create_graph))


@fuzz_settings(30)
@given(program=programs(max_steps=12), seed=st.integers(0, 1000))
def test_several_roots_with_gradients(program, seed):
    leaves = [ad.Tensor(a, requires_grad=True) for a in program.inputs()]
    outs = [out for out in program.run(Ours(), leaves) if differentiable(out)]
    rng = np.random.default_rng(seed)
    if outs:
        roots = [out for out in outs if out.node is not None]
        if roots:
            check(roots, [np.asarray(rng.normal(size=root.shape)) for root in roots], leaves)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_op(row: Row):
    for trial in range(len(row.trials())):
        for dtype in (None, np.float32, np.complex64) if row.complex else (None, np.float32):
            args, options = draw(row, trial, dtype)
            if "dtype" in options and dtype is not None:
                continue
            which = tracked(row, args)
            for layout in (
                (lambda a: a, lambda a: fortran(a) if np.ndim(a) > 1 else a) if row.differentiable and which else ()
            ):
                tensors = [ad.asarray(layout(a)).requires_grad_() if i in which else a for i, a in enumerate(args)]
                out = row.call(*tensors, **options)
                if out.node is not None:
                    weight = np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype)
                    check([out], [weight], [tensors[i] for i in which])


@fuzz_settings(40)
@given(program=programs(max_steps=12))
def test_values_of_the_forward_pass(program):
    """Values that the graph did not keep are computed again, to the same bits; those that cannot be are left out."""

    def stepped():
        leaves = [ad.Tensor(a, requires_grad=True) for a in program.inputs()]
        loss = loss_of(program, Ours(), leaves)
        return ad.stepper(loss, forward=True, names=False) if differentiable(loss) else None

    with ad.keep_values():
        kept = stepped()
    again = stepped()
    if kept is not None:
        for known, found in zip(kept.places, again.places, strict=True):
            assert found.value is None or same(known.value, found.value)
        walk(again)
