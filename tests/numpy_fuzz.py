"""Random NumPy programs: calls, methods, operators, views and writes, as data that runs on arrays and on Tensors.

A program is a list of instructions over numbered values. An instruction is drawn for the shapes at hand and tried on
arrays; what NumPy refuses, or what gives numbers that are not finite or too large, is left out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

LARGEST = 1e3


class V(NamedTuple):
    """Value number i of a program."""

    i: int

    def __repr__(self) -> str:
        return f"v{self.i}"


class Step(NamedTuple):
    """A call: a path in NumPy's namespace, ".method", or one of `SPECIAL`; it adds a value unless it writes."""

    name: str
    args: tuple[Any, ...]
    options: Mapping[str, Any] = MappingProxyType({})

    def __repr__(self) -> str:
        parts = [*map(repr, self.args), *(f"{k}={v!r}" for k, v in self.options.items())]
        return f"{self.name}({', '.join(parts)})"


def write(x: Any, key: Any, value: Any) -> None:
    x[key] = value


def update(x: Any, key: Any, function: str, value: Any) -> None:
    x[key] = getattr(operator, function)(x[key], value)


SPECIAL: dict[str, Callable[..., Any]] = {
    "getitem": operator.getitem,
    "write": write,
    "update": update,
    **{
        name: getattr(operator, name) for name in ("add", "sub", "mul", "truediv", "pow", "matmul", "mod", "neg", "abs")
    },
    **{name: getattr(operator, name) for name in ("iadd", "isub", "imul", "itruediv")},
}
WRITES = ("write", "update", "iadd", "isub", "imul", "itruediv", "copyto", "fill_diagonal", ".fill", "put_along_axis")


def resolve(value: Any, values: list[Any]) -> Any:
    if isinstance(value, V):
        return values[value.i]
    if type(value) in (list, tuple):
        return type(value)(resolve(part, values) for part in value)
    return value


def run_step(step: Step, values: list[Any]) -> None:
    """Run one instruction: change a value, or add one (or several)."""
    args = resolve(step.args, values)
    options = {key: resolve(value, values) for key, value in step.options.items()}
    if step.name in SPECIAL:
        result = SPECIAL[step.name](*args, **options)
    elif step.name.startswith("."):
        result = getattr(args[0], step.name[1:])(*args[1:], **options)
    else:
        function: Any = np
        for part in step.name.split("."):
            function = getattr(function, part)
        result = function(*args, **options)
    if (
        isinstance(result, np.ndarray)
        and not result.shape
        and not any(result.base is x or (isinstance(x, np.ndarray) and result.base is x.base) for x in values)
    ):
        result = result[()]  # as a Tensor has it: what has no axes and is no view cannot be written
    if step.name.startswith("i") and step.name in WRITES:
        values[step.args[0].i] = result
    elif step.name not in WRITES and "out" not in step.options:
        values.extend(result if isinstance(result, list | tuple) else [result])


class Program(NamedTuple):
    """Kinds and shapes of the leaves, a seed for their values, and the instructions."""

    leaves: tuple[tuple[str, tuple[int, ...]], ...]  # kinds: "grad", "constant", "array"
    seed: int
    steps: tuple[Step, ...]

    def inputs(self) -> list[np.ndarray]:
        rng = np.random.default_rng(self.seed)
        return [np.asarray(rng.uniform(-1.5, 1.5, shape))[()] for _, shape in self.leaves]

    def run(self, values: list[Any], may_write: Callable[[Any], bool] = lambda x: True) -> Any:
        """Run on the leaves' values and return all values; None where it would write into what must not be."""
        with np.errstate(all="ignore"):
            for step in self.steps:
                target = step.args[0] if step.name in WRITES else step.options.get("out")
                if target is not None and not may_write(values[target.i]):
                    return None
                run_step(step, values)
        return values


# -- drawing instructions -----------------------------------------------------------------------------------

UNARY = [
    "sin",
    "cos",
    "tanh",
    "arctan",
    "exp",
    "log",
    "sqrt",
    "square",
    "abs",
    "negative",
    "reciprocal",
    "expm1",
    "log1p",
    "arcsinh",
    "sinc",
    "cbrt",
    "positive",
    "deg2rad",
    "sign",
    "floor",
    "rint",
    "conj",
    "real",
    "copy",
    "nan_to_num",
    "isfinite",
    "signbit",
    "ones_like",
    "zeros_like",
    "logical_not",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "power",
    "arctan2",
    "hypot",
    "logaddexp",
    "copysign",
    "remainder",
    "fmod",
    "greater",
    "less_equal",
    "equal",
    "float_power",
    "heaviside",
    "floor_divide",
]
REDUCE = [
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "var",
    "std",
    "ptp",
    "nansum",
    "nanmean",
    "nanmax",
    "all",
    "any",
    "count_nonzero",
]
SCANS = ["cumsum", "cumprod", "nancumsum", "sort", "flip", "median", "nanmedian", "argmax", "argmin"]


class Drawer:
    """Draws instructions for the values at hand."""

    def __init__(self, r: Random, values: list[Any]) -> None:
        self.r, self.values = r, values

    def pick(self, test: Callable[[Any], bool] = lambda x: True) -> V:
        """A value, the newest ones most often."""
        found = [i for i, x in enumerate(self.values) if isinstance(x, np.ndarray | np.generic) and test(x)]
        if not found:
            raise LookupError
        return V(self.r.choice(found[-3:] if self.r.random() < 0.6 else found))

    def of(self, v: V) -> Any:
        return self.values[v.i]

    def floating(self) -> V:
        return self.pick(lambda x: x.dtype.kind == "f")

    def array(self, ndim: int = 1) -> V:
        return self.pick(lambda x: x.dtype.kind == "f" and x.ndim >= ndim)

    def operand(self, like: Any) -> Any:
        """Something that may stand beside a value: another value, a number, an array, a list."""
        kind = self.r.random()
        if kind < 0.65:
            return self.pick(lambda x: x.dtype.kind in "fb" and fits(np.shape(x), np.shape(like)))
        return self.r.choice([2.0, -0.5, 3, np.float64(0.7), np.full(np.shape(like)[-1:], 0.3)])

    def axis(self, x: Any) -> Any:
        return self.r.choice([None, *range(-x.ndim, x.ndim)])

    def one_axis(self, x: Any) -> int:
        return self.r.randrange(-x.ndim, x.ndim)

    def key(self, x: Any, arrays: bool = True) -> Any:
        parts: list[Any] = []
        for n in x.shape[: self.r.randint(0, x.ndim)]:
            kinds = [
                lambda n=n: self.r.randrange(-n, n),
                lambda: slice(None),
                lambda n=n: slice(self.r.randrange(n), None, self.r.choice([1, 2])),
                lambda: slice(None, None, -1),
            ]
            if arrays:
                kinds.append(lambda n=n: [self.r.randrange(-n, n) for _ in range(2)])
                kinds.append(lambda: None)
            parts.append(self.r.choice(kinds)())
        if self.r.random() < 0.15:
            parts.append(...)
        if len(parts) == 1 and not isinstance(parts[0], list) and self.r.random() < 0.5:
            return parts[0]
        return tuple(parts)

    def step(self) -> Step:
        return getattr(self, self.r.choice(KINDS))()

    def unary(self) -> Step:
        return Step(self.r.choice(UNARY), (self.floating(),))

    def binary(self) -> Step:
        x = self.floating()
        pair = [x, self.operand(self.of(x))]
        self.r.shuffle(pair)
        names = BINARY if self.r.random() < 0.5 else ["add", "sub", "mul", "truediv", "pow", "mod"]
        return Step(self.r.choice(names), tuple(pair))

    def masked(self) -> Step:
        x = self.floating()
        y = self.operand(self.of(x))
        if self.r.random() < 0.5:
            return Step("where", (self.of(x) > 0, x, y))
        return Step("clip", (x, -0.5, 0.6))

    def reduce(self) -> Step:
        x = self.floating()
        options: dict[str, Any] = {"axis": self.axis(self.of(x))}
        name = self.r.choice(REDUCE)
        if self.r.random() < 0.4:
            options["keepdims"] = True
        if name in ("sum", "mean", "prod", "var", "std") and self.r.random() < 0.2:
            options["where"] = self.of(x) > -0.3
        if name in ("var", "std") and self.r.random() < 0.3:
            options["ddof"] = 1
        if name in ("sum", "mean", "prod", "max", "var", "std") and "where" not in options and self.r.random() < 0.3:
            name = "." + name
        return Step(name, (x,), options)

    def scan(self) -> Step:
        x = self.array()
        name = self.r.choice(SCANS)
        choices = [self.one_axis(self.of(x))] + ([None] if name not in ("sort", "flip") else [])
        return Step(name, (x,), {"axis": self.r.choice(choices)})

    def ufunc_method(self) -> Step:
        x = self.array()
        axis = self.one_axis(self.of(x))
        name = self.r.choice(["add", "multiply", "maximum", "minimum", "logaddexp"])
        kind = self.r.choice(["reduce", "accumulate", "outer", "reduceat"])
        if kind == "outer":
            return Step(f"{name}.outer", (x, self.pick(lambda y: y.dtype.kind == "f" and y.size < 5)))
        if kind == "reduceat":
            return Step(f"{name}.reduceat", (x, [0, self.of(x).shape[axis] - 1]), {"axis": axis})
        return Step(f"{name}.{kind}", (x,), {"axis": axis})

    def shape(self) -> Step:
        x = self.floating()
        a = self.of(x)
        shapes = [(-1,), (a.size, 1), (1, -1), a.shape[::-1], *((d, -1) for d in (2, 3) if a.size % d == 0)]
        axes = list(range(a.ndim))
        self.r.shuffle(axes)
        steps = [
            Step("reshape", (x, self.r.choice(shapes))),
            Step(".reshape", (x, self.r.choice(shapes)), {"order": self.r.choice("CFA")}),
            Step("ravel", (x,), {"order": self.r.choice("CFAK")}),
            Step(".flatten", (x,)),
            Step("transpose", (x, tuple(axes))),
            Step("squeeze", (x,)),
            Step("expand_dims", (x, self.r.randint(-a.ndim - 1, a.ndim))),
            Step(self.r.choice(["atleast_1d", "atleast_2d", "atleast_3d"]), (x,)),
            Step("tile", (x, self.r.choice([2, (2, 1)]))),
            Step("broadcast_to", (x, (2, *a.shape))),
            Step("repeat", (x, 2), {"axis": self.axis(a)}),
            Step("roll", (x, self.r.randint(-2, 2)), {"axis": self.axis(a)}),
            Step("resize", (x, self.r.choice([(2, 2), (5,)]))),
            Step(
                "pad", (x, self.r.choice([1, (0, 2)])), {"mode": self.r.choice(["constant", "edge", "wrap", "reflect"])}
            ),
        ]
        if a.ndim >= 2:
            i, j = self.r.sample(range(a.ndim), 2)
            steps += [
                Step("swapaxes", (x, i, j)),
                Step("moveaxis", (x, i, j)),
                Step("rot90", (x, self.r.randint(-1, 3), (i, j))),
                Step("diagonal", (x, self.r.randint(-1, 1), i, j)),
                Step("tril", (x, self.r.randint(-1, 1))),
                Step("trace", (x,)),
                Step("triu", (x,)),
                Step("fliplr", (x,)),
            ]
        if 1 <= a.ndim <= 2:
            steps.append(Step("diag", (x, self.r.randint(-1, 1))))
        return self.r.choice(steps)

    def index(self) -> Step:
        x = self.array()
        a = self.of(x)
        axis = self.one_axis(a)
        n = a.shape[axis]
        steps = [
            *[Step("getitem", (x, self.key(a))) for _ in range(5)],
            Step("getitem", (x, a > 0)),
            Step("getitem", (x, (..., *(self.r.randrange(-n, n) for n in a.shape)))),
            Step("take", (x, [self.r.randrange(-n, n) for _ in range(3)]), {"axis": axis}),
            Step("take_along_axis", (x, np.argsort(a, axis=axis)[..., ::-1], axis)),
            Step("diff", (x,), {"axis": axis}),
            Step("gradient", (x,), {"axis": axis}),
            Step("delete", (x, self.r.randrange(n), axis)),
            Step("insert", (x, self.r.randrange(n), 0.5, axis)),
            Step("quantile", (x, 0.3), {"axis": axis}),
            Step("partition", (x, self.r.randrange(n)), {"axis": axis}),
            Step("split", (x, [1]), {"axis": axis}),
            Step("trapezoid", (x,), {"axis": axis}),
            Step("average", (x,), {"axis": axis, "weights": np.arange(1.0, n + 1)}),
            Step("compress", ([True] * n, x), {"axis": axis}),
            Step("unstack", (x,), {"axis": axis}) if hasattr(np, "unstack") else Step("array_split", (x, 2)),
        ]
        return self.r.choice(steps)

    def join(self) -> Step:
        x = self.floating()
        a = self.of(x)
        y = self.pick(lambda y: y.dtype.kind == "f" and np.shape(y) == np.shape(a))
        if a.ndim:
            axis = self.one_axis(a)
            z = self.pick(lambda y: y.dtype.kind == "f" and y.ndim == a.ndim and agree(y.shape, a.shape, axis))
            more = [Step("concatenate", ([x, z],), {"axis": axis}), Step("append", (x, z), {"axis": axis})]
        else:
            more = []
        return self.r.choice(
            [
                *more,
                Step("stack", ([x, y],), {"axis": self.r.randint(-a.ndim - 1, a.ndim)}),
                Step("vstack", ([x, y],)),
                Step("hstack", ([x, y],)),
                Step("dstack", ((x, y),)),
                Step("append", (x, y)),
                Step("concatenate", ([x, y, x],), {"axis": None}),
                Step("block", ([[x, y], [y, x]],)),
                Step("column_stack", ([x, y],)),
            ]
        )

    def product(self) -> Step:
        x = self.array()
        a = self.of(x)
        y = self.pick(lambda y: y.dtype.kind == "f" and y.ndim >= 1 and meets(a.shape, y.shape))
        last = self.pick(lambda y: y.dtype.kind == "f" and y.ndim >= 1 and y.shape[-1] == a.shape[-1])
        alike = self.pick(lambda y: y.dtype.kind == "f" and y.shape == a.shape)
        small = self.pick(lambda y: y.dtype.kind == "f" and 0 < y.size <= 4)
        return self.r.choice(
            [
                Step("matmul", (x, y)),
                Step("matmul", (x, y)),
                Step("dot", (x, y)),
                Step("inner", (x, last)),
                Step("outer", (small, x)),
                Step("tensordot", (x, alike, a.ndim)),
                Step("vdot", (x, alike)),
                Step("kron", (small, x)),
                Step("einsum", ("...i,...i->...", x, alike)),
                Step("einsum", ("i...->...i", x)),
                Step("einsum", ("...ii->...i", x)),
                Step("convolve", (x, small, "same")),
                Step("linalg.norm", (x,), {"axis": self.one_axis(a)}),
                Step("cross", (x, alike)),
                Step("interp", (small, np.linspace(-2, 2, a.size), x)),
            ]
        )

    def in_place(self) -> Step:
        x = self.pick(lambda x: isinstance(x, np.ndarray) and x.dtype.kind == "f")
        a = self.of(x)
        key = self.key(a)
        part = a[key]
        value = self.operand(part)
        return self.r.choice(
            [
                Step("write", (x, key, value)),
                Step("write", (x, a > 0.2, 0.5)),
                Step("write", (x, key, value)),
                Step("update", (x, key, self.r.choice(["add", "mul"]), value)),
                Step("update", (x, a < 0, "mul", 0.5)),
                Step(self.r.choice(["iadd", "isub", "imul", "itruediv"]), (x, self.operand(a))),
                Step(self.r.choice(["add", "multiply"]), (self.operand(a), self.operand(a)), {"out": x}),
                Step("copyto", (x, self.operand(a))),
                Step(".fill", (x, 0.25)),
                Step("fill_diagonal", (x, 0.5)),
                Step("put_along_axis", (x, np.argmax(a, axis=0, keepdims=True), 0.1, 0)),
            ]
        )


KINDS = [
    "unary",
    "binary",
    "binary",
    "masked",
    "reduce",
    "scan",
    "ufunc_method",
    "shape",
    "shape",
    "index",
    "index",
    "join",
    "product",
    "in_place",
    "in_place",
    "in_place",
]


def fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return len(np.broadcast_shapes(shape, into)) <= 3
    except ValueError:
        return False


def agree(a: tuple[int, ...], b: tuple[int, ...], axis: int) -> bool:
    return all(m == n for i, (m, n) in enumerate(zip(a, b, strict=True)) if i != axis % len(a))


def meets(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return a[-1] == (b[-2] if len(b) > 1 else b[0])


def draw_program(r: Random, length: int = 8) -> Program:
    """A random program of up to so many instructions."""
    leaves = []
    for _ in range(r.randint(1, 3)):
        shape = tuple(r.choice([1, 2, 3, 3]) for _ in range(r.choice([0, 1, 1, 2, 2, 3])))
        leaves.append((r.choice(["grad", "grad", "grad", "constant", "array"]), shape))
    program = Program(tuple(leaves), r.randrange(2**16), ())
    values: list[Any] = program.inputs()
    steps = [Step("mul", (V(i), 1.0)) for i in range(len(leaves))]  # leaves themselves cannot be written
    for step in steps:
        run_step(step, values)
    for _ in range(r.randint(1, length)):
        try:
            step = Drawer(r, values).step()
        except (LookupError, ValueError, IndexError):
            continue
        trial = Program(program.leaves, program.seed, (*steps, step))
        try:
            found = trial.run(trial.inputs())
        except Exception:
            continue
        if all(map(moderate, found)):
            steps.append(step)
            values = found
    return Program(program.leaves, program.seed, tuple(steps))


def moderate(value: Any) -> bool:
    if not isinstance(value, np.ndarray | np.generic):
        return False
    good = value.dtype.kind in "fbi" and value.size <= 60 and np.ndim(value) <= 4
    return bool(
        good and np.all(np.isfinite(value)) and math.sqrt(float(np.sum(np.square(value, dtype=float)))) < LARGEST
    )
