"""Every module that PyTorch has too, with PyTorch's initial weights: output, gradients, state, second order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff.tensor import Tensor
from tests.parity.modules import CASES, Case

RUNS = [(case, mode) for case in CASES for mode in case.modes]
IDS = [f"{i}-{case}-{'train' if mode else 'eval'}" for i, (case, mode) in enumerate(RUNS)]


def tensors_of(out: Any) -> list[Any]:
    """The tensors in what a module returns."""
    if isinstance(out, tuple | list):
        return [t for part in out for t in tensors_of(part)]
    return [out] if type(out) is Tensor or isinstance(out, torch.Tensor) else []


def ours_of(array: Any) -> Any:
    return Tensor(array, requires_grad=array.dtype.kind == "f") if isinstance(array, np.ndarray) else array


def theirs_of(array: Any) -> Any:
    if isinstance(array, tuple):
        return tuple(map(theirs_of, array))
    if not isinstance(array, np.ndarray):
        return array
    return torch.tensor(array, requires_grad=array.dtype.kind == "f")


def close(mine: Any, other: Any, rtol: float) -> None:
    mine = np.asarray(getattr(mine, "value", mine))
    other = other.numpy(force=True) if isinstance(other, torch.Tensor) else other
    assert mine.shape == other.shape
    np.testing.assert_allclose(mine, other, rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("case", "training"), RUNS, ids=IDS)
def test_module(case: Case, training: bool) -> None:
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    theirs = case.theirs(*case.args, **case.options).to(torch.float64)
    ours = case.ours(*case.args, **case.options).astype("float64")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    arrays = [draw(rng) for draw in case.inputs]
    more = {k: draw(rng) if callable(draw) else draw for k, draw in case.call.items()}
    for _ in range(case.calls if ours.state_dict() and any(True for _ in ours.buffers()) else 0):
        warm = [draw(rng) for draw in case.inputs]
        with torch.no_grad(), ad.no_grad():
            theirs(*map(theirs_of, warm), **{k: theirs_of(v) for k, v in more.items()})
            ours(*map(ours_of, warm), **{k: ours_of(v) for k, v in more.items()})
    ours.train(training)
    theirs.train(training)
    xs, us = [*map(ours_of, arrays)], [*map(theirs_of, arrays)]
    a = tensors_of(ours(*xs, **{k: ours_of(v) for k, v in more.items()}))
    b = tensors_of(theirs(*us, **{k: theirs_of(v) for k, v in more.items()}))
    assert len(a) == len(b)
    for mine, other in zip(a, b, strict=True):
        close(mine, other, case.rtol)
    for (name, mine), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(mine, other.numpy(), rtol=case.rtol, atol=case.rtol, err_msg=name)
    recorded = [(m, o) for m, o in zip(a, b, strict=True) if o.requires_grad]
    if not recorded:
        return
    params = dict(theirs.named_parameters())
    mine_in = [*(x for x in xs if type(x) is Tensor and x.requires_grad), *ours.parameters()]
    their_in = [
        *(u for u in us if isinstance(u, torch.Tensor) and u.requires_grad),
        *(params[name] for name, _ in ours.named_parameters()),
    ]
    seeds = [rng.normal(size=o.shape) for _, o in recorded]
    second = case.second_order
    first = ad.gradients(
        [m for m, _ in recorded], mine_in, [Tensor(s) for s in seeds], create_graph=second, allow_unused=True
    )
    expected = torch.autograd.grad(
        [o for _, o in recorded], their_in, [torch.tensor(s) for s in seeds], create_graph=second, allow_unused=True
    )
    pairs = compare(first, expected, mine_in, case.rtol)
    if not second:
        return
    pairs = [(g, h) for g, h in pairs if g.requires_grad and h.requires_grad]
    if pairs:
        weights = [rng.normal(size=g.shape) for g, _ in pairs]
        again = ad.gradients([g for g, _ in pairs], mine_in, [Tensor(w) for w in weights], allow_unused=True)
        judge = torch.autograd.grad(
            [h for _, h in pairs], their_in, [torch.tensor(w) for w in weights], allow_unused=True
        )
        compare(again, judge, mine_in, 10 * case.rtol)


def compare(mine: Any, theirs: Any, inputs: list[Any], rtol: float) -> list[tuple[Any, Any]]:
    """Gradients are equal; None and zero are the same. Returns the pairs that both systems have."""
    pairs = []
    for g, h, x in zip(mine, theirs, inputs, strict=True):
        close(np.zeros(x.shape) if g is None else g, np.zeros(x.shape) if h is None else h, rtol)
        if g is not None and h is not None:
            pairs.append((g, h))
    return pairs
