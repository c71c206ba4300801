"""`NeuralClassifier` and `NeuralRegressor` by scikit-learn's own checks, and in its tools."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.experimental import enable_halving_search_cv
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import nn
from optim import NeuralClassifier, NeuralRegressor

CHECKS = [
    (estimator, check)
    for model in (NeuralClassifier(epochs=30, lr=0.01), NeuralRegressor(epochs=30, lr=0.01))
    for estimator, check in estimator_checks_generator(model)
]


@pytest.mark.parametrize(
    ("estimator", "check"), CHECKS, ids=[f"{type(e).__name__}-{getattr(c, 'func', c).__name__}" for e, c in CHECKS]
)
def test_scikit_learns_own_checks(estimator, check):
    check(clone(estimator))


def test_pipeline_and_cross_validation():
    x, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), NeuralRegressor((16,), epochs=15, random_state=0))
    assert cross_val_score(model, x, y, cv=3).mean() > 0.35


def test_grid_search_and_names_of_classes():
    x, y = load_iris(return_X_y=True)
    names = load_iris().target_names[y]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NeuralClassifier(epochs=15, random_state=0)),
        {"neuralclassifier__hidden": [(), (16,)], "neuralclassifier__lr": [1e-5, 3e-2]}, cv=3,
    ).fit(x, names)  # fmt: skip
    assert search.best_params_["neuralclassifier__lr"] == 3e-2
    assert search.best_score_ > 0.93
    assert search.predict(x[:1]) == ["setosa"]


def test_t12_a_search_for_hyper_parameters():
    """Many candidates get few epochs, and the better half of them more and more (docs/lectures.md, row T12)."""
    assert enable_halving_search_cv  # the import alone does it
    x, y = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x[:900] / 16, y[:900], test_size=0.3, random_state=0)
    search = HalvingRandomSearchCV(
        NeuralClassifier((32,), random_state=0),
        {"lr": [1e-5, 1e-4, 1e-3, 1e-2, 0.3], "activation": ["ReLU", "Tanh"], "weight_decay": [0.0, 1e-4]},
        n_candidates=6, resource="epochs", min_resources=2, max_resources=18, factor=3, cv=2, random_state=0,
    ).fit(x, y)  # fmt: skip
    first = search.cv_results_["mean_test_score"][:6]
    assert search.best_score_ > np.mean(first)
    assert search.best_params_["lr"] in (1e-3, 1e-2)
    assert search.score(x_test, y_test) > 0.9


def test_early_stopping_and_a_network_of_ones_own():
    x, y = load_iris(return_X_y=True)

    def network(inputs, outputs, generator):
        return nn.Sequential(nn.BatchNorm1d(inputs), nn.Linear(inputs, outputs, generator=generator))

    model = NeuralClassifier(model=network, lr=0.1, epochs=200, early_stopping=True, patience=3, random_state=0)
    model.fit(x, y)
    assert model.n_iter_ < 200
    assert "val_loss" in model.history_[0][0]
    few = NeuralClassifier(early_stopping=True, epochs=2).fit(
        x[::15], y[::15]
    )  # ten flowers: one of each kind held out
    assert few.n_iter_ == 2
    assert model.score(x, y) > 0.9


def test_several_networks_are_averaged():
    x, y = load_iris(return_X_y=True)
    model = NeuralClassifier(epochs=5, n_models=3, random_state=0).fit(x, y)
    assert len(model.models_) == 3
    single = [np.exp(m(x).value) / np.exp(m(x).value).sum(1, keepdims=True) for m in model.models_]
    np.testing.assert_allclose(model.predict_proba(x), np.mean(single, axis=0))
    again = NeuralClassifier(epochs=5, n_models=3, random_state=0).fit(x, y)
    np.testing.assert_array_equal(model.predict_proba(x), again.predict_proba(x))


def test_several_numbers_at_once():
    x, y = load_diabetes(return_X_y=True)
    both = np.stack([y, -2 * y + 1], axis=1)
    model = NeuralRegressor((), epochs=40, random_state=0).fit(StandardScaler().fit_transform(x), both)
    predicted = model.predict(StandardScaler().fit_transform(x))
    assert predicted.shape == both.shape
    assert model.score(StandardScaler().fit_transform(x), both) > 0.45


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *[({name: wrong}, f"{name} is an integer of at least 1, got") for name, wrong in (
            ("epochs", 0), ("epochs", 1.5), ("n_models", 0), ("batch_size", "auto"), ("patience", None))],
        ({"activation": "relu"}, "'relu' is not the name of an activation, such as \"ReLU\""),
        ({"optimizer": "adam"}, "'adam' is not the name of an optimizer, such as \"Adam\""),
        ({"optimizer": "Trainer"}, "'Trainer' is not the name"),
        ({"model": nn.Linear(4, 2)}, r"a function of .* that returns a new network each time, got Linear"),
        ({"model": lambda *_: None}, r"a function of .* that returns a new network each time, got None"),
        ({"optimizer": "Rprop", "weight_decay": 0.1}, "weight_decay"),
        ({"early_stopping": True, "validation_fraction": 0.0}, "validation_fraction lies between 0 and 1, got 0.0"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        NeuralClassifier(**options).fit(np.eye(4), [0, 1, 0, 1])


@pytest.mark.parametrize("optimizer", ["SGD", "Rprop", "LBFGS", "RMSprop", "Lion"])
def test_any_optimizer_with_the_numbers_that_a_search_draws(optimizer):
    x, y = load_iris(return_X_y=True)
    model = NeuralClassifier(
        np.int64(8), optimizer=optimizer, lr=np.float64(0.01), dropout=np.float64(0.1), epochs=np.int64(5),
        batch_size=np.int64(75), random_state=0,
    )  # fmt: skip
    assert model.fit(x, y).score(x, y) > 0.3
    assert [p.shape for p in model.models_[0].parameters()] == [(8, 4), (8,), (3, 8), (3,)]


def test_a_last_batch_of_one_example_has_nothing_to_be_normalised_with():
    x, y = load_iris(return_X_y=True)

    def network(inputs, outputs, generator):
        return nn.Sequential(nn.Linear(inputs, outputs, generator=generator), nn.BatchNorm1d(outputs))

    model = NeuralClassifier(model=network, batch_size=149, epochs=3, random_state=0).fit(x, y)
    assert np.isfinite(model.predict_proba(x)).all()


def test_targets_that_float32_holds_but_not_their_squares():
    x, y = load_diabetes(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype(np.float32)
    for scale, shift in ((1e30, 0), (1, 1e7)):
        model = NeuralRegressor((), epochs=30, random_state=0).fit(x, scale * y + shift)
        assert model.score(x, scale * y + shift) > 0.4
