"""A run with all that a run can have, for tests: as functions, and as a program that may be killed at any moment.

`python -m tests.optim.training FOLDER EPOCHS` trains, or goes on with what is in the folder, and writes the
final weights to FOLDER/weights.safetensors. It writes a line after each step, and reads one before the next.
"""

import random
import sys
from pathlib import Path

import numpy as np

import nn
import optim
from autodiff import Generator, manual_seed
from optim.swa_utils import AveragedModel, get_ema_avg_fn


class Noisy:
    """A data set that adds noise to its examples, from a stream of its own and from those that everybody shares."""

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.stream, self.rng = Generator(5), np.random.default_rng(6)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        noise = 0.1 * self.stream.normal(self.x.shape[1:]) + 0.1 * self.rng.normal() + 0.01 * random.random()
        return (self.x[i] + noise).astype(np.float32), self.y[i]


def make(folder=None, progress=False, every=3, callbacks=(), **options):
    """A trainer and its data."""
    manual_seed(3)
    random.seed(4)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 6)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5)
    model = nn.Sequential(
        nn.Linear(6, 16, generator=0), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2, generator=1),
        nn.Linear(16, 3, generator=2), nn.Dropout(0.1),
    )  # fmt: skip
    optimizer = optim.AdamW(model.parameters(), lr=0.02)
    averaging = optim.Averaging(AveragedModel(model, avg_fn=get_ema_avg_fn(0.9)))
    saving = [optim.Checkpoint(folder, every=every, monitor="val_accuracy")] if folder else []
    options = {
        "metrics": [optim.metrics.Accuracy(), optim.metrics.F1()],
        "schedule": optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=1000),
        "clip_norm": 1.0,
    } | options
    trainer = optim.Trainer(
        model, nn.CrossEntropyLoss(), optimizer, progress=progress,
        callbacks=[averaging, optim.EarlyStopping(patience=50, restore=False), *saving, *callbacks], **options,
    )  # fmt: skip
    data = nn.data.DataLoader(Noisy(x[:70], y[:70]), batch_size=16, shuffle=True, generator=9)
    test = nn.data.DataLoader(nn.data.TensorDataset(x[70:], y[70:]), batch_size=8, shuffle=True)
    return trainer, data, test


def ending(trainer):
    """All numbers that a run ends with, but seconds."""
    averaged = next(c.averaged for c in trainer.callbacks if isinstance(c, optim.Averaging))
    records = [[v for k, v in record.items() if k != "seconds"] for record in trainer.history]
    return {
        **trainer.model.state_dict(),
        **{f"averaged.{name}": value for name, value in averaged.state_dict().items()},
        "losses": np.array(trainer.losses), "history": np.array(records, float),
    }  # fmt: skip


class InStep(optim.Callback):
    """Tells that a step is done, and goes on when it is told to, or when nobody listens."""

    def after_step(self, trainer):
        print(trainer.step, flush=True)
        sys.stdin.readline()


def main(folder, epochs):
    trainer, data, test = make(folder, every=1, callbacks=[InStep()])
    trainer.fit(data, int(epochs), test, resume=True)
    nn.save(ending(trainer), Path(folder) / "weights.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
