"""The practice of training as the lectures show it, by the Trainer (docs/lectures.md, rows T3, T10, T11, T14)."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nn
import optim
from nn.data import Chain, DataLoader, Log1p, Rescale, Standardize, TensorDataset
from nn.data import transforms as T


def digits(examples, seed=0):
    """Images (n, 1, 8, 8) and classes to learn, and others to test."""
    images, classes = load_digits(return_X_y=True)
    images = (images.reshape(-1, 1, 8, 8) / 16).astype(np.float32)
    return train_test_split(images, classes, train_size=examples, stratify=classes, random_state=seed)


def accuracy(model, x, y):
    return optim.Trainer(
        model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()), metrics=[optim.metrics.Accuracy()], progress=False
    ).evaluate([(x, y)])["accuracy"]


def fit(model, x, y, epochs, batch_size=32, lr=0.01, loss=None, compute=None, optimizer=optim.Adam):
    trainer = optim.Trainer(
        model, (loss or nn.CrossEntropyLoss()) if compute is None else None, optimizer(model.parameters(), lr=lr),
        compute=compute, progress=False,
    )  # fmt: skip
    trainer.fit(DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, generator=0), epochs)
    return trainer


def dense(generator=0, hidden=32):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, hidden, generator=generator), nn.ReLU(), nn.Linear(hidden, 10, generator=generator)
    )


def test_t3_inputs_of_one_scale():
    """Plain descent has one rate for all weights, and so needs inputs of one size."""
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(256, 3)) * [1.0, 30.0, 0.03] + [0.0, 100.0, 5.0]
    y = (((raw - [0.0, 100.0, 5.0]) / [1.0, 30.0, 0.03]) @ [1.0, -2.0, 0.5])[:, None].astype(np.float32)

    def loss_of(x, rate):
        model = nn.Linear(x.shape[1], 1, generator=0)
        with np.errstate(all="ignore"):
            try:
                return fit(model, x.astype(np.float32), y, 20, lr=rate, loss=nn.MSELoss(), optimizer=optim.SGD).losses[
                    -1
                ]
            except FloatingPointError:  # the Trainer stops at the first NaN or infinity
                return np.inf

    standardised, to_one = Standardize().fit_transform(raw), Rescale().fit_transform(raw)
    assert (to_one.min(), to_one.max()) == (0, 1)
    rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    assert min(loss_of(raw, rate) for rate in rates) > 0.5  # what is small enough for one is too small for another
    assert loss_of(raw, 1e-2) == np.inf
    assert loss_of(standardised, 1e-1) < 1e-6
    assert loss_of(to_one, 0.5) < 0.3

    # Counts and prices: a few are large. What depends on their order of magnitude is a line in log(1 + x).
    x = np.exp(rng.normal(size=(256, 1)) * 2)
    y = np.log1p(x).astype(np.float32)
    assert loss_of(Standardize().fit_transform(x), 1e-2) > 0.3
    assert loss_of(Chain(Log1p(), Standardize()).fit_transform(x), 1e-1) < 1e-6


@pytest.mark.parametrize(
    ("change", "gain"),
    [(lambda seed: T.RandomTranslation(1, generator=seed), 0.2),
     (lambda seed: T.RandomRotation(60, generator=seed), 0.2),
     (lambda seed: T.GaussianNoise(sigma=0.4, generator=seed), 0.05)], ids=["shifted", "turned", "noisy"],
)  # fmt: skip
def test_t10_changed_images_teach_what_does_not_matter(change, gain):
    x, x_test, y, y_test = digits(300)
    changed = change(7)(x_test)
    plain, taught = dense(hidden=64), dense(hidden=64)
    fit(plain, x, y, 60)
    augment = change(1)

    def compute(model, batch):
        images, target = batch
        scores = model(augment(images.value) if model.training else images)
        return nn.CrossEntropyLoss()(scores, target), scores, target

    fit(taught, x, y, 60, compute=compute)
    assert accuracy(plain, x, y) == 1.0
    assert accuracy(taught, changed, y_test) > accuracy(plain, changed, y_test) + gain
    assert accuracy(taught, x_test, y_test) > 0.8


def test_t11_ten_networks_averaged_beat_their_mean():
    x, x_test, y, y_test = digits(200)
    models = [nn.Sequential(*dense(seed, hidden=8), nn.Softmax(1)) for seed in range(10)]
    for model in models:
        fit(model[:4], x, y, 25)
    each = [accuracy(model, x_test, y_test) for model in models]
    together = accuracy(nn.Ensemble(models), x_test, y_test)
    assert together > np.mean(each) + 0.02
    assert together > max(each)


def test_t14_large_batches_make_few_steps():
    """At one rate and in as many epochs, 4 images a batch make 128 times the steps of 512, and learn more."""
    x, x_test, y, y_test = digits(1024)
    ends = {}
    for size in (4, 32, 512):
        trainer = fit(dense(), x, y, 4, batch_size=size, lr=0.1, optimizer=optim.SGD)
        assert trainer.step == 4 * 1024 // size
        ends[size] = accuracy(trainer.model, x_test, y_test)
        print(f"{size} a batch: {trainer.record['seconds']:.3f} s the last epoch, accuracy {ends[size]:.3f}")
    assert ends[4] > 0.9
    assert ends[32] > ends[512] + 0.2
    # Large batches pay once the rate goes up with them, as their gradients are less noisy (row T7).
    assert accuracy(fit(dense(), x, y, 40, batch_size=512, lr=1.0, optimizer=optim.SGD).model, x_test, y_test) > 0.9
