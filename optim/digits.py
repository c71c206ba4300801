"""The main job, `make run`: a small convolutional network learns handwritten digits.

The data are scikit-learn's 1797 digits of 8 x 8 pixels, a fifth of them held out for testing. What
it leaves in `runs/digits/`: the loss curve, the weights, the graph of one loss, and that of the
lecture's `(x + y) z`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import nn
from autodiff.draw import draw
from autodiff.random import Generator
from autodiff.tensor import Tensor

from .adam import Adam
from .lr_scheduler import CosineAnnealingLR
from .metrics import Accuracy
from .trainer import Trainer


def load(seed: int) -> tuple[nn.data.Subset, nn.data.Subset]:
    """Return digits to learn and digits to test: images (n, 1, 8, 8) in [0, 1], classes (n,)."""
    digits = nn.data.load_digits()
    data, test = nn.data.random_split(digits, [0.8, 0.2], generator=seed, stratify=digits.arrays[1])
    return data, test


def network(generator: Generator) -> nn.Sequential:
    """Return the network, LeNet's plan at this size: (n, 1, 8, 8) to logits (n, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, generator=generator),  # (n, 16, 8, 8)
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, generator=generator),  # (n, 32, 8, 8)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (n, 32, 4, 4)
        nn.Flatten(),
        nn.Dropout(0.3, generator=generator),
        nn.Linear(512, 64, generator=generator),
        nn.ReLU(),
        nn.Dropout(0.3, generator=generator),
        nn.Linear(64, 10, generator=generator),
    )


def train(
    model: nn.Module,
    data: nn.data.Subset,
    test: nn.data.Subset,
    args: argparse.Namespace,
    generator: Generator,
) -> Trainer:
    """Fit the model."""
    loader = nn.data.DataLoader(data, args.batch_size, shuffle=True, generator=generator)
    optimizer = Adam(model.parameters(), lr=args.lr)
    schedule = CosineAnnealingLR(optimizer, T_max=args.epochs * len(loader))
    trainer = Trainer(
        model, nn.CrossEntropyLoss(), optimizer, schedule, schedule_each="step", metrics=[Accuracy()],
        progress=not args.quiet,
    )  # fmt: skip
    trainer.fit(loader, args.epochs, nn.data.DataLoader(test, batch_size=256))
    return trainer


def plot_losses(trainer: Trainer, path: Path) -> None:
    """Save the loss of each step, and the errors of each epoch, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.semilogy(trainer.losses, linewidth=0.7)
    left.set(xlabel="step", ylabel="cross-entropy of the batch", title="loss")
    for name, label in (("accuracy", "train, as it learns"), ("val_accuracy", "test")):
        errors = [100 * (1 - record[name]) for record in trainer.history]
        right.plot(range(1, len(errors) + 1), errors, marker=".", label=label)
    right.set(xlabel="epoch", ylabel="wrong answers, %", title="error", ylim=(0, None))
    right.legend()
    figure.savefig(path, dpi=150)


def draw_graphs(model: nn.Module, data: nn.data.Subset, folder: Path) -> list[Path]:
    """Save the graph of the loss of four images, and that of the lecture's (x + y) z."""
    model.zero_grad()
    x, y = data[:4]
    loss = nn.CrossEntropyLoss()(model(x), y).named("loss")
    loss.backward()

    a, b, c = (Tensor(v, requires_grad=True, name=n) for v, n in [(-2.0, "x"), (5.0, "y"), (-4.0, "z")])
    q = (a + b).named("q").retain_grad()
    f = (q * c).named("f").retain_grad()
    f.backward()

    paths = []
    for picture, name in [(draw(loss, names=model.named_parameters()), "loss-graph"), (draw(f), "lecture")]:
        for suffix in (".svg", ".png"):
            paths.append(folder / (name + suffix))
            picture.save(paths[-1])
    return paths


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m optim.digits", description="Train a small CNN on scikit-learn's digits."
    )
    parser.add_argument("--epochs", type=int, default=30, help="times over the data (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=32, help="images a step (%(default)s)")
    parser.add_argument("--lr", type=float, default=8e-3, help="first step size (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of split, weights, order (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("runs/digits"), help="folder (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    args = parser.parse_args(argv)
    if args.epochs < 1:
        parser.error(f"--epochs is at least 1, got {args.epochs}")
    return args


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Train, save the pictures, and return the accuracies: {"train": ..., "test": ...}."""
    args = parse(argv)
    say = (lambda *_: None) if args.quiet else print
    start = time.perf_counter()
    try:
        data, test = load(args.seed)
        import matplotlib  # noqa: F401  # better missed now than after training
        import tqdm  # noqa: F401  # likewise
        from threadpoolctl import threadpool_limits
    except ModuleNotFoundError as error:
        sys.exit(
            f"{error.name} is missing, which the examples need: "
            'pip install "chainrule[examples]", or `make run`, which installs it.'
        )
    generator = Generator(args.seed)
    model = network(generator)
    say(model)
    say(f"{model.num_parameters()} parameters, {len(data)} images to learn, {len(test)} to test")
    with threadpool_limits(1):  # products this small gain nothing from two threads that wait for each other
        trainer = train(model, data, test, args, generator)
        learned = trainer.evaluate(nn.data.DataLoader(data, batch_size=256))["accuracy"]
    tested = trainer.record["val_accuracy"]
    say(f"trained in {time.perf_counter() - start:.1f} s, accuracy {learned:.2%}, on the test images {tested:.2%}")

    args.out.mkdir(parents=True, exist_ok=True)
    plot_losses(trainer, args.out / "loss-curve.png")
    np.savez(args.out / "weights.npz", **model.state_dict())
    paths = [args.out / "loss-curve.png", args.out / "weights.npz"]
    for path in paths + draw_graphs(model, data, args.out):
        say(f"wrote {path}")
    return {"train": learned, "test": tested}


if __name__ == "__main__":
    main()
