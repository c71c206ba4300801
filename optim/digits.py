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
from autodiff import no_grad
from autodiff.draw import draw
from autodiff.random import Generator
from autodiff.tensor import Tensor

from .adam import Adam
from .lr_scheduler import CosineAnnealingLR


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


def accuracy(model: nn.Module, data: nn.data.Subset) -> float:
    """Return the share of images whose class the model names."""
    model.eval()
    with no_grad():
        right = [
            np.count_nonzero(model(x).value.argmax(axis=1) == y.value)
            for x, y in nn.data.DataLoader(data, batch_size=256)
        ]
    model.train()
    return float(sum(right) / len(data))


def train(
    model: nn.Module,
    data: nn.data.Subset,
    test: nn.data.Subset,
    args: argparse.Namespace,
    generator: Generator,
) -> tuple[list[float], list[tuple[float, float]]]:
    """Fit the model; return the loss of each step, and the two accuracies after each epoch."""
    from tqdm import tqdm

    loader = nn.data.DataLoader(data, args.batch_size, shuffle=True, generator=generator)
    optimizer = Adam(model.parameters(), lr=args.lr)
    criterion = nn.CrossEntropyLoss()
    losses: list[float] = []
    accuracies: list[tuple[float, float]] = []
    steps = args.epochs * len(loader)
    schedule = CosineAnnealingLR(optimizer, T_max=steps)
    often = 0.1 if sys.stderr.isatty() else 5.0  # seconds; a log file is no place for animation
    with tqdm(total=steps, unit="step", disable=args.quiet, leave=False, mininterval=often) as bar:
        if not args.quiet:
            bar.write("epoch     loss    train     test")
        for epoch in range(args.epochs):
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
                bar.update()
            accuracies.append((accuracy(model, data), accuracy(model, test)))
            if not args.quiet:
                mean = np.mean(losses[-len(loader) :])
                train_accuracy, test_accuracy = accuracies[-1]
                bar.write(f"{epoch + 1:5} {mean:8.4f} {train_accuracy:8.2%} {test_accuracy:8.2%}")
    return losses, accuracies


def plot_losses(losses: list[float], accuracies: list[tuple[float, float]], path: Path) -> None:
    """Save the loss of each step, and the errors left after each epoch, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.semilogy(losses, linewidth=0.7)
    left.set(xlabel="step", ylabel="cross-entropy of the batch", title="loss")
    epochs = range(1, len(accuracies) + 1)
    right.plot(epochs, 100 * (1 - np.array(accuracies)), marker=".", label=["train", "test"])
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
        losses, accuracies = train(model, data, test, args, generator)
    say(f"trained in {time.perf_counter() - start:.1f} s, test accuracy {accuracies[-1][1]:.2%}")

    args.out.mkdir(parents=True, exist_ok=True)
    plot_losses(losses, accuracies, args.out / "loss-curve.png")
    np.savez(args.out / "weights.npz", **model.state_dict())
    paths = [args.out / "loss-curve.png", args.out / "weights.npz"]
    for path in paths + draw_graphs(model, data, args.out):
        say(f"wrote {path}")
    return {"train": accuracies[-1][0], "test": accuracies[-1][1]}


if __name__ == "__main__":
    main()
