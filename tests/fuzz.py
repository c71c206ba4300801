"""Random programs: DAGs of ops over random shapes, as data that any backend can run.

A `Program` is a list of instructions. Values are numbered: first the leaves, then one for each instruction.
Values that no instruction reads are the outputs. `programs()` is a Hypothesis strategy, so a failing
program is shrunk and printed; pasted into a test it runs again.

Derivatives have kinks where a `max` has a tie or a `relu` is at 0. An instruction is taken into a program
only if, at the program's inputs, it is a good way off every kink, and if its numbers stay moderate.
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.backends import NumPy

Shape = tuple[int, ...]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""How many programs each fuzz test tries; unless set, a fixed set of programs."""

MARGIN = 1e-2  # how far from a kink
LARGEST = 20.0


def fuzz_settings(examples: int) -> settings:
    """The same programs on every run, or as many new ones as FUZZ_EXAMPLES says."""
    return settings(
        derandomize=not EXAMPLES,
        max_examples=EXAMPLES or examples,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


@dataclass(frozen=True)
class Step:
    """One instruction: an op, the numbers of the values it reads, and its parameters."""

    op: str
    args: tuple[int, ...]
    params: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return f"Step({self.op!r}, {self.args}, {self.params})"


@dataclass(frozen=True)
class Program:
    """Shapes of the leaves, a seed for their values, and the instructions."""

    leaves: tuple[Shape, ...]
    seed: int
    steps: tuple[Step, ...]

    def inputs(self) -> list[np.ndarray]:
        """The leaves' values."""
        return [leaf_value(self.seed, i, shape) for i, shape in enumerate(self.leaves)]

    def outputs(self) -> list[int]:
        """The numbers of the values that nothing reads, which include the last."""
        read = {i for step in self.steps for i in step.args}
        return [i for i in range(len(self.leaves) + len(self.steps)) if i not in read]

    def run(self, backend: Any, leaves: Sequence[Any]) -> list[Any]:
        """Run on a backend, and return the outputs."""
        values = list(leaves)
        for step in self.steps:
            values.append(INSTRUCTIONS[step.op](backend, *(values[i] for i in step.args), *step.params))
        return [values[i] for i in self.outputs()]


def leaf_value(seed: int, i: int, shape: Shape) -> np.ndarray:
    """The value of leaf number i: no two elements are near each other or near zero by chance of the seed."""
    return np.asarray(np.random.default_rng([seed, i]).uniform(-1.5, 1.5, shape))


def key_of(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """An index as NumPy takes it, from its hashable form."""
    decode = {"slice": lambda *ends: slice(*ends), "array": np.array, "dots": lambda: Ellipsis}
    return tuple(decode[p[0]](*p[1:]) if isinstance(p, tuple) else p for p in parts)


# -- the instruction set --------------------------------------------------------------------------

INSTRUCTIONS: dict[str, Callable[..., Any]] = {
    # Elementwise, kept inside the domains of log, sqrt, division and powers.
    "exp": lambda b, x: b.exp(x),
    "expm1": lambda b, x: b.expm1(x),
    "log": lambda b, x: b.log(x * x + 0.5),
    "log1p": lambda b, x: b.log1p(b.square(x)),
    "sqrt": lambda b, x: b.sqrt(b.square(x) + 0.1),
    "sin": lambda b, x: b.sin(x),
    "cos": lambda b, x: b.cos(x),
    "tanh": lambda b, x: b.tanh(x),
    "sigmoid": lambda b, x: b.sigmoid(x),
    "relu": lambda b, x: b.relu(x),
    "abs": lambda b, x: b.abs(x),
    "negative": lambda b, x: -x,
    "square": lambda b, x: b.square(x),
    "cube": lambda b, x: x**3,
    "root": lambda b, x: (x * x + 0.2) ** -0.5,
    "scale": lambda b, x, k: k * x,
    "shift": lambda b, x, k: k - x,
    "part": lambda b, x, k: x / k,
    "inverse": lambda b, x, k: k / (1.0 + x * x),
    "detach": lambda b, x: b.detach(x),
    # Elementwise with broadcasting.
    "add": lambda b, x, y: x + y,
    "sub": lambda b, x, y: x - y,
    "mul": lambda b, x, y: x * y,
    "div": lambda b, x, y: x / (1.5 + b.cos(y)),
    "pow": lambda b, x, y: (x * x + 0.5) ** y,
    "maximum": lambda b, x, y: b.maximum(x, y),
    "minimum": lambda b, x, y: b.minimum(x, y),
    "where": lambda b, x, y: b.where(x > y, b.sin(x), x * y),
    # Reductions.
    "sum": lambda b, x, axis, keep: b.sum(x, axis=axis, keepdims=keep),
    "mean": lambda b, x, axis, keep: b.mean(x, axis=axis, keepdims=keep),
    "max": lambda b, x, axis, keep: b.max(x, axis=axis, keepdims=keep),
    "min": lambda b, x, axis, keep: b.min(x, axis=axis, keepdims=keep),
    "var": lambda b, x, axis, keep: b.var(x, axis=axis, keepdims=keep),
    "prod": lambda b, x, axis, keep: b.prod(x, axis=axis, keepdims=keep),
    "logsumexp": lambda b, x, axis, keep: b.logsumexp(x, axis=axis, keepdims=keep),
    "softmax": lambda b, x, axis: b.softmax(x, axis),
    "log_softmax": lambda b, x, axis: b.log_softmax(x, axis),
    # Shapes.
    "reshape": lambda b, x, shape: b.reshape(x, shape),
    "transpose": lambda b, x, axes: b.transpose(x, axes),
    "broadcast_to": lambda b, x, shape: b.broadcast_to(x, shape),
    "expand_dims": lambda b, x, axis: b.expand_dims(x, axis),
    "squeeze": lambda b, x, axis: b.squeeze(x, axis),
    "concatenate": lambda b, *xs: b.concatenate(xs[:-1], xs[-1]),
    "stack": lambda b, *xs: b.stack(xs[:-1], xs[-1]),
    "getitem": lambda b, x, key: b.getitem(x, key_of(key)),
    # Products.
    "matmul": lambda b, x, y: b.matmul(x, y),
    "gram": lambda b, x: b.matmul(x, b.swapaxes(x, -1, -2)),
}

PLAIN = [
    "tanh", "relu", "abs", "detach", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "sigmoid",
    "negative", "square", "cube", "root",
]  # fmt: skip
SCALED = ["scale", "shift", "part", "inverse"]
BINARY = ["mul", "maximum", "minimum", "where", "add", "sub", "div", "pow"]
REDUCE = ["sum", "mean", "max", "min", "var", "prod", "logsumexp"]


def far_from_kinks(op: str, params: tuple[Any, ...], args: list[np.ndarray]) -> bool:
    """Whether small changes of the arguments change nothing but the value."""
    x = args[0]
    if op in ("relu", "abs"):
        return bool(np.all(np.abs(x) > MARGIN))
    if op in ("maximum", "minimum", "where"):
        return bool(np.all(np.abs(args[0] - args[1]) > MARGIN))
    if op in ("max", "min"):
        axis = tuple(range(x.ndim)) if params[0] is None else params[0]
        axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
        rest = [a for a in range(x.ndim) if a not in axes]
        rows = np.sort(x.transpose(*rest, *axes).reshape(*(x.shape[a] for a in rest), -1), axis=-1)
        if rows.shape[-1] == 1:
            return True
        gap = rows[..., -1] - rows[..., -2] if op == "max" else rows[..., 1] - rows[..., 0]
        return bool(np.all(gap > MARGIN))
    return True


# -- drawing programs -------------------------------------------------------------------------------


@st.composite
def programs(draw: Any, max_steps: int = 10) -> Program:
    """A random program of up to `max_steps` instructions."""
    seed = draw(st.integers(0, 2**16))
    shapes = st.lists(st.integers(1, 3), max_size=3).map(tuple)
    leaves = draw(st.lists(shapes, min_size=1, max_size=3))
    count = len(leaves)
    values = [leaf_value(seed, i, shape) for i, shape in enumerate(leaves)]
    steps: list[Step] = []
    for _ in range(draw(st.integers(2, max_steps))):
        step = draw(instruction([v.shape for v in values]))
        args = [values[i] for i in step.args]
        with np.errstate(all="ignore"):
            value = np.asarray(INSTRUCTIONS[step.op](NumPy(), *args, *step.params))
        moderate = value.size <= 200 and np.all(np.isfinite(value)) and np.max(np.abs(value)) < LARGEST
        if moderate and far_from_kinks(step.op, step.params, args):
            steps.append(step)
            values.append(value)
    assert len(values) == count + len(steps)
    return Program(tuple(leaves), seed, tuple(steps))


@st.composite
def instruction(draw: Any, shapes: list[Shape]) -> Step:
    """An instruction that fits values of these shapes; the newest ones are read most often."""
    newest = len(shapes) - 1
    i = newest - draw(st.one_of(st.just(0), st.integers(0, newest)))
    shape = shapes[i]
    kinds = ["binary", "plain", "scaled", "reduce", "shape", "join"]
    if shape:
        kinds += ["index", "softmax", "matmul"]
    kind = draw(st.sampled_from(kinds))
    if kind == "plain":
        return Step(draw(st.sampled_from(PLAIN)), (i,))
    if kind == "scaled":
        return Step(draw(st.sampled_from(SCALED)), (i,), (draw(st.sampled_from([0.5, -2.0, 3.0])),))
    if kind == "binary":
        partners = [j for j, other in enumerate(shapes) if broadcasts(shape, other)]
        pair = (i, draw(st.sampled_from(partners)))
        return Step(draw(st.sampled_from(BINARY)), pair if draw(st.booleans()) else pair[::-1])
    if kind == "reduce":
        return Step(draw(st.sampled_from(REDUCE)), (i,), (draw(axis_of(shape)), draw(st.booleans())))
    if kind == "softmax":
        axis = draw(st.integers(-len(shape), len(shape) - 1))
        return Step(draw(st.sampled_from(["softmax", "log_softmax"])), (i,), (axis,))
    if kind == "shape":
        return draw(move(i, shape))
    if kind == "index":
        return Step("getitem", (i,), (draw(key(shape)),))
    if kind == "matmul":
        partners = [j for j, other in enumerate(shapes) if multiplies(shape, other)]
        if partners:
            return Step("matmul", (i, draw(st.sampled_from(partners))))
        return Step("gram", (i,)) if len(shape) > 1 else Step("matmul", (i, i))
    alike = [j for j, other in enumerate(shapes) if other == shape]
    others = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))
    if shape and draw(st.booleans()):
        axis = draw(st.integers(-len(shape), len(shape) - 1))
        return Step("concatenate", (i, *others), (axis,))
    return Step("stack", (i, *others), (draw(st.integers(-len(shape) - 1, len(shape))),))


def broadcasts(a: Shape, b: Shape) -> bool:
    """Whether two shapes go together elementwise."""
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


def multiplies(a: Shape, b: Shape) -> bool:
    """Whether two shapes go together in a matrix product."""
    if not a or not b or a[-1] != (b[-2] if len(b) > 1 else b[0]):
        return False
    return broadcasts(a[:-2], b[:-2])


@st.composite
def axis_of(draw: Any, shape: Shape) -> Any:
    """None, one axis, or several."""
    if not shape or draw(st.integers(0, 3)) == 0:
        return None
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    signed = tuple(a - len(shape) if draw(st.booleans()) else a for a in axes)
    return signed[0] if len(signed) == 1 else signed


@st.composite
def move(draw: Any, i: int, shape: Shape) -> Step:
    """An instruction that moves or repeats elements."""
    op = draw(st.sampled_from(["reshape", "transpose", "broadcast_to", "expand_dims", "squeeze"]))
    if op == "transpose":
        return Step(op, (i,), (tuple(draw(st.permutations(range(len(shape))))),))
    if op == "broadcast_to":
        grown = [draw(st.integers(1, 3)) if n == 1 else n for n in shape]
        return Step(op, (i,), ((*draw(st.lists(st.integers(1, 2), max_size=1)), *grown),))
    if op == "expand_dims":
        return Step(op, (i,), (draw(st.integers(-len(shape) - 1, len(shape))),))
    if op == "squeeze":
        ones = [a for a, n in enumerate(shape) if n == 1]
        return Step(op, (i,), (draw(st.sampled_from([None, *ones])),))
    size = math.prod(shape)
    forms = [(-1,), (size, 1), (1, size), shape[::-1], *((d, -1) for d in (2, 3) if size % d == 0)]
    return Step(op, (i,), (draw(st.sampled_from(forms)),))


@st.composite
def key(draw: Any, shape: Shape) -> tuple[Any, ...]:
    """An index of a non-empty selection, basic or advanced."""
    if draw(st.integers(0, 5)) == 0:  # one mask over all axes
        mask = draw(st.lists(st.booleans(), min_size=math.prod(shape), max_size=math.prod(shape)))
        mask[0] = True
        return (("array", tuple_of(np.array(mask).reshape(shape))),)
    parts: list[Any] = []
    length = draw(st.integers(1, 2))  # of index arrays, which broadcast together
    for n in shape[: draw(st.integers(0, len(shape)))]:
        kind = draw(st.sampled_from(["int", "slice", "all", "array", "new"]))
        if kind == "new":
            parts.append(None)
            kind = "all"
        if kind == "int":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "all":
            parts.append(("slice", None, None, draw(st.sampled_from([None, -1, 2]))))
        elif kind == "slice":
            start = draw(st.integers(0, n - 1))
            parts.append(("slice", start, draw(st.integers(start + 1, n)), None))
        else:
            places = draw(st.lists(st.integers(-n, n - 1), min_size=length, max_size=length))
            parts.append(("array", tuple(places)))
    if len(parts) - parts.count(None) < len(shape) and draw(st.booleans()):
        parts.insert(draw(st.sampled_from([0, len(parts)])) if len(shape) == 1 else len(parts), ("dots",))
    return tuple(parts)


def tuple_of(a: Any) -> Any:
    """Nested tuples of an array."""
    return tuple(map(tuple_of, a)) if isinstance(a, np.ndarray) and a.ndim else a.item()
