"""Metrics, added up over batches, against scikit-learn's of all examples at once."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn import metrics as sk

from autodiff.tensor import Tensor
from optim import metrics

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(200, 4))
CLASSES = np.where(RNG.random(200) < 0.6, SCORES.argmax(1), RNG.integers(4, size=200))
CLASSES[CLASSES == 3] = 2  # class 3 is named, and never right


def over_batches(metric, output, target, size=33):
    for i in range(0, len(target), size):
        metric.update(Tensor(output[i : i + size]), target[i : i + size])
    return metric.compute()


@pytest.mark.parametrize("average", ["macro", "micro", "weighted", None])
@pytest.mark.parametrize("name", ["Precision", "Recall", "F1"])
def test_figures_of_classes(name, average):
    theirs = {"Precision": sk.precision_score, "Recall": sk.recall_score, "F1": sk.f1_score}[name]
    found = over_batches(getattr(metrics, name)(average), SCORES, CLASSES)
    np.testing.assert_allclose(found, theirs(CLASSES, SCORES.argmax(1), average=average, zero_division=0), rtol=1e-12)


@pytest.mark.parametrize("name", ["Precision", "Recall", "F1"])
@pytest.mark.parametrize("shape", [(200,), (200, 1)])
def test_two_classes_by_one_score(name, shape):
    score = SCORES[:, 0]
    label = (score + RNG.normal(size=200) > 0).astype(int)
    theirs = {"Precision": sk.precision_score, "Recall": sk.recall_score, "F1": sk.f1_score}[name]
    found = over_batches(getattr(metrics, name)("binary"), score.reshape(shape), label.reshape(shape).astype(float))
    np.testing.assert_allclose(found, theirs(label, score > 0), rtol=1e-12)
    assert over_batches(metrics.Accuracy(threshold=0.5), 1 / (1 + np.exp(-2 * score)), label) == pytest.approx(
        sk.accuracy_score(label, 1 / (1 + np.exp(-2 * score)) > 0.5)
    )


def test_accuracy_top_k_and_confusion():
    assert over_batches(metrics.Accuracy(), SCORES, CLASSES) == pytest.approx(
        sk.accuracy_score(CLASSES, SCORES.argmax(1))
    )
    for k in (1, 2, 3):
        theirs = sk.top_k_accuracy_score(CLASSES, SCORES, k=k, labels=range(4))
        assert over_batches(metrics.TopK(k), SCORES, CLASSES) == pytest.approx(theirs)
    matrix = over_batches(metrics.ConfusionMatrix(), SCORES, CLASSES)
    np.testing.assert_array_equal(matrix, sk.confusion_matrix(CLASSES, SCORES.argmax(1)))


@pytest.mark.parametrize("columns", [(), (3,)])
def test_figures_of_numbers(columns):
    y = 1e4 + RNG.normal(size=(100, *columns))
    f = y + 0.3 * RNG.normal(size=y.shape)
    assert over_batches(metrics.MSE(), f, y) == pytest.approx(sk.mean_squared_error(y, f))
    assert over_batches(metrics.MAE(), f, y) == pytest.approx(sk.mean_absolute_error(y, f))
    assert over_batches(metrics.R2(), f, y) == pytest.approx(sk.r2_score(y, f), rel=1e-9)
    assert over_batches(metrics.R2(), f[..., None], y) == pytest.approx(sk.r2_score(y, f), rel=1e-9)
    assert over_batches(metrics.PSNR(255), f, y) == pytest.approx(
        20 * np.log10(255) - 10 * np.log10(np.mean((f - y) ** 2))
    )


def test_r2_of_a_constant_is_1_or_0():
    y = np.full(5, 3.0)
    for f in (y, y + 1):
        assert over_batches(metrics.R2(), f, y) == sk.r2_score(y, f)


def test_perplexity_of_a_language_model():
    scores, words = RNG.normal(size=(8, 5, 11)), RNG.integers(11, size=(8, 5))
    words[0, 3:] = -100  # padding
    p = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    counted = words >= 0
    loss = sk.log_loss(words[counted], p[counted], labels=range(11))
    assert over_batches(metrics.Perplexity(), scores, words, size=3) == pytest.approx(np.exp(loss))
    assert over_batches(metrics.Perplexity(axis=1), scores.transpose(0, 2, 1), words) == pytest.approx(np.exp(loss))
    uniform = metrics.Perplexity()
    uniform.update(np.zeros((2, 3, 7)), np.zeros((2, 3), int))
    assert uniform.compute() == pytest.approx(7)
    right = over_batches(metrics.Accuracy(axis=-1), scores, words)
    assert right == pytest.approx(sk.accuracy_score(words[counted], scores.argmax(-1)[counted]))


def test_state_goes_on_from_a_copy():
    for metric in (metrics.Accuracy(), metrics.F1(), metrics.R2(), metrics.Perplexity(axis=1)):
        scores, target = (SCORES, CLASSES) if not isinstance(metric, metrics.R2) else (SCORES, SCORES + 1)
        metric.update(scores[:50], target[:50])
        twin = type(metric)()
        if isinstance(metric, metrics.Perplexity):
            twin = metrics.Perplexity(axis=1)
        twin.load_state_dict(metric.state_dict())
        metric.update(scores[50:], target[50:])
        twin.update(scores[50:], target[50:])
        assert metric.compute() == twin.compute()
        metric.reset()
        assert np.isnan(metric.compute())


@pytest.mark.parametrize(
    ("metric", "output", "target", "message"),
    [
        (metrics.Accuracy(), np.zeros((2, 5, 3)), np.zeros((2, 5), int), "axis=-1"),
        (metrics.Accuracy(), np.zeros((2, 3)), np.array([0.5, 1]), "class numbers for targets"),
        (metrics.ConfusionMatrix(), np.zeros((2, 3)), np.array([0, 3]), r"lie in \[0, 3\), got 0 to 3"),
        (metrics.MSE(), np.zeros((4, 1)), np.zeros((4, 2)), "compares equal shapes"),
        (metrics.MSE(), np.zeros((4, 4)), np.zeros((2, 8)), "compares equal shapes"),
        (metrics.TopK(2), np.zeros(3), np.zeros(3, int), "a score for each class"),
        (metrics.Accuracy(), np.zeros((2, 3)), np.array([np.nan, 1]), "class numbers for targets"),
        (metrics.Accuracy(), np.zeros((2, 0)), np.zeros(2, int), r"lie in \[0, 0\)"),
        (metrics.Accuracy(), np.zeros((2, 3)), np.array([-1, 0]), r"lie in \[0, 3\), got -1 to 0"),
        (metrics.TopK(2), np.zeros((2, 3)), np.array([3, 0]), r"lie in \[0, 3\), got 0 to 3"),
        (metrics.Perplexity(), np.zeros((2, 3)), np.array([-1, 0]), r"lie in \[0, 3\)"),
        (metrics.F1(), np.zeros(2), np.array([2, 0]), r"lie in \[0, 2\)"),
        (metrics.Accuracy(), np.array([[np.nan, 1.0], [0, 1]]), np.zeros(2, int), "of 2 examples some have NaN"),
        (metrics.MSE(), {"out": np.zeros(2)}, np.zeros(2), r"two arrays of numbers, got dict: .*compute=f"),
        (metrics.MSE(), (np.zeros(2), np.zeros(3)), np.zeros(2), "two arrays of numbers, got tuple"),
        (metrics.MAE(), np.zeros(2), None, "two arrays of numbers, got NoneType"),
        (metrics.MSE(), np.zeros(2) * 1j, np.zeros(2), "compares real numbers, got complex128"),
    ],
)
def test_what_does_not_fit_is_refused(metric, output, target, message):
    with pytest.raises((TypeError, ValueError), match=message):
        metric.update(output, target)


def test_names():
    assert list(metrics.named({"a": metrics.MSE()})) == ["a"]
    with pytest.raises(TypeError, match=r"write Accuracy\(\)"):
        metrics.named([metrics.Accuracy])
    with pytest.raises(ValueError, match="two figures would have the name 'f1'"):
        metrics.named([metrics.F1(), metrics.F1("micro")])
    with pytest.raises(ValueError, match="average is"):
        metrics.F1("mean")
    with pytest.raises(ValueError, match="two classes, and there are 4"):
        over_batches(metrics.F1("binary"), SCORES, CLASSES)


@pytest.mark.parametrize("name", ["Accuracy", "F1", "Perplexity", "ConfusionMatrix", "MSE", "MAE", "R2", "PSNR"])
def test_batches_of_nothing_do_not_count(name):
    whole, parts = getattr(metrics, name)(), getattr(metrics, name)()
    output, target = SCORES, CLASSES
    if name in ("MSE", "MAE", "R2", "PSNR"):
        target = SCORES + 1
    for metric, cuts in ((whole, [0, 200]), (parts, [0, 0, 70, 70, 200, 200])):
        for a, b in pairwise(cuts):
            metric.update(output[a:b], target[a:b])
    np.testing.assert_allclose(parts.compute(), whole.compute())


def test_perplexities_beyond_all_numbers():
    for scores, found in (([[-1e6, 0.0]], np.inf), ([[-np.inf, 0.0]], np.inf), ([[np.inf, 0.0]], np.nan)):
        metric = metrics.Perplexity()
        metric.update(np.array(scores), np.array([0]))
        assert metric.compute() == found or np.isnan([metric.compute(), found]).all()
