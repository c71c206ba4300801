"""Networks as scikit-learn estimators, for its pipelines, cross-validation and searches.

>>> from sklearn.datasets import load_iris
>>> from sklearn.model_selection import cross_val_score
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> model = make_pipeline(StandardScaler(), NeuralClassifier(epochs=20, lr=0.01, random_state=0))
>>> bool(cross_val_score(model, *load_iris(return_X_y=True), cv=3).mean() > 0.9)
True
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

import nn
import optim
from autodiff.random import Generator
from nn.module import check_sizes

from .callbacks import EarlyStopping
from .trainer import Trainer

__all__ = ["NeuralClassifier", "NeuralRegressor"]


class _Neural(BaseEstimator):
    """What the two share. `fit` trains `n_models` networks, and predictions are the mean of theirs.

    Args:
        hidden: the sizes of the hidden layers, or of the only one.
        activation: a module's name: "ReLU", "Tanh", ...
        dropout: the share of hidden units that are dropped in training.
        model: instead of these, `model(n_features, n_outputs, generator)` that returns a module.
        optimizer: an optimizer's name: "Adam", "SGD", ...
        lr, weight_decay: options of the optimizer.
        batch_size, epochs: how long it trains, and on how many examples at a time.
        clip_norm: the largest norm of the gradient.
        early_stopping: whether to hold out `validation_fraction` of the data, stop when the loss on these has not
            fallen for `patience` epochs, and take the best weights.
        n_models: how many networks there are, of different initial weights.
        random_state: as everywhere in scikit-learn.
        verbose: whether to show progress.

    Attributes: `models_`, `history_` (the records of each network), `n_features_in_`, `n_iter_` (epochs of the
    longest). Inputs of float64 are computed with in float64.
    """

    def __init__(
        self,
        hidden: int | Sequence[int] = (64,),
        *,
        activation: str = "ReLU",
        dropout: float = 0.0,
        model: Callable[[int, int, Generator], nn.Module] | None = None,
        optimizer: str = "Adam",
        lr: float = 3e-3,
        weight_decay: float = 0.0,
        batch_size: int = 32,
        epochs: int = 100,
        clip_norm: float | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        n_models: int = 1,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden, self.activation, self.dropout, self.model = hidden, activation, dropout, model
        self.optimizer, self.lr, self.weight_decay = optimizer, lr, weight_decay
        self.batch_size, self.epochs, self.clip_norm = batch_size, epochs, clip_norm
        self.early_stopping, self.validation_fraction, self.patience = early_stopping, validation_fraction, patience
        self.n_models, self.random_state, self.verbose = n_models, random_state, verbose

    def _network(self, inputs: int, outputs: int, generator: Generator) -> nn.Module:
        if self.model is not None:
            made = isinstance(self.model, nn.Module)
            network = self.model if made else self.model(inputs, outputs, generator)
            if made or not isinstance(network, nn.Module):
                raise TypeError(
                    "model is a function of (n_features, n_outputs, generator) that returns a new network each time, "
                    f"got {network!r}"
                )
            return network
        activation = _named(nn, self.activation, nn.Module, 'activation, such as "ReLU" or "Tanh"')
        layers: list[nn.Module] = []
        for size in np.atleast_1d(self.hidden).tolist():
            layers += [nn.Linear(inputs, size, generator=generator), activation()]
            if self.dropout:
                layers.append(nn.Dropout(self.dropout, generator=generator))
            inputs = size
        return nn.Sequential(*layers, nn.Linear(inputs, outputs, generator=generator))

    def _optimizer(self, network: nn.Module) -> optim.Optimizer:
        kind: Callable[..., optim.Optimizer] = _named(
            optim, self.optimizer, optim.Optimizer, 'optimizer, such as "Adam" or "SGD"'
        )
        options = {"lr": self.lr, "weight_decay": self.weight_decay}
        known = inspect.signature(kind).parameters
        return kind(network.parameters(), **{name: value for name, value in options.items() if name in known or value})

    def _fit(self, x: Any, y: Any, outputs: int, loss: nn.Module, stratify: Any = None) -> Self:
        check_sizes(epochs=self.epochs, n_models=self.n_models, batch_size=self.batch_size, patience=self.patience)
        random = check_random_state(self.random_state)
        held: Any = None
        if self.early_stopping:
            if not 0 < self.validation_fraction < 1:
                raise ValueError(f"validation_fraction lies between 0 and 1, got {self.validation_fraction!r}")
            least = 1 if stratify is None else outputs  # one of each class
            several = max(least, math.ceil(self.validation_fraction * len(x)))
            x, x_held, y, y_held = train_test_split(x, y, test_size=several, random_state=random, stratify=stratify)
            held = nn.data.DataLoader(nn.data.TensorDataset(x_held, y_held), batch_size=256)
        self.models_, self.history_ = [], []
        for _ in range(self.n_models):
            generator = Generator(int(random.randint(2**31 - 1)))
            network = self._network(x.shape[1], outputs, generator).astype(x.dtype)
            stopping = [EarlyStopping(patience=self.patience)] if self.early_stopping else []
            trainer = Trainer(
                network, loss, self._optimizer(network), clip_norm=self.clip_norm, callbacks=stopping,
                progress=bool(self.verbose),
            )  # fmt: skip
            size = min(self.batch_size, len(x))
            alone = len(x) % size == 1  # the last example has no others to be normalised with: another one each epoch
            data = nn.data.DataLoader(
                nn.data.TensorDataset(x, y), size, shuffle=True, drop_last=alone, generator=generator
            )
            self.history_.append(trainer.fit(data, self.epochs, held))
            self.models_.append(network.eval())
            network.zero_grad()
        self.n_iter_ = max(map(len, self.history_))
        return self

    def _outputs(self, x: Any) -> list[Any]:
        check_is_fitted(self)
        x = validate_data(self, x, dtype=[np.float64, np.float32], reset=False)
        return [_predict(network, x) for network in self.models_]


class NeuralClassifier(ClassifierMixin, _Neural):
    """A network that tells classes apart, trained by cross-entropy.

    Further attribute: `classes_`. With several networks the probabilities are averaged.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train on features (n, n_features) and labels (n,)."""
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"a classifier needs two classes, and there is only one class: {self.classes_[0]!r}")
        return self._fit(X, numbers, len(self.classes_), nn.CrossEntropyLoss(), stratify=numbers)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, (n, n_classes)."""
        return np.mean([_softmax(scores) for scores in self._outputs(X)], axis=0)

    def predict(self, X: Any) -> Any:
        """The most probable classes, (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


class NeuralRegressor(RegressorMixin, _Neural):
    """A network that predicts one number or several, trained by squared error on targets brought to a common scale."""

    def fit(self, X: Any, y: Any) -> Self:
        """Train on features (n, n_features) and targets (n,) or (n, n_outputs)."""
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], multi_output=True, y_numeric=True)
        self._flat = y.ndim == 1
        targets = y.reshape(len(y), -1).astype(np.float64)
        self._mean, scale = targets.mean(axis=0), targets.std(axis=0)
        self._scale = np.where(scale > 0, scale, 1)
        scaled = ((targets - self._mean) / self._scale).astype(X.dtype)
        return self._fit(X, scaled, targets.shape[1], nn.MSELoss())

    def predict(self, X: Any) -> Any:
        """The predictions, (n,) or (n, n_outputs)."""
        outputs = np.mean(self._outputs(X), axis=0) * self._scale + self._mean
        return outputs[:, 0] if self._flat else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _named(package: Any, name: Any, kind: type, what: str) -> Any:
    found = getattr(package, name, None) if isinstance(name, str) else None
    if not isinstance(found, type) or not issubclass(found, kind):
        raise ValueError(f"{name!r} is not the name of an {what}, in {package.__name__}")
    return found


def _predict(network: nn.Module, x: Any) -> Any:
    from autodiff.config import no_grad

    with no_grad():
        return np.concatenate([network(x[i : i + 1024]).value for i in range(0, len(x), 1024)])


def _softmax(scores: Any) -> Any:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
