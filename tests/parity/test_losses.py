"""Every loss, as function and as module: value, gradients, and gradients of the gradients are PyTorch's."""

from __future__ import annotations

import inspect
import re
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss:UserWarning"),
    pytest.mark.filterwarnings("ignore:Using a target size:UserWarning"),
]

RNG = np.random.default_rng(0)
HOW = ("mean", "sum", "none")
CASES: list[Any] = []


def real(*shape: int) -> Any:
    return RNG.normal(size=shape)


def inside(*shape: int) -> Any:
    return RNG.uniform(0.05, 0.95, size=shape)


def signs(*shape: int) -> Any:
    return RNG.choice([-1, 1], size=shape)


def simplex(*shape: int) -> Any:
    """Probabilities along axis 1."""
    p = inside(*shape)
    return p / p.sum(axis=min(1, p.ndim - 1), keepdims=True)


def loss(function: str, module: str | None, *inputs: Any, hows: Any = HOW, second: bool = True, **options: Any) -> None:
    """Add a case per reduction: arrays of floating numbers are differentiated by, options are constants."""
    for how in hows:
        CASES.append(pytest.param(function, module, inputs, options | {"reduction": how}, second,
                                  id=f"{len(CASES)}-{function}-{how}-{'-'.join(options)}"))  # fmt: skip


W3 = np.array([0.5, 2.0, 1.25])
for _shape, _rest in (((4, 3), (4,)), ((2, 3, 4), (2, 4)), ((2, 3, 2, 2), (2, 2, 2)), ((3,), ())):
    _classes = RNG.integers(3, size=_rest)
    for _options in ({}, {"weight": W3}, {"ignore_index": 1}, {"weight": W3, "ignore_index": 2}):
        loss("nll_loss", "NLLLoss", real(*_shape), _classes, **_options)
        for _smooth in (0.0, 0.2):
            loss("cross_entropy", "CrossEntropyLoss", real(*_shape), _classes, label_smoothing=_smooth, **_options)
    for _options in ({}, {"weight": W3}, {"label_smoothing": 0.3}, {"weight": W3, "label_smoothing": 0.3}):
        loss("cross_entropy", "CrossEntropyLoss", real(*_shape), simplex(*_shape), **_options)
for _shape in ((4, 3), (), (2, 3, 2)):
    loss("mse_loss", "MSELoss", real(*_shape), real(*_shape))
    loss("l1_loss", "L1Loss", real(*_shape), real(*_shape))
    for _size in (0.5, 1.0, 3.0):
        loss("huber_loss", "HuberLoss", real(*_shape), real(*_shape), delta=_size)
        loss("smooth_l1_loss", "SmoothL1Loss", real(*_shape), real(*_shape), beta=_size)
    loss("smooth_l1_loss", "SmoothL1Loss", real(*_shape), real(*_shape), beta=0.0)
    for _function in ("mse_loss", "l1_loss", "huber_loss"):
        loss(_function, None, real(*_shape), real(*_shape), weight=inside(*_shape))
    loss("binary_cross_entropy", "BCELoss", inside(*_shape), inside(*_shape))
    loss("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", real(*_shape), inside(*_shape))
    for _full, _log in product((False, True), repeat=2):
        loss("poisson_nll_loss", "PoissonNLLLoss", real(*_shape) if _log else inside(*_shape), 5 * inside(*_shape),
             log_input=_log, full=_full)  # fmt: skip
    loss("soft_margin_loss", "SoftMarginLoss", real(*_shape), signs(*_shape))
    for _margin in (1.0, 0.25):
        loss("hinge_embedding_loss", "HingeEmbeddingLoss", inside(*_shape), signs(*_shape), margin=_margin)
        loss("margin_ranking_loss", "MarginRankingLoss", real(*_shape), real(*_shape), signs(*_shape), margin=_margin)
for _weight in (inside(4, 3), inside(3), inside(4, 1)):
    loss("binary_cross_entropy", "BCELoss", inside(4, 3), inside(4, 3), weight=_weight)
    for _options in ({"weight": _weight}, {"pos_weight": _weight}, {"weight": _weight, "pos_weight": 2 * W3}):
        loss("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", real(4, 3), inside(4, 3), **_options)
for _var in ((4, 3), (4, 1), (4,)):
    for _full in (False, True):
        loss("gaussian_nll_loss", "GaussianNLLLoss", real(4, 3), real(4, 3), inside(*_var), full=_full)
loss("gaussian_nll_loss", "GaussianNLLLoss", real(4, 3), real(4, 1), inside(4, 3), eps=0.5)
for _log in (False, True):
    for _shape in ((4, 3), (2, 3, 2)):
        loss("kl_div", "KLDivLoss", np.log(simplex(*_shape)), np.log(simplex(*_shape)) if _log else simplex(*_shape),
             hows=(*HOW, "batchmean"), log_target=_log)  # fmt: skip
for _shape, _rest in (((4, 3), (4,)), ((3,), ())):
    _classes = RNG.integers(3, size=_rest)
    for _p, _options in product((1, 2), ({}, {"weight": W3}, {"margin": 0.5})):
        loss("multi_margin_loss", "MultiMarginLoss", real(*_shape), _classes, p=_p, second=False, **_options)
    for _options in ({}, {"weight": W3}):
        loss("multilabel_soft_margin_loss", "MultiLabelSoftMarginLoss", real(*_shape), inside(*_shape), **_options)
    for _margin in (0.0, 0.3):
        loss("cosine_embedding_loss", "CosineEmbeddingLoss", real(*_shape), real(*_shape), signs(*_rest),
             margin=_margin)  # fmt: skip
    for _p, _swap in product((1.0, 2.0, 3.0), (False, True)):
        loss("triplet_margin_loss", "TripletMarginLoss", real(*_shape), real(*_shape), real(*_shape), p=_p, swap=_swap,
             margin=1.5)  # fmt: skip
        loss("triplet_margin_with_distance_loss", "TripletMarginWithDistanceLoss", real(*_shape), real(*_shape),
             real(*_shape), swap=_swap, distance_function=lambda x, y: ((x - y) ** 4).sum(-1))  # fmt: skip
loss("multilabel_margin_loss", "MultiLabelMarginLoss", real(4, 5),
     np.array([[0, -1, 2, 3, 4], [3, 1, -1, 0, 0], [4, 3, 2, 1, 0], [-1, 0, 1, 2, 3]]), second=False)  # fmt: skip
loss("multilabel_margin_loss", "MultiLabelMarginLoss", real(4), np.array([3, 0, -1, 1]), second=False)


def theirs_of(value: Any) -> Any:
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


def both(inputs: Any) -> tuple[list[Any], list[Any]]:
    """Inputs in either system, those of floating numbers with gradients."""
    ours, theirs = [], []
    for x in inputs:
        floating = isinstance(x, np.ndarray | np.floating) and x.dtype.kind == "f"
        ours.append(Tensor(x, requires_grad=True) if floating else x)
        theirs.append(torch.tensor(np.asarray(x), requires_grad=floating))
    return ours, theirs


@pytest.mark.parametrize(("function", "module", "inputs", "options", "second"), CASES)
def test_loss(function: str, module: str | None, inputs: Any, options: Any, second: bool) -> None:
    xs, us = both(inputs)
    a = getattr(F, function)(*xs, **options)
    b = getattr(TF, function)(*us, **{k: theirs_of(v) for k, v in options.items()})
    assert a.shape == b.shape
    np.testing.assert_allclose(a.value, b.detach().numpy(), rtol=1e-10, atol=1e-12)
    if module is not None:
        ours = getattr(nn, module)(**options).astype("float64")
        theirs = getattr(torch.nn, module)(**{k: theirs_of(v) for k, v in options.items()})
        np.testing.assert_array_equal(ours(*inputs), a.value)
        assert list(ours.state_dict()) == list(theirs.state_dict())
    rng = np.random.default_rng(1)
    mine, other = [x for x in xs if type(x) is Tensor], [u for u in us if u.requires_grad]
    seed = rng.normal(size=a.shape)
    first = ad.gradients(a, mine, Tensor(seed), create_graph=second)
    judge = torch.autograd.grad(b, other, torch.tensor(seed), create_graph=second)
    for plain, g, h in zip(ad.gradients(getattr(F, function)(*xs, **options), mine, Tensor(seed)), first, judge,
                           strict=True):  # fmt: skip
        np.testing.assert_allclose(plain.value, h.detach().numpy(force=True), rtol=1e-9, atol=1e-11)  # by the kernel
        np.testing.assert_allclose(g.value, h.detach().numpy(force=True), rtol=1e-9, atol=1e-11)  # by the composed form
    pairs = [(g, h, rng.normal(size=g.shape)) for g, h in zip(first, judge, strict=True) if h.requires_grad]
    if not second or not pairs:
        return
    gs = [g for g, _, _ in pairs if g.requires_grad]
    seeds = [Tensor(v) for g, _, v in pairs if g.requires_grad]
    twice = ad.gradients(gs, mine, seeds, allow_unused=True) if gs else [None] * len(mine)
    theirs_twice = torch.autograd.grad(
        [h for _, h, _ in pairs], other, [torch.tensor(v) for _, _, v in pairs], allow_unused=True
    )
    for g, h, x in zip(twice, theirs_twice, mine, strict=True):
        g = np.zeros(x.shape) if g is None else g.value
        h = np.zeros(x.shape) if h is None else h.detach().numpy(force=True)
        np.testing.assert_allclose(g, h, rtol=1e-8, atol=1e-9)


# -- connectionist temporal classification: below log_softmax, where PyTorch's gradient is the same ------------

LENGTHS = [
    ((6, 3, 4), (3, 2), [6, 5, 4], [2, 1, 2]), ((5, 2, 3), (2, 3), [5, 5], [3, 0]), ((3, 2, 4), (2, 4), [3, 2], [4, 1]),
    ((8, 1, 5), (1, 3), [8], [3]),
]  # fmt: skip
CTC = [(*case, blank, how, zero) for case in LENGTHS for blank in (0, 2) for how in HOW for zero in (False, True)]


@pytest.mark.parametrize("concatenated", [False, True])
@pytest.mark.parametrize(("shape", "place", "frames", "lengths", "blank", "how", "zero"), CTC)
def test_ctc(shape: Any, place: Any, frames: Any, lengths: Any, blank: int, how: str, zero: bool,
             concatenated: bool) -> None:  # fmt: skip
    rng = np.random.default_rng(0)
    logits = rng.normal(size=shape)
    targets = rng.choice([c for c in range(shape[2]) if c != blank], size=place)
    targets[:, 1:2] = targets[:, :1]  # equal labels need a blank between them
    if concatenated:
        targets = np.concatenate([row[:n] for row, n in zip(targets, lengths, strict=True)])
    x, u = Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    a = nn.CTCLoss(blank, how, zero)(ad.log_softmax(x), targets, frames, lengths)
    b = torch.nn.CTCLoss(blank, how, zero)(
        u.log_softmax(-1), torch.tensor(targets), torch.tensor(frames), torch.tensor(lengths)
    )
    np.testing.assert_allclose(a.value, b.detach().numpy(), rtol=1e-10)
    seed = rng.normal(size=a.shape)
    a.backward(seed)
    b.backward(torch.tensor(seed))
    np.testing.assert_allclose(x.grad.value, u.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("how", HOW)
def test_ctc_of_one_sequence(how: str) -> None:
    logits = np.random.default_rng(0).normal(size=(6, 4))
    x, u = Tensor(logits, requires_grad=True), torch.tensor(logits, requires_grad=True)
    a = F.ctc_loss(ad.log_softmax(x), np.array([1, 1, 3]), 5, 3, reduction=how)
    b = TF.ctc_loss(u.log_softmax(-1), torch.tensor([1, 1, 3]), torch.tensor(5), torch.tensor(3), reduction=how)
    assert a.shape == b.shape
    np.testing.assert_allclose(a.value, b.detach().numpy(), rtol=1e-10)
    a.backward()
    b.backward()
    np.testing.assert_allclose(x.grad.value, u.grad.numpy(), rtol=1e-9, atol=1e-12)


# -- special points ---------------------------------------------------------------------------------------------

POINTS = [
    ("cross_entropy", np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4]]), np.array([1, 2]), {}),
    ("cross_entropy", np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4]]), np.array([[0.0, 0.5, 0.5], [1, 0, 0]]), {}),
    ("cross_entropy", real(2, 3), np.array([-100, -100]), {}),
    ("nll_loss", real(2, 3), np.array([-100, -100]), {}),
    ("binary_cross_entropy_with_logits", np.array([1e4, -1e4, 1e4, -1e4, 0]), np.array([0.0, 1, 1, 0, 0.5]), {}),
    ("binary_cross_entropy", np.array([0.0, 1.0, 1e-40]), np.array([1.0, 0.0, 1.0]), {}),
    ("l1_loss", np.zeros(3), np.zeros(3), {}),
    ("huber_loss", np.array([0.0, 1.0, -1.0, 1e200]), np.zeros(4), {}),
    ("smooth_l1_loss", np.array([0.0, 1.0, -1.0, 1e200]), np.zeros(4), {}),
    ("hinge_embedding_loss", np.array([1.0, 1.0]), np.array([1, -1]), {}),
    ("multi_margin_loss", np.array([[1.0, 0.0, 2.0]]), np.array([0]), {}),
    ("kl_div", np.array([-1.0, -2.0]), np.array([0.0, 1.0]), {"reduction": "sum"}),
]


@pytest.mark.parametrize(("function", "x", "target", "options"), POINTS)
def test_special_points(function: str, x: Any, target: Any, options: Any) -> None:
    t, u = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    a, b = getattr(F, function)(t, target, **options), getattr(TF, function)(u, torch.tensor(target), **options)
    a.backward()
    b.backward()
    np.testing.assert_allclose(a.value, b.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(t.grad.value, u.grad.numpy(), rtol=1e-8, atol=1e-12)
    composed = ad.gradients(getattr(F, function)(t, target, **options), t, create_graph=True)
    np.testing.assert_allclose(composed.value, u.grad.numpy(), rtol=1e-8, atol=1e-12)


def test_signatures() -> None:
    """The arguments, their order and their defaults are PyTorch's."""

    def plain(function: Any) -> list[Any]:
        found = inspect.signature(function).parameters.values()
        return [(p.name, re.sub(r"\.0$", "", str(p.default)), p.kind) for p in found]

    names = {case.values[0] for case in CASES} | {"ctc_loss"}
    modules = {case.values[1] for case in CASES} - {None} | {"CTCLoss"}
    from torch.nn.modules import loss as every

    assert set(every.__all__) - modules == {"NLLLoss2d", "LinearCrossEntropyLoss"}
    for name in names:
        assert plain(getattr(F, name)) == plain(getattr(TF, name)), name
    for name in modules:
        ours = [p for p in plain(getattr(nn, name)) if p[0] != "options"]
        assert ours == plain(getattr(torch.nn, name)), name
        assert plain(getattr(nn, name).forward)[1:] == [
            p if p[0] != "log_input" else ("input", *p[1:]) for p in plain(getattr(torch.nn, name).forward)[1:]
        ], name
