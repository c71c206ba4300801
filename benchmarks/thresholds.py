"""From how many elements on each compiled kernel is faster than NumPy, beside the size from which on it is asked.

    python -m benchmarks.thresholds [--kernels activation norm.softmax]
    python -m benchmarks.thresholds --ways      the ways of convolution, and which of them is chosen
    python -m benchmarks.thresholds --steps     functions forward and backward at many sizes: are there cliffs?

A kernel computes the same arrays by NumPy and compiled, in turns; what counts is the least CPU time of one thread, so
that the machine may be busy. Tables are printed; numbers and pictures are left in runs/benchmarks/.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

import nn
import optim
from autodiff import Tensor, compile_kernels, set_num_threads, use_convolution, use_kernels
from autodiff.kernels import conv as conv_kernels
from autodiff.kernels.policy import KERNELS
from autodiff.kernels.resample import Spec
from nn import functional as F

from .measure import ROOT
from .plot import draw_steps, draw_thresholds, draw_ways

OUTPUT = ROOT / "runs" / "benchmarks"
SIZES = tuple(2**k for k in range(4, 19))
TURNS, TURN = 7, 1e-3  # how often, and seconds of one time
Call = tuple[tuple[Any, ...], dict[str, Any]]


# -- what each kernel is given ---------------------------------------------------------------------------------


def draw(*shape: int) -> np.ndarray:
    """Random numbers of mean 0."""
    return np.random.default_rng(math.prod(shape)).normal(size=shape).astype(np.float32)


def flat(count: int, **options: Any) -> Callable[[int], Call]:
    """So many arrays of n numbers."""
    return lambda n: (tuple(draw(n) for _ in range(count)), options)


def in_rows(*more: Any, length: int = 64, count: int = 1, **options: Any) -> Callable[[int], Call]:
    """So many arrays of rows, and what else there is."""
    return lambda n: ((*[draw(max(n // length, 1), length) for _ in range(count)], *more), options)


def in_channels(n: int) -> tuple[int, int, int]:
    """Four examples of channels of 64 numbers."""
    return 4, max(n // 256, 1), 64


def moved(x: Any, **options: Any) -> Any:
    """A mean and a reciprocal deviation, as the forward pass keeps them."""
    axis = options["axis"]
    return x.mean(axis, keepdims=True), 1 / x.std(axis, keepdims=True)


def layer_norm(n: int) -> Call:
    """Rows of 64, scaled and shifted."""
    x = draw(max(n // 64, 1), 64)
    return (x, draw(64), draw(64)), {"axis": (1,), "eps": 1e-5}


def layer_norm_back(n: int) -> Call:
    """The same on the way back."""
    (x, weight, bias), _ = layer_norm(n)
    return (draw(*x.shape)[::1], x, weight, bias, moved(x, axis=1), (True,) * 3), {"axis": (1,)}


def batch_norm(n: int) -> Call:
    """Channels whose moments are known."""
    x = draw(*in_channels(n))
    column = (x.shape[1], 1)
    mean, var = x.mean((0, 2), keepdims=True), x.var((0, 2), keepdims=True)
    return (x, draw(*column), draw(*column), mean, var), {"axis": (0, 2), "eps": 1e-5}


def batch_norm_back(n: int) -> Call:
    """The same on the way back."""
    (x, weight, bias, *_), _ = batch_norm(n)
    return (draw(*x.shape), x, weight, bias, moved(x, axis=(0, 2)), (True,) * 3 + (False,) * 2), {"axis": (0, 2)}


def rms_norm_back(n: int) -> Call:
    """Rows of 64, on the way back."""
    x = draw(max(n // 64, 1), 64)
    return (draw(*x.shape), x, draw(64), 1 / x.std(1, keepdims=True), (True, True)), {"axis": (1,)}


def scores_of(n: int) -> Any:
    """Scores of ten classes, and targets."""
    rows = max(n // 10, 1)
    return draw(rows, 10), np.arange(rows) % 10


CROSS_ENTROPY = {"reduction": "mean", "ignore_index": -100, "smoothing": 0.0}


def cross_entropy_back(n: int) -> Call:
    """What is kept of the scores, and a gradient."""
    x, t = scores_of(n)
    top = x.max(1, keepdims=True)
    saved = top, np.log(np.exp(x - top).sum(1, keepdims=True)), len(x)
    return (np.float32(1), x, t, 1.0, saved), CROSS_ENTROPY


ATTENTION = {"scale": 0.25, "causal": False, "p": 0.0, "seed": 0, "offset": 0}


def heads(n: int, count: int) -> list[np.ndarray]:
    """Heads of 16 x 16."""
    return [draw(1, max(n // 256, 1), 16, 16) for _ in range(count)]


def attention_back(n: int) -> Call:
    """A gradient of heads, and their weights."""
    g, q, k, v, weights = heads(n, 5)
    return (g, q, k, v, np.full_like(weights, 1 / 16), (True, True, True, False)), ATTENTION


def image(n: int, channels: int = 8) -> np.ndarray:
    """Images of as many places as n asks for."""
    return draw(1, channels, *(max(round(math.sqrt(n / channels)), 2),) * 2)


GEOMETRY = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
PAIRS = {"kernel": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0))}


def convolution(which: str) -> Callable[[int], Call]:
    """A convolution of 3 x 3 from 8 to 8 channels, with a bias, or one of its adjoints."""

    def call(n: int) -> Call:
        x, w = image(n), draw(8, 8, 3, 3)
        if which == "dw":
            return (x, draw(*x.shape)), GEOMETRY | {"kernel": (3, 3)}
        if which == "bias":
            return (x, w, draw(8)), GEOMETRY
        return (x, w), GEOMETRY | ({"shape": x.shape[2:]} if which == "dx" else {})

    return call


def pooled_back(n: int) -> Call:
    """A gradient of windows of 2 x 2, and which of their elements were the largest."""
    g = image(n)
    twice = tuple(2 * m for m in g.shape[2:])
    return (g, (*g.shape[:2], *twice), np.zeros(g.shape, np.uint16)), PAIRS | {"dilation": (1, 1)}


def spread(n: int) -> Call:
    """A gradient of sums over 2 x 2."""
    g = image(n)
    return (g,), PAIRS | {"size": tuple(m + 1 for m in g.shape[2:]), "stride": (1, 1)}


def resampled(n: int) -> Call:
    """Columns twice as long."""
    x = image(n)
    return (x,), {"axis": 2, "spec": Spec(x.shape[2], 2 * x.shape[2], "linear")}


def sequence(gates: int, back: bool = False) -> Callable[[int], Call]:
    """Eight steps of four sequences through as many units as there are inputs, up to 64; then more steps."""

    def call(n: int) -> Call:
        m = min(max(n // 32, 1), 64)
        steps = max(n // (4 * m), 1)
        x, h, w, b = draw(steps, 4, m), draw(4, m), draw(gates * m, m) / np.float32(math.sqrt(m)), draw(gates * m)
        whole = np.full(4, steps)
        states = (h, h) if gates == 4 else (h,)
        biases = (b, b) if gates == 3 else (b,)
        options = {"reverse": False} | ({"nonlinearity": "tanh"} if gates == 1 else {})
        if not back:
            return (x, *states, w, w, *biases, whole), options
        name = {1: "rnn", 3: "gru", 4: "lstm"}[gates]
        out, saved = KERNELS[f"recurrent.{name}"].reference(x, *states, w, w, *biases, whole, **options)
        kept = (out,) if saved is None else (out, saved)
        return (draw(*out.shape), x, *states, w, w, whole, *kept, (True,) * 6), options

    return call


def scattered(n: int) -> Call:
    """Rows of 16 added into 64 others."""
    rows = max(n // 16, 1)
    return (np.zeros((64, 16), np.float32), np.arange(rows) % 64, draw(rows, 16)), {}


def optimizer(*states: bool, numbers: tuple[Any, ...]) -> Callable[[int], Call]:
    """A parameter, its gradient, these states, and room."""
    return lambda n: (
        (draw(n), draw(n), *[np.abs(draw(n)) if s else None for s in states], *numbers),
        {"room": np.empty(n, np.float32)},
    )


SOFTPLUS, ELU = {"beta": 1.0, "threshold": 20.0}, {"alpha": 1.0, "scale": 1.0, "slope": 1.0}
ROWS = {"axis": 1}

CASES: dict[str, Callable[[int], Call]] = {
    **{f"activation.{name}": flat(1) for name in (
        "sigmoid", "positive_part", "silu", "mish", "softsign", "log_sigmoid", "hardsigmoid", "hardswish",
    )},
    **{f"activation.{name}": flat(2) for name in (
        "sigmoid_slope", "tanh_slope", "relu_slope", "silu_slope", "mish_slope", "gelu_slope", "softsign_slope",
        "hardswish_slope",
    )},
    "activation.add_sigmoid_slope": flat(3), "activation.add_tanh_slope": flat(3),
    "activation.gelu": flat(1, approximate="none"),
    "activation.elu": flat(1, **ELU), "activation.elu_slope": flat(2, **ELU),
    "activation.leaky_relu": flat(1, slope=0.01), "activation.leaky_slope": flat(2, slope=0.01),
    "activation.hardtanh_slope": flat(2, low=-1.0, high=1.0, scale=1.0),
    "activation.softplus": flat(1, **SOFTPLUS), "activation.softplus_slope": flat(2, **SOFTPLUS),
    "norm.softmax": in_rows(**ROWS), "norm.log_softmax": in_rows(**ROWS),
    "norm.softmax_slope": in_rows(count=2, **ROWS), "norm.log_softmax_slope": in_rows(count=2, **ROWS),
    "norm.moments": lambda n: ((draw(*in_channels(n)),), {"axis": (0, 2)}),
    "norm.standardize": layer_norm, "norm.standardize_vjp": layer_norm_back,
    "norm.batch_norm": batch_norm, "norm.batch_norm_vjp": batch_norm_back,
    "norm.rms_norm": in_rows(draw(64), axis=(1,), eps=1e-5), "norm.rms_norm_vjp": rms_norm_back,
    "loss.cross_entropy": lambda n: ((*scores_of(n), 1.0), CROSS_ENTROPY),
    "loss.cross_entropy_vjp": cross_entropy_back,
    "loss.squared_error": lambda n: ((draw(n), draw(n)), {"reduction": "mean"}),
    "loss.bce_with_logits": lambda n: ((draw(n), draw(n), 1.0, 1.0), {"reduction": "mean"}),
    "loss.bce_with_logits_vjp": lambda n: (
        (np.float32(1), draw(n), draw(n), 1.0, 1.0, (True,) + (False,) * 3), {"reduction": "mean"}
    ),
    "attention.masked_softmax": in_rows(), "attention.weights_of": in_rows(scale=1.0, causal=False),
    "attention.weights_slope": lambda n: (
        (draw(max(n // 64, 1), 64), np.full((max(n // 64, 1), 64), 1 / 64, np.float32)), {"scale": 64.0}
    ),
    "attention.attention": lambda n: ((*heads(n, 3), 0.0), ATTENTION), "attention.attention_vjp": attention_back,
    "matmul.affine": lambda n: ((draw(max(n // 64, 1), 64), draw(64, 64), draw(64)), {}),
    "matmul.sum_rows": lambda n: ((draw(max(n // 128, 1), 128),), {}),
    "matmul.affine_vjp": lambda n: (
        (draw(max(n // 64, 1), 64), draw(max(n // 64, 1), 64), draw(64, 64), (True,) * 3), {}
    ),
    "matmul.product": lambda n: ((draw(max(n // 64, 1), 64), draw(64, 64).T), {}),
    "conv.conv": convolution(""), "conv.conv_bias": convolution("bias"),
    "conv.conv_dx": convolution("dx"), "conv.conv_dw": convolution("dw"),
    "pool.max_pool": lambda n: ((image(n),), PAIRS | {"dilation": (1, 1)}), "pool.max_pool_vjp": pooled_back,
    "pool.pool_sum": lambda n: ((image(n),), PAIRS | {"stride": (1, 1)}), "pool.pool_spread": spread,
    "resample.resample": resampled, "scatter.add_rows": scattered,
    "random.dropout": flat(1, p=0.5, seed=0, offset=0),
    "recurrent.rnn": sequence(1), "recurrent.rnn_vjp": sequence(1, back=True),
    "recurrent.lstm": sequence(4), "recurrent.lstm_vjp": sequence(4, back=True),
    "recurrent.gru": sequence(3), "recurrent.gru_vjp": sequence(3, back=True),
    "optimizer.sgd": optimizer(True, numbers=(1e-9, 0.9, 0.0, 0.0, False)),
    "optimizer.adam": optimizer(True, True, False, numbers=(3, 1e-9, 0.9, 0.999, 1e-8)),
    "optimizer.rmsprop": optimizer(True, False, False, numbers=(1e-9, 0.99, 1e-8, 0.0)),
}  # fmt: skip
"""What each kernel is called with where its array has about n elements."""


# -- timing ----------------------------------------------------------------------------------------------------


Way = tuple[Callable[[], Any], Callable[[], Any]]
"""What makes a context, and what runs in it."""


def least(*ways: Way) -> list[float]:
    """The least CPU seconds of each of these, which take turns."""
    counts = []
    for way in ways:
        count, spent = 1, _turn(way, 1)
        while spent < TURN / 4:
            count *= 2
            spent = _turn(way, count)
        counts.append(max(1, round(count * TURN / spent)))
    turns = [[_turn(way, count) / count for way, count in zip(ways, counts, strict=True)] for _ in range(TURNS)]
    return [min(times) for times in zip(*turns, strict=True)]


def _turn(way: Way, count: int) -> float:
    context, run = way
    with context():
        start = process_time()
        for _ in range(count):
            run()
        return process_time() - start


def measured(name: str) -> list[tuple[int, float, float]]:
    """Elements, seconds by NumPy and seconds compiled at each size that the kernel has a loop for."""
    kernel = KERNELS[name]
    twin = getattr(importlib.import_module(f"autodiff.kernels.compiled.{kernel.module}"), kernel.name)
    found: list[tuple[int, float, float]] = []
    for n in SIZES:
        args, options = CASES[name](n)
        size = args[kernel.by].size
        if (found and size <= found[-1][0]) or (twin(*args, **options) is None and name != "scatter.add_rows"):
            continue
        times = least(
            (partial(use_kernels, "numpy"), partial(kernel.reference, *args, **options)),
            (partial(use_kernels, "numba"), partial(twin, *args, **options)),
        )
        found.append((size, *times))
    return found


def crossing(points: Sequence[tuple[int, float, float]]) -> int:
    """The size from which on the compiled kernel was the faster one, but for what two measurements differ by."""
    slower = [i for i, (_, plain, fast) in enumerate(points) if fast > 1.05 * plain]
    return points[0][0] if not slower else points[min(slower[-1] + 1, len(points) - 1)][0]


def show_thresholds(names: Sequence[str], output: Path) -> None:
    """Measure, print and draw."""
    print(f"{'kernel':28} {'asked from':>10} {'faster from':>11}   compiled / NumPy there, at half of it, at twice")
    result = {}
    compile_kernels(*names)
    for name in names:
        points = measured(name)
        at = KERNELS[name].at_least
        result[name] = {"asked": at, "faster": crossing(points), "points": points}
        sizes = np.log([n for n, _, _ in points])
        ratios = [
            np.exp(np.interp(np.log(max(n, 1)), sizes, np.log([fast / plain for _, plain, fast in points])))
            for n in (at, at / 2, 2 * at)
        ]
        print(f"{name:28} {at:10} {crossing(points):11}   " + "  ".join(f"{r:5.2f}" for r in ratios), flush=True)
    (output / "thresholds.json").write_text(json.dumps(result, indent=1) + "\n")
    draw_thresholds(result, output / "thresholds.png")


# -- the ways of convolution -------------------------------------------------------------------------------------

WAYS = conv_kernels.WAYS
KINDS = ((16, 8), (16, 16), (16, 32), (1, 32), (64, 14))  # how many images, and their height and width
CHANNELS = (1, 4, 8, 12, 16, 24, 32, 64, 128, 256)


def show_ways(output: Path) -> None:
    """The time of each way at many shapes, and what is chosen."""
    compile_kernels("conv.conv", "conv.conv_dx", "conv.conv_dw")
    result = []
    for (n, size), channels in product(KINDS, CHANNELS):
        x, w = draw(n, channels, size, size), draw(channels, channels, 3, 3)
        if x.size * channels > 1 << 26:
            continue
        calls = {
            "forward": lambda x=x, w=w: conv_kernels.conv(x, w, **GEOMETRY),
            "by the weight": lambda x=x: conv_kernels.conv_dw(x, x, kernel=(3, 3), **GEOMETRY),
        }
        for what, call in calls.items():
            times = dict(zip(WAYS, least(*[(partial(use_convolution, way), call) for way in WAYS]), strict=True))
            result.append({"what": what, "n": n, "size": size, "channels": channels, "times": times})
            best = min(times[way] for way in WAYS[1:])
            shown = "  ".join(f"{way} {1e3 * t:7.3f}" for way, t in times.items())
            print(f"{what:14} {n:3} x {channels:3} x {size:2}   {shown} ms   chosen / best {times['auto'] / best:.2f}")
    (output / "ways.json").write_text(json.dumps(result, indent=1) + "\n")
    draw_ways(result, output / "ways.png")


# -- whole functions ---------------------------------------------------------------------------------------------


def of_tensor(shape: Callable[[int], tuple[int, ...]], function: Callable[..., Any], *more: Any) -> Any:
    """A function of a Tensor of about n elements and what else there is, forward and backward."""

    def at(n: int) -> tuple[int, Callable[[], Any]]:
        x = Tensor(draw(*shape(n)), requires_grad=True)

        def run() -> None:
            x.grad = None
            out = function(x, *more)
            (out[0] if isinstance(out, tuple) else out).sum().backward()

        return x.size, run

    return at


def square(n: int) -> tuple[int, ...]:
    """Sixteen images of 8 channels."""
    return (16, 8, *(max(round(math.sqrt(n / 128)), 3),) * 2)


def adam_step(n: int) -> tuple[int, Callable[[], Any]]:
    """A parameter of n elements, moved by Adam."""
    p = Tensor(draw(n), requires_grad=True)
    optimizer = optim.Adam([p])
    p.grad = Tensor(draw(n))
    return n, optimizer.step


def recurrent(n: int) -> tuple[int, Callable[[], Any]]:
    """Sequences of 16 steps through an LSTM of 32."""
    return of_tensor(lambda n: (16, max(n // 512, 1), 32), nn.LSTM(32, 32))(n)


STEPS: dict[str, Callable[[int], tuple[int, Callable[[], Any]]]] = {
    "x.sigmoid()": of_tensor(lambda n: (n,), Tensor.sigmoid),
    "F.gelu(x)": of_tensor(lambda n: (n,), F.gelu),
    "F.softmax(x), rows of 64": of_tensor(lambda n: (max(n // 64, 1), 64), F.softmax),
    "F.layer_norm(x), rows of 64": of_tensor(lambda n: (max(n // 64, 1), 64), F.layer_norm, (64,)),
    "F.conv2d, 16 x 8 channels, 3 x 3": of_tensor(square, lambda x, w: F.conv2d(x, w, padding=1), draw(8, 8, 3, 3)),
    "F.max_pool2d, 16 x 8 channels": of_tensor(square, F.max_pool2d, 2),
    "nn.LSTM(32, 32), 16 steps": recurrent,
    "optim.Adam.step": adam_step,
}
SWEEP = tuple(round(2 ** (k / 3)) for k in range(18, 54))


def show_steps(output: Path) -> None:
    """Time over size, as it is and by NumPy alone."""
    result: dict[str, list[tuple[int, float, float]]] = {}
    for name, step in STEPS.items():
        points: list[tuple[int, float, float]] = []
        for n in SWEEP:
            size, run = step(n)
            if not points or size > points[-1][0]:
                times = least((partial(use_kernels, "numba"), run), (partial(use_kernels, "numpy"), run))
                points.append((size, *times))
        worst = max((b[1] / a[1] / (b[0] / a[0]), b[0]) for a, b in pairwise(points))
        print(f"{name:34} worst step: {worst[0]:.2f} x the growth of the work, at {worst[1]} elements", flush=True)
        result[name] = points
    (output / "steps.json").write_text(json.dumps(result, indent=1) + "\n")
    draw_steps(result, output / "steps.png")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.thresholds", description=__doc__.partition("\n")[0])
    parser.add_argument("--kernels", nargs="+", default=[""], metavar="KERNEL", help="how their names begin")
    parser.add_argument("--ways", action="store_true", help="the ways of convolution instead")
    parser.add_argument("--steps", action="store_true", help="functions forward and backward instead")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for numbers and pictures")
    options = parser.parse_args(arguments)
    if not compile_kernels("conv.conv"):
        raise SystemExit(
            "compiled kernels are compared with NumPy's, and none can be compiled: is NUMBA_DISABLE_JIT set?"
        )
    options.output.mkdir(parents=True, exist_ok=True)
    set_num_threads(1)
    with use_kernels("numba"):
        if options.ways:
            show_ways(options.output)
        elif options.steps:
            show_steps(options.output)
        else:
            show_thresholds([n for n in CASES if n.startswith(tuple(options.kernels))], options.output)


if __name__ == "__main__":
    sys.exit(main())
