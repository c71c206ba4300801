"""Layers with arguments drawn at random, the same ones each time: combinations that nobody would think of."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.parity.module_cases import distinct, integers, module, normal
from tests.parity.modules.attention import theirs

RNG = np.random.default_rng(20)


def among(*choices: Any) -> Any:
    return choices[RNG.integers(len(choices))]


def sizes(axes: int, low: int, high: int) -> Any:
    """An int for all axes, or one for each."""
    return among(int(RNG.integers(low, high + 1)), tuple(RNG.integers(low, high + 1, size=axes).tolist()))


def spread(size: Any, axes: int) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size,) * axes


def image(axes: int, channels: int, least: Any) -> tuple[int, ...]:
    """A shape whose axes are as long as this at least, with a batch or without."""
    batch = among((), (0,), (1,), (2,), (2,))
    return (*batch, channels, *[n + int(RNG.integers(3)) for n in spread(least, axes)])


def covered(kernel: Any, dilation: Any, axes: int) -> tuple[int, ...]:
    pairs = zip(spread(kernel, axes), spread(dilation, axes), strict=True)
    return tuple([(k - 1) * d + 1 for k, d in pairs])


def convolution(axes: int) -> None:
    groups, kernel, dilation = among(1, 1, 2, 3), sizes(axes, 1, 3), sizes(axes, 1, 2)
    inputs, outputs = groups * among(1, 2), groups * among(1, 2)
    seen = covered(kernel, dilation, axes)
    stride = among(1, sizes(axes, 1, 3))
    padding = among("same" if stride == 1 else "valid", "valid", sizes(axes, 0, 2))
    module(f"Conv{axes}d", inputs, outputs, kernel, stride, padding, dilation, groups, among(True, False),
           among("zeros", "reflect", "replicate", "circular"),
           inputs=normal(*image(axes, inputs, tuple([max(n, 3) for n in seen]))))  # fmt: skip
    more = tuple([int(RNG.integers(max(s, d))) for s, d in zip(spread(stride, axes), spread(dilation, axes),
                                                               strict=True)])  # fmt: skip
    module(f"ConvTranspose{axes}d", inputs, outputs, kernel, stride, sizes(axes, 0, 1), more, groups,
           among(True, False), dilation, inputs=normal(*image(axes, inputs, 3)))  # fmt: skip


def pooling(axes: int) -> None:
    kernel, stride, dilation = sizes(axes, 1, 3), among(None, sizes(axes, 1, 3)), sizes(axes, 1, 2)
    padding = tuple([int(RNG.integers(k // 2 + 1)) for k in spread(kernel, axes)])
    ceil = among(True, False)
    shape = image(axes, 2, covered(kernel, dilation, axes))
    module(f"MaxPool{axes}d", kernel, stride, padding, dilation, among(True, False), ceil, inputs=distinct(*shape))
    other = {"divisor_override": among(None, 3, -2)} if axes > 1 else {}
    module(f"AvgPool{axes}d", kernel, stride, padding, ceil, among(True, False), **other, inputs=normal(*shape))
    window = kernel if axes > 1 else spread(kernel, 1)[0]  # PyTorch takes no tuple here
    module(f"LPPool{axes}d", among(2, 4), window, stride, inputs=normal(*shape))
    out = tuple([among(None, *range(1, 5)) for _ in range(axes)]) if axes > 1 else among(1, 2, 5)
    module(f"AdaptiveAvgPool{axes}d", out, inputs=normal(*shape))
    module(f"AdaptiveMaxPool{axes}d", out, among(True, False), inputs=distinct(*shape))
    widths = tuple(RNG.integers(0, 2, size=2 * axes).tolist())
    shape = image(axes, 2, 2)
    for kind in ("Reflection", "Replication", "Circular", "Zero"):
        module(f"{kind}Pad{axes}d", widths, inputs=normal(*shape))


def normalisation(axes: int) -> None:
    groups = among(1, 2, 3)
    channels, eps = groups * among(1, 2), among(1e-5, 0.1)
    size = RNG.integers(2, 4, size=axes).tolist()
    options = {"affine": among(True, False), "track_running_stats": among(True, False)}
    module(f"BatchNorm{axes}d", channels, eps, among(0.1, 0.6, None), **options, rtol=1e-7,
           inputs=normal(among(2, 3), channels, *size))  # fmt: skip
    module(f"InstanceNorm{axes}d", channels, eps, among(0.1, 0.6), **options, rtol=1e-7,
           inputs=normal(*among((), (1,), (3,)), channels, *size))  # fmt: skip
    module("GroupNorm", groups, channels, eps, among(True, False), rtol=1e-7, inputs=normal(2, channels, *size))
    last = tuple(size[-among(1, axes) :])
    affine, bias = among(True, False), among(True, False)
    module("LayerNorm", last, eps, affine, bias, rtol=1e-7, inputs=normal(2, *size))
    module("RMSNorm", last, among(None, 0.1), affine, rtol=1e-7, inputs=normal(2, *size))


def recurrence(kind: str) -> None:
    features, hidden, layers, both, first = *RNG.integers(1, 4, size=3).tolist(), among(True, False), among(True, False)
    options = {"num_layers": layers, "bias": among(True, False), "batch_first": first, "bidirectional": both}
    narrow = 0
    if kind == "LSTM" and hidden > 1:
        narrow = options["proj_size"] = among(0, 1)
    if kind == "RNN":
        options["nonlinearity"] = among("tanh", "relu")
    steps, batch = int(RNG.integers(1, 4)), among((), (1,), (2,))
    shape = (*batch, steps, features) if first else (steps, *batch, features)
    state = (layers * (1 + both), *batch)
    given = {"RNN": [normal(*state, hidden)], "GRU": [normal(*state, hidden)], "LSTM": []}[kind]
    module(kind, features, hidden, **options, inputs=(normal(*shape), *given))
    if kind == "LSTM":
        pair = [(*state, narrow or hidden), (*state, hidden)]
        module(kind, features, hidden, **options, inputs=normal(*shape), call={"hx": states(*pair)})


def states(*shapes: tuple[int, ...]) -> Callable[[np.random.Generator], Any]:
    """First states, which are constants in these cases."""
    return lambda rng: tuple([rng.normal(size=shape) for shape in shapes])


def padding(batch: int, keys: int) -> Callable[[np.random.Generator], Any]:
    """Of each example some keys at the end forbidden, not the first."""
    return lambda rng: np.where(np.arange(keys) < rng.integers(1, keys + 1, size=(batch, 1)), 0, -np.inf)


def attention(_: int) -> None:
    heads, batch, queries, keys = RNG.integers(1, 4, size=4).tolist()
    width, first = heads * among(1, 2), among(True, False)
    key, value = among((None, None), (3, 2), (width, 2))
    options = {"bias": among(True, False), "add_bias_kv": among(True, False), "add_zero_attn": among(True, False)}

    def shape(steps: int, features: int) -> tuple[int, ...]:
        return (batch, steps, features) if first else (steps, batch, features)

    call = {
        "need_weights": among(True, False), "average_attn_weights": among(True, False),
        "attn_mask": among(None, normal(queries, keys), normal(batch * heads, queries, keys)),
        "key_padding_mask": among(None, padding(batch, keys)),
    }  # fmt: skip
    module("MultiheadAttention", width, heads, **options, kdim=key, vdim=value, batch_first=first, call=call,
           theirs=theirs("MultiheadAttention"),
           inputs=(normal(*shape(queries, width)), normal(*shape(keys, key or width)),
                   normal(*shape(keys, value or width))))  # fmt: skip


def classifier(_: int) -> None:
    classes, features, places = among(1, 2, 4), among(1, 3), among((), (), (2,), (2, 3))
    batch = among((), (1,), (3,)) if not places else among((1,), (3,))
    module("LinearCrossEntropyLoss", features, classes, out_features=places, bias=among(True, False),
           reduction=among("mean", "sum", "none"), label_smoothing=among(0.0, 0.2),
           inputs=(normal(*batch, features), integers(classes, *batch, *places)))  # fmt: skip


for _draw, _of, _count in (
    (convolution, (1, 2, 3), 12), (pooling, (1, 2, 3), 5), (normalisation, (1, 2, 3), 5),
    (recurrence, ("RNN", "LSTM", "GRU"), 8), (attention, (0,), 24), (classifier, (0,), 16),
):  # fmt: skip
    for _ in range(_count):
        for _one in _of:
            _draw(_one)
