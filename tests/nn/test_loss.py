from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor
from nn import classification, margin
from nn import loss as losses

REDUCE = {"mean": np.mean, "sum": np.sum, "none": lambda losses: losses}
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
P = RNG.uniform(0.1, 0.9, size=(4, 3))
CLASSES = np.array([0, 2, 1, 1])
SIGNS = np.array([[1, -1, 1], [-1, -1, 1], [1, 1, -1], [-1, 1, 1]])
LOG_P = X - np.log(np.exp(X).sum(axis=1, keepdims=True))
PICKED = -LOG_P[np.arange(4), CLASSES]
ONE_HOT = np.eye(3)[CLASSES]
S = 1 / (1 + np.exp(-X))
D = X - Y


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize(
    ("make", "x", "target", "losses", "slope"),
    [
        (nn.MSELoss, X, Y, D**2, 2 * D),
        (nn.L1Loss, X, Y, abs(D), np.sign(D)),
        (nn.HuberLoss, X, Y, np.where(abs(D) < 1, D**2 / 2, abs(D) - 0.5), D.clip(-1, 1)),
        (nn.SmoothL1Loss, X, Y, np.where(abs(D) < 1, D**2 / 2, abs(D) - 0.5), D.clip(-1, 1)),
        (nn.CrossEntropyLoss, X, CLASSES, PICKED, np.exp(LOG_P) - ONE_HOT),
        (nn.CrossEntropyLoss, X, ONE_HOT, PICKED, np.exp(LOG_P) - ONE_HOT),
        (nn.NLLLoss, X, CLASSES, -X[np.arange(4), CLASSES], -ONE_HOT),
        (nn.BCELoss, P, S, -S * np.log(P) - (1 - S) * np.log(1 - P), (P - S) / P / (1 - P)),
        (nn.BCEWithLogitsLoss, X, P, -P * np.log(S) - (1 - P) * np.log(1 - S), S - P),
        (nn.PoissonNLLLoss, X, P, np.exp(X) - P * X, np.exp(X) - P),
        (nn.KLDivLoss, X, P, P * (np.log(P) - X), -P),
        (nn.SoftMarginLoss, X, SIGNS, np.log(1 + np.exp(-SIGNS * X)), -SIGNS / (1 + np.exp(SIGNS * X))),
        (nn.HingeEmbeddingLoss, P, SIGNS, np.where(SIGNS > 0, P, 1 - P), SIGNS),
    ],
)
def test_value_and_gradient_in_closed_form(make, x, target, losses, slope, reduction):
    t = Tensor(x, requires_grad=True)
    loss = make(reduction=reduction)(t, target)
    np.testing.assert_allclose(loss.value, REDUCE[reduction](losses), rtol=1e-12)
    loss.sum().backward()
    scale = losses.size if reduction == "mean" else 1
    np.testing.assert_allclose(t.grad.value, slope / scale, rtol=1e-12, atol=1e-14)


def test_the_target_takes_the_predictions_dtype():
    x = Tensor(np.full(3, 0.5, np.float32), requires_grad=True)
    for target in (np.zeros(3), [0, 0, 1], Tensor(np.zeros(3, np.int8)), np.array([True] * 3)):
        for make in (nn.MSELoss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.PoissonNLLLoss, nn.KLDivLoss):
            assert make()(x, target).dtype == np.float32
    rows = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    weight = np.array([1.0, 2.0, 3.0])
    for loss in (
        nn.CrossEntropyLoss(weight, label_smoothing=0.1),
        nn.NLLLoss(weight),
        nn.MultiMarginLoss(weight=weight),
    ):
        out = loss(rows, [0, 2])
        out.backward()
        assert out.dtype == rows.grad.dtype == np.float32
    assert nn.CrossEntropyLoss(weight)(rows, np.ones((2, 3)) / 3).dtype == np.float32


def test_both_sides_may_need_a_gradient():
    x, y = Tensor([3.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    nn.MSELoss()(x, y).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([4.0], [-4.0])


def test_weights_are_buffers():
    loss = nn.CrossEntropyLoss(np.array([1.0, 2.0, 0.5]))
    assert list(loss.state_dict()) == ["weight"]
    assert not list(loss.parameters())
    loss.load_state_dict({"weight": np.ones(3)})
    np.testing.assert_allclose(loss(X, CLASSES), PICKED.mean())
    assert list(nn.BCEWithLogitsLoss(pos_weight=[2]).state_dict()) == ["pos_weight"]
    with pytest.raises(TypeError, match=r"no derivative by weight; pass weight\.detach\(\)"):
        F.cross_entropy(X, CLASSES, weight=Tensor(np.ones(3), requires_grad=True))
    with pytest.raises(TypeError, match="no derivative by pos_weight"):
        F.binary_cross_entropy_with_logits(X, P, pos_weight=Tensor(np.ones(3), requires_grad=True))


# -- points where a formula breaks down -----------------------------------------------------------------------


def test_what_is_ignored_counts_as_nothing():
    x = X.copy()
    x[1] = np.nan
    for function in (F.cross_entropy, F.nll_loss):
        t = Tensor(x, requires_grad=True)
        loss = function(t, [0, -100, 1, 1])
        np.testing.assert_allclose(loss.value, function(X[[0, 2, 3]], CLASSES[[0, 2, 3]]))
        loss.backward()
        assert not t.grad.value[1].any()
        t = Tensor(X, requires_grad=True)
        loss = function(t, np.full(4, -100))
        loss.backward()
        assert np.isnan(loss.item())
        assert not t.grad.value.any()
        assert function(t, np.full(4, -100), reduction="sum").item() == 0


def test_probabilities_at_the_ends():
    """Where the prediction is right, the gradient is the limit; where it is wrong, it is large and not zero."""
    x = Tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(x, np.array([0.0, 1.0, 1.0, 0.0]), reduction="none")
    np.testing.assert_array_equal(loss.value, [0, 0, 100, 100])
    loss.sum().backward()
    np.testing.assert_allclose(x.grad.value, [1, -1, -1e12, 1e12])
    y = Tensor([0.0, 1.0], requires_grad=True)
    F.binary_cross_entropy(np.array([1.0, 0.0]), y, reduction="sum").backward()
    np.testing.assert_array_equal(y.grad.value, [-100, 100])


def test_saturated_logits_are_exact_in_both_tails():
    x = Tensor([-800.0, -40.0, 40.0, 800.0], requires_grad=True)
    for target, slope in ((0.0, [0, np.exp(-40), 1, 1]), (1.0, [-1, -1, -np.exp(-40), 0])):
        (g,) = ad.gradients(F.binary_cross_entropy_with_logits(x, np.full(4, target), reduction="sum"), [x])
        np.testing.assert_allclose(g.value, slope, rtol=1e-14, atol=1e-300)
        (g,) = ad.gradients(
            F.binary_cross_entropy_with_logits(x, np.full(4, target), reduction="sum"), [x], create_graph=True
        )
        np.testing.assert_allclose(g.value, slope, rtol=1e-14, atol=1e-300)


def test_a_class_that_cannot_be_takes_no_part():
    x = Tensor([[0.0, -np.inf, 0.0]], requires_grad=True)
    for target in (np.array([0]), np.array([[1.0, 0.0, 0.0]])):
        for create_graph in (False, True):
            loss = F.cross_entropy(x, target)
            assert loss.item() == pytest.approx(np.log(2))
            (g,) = ad.gradients(loss, [x], create_graph=create_graph)
            np.testing.assert_allclose(g.value, [[-0.5, 0, 0.5]])


def test_nan_goes_through():
    x = np.array([[0.0, np.nan], [0.0, 0.0]])
    for loss in (F.cross_entropy(x, [0, 1]), F.mse_loss(x, x), F.binary_cross_entropy_with_logits(x, x * 0),
                 F.multi_margin_loss(x, [0, 1]), F.huber_loss(x, x * 0)):  # fmt: skip
        assert np.isnan(loss)


def test_huber_overflows_nowhere():
    x = Tensor(np.array([1e30, -1e30, 0.0], np.float32), requires_grad=True)
    (g,) = ad.gradients(F.huber_loss(x, np.zeros(3), "sum", 2.0), [x], create_graph=True)
    np.testing.assert_array_equal(g.value, [2, -2, 0])
    (h,) = ad.gradients(g.sum(), [x])
    np.testing.assert_array_equal(h.value, [0, 0, 1])


def test_a_variance_below_eps_can_grow():
    var = Tensor([0.0, 4.0], requires_grad=True)
    loss = F.gaussian_nll_loss(np.ones(2), np.zeros(2), var, eps=0.5, reduction="none")
    np.testing.assert_allclose(loss.value, [0.5 * (np.log(0.5) + 2), 0.5 * (np.log(4) + 0.25)])
    loss.sum().backward()
    np.testing.assert_allclose(var.grad.value, [0.5 * (2 - 4), 0.5 * (0.25 - 1 / 16)])


def test_hinges_have_a_slope_where_nothing_is_learned_yet():
    x = Tensor([1.0], requires_grad=True)
    F.margin_ranking_loss(x, np.array([1.0]), np.array([1])).backward()
    assert x.grad.tolist() == [-1.0]


# -- connectionist temporal classification --------------------------------------------------------------------


def log_probs(*shape: int) -> Any:
    return np.asarray(ad.log_softmax(np.random.default_rng(0).normal(size=shape)))


def test_ctc_of_a_target_that_is_too_long():
    x = Tensor(log_probs(2, 2, 3), requires_grad=True)
    arguments = (np.array([[1, 1], [1, 2]]), [2, 2], [2, 2])
    loss = F.ctc_loss(x, *arguments, reduction="none")
    assert loss.tolist()[0] == np.inf
    loss.sum().backward()
    assert np.isnan(x.grad.value[:, 0]).all()
    np.testing.assert_allclose(x.grad.value[:, 1], [[0, -1, 0], [0, 0, -1]])
    (g,) = ad.gradients(F.ctc_loss(x, *arguments, reduction="sum", zero_infinity=True), [x])
    assert not g.value[:, 0].any()


def test_ctc_has_gradient_zero_by_frames_that_it_does_not_read():
    x = Tensor(log_probs(4, 2, 3), requires_grad=True)
    loss = F.ctc_loss(x, np.array([[1, 1], [1, 2]]), [2, 3], [2, 2], reduction="sum")
    loss.backward()
    assert np.isnan(x.grad.value[:2, 0]).all()
    assert not x.grad.value[2:, 0].any()
    assert not x.grad.value[3:, 1].any()


def test_ctc_of_no_label_and_of_no_frames():
    x = log_probs(4, 3, 3)
    loss = F.ctc_loss(x, np.array([[1, 2], [1, 1], [2, 2]]), [4, 0, 0], [0, 0, 1], reduction="none")
    np.testing.assert_allclose(loss, [-x[:, 0, 0].sum(), 0, np.inf])
    assert F.ctc_loss(x[:, :1], np.zeros((1, 0), int), [4], [0]) == pytest.approx(-x[:, 0, 0].sum())


def test_ctc_under_vmap():
    x = np.stack([log_probs(4, 2, 3), log_probs(4, 2, 3)[::-1]])
    arguments = (np.array([[1, 2], [2, 2]]), [4, 3], [2, 2])
    found = ad.vmap(ad.grad(lambda x: F.ctc_loss(x, *arguments)))(x)
    for one, g in zip(x, found, strict=True):
        np.testing.assert_allclose(g, ad.grad(lambda x: F.ctc_loss(x, *arguments))(one), rtol=1e-12, atol=1e-15)


def test_cross_entropy_under_vmap_with_ignored_rows():
    x = RNG.normal(size=(2, 4, 3))
    targets = np.array([[0, 1, -100, 2], [-100, -100, 1, 1]])
    found = ad.vmap(ad.grad(lambda x, t: F.cross_entropy(x, t)))(x, targets)
    for one, t, g in zip(x, targets, found, strict=True):
        np.testing.assert_allclose(g, ad.grad(lambda x, t=t: F.cross_entropy(x, t))(one), rtol=1e-12)
    for bad in (3, -1):
        with pytest.raises(IndexError, match=f"class index {bad} at position"):
            ad.vmap(ad.grad(lambda x, t: F.cross_entropy(x, t)))(x, np.where(targets == 2, bad, targets))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"input_lengths": [5, 4]}, ValueError, r"input_lengths lie in 0 \.\. 4, the frames of log_probs; got 5 at 0"),
        ({"target_lengths": [2, 3]}, ValueError, r"target_lengths lie in 0 \.\. 2, the places of targets; got 3 at 1"),
        ({"target_lengths": [2, -1]}, ValueError, "got -1 at 1"),
        ({"input_lengths": [4]}, ValueError, r"one length for each of 2 sequences, got int64 \(1,\)"),
        ({"targets": np.array([[1, 3], [1, 2]])}, IndexError, r"class index 3 at position .0, 1. is outside"),
        ({"targets": np.array([[1, 0], [1, 2]])}, ValueError, r"a target holds the blank, 0 at \(0, 1\)"),
        ({"targets": np.array([[1, 2]])}, ValueError, "are not one row for each of 2 sequences"),
        ({"targets": np.array([1, 2, 1])}, ValueError, "stand one after another, and target_lengths add up to 4"),
        ({"targets": np.ones((2, 2))}, TypeError, r"targets are integers, got float64 \(2, 2\)"),
        ({"input_lengths": [4.0, 4.0]}, TypeError, "input_lengths are integers, got float64"),
        ({"blank": 3}, ValueError, r"blank is a class, 0 \.\. 2; got 3"),
        ({"log_probs": np.zeros(3)}, ValueError, r"log_probs \(T, n, c\) or \(T, c\)"),
        ({"reduction": "average"}, ValueError, '"mean", "sum" or "none", got \'average\''),
    ],
)  # fmt: skip
def test_errors_of_ctc(change, error, message):
    given = {"log_probs": log_probs(4, 2, 3), "targets": np.array([[1, 2], [1, 2]]), "input_lengths": [4, 4],
             "target_lengths": [2, 2]}  # fmt: skip
    with pytest.raises(error, match=message):
        F.ctc_loss(**given | change)


# -- errors ----------------------------------------------------------------------------------------------------

SHAPES = [nn.MSELoss, nn.L1Loss, nn.HuberLoss, nn.SmoothL1Loss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.PoissonNLLLoss,
          nn.KLDivLoss, nn.SoftMarginLoss, nn.HingeEmbeddingLoss, nn.MultiLabelSoftMarginLoss]  # fmt: skip


@pytest.mark.parametrize("make", SHAPES)
def test_shapes_do_not_broadcast(make):
    with pytest.raises(ValueError, match=r"got float64 \(3, 1\) and float64 \(3,\).*reshape\(\(3, 1\)\)"):
        make()(np.ones((3, 1)), np.ones(3))
    with pytest.raises(TypeError, match="takes real predictions"):
        make()(np.ones(3) * 1j, np.ones(3))


NEVER_HAD_THEM = {
    "HuberLoss", "GaussianNLLLoss", "TripletMarginWithDistanceLoss", "CTCLoss", "LinearCrossEntropyLoss",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*losses.__all__, *classification.__all__, *margin.__all__} - NEVER_HAD_THEM))
def test_former_arguments_are_refused_by_name(name):
    make = getattr(nn, name)
    for old in ("size_average", "reduce"):
        with pytest.raises(
            TypeError, match=f'{old}= is a former name of the reduction, got False. Write reduction="sum"'
        ):
            make(**{old: False})
    with pytest.raises(ValueError, match="got 'average'"):
        make(reduction="average")


ERRORS = [
    (F.cross_entropy, (X, np.ones(4)), TypeError, "class indices, integers; got float64"),
    (F.cross_entropy, (X, np.ones((4, 3), int)), TypeError, r"are probabilities, floating numbers; got int64 \(4, 3\)"),
    (F.cross_entropy, (X, np.arange(3)), ValueError, r"the targets need shape \(4,\), or \(4, 3\) for probabilities"),
    (F.cross_entropy, (X, [0, 1, 3, 0]), IndexError, r"class index 3 at position 2 is outside 0 \.\. 2"),
    (F.cross_entropy, (X[..., None], [[0], [1], [-1], [0]]), IndexError, r"class index -1 at position \(2, 0\)"),
    (F.cross_entropy, (X, CLASSES, np.ones(4)), ValueError, r"one number for each of 3 classes, got float64 \(4,\)"),
    (F.cross_entropy, (X[:0], CLASSES[:0]), ValueError, "the batch is empty"),
    (F.cross_entropy, (np.float64(1), 0), ValueError, r"takes logits \(n, c, \.\.\.\) or \(c,\)"),
    (F.nll_loss, (X, np.ones(4)), TypeError, "class indices, integers; got float64"),
    (F.nll_loss, (X, np.arange(3)), ValueError, r"the targets need shape \(4,\)"),
    (F.nll_loss, (X, np.arange(4)), IndexError, r"class index 3 at position 3 is outside 0 \.\. 2"),
    (F.nll_loss, (X, CLASSES, np.ones(4)), ValueError, r"weight float64 \(4,\) does not broadcast"),
    (F.binary_cross_entropy, (X, P), ValueError, r"probabilities lie in 0 \.\. 1, got .* at \(\d, \d\)"),
    (F.binary_cross_entropy, (P * np.nan, P), ValueError, r"got nan at \(0, 0\)"),
    (F.binary_cross_entropy, (P, P, np.ones(4)), ValueError, "weight .* does not broadcast to float64 .4, 3."),
    (F.binary_cross_entropy_with_logits, (X[0], P[0], P), ValueError, "weight .* does not broadcast"),
    (F.binary_cross_entropy_with_logits, (X[:0], P[:0]), ValueError, "the batch is empty"),
    (F.mse_loss, (X[:0], X[:0]), ValueError, "the batch is empty"),
    (F.mse_loss, (X, Y, None, None, "mean", np.ones(3)), ValueError, "the weight of mse_loss"),
    (F.huber_loss, (X, Y, "mean", 0.0), ValueError, r"positive delta, got 0\.0"),
    (F.smooth_l1_loss, (X, Y, None, None, "mean", -1.0), ValueError, r"at least 0, got -1\.0"),
    (F.gaussian_nll_loss, (X, Y, -P), ValueError, r"a variance is not negative, got -0.* at \(0, 0\)"),
    (F.gaussian_nll_loss, (X, Y, np.ones(2)), ValueError, r"var float64 \(2,\) does not go with input"),
    (F.gaussian_nll_loss, (X, Y[:2], P), ValueError, r"target float64 \(2, 3\) does not go with"),
    (F.kl_div, (np.float64(0), np.float64(1), None, None, "batchmean"), ValueError, "over the first axis"),
    (F.hinge_embedding_loss, (X, ONE_HOT), ValueError, r"targets are 1 or -1, got 0\.0 at \(0, 1\).*2 \* target - 1"),
    (F.soft_margin_loss, (X, 3 * SIGNS), ValueError, r"targets are 1 or -1, got 3 at \(0, 0\)\.$"),
    (F.margin_ranking_loss, (X, Y[0], SIGNS), ValueError, "predictions and targets of one shape"),
    (F.cosine_embedding_loss, (X, Y, SIGNS), ValueError, r"inputs \(n, d\) or \(d,\) and a target for each pair"),
    (F.multi_margin_loss, (X, [0, 1, 2, 3]), IndexError, "class index 3 at position 3"),
    (F.multi_margin_loss, (X, CLASSES, 3), ValueError, "takes p=1 or p=2, got 3"),
    (F.multi_margin_loss, (X, np.ones(4)), TypeError, "class indices, integers"),
    (F.multilabel_margin_loss, (X, CLASSES), ValueError, r"takes scores \(n, c\) and targets \(n, c\)"),
    (F.multilabel_margin_loss, (X[0], [0, 3, -1]), IndexError, "class index 3 at position 1"),
    (F.triplet_margin_loss, (X, Y, P, 0.0), ValueError, r"positive margin, got 0\.0"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "error", "message"), ERRORS)
def test_errors(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(*arguments)


def test_a_class_to_ignore_goes_with_class_indices():
    with pytest.raises(ValueError, match="ignore_index=1 is a class index, and the targets are probabilities"):
        F.cross_entropy(X, np.full((4, 3), 1 / 3), ignore_index=1)
    with pytest.raises(ValueError, match="ignore_index=-1 is a class index, and the targets are probabilities"):
        F.linear_cross_entropy(X, np.ones((2, 3)), np.full((4, 2), 0.5), ignore_index=-1)


@pytest.mark.parametrize("make", [nn.MSELoss, nn.L1Loss, nn.SoftMarginLoss, nn.MultiLabelMarginLoss])
def test_options_that_a_loss_has_not(make):
    with pytest.raises(TypeError, match="unexpected keyword argument 'delta'"):
        make(delta=1.0)


def test_errors_of_linear_cross_entropy():
    target = np.array([0, 1])
    with pytest.raises(ValueError, match=r"takes x \(n, k\) and linear_weight \(c, \.\.\., k\)"):
        F.linear_cross_entropy(np.ones(3), np.ones((2, 2, 3)), target)
    with pytest.raises(ValueError, match=r"linear_bias needs shape \(2,\), one per logit; got float64 \(3,\)"):
        F.linear_cross_entropy(np.ones((2, 3)), np.ones((2, 3)), target, linear_bias=np.ones(3))
    with pytest.raises(TypeError, match="leave options= out"):
        nn.LinearCrossEntropyLoss(3, 2, options="auto")(np.ones((2, 3)), target)
    with pytest.raises(ValueError, match=r"out_features\[1\] is an integer of at least 1, got 0"):
        nn.LinearCrossEntropyLoss(3, 2, out_features=(2, 0))


def test_label_smoothing_is_a_part():
    with pytest.raises(ValueError, match=r"label_smoothing lies in 0 \.\. 1, got 1\.5"):
        F.cross_entropy(X, CLASSES, label_smoothing=1.5)


def test_options_are_shown():
    assert repr(nn.MSELoss()) == "MSELoss()"
    assert repr(nn.MSELoss(reduction="sum")) == "MSELoss(reduction='sum')"
    assert repr(nn.TripletMarginLoss(2.0, swap=True)) == "TripletMarginLoss(margin=2.0, swap=True)"
    assert repr(nn.CrossEntropyLoss(np.ones(3), ignore_index=0)) == "CrossEntropyLoss(ignore_index=0)"
