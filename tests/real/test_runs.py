"""Real data, learned by the Trainer: minutes, and packages with data in them, so it runs when named (`make runs`)."""

from itertools import pairwise

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import nn
import optim
from nn.data import DataLoader, random_split
from optim.metrics import Accuracy, Perplexity

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_thread():
    """Products this small gain nothing from threads that wait for each other."""
    with threadpool_limits(1):
        yield


def learn(model, data, held, epochs, lr, batch_size=64, metrics=None, compute=None, change=None, **options):
    """Train by AdamW with one cycle of the rate, with images changed by `change`; the trainer."""
    train, test = DataLoader(data, batch_size, shuffle=True, generator=0), DataLoader(held, 256)
    optimizer = optim.AdamW(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=epochs * len(train))

    def changed(model, batch):
        x, y = batch
        scores = model(change(x.value) if model.training else x)
        return nn.CrossEntropyLoss()(scores, y), scores, y

    compute = changed if change is not None else compute
    loss = nn.CrossEntropyLoss() if compute is None else None
    trainer = optim.Trainer(
        model, loss, optimizer, schedule, metrics=metrics or [Accuracy()], compute=compute, progress="lines", **options
    )
    trainer.fit(train, epochs, test)
    return trainer


def test_mnist_5000():
    """4000 images to learn, moved and turned a little each time; the others are known to 97 % and more."""
    from nn.data.transforms import RandomAffine

    images = nn.data.load_mnist5000()
    data, held = random_split(images, [0.8, 0.2], generator=0, stratify=images.arrays[1])
    change = RandomAffine(10, translate=(0.08, 0.08), scale=(0.9, 1.1), generator=1)
    trainer = learn(nn.models.LeNet5(generator=0), data, held, epochs=24, lr=4e-3, change=change)
    assert trainer.record["val_accuracy"] >= 0.97


def language(vocabulary, hidden=128):
    """A model of characters, and how its loss is computed."""
    model = nn.models.CharRNN(len(vocabulary), 32, hidden, generator=0)

    def compute(model, batch):
        x, y = batch
        scores, _ = model(x)  # (n, length, characters)
        return nn.CrossEntropyLoss()(scores.reshape(-1, len(vocabulary)), y.value.reshape(-1)), scores, y

    return model, compute


def test_names():
    """Names letter by letter: on others, the number of letters between which it hesitates falls from 16 to 7."""
    names = nn.data.load_names("female")
    order = np.random.default_rng(0).permutation(len(names))
    text = ["\n".join(names[i].lower() for i in part) for part in np.split(order, [len(names) * 9 // 10])]
    vocabulary = nn.data.Vocabulary.characters(text[0] + text[1])
    data, held = (nn.data.NextTokens(vocabulary.encode(part), 32) for part in text)
    model, compute = language(vocabulary)
    trainer = learn(model, data, held, 10, 1e-2, 32, metrics=[Perplexity()], compute=compute, clip_norm=1.0)
    perplexities = [record["val_perplexity"] for record in trainer.history]
    assert perplexities[-1] < perplexities[2] < perplexities[0] < 27
    assert perplexities[-1] < 10
    start = np.full((5, 1), vocabulary["\n"])
    written = model.eval().sample(start, 12, temperature=0.7, generator=0)
    print([vocabulary.decode(row) for row in written])


def test_shakespeare():
    """Hamlet letter by letter, and its last act from what it learned of the others."""
    text = nn.data.load_shakespeare("hamlet")
    vocabulary = nn.data.Vocabulary.characters(text)
    numbers = vocabulary.encode(text)
    cut = len(numbers) * 9 // 10
    data, held = nn.data.NextTokens(numbers[:cut], 64), nn.data.NextTokens(numbers[cut:], 64)
    model, compute = language(vocabulary)
    trainer = learn(model, data, held, 5, 1e-2, 32, metrics=[Perplexity()], compute=compute, clip_norm=1.0)
    perplexities = [record["val_perplexity"] for record in trainer.history]
    assert all(a > b for a, b in pairwise(perplexities))
    assert perplexities[-1] < 8 < len(vocabulary)
    print(vocabulary.decode(model.eval().sample(vocabulary.encode("HAM")[None], 200, 0.7, generator=0)[0]))


def test_c7_two_folders_of_photographs(tmp_path):
    """Pieces of two photographs as JPEG files in two folders; pieces of their other halves are told apart."""
    Image = pytest.importorskip("PIL.Image")
    photographs, rng = nn.data.load_photographs(), np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cat", "coffee"):
            photograph = photographs[name]
            half = photograph.shape[2] // 2
            side = photograph[:, :, :half] if part == "train" else photograph[:, :, half:]
            (tmp_path / part / f"{name}s").mkdir(parents=True)
            for i in range(100):
                size = int(rng.integers(80, 140))
                top, left = (int(rng.integers(n - size)) for n in side.shape[1:])
                piece = side[:, top : top + size, left : left + size].transpose(1, 2, 0)
                Image.fromarray((255 * piece).astype(np.uint8)).save(tmp_path / part / f"{name}s" / f"{name}{i:03}.jpg")
    data, held = (nn.data.ImageFolder(tmp_path / part, size=(32, 32)) for part in ("train", "test"))
    assert data.classes == ["cats", "coffees"]
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, generator=0), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(4),
        nn.Conv2d(16, 32, 3, padding=1, generator=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(32, 2, generator=2),
    )  # fmt: skip
    change = nn.data.transforms.RandomHorizontalFlip(generator=3)
    trainer = learn(model, data, held, epochs=8, lr=1e-2, batch_size=20, change=change)
    assert trainer.record["val_accuracy"] > 0.85
