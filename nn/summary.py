"""`summary`: what a model consists of and what one call of it costs, a row for each call of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autodiff.config import MODES, Observer, default_dtype, mode
from autodiff.cost import cost_of
from autodiff.equations import Equation, Literal, Var
from autodiff.op import OPS
from autodiff.tensor import Tensor, asarray
from autodiff.transforms.levels import plain
from autodiff.transforms.trees import flatten

from .module import Module, modules_only

__all__ = ["Summary", "summary"]


class Row(NamedTuple):
    """One call of a module. Numbers are of all that is in it, so those of a row hold those below it."""

    name: str  # "" is the model itself
    kind: str
    depth: int  # how many calls it is inside of
    output: str  # the shape; of several outputs all
    dtype: str
    parameters: int  # without those that an earlier row has counted: tied ones, and all of a module called again
    trainable: int
    multiply_adds: int
    activation_bytes: int  # of all that is computed

    @property
    def label(self) -> str:
        """Name and kind."""
        return f"{self.name}: {self.kind}" if self.name else self.kind


class Summary:
    """The rows of a summary; printed it is a table, in a notebook one of HTML."""

    def __init__(self, rows: list[Row], unused: list[str]) -> None:
        self.rows, self.unused = rows, unused
        """Rows in the order of the calls, and the names of modules whose parameters were not used."""

    @property
    def total(self) -> Row:
        """The row of the whole model."""
        return self.rows[0]

    HEADER = ("layer", "output", "dtype", "parameters", "trainable", "multiply-adds", "activations")

    def _cells(self) -> Iterator[tuple[str, ...]]:
        from autodiff.draw.look import bytes_text, grouped  # here, as it takes 15 ms

        for row in self.rows:
            counts = (grouped(n) for n in (row.parameters, row.trainable, row.multiply_adds))
            yield row.label, row.output, row.dtype, *counts, bytes_text(row.activation_bytes)

    def _notes(self) -> Iterator[str]:
        from autodiff.draw.look import grouped

        total = self.total
        yield (
            f"{grouped(total.parameters)} parameters, {grouped(total.trainable)} of them trainable; "
            f"{grouped(total.multiply_adds)} multiply-adds"
        )
        if self.unused:
            yield f"not used: {', '.join(self.unused)}"

    def __str__(self) -> str:
        indents = ["", *("  " * row.depth for row in self.rows)]
        lines = [self.HEADER, *self._cells()]
        lines = [(indent + first, *rest) for indent, (first, *rest) in zip(indents, lines, strict=True)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = [
            "  ".join(
                [
                    cell.ljust(w) if i < 3 else cell.rjust(w)
                    for i, (cell, w) in enumerate(zip(line, widths, strict=True))
                ]
            )
            for line in lines
        ]
        rule = "-" * len(texts[0])
        return "\n".join([texts[0], rule, *(text.rstrip() for text in texts[1:]), rule, *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        def line(cells: Any, tag: str, depth: int = 0) -> str:
            first, *rest = (escape(cell) for cell in cells)
            left = f'<{tag} style="text-align: left; padding-left: {depth + 0.5}em">{first}</{tag}>'
            return f"<tr>{left}{''.join(f'<{tag}>{cell}</{tag}>' for cell in rest)}</tr>"

        body = [line(cells, "td", row.depth) for row, cells in zip(self.rows, self._cells(), strict=True)]
        notes = "<br>".join(map(escape, self._notes()))
        return f"<table>{line(self.HEADER, 'th')}{''.join(body)}</table><p>{notes}</p>"


def summary(model: Module, *inputs: Any, **options: Any) -> Summary:
    """Call a model once and tell, layer by layer, what comes out, how many parameters there are, and what it costs.

    Args:
        inputs: what the model is called with: arrays, Tensors, or shapes (tuples of integers, the batch included) in
            whose place zeros of `default_dtype()` are given.
        options: keyword arguments of the call.

    The call is in evaluation mode and records nothing; lazy layers get their parameters by it. Multiply-adds are those
    of `Program.cost`: a bias is one, an elementwise op one an element, moving elements none.

    >>> import nn
    >>> print(nn.summary(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), (5, 2)))
    layer        output  dtype    parameters  trainable  multiply-adds  activations
    -------------------------------------------------------------------------------
    Sequential   (5, 1)  float32          13         13             80        140 B
      0: Linear  (5, 3)  float32           9          9             45         60 B
      1: Tanh    (5, 3)  float32           0          0             15         60 B
      2: Linear  (5, 1)  float32           4          4             20         20 B
    -------------------------------------------------------------------------------
    13 parameters, 13 of them trainable; 80 multiply-adds
    """
    modules_only([model], "summary")
    given = [asarray(np.zeros(x, default_dtype())) if _is_shape(x) else _given(x) for x in inputs]
    before = [(module, module.training, module._hooks) for module in model.modules()]
    watch = _Watch(model)
    handles = []
    try:
        for module, _, _ in before:
            handles.append(module.register_forward_pre_hook(watch.enter, prepend=True))
            handles.append(module.register_forward_hook(watch.leave))
        with mode(recording=False, observers=(*MODES.get().observers, watch)):
            model.eval()(*given, **options)
    finally:
        for handle in handles:
            handle.remove()
        for module, training, hooks in before:
            module.training, module._hooks = training, hooks
    return watch.finish()


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(n, int) for n in x)


def _given(x: Any) -> Any:
    """Arrays as Tensors, in lists, tuples and dicts too, so that every op on them is seen."""
    leaves, rebuild = flatten(x, modules=False)
    return rebuild([asarray(leaf) if isinstance(leaf, np.ndarray | np.generic) else leaf for leaf in leaves])


class _Watch(Observer):
    """Counts ops, and knows inside which modules they are called."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.names = {id(module): name for name, module in reversed([*model.named_modules()])}
        self.rows: list[Row | None] = []
        self.open: list[list[int]] = []  # place of the row, multiply-adds, bytes
        self.seen: set[int] = set()
        self.counted: dict[int, int] = {}  # parameters, and the place of the first row that has them
        self.used: set[int] = set()  # parameters that an op has taken

    def called(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: Any) -> None:
        """Add what an op costs to the modules it is called in."""
        self.used.update([id(x) for x in inputs if type(x) is Tensor and x.is_parameter])
        outs = result if isinstance(result, tuple) else (result,)
        written = sum(out.nbytes for out in outs if type(out) is Tensor) if op.kind not in ("shape", "index") else 0
        multiply_adds = 0
        if op.name in OPS and OPS[op.name] is op:
            values = [Var(0, plain(x)) if np.ndim(plain(x)) else Literal(x) for x in inputs]
            variables = tuple([Var(0, plain(out)) for out in outs])
            multiply_adds = cost_of(Equation(op.name, tuple(values), params, variables, ("", 0))).multiply_adds
        for counts in self.open:
            counts[1] += multiply_adds
            counts[2] += written

    def enter(self, module: Module, args: Any) -> None:
        """A module is called."""
        self.open.append([len(self.rows), 0, 0])
        self.rows.append(None)

    def leave(self, module: Module, args: Any, out: Any) -> None:
        """It has returned."""
        place, multiply_adds, written = self.open.pop()
        again = id(module) in self.seen
        self.seen.add(id(module))
        own = [p for p in module.parameters() if self.counted.setdefault(id(p), place) >= place]  # or a row inside has
        outs = [*_tensors(out)]
        shapes = [str(tuple(np.shape(plain(t)))) for t in outs]
        self.rows[place] = Row(
            self.names.get(id(module), ""), type(module).__name__ + " (again)" * again, len(self.open),
            ", ".join(shapes), str(outs[0].dtype) if outs else "", sum(p.size for p in own),
            sum(p.size for p in own if p.requires_grad), multiply_adds, written,
        )  # fmt: skip

    def finish(self) -> Summary:
        """What was seen, with names relative to the row above."""
        rows: list[Row] = []
        above: list[str] = []
        for row in self.rows:
            if row is not None:
                del above[row.depth :]
                outer = above[-1] + "." if above and above[-1] else ""
                rows.append(row._replace(name=row.name.removeprefix(outer)))
                above.append(row.name)
        unused = [
            f"{name} ({type(module).__name__})"
            for name, module in self.model.named_modules()
            if id(module) not in self.seen
            and any(True for _ in module.parameters(recurse=False))
            and not any(id(p) in self.used for p in module.parameters(recurse=False))
        ]
        return Summary(rows, unused)


def _tensors(out: Any) -> Iterator[Any]:
    """The tensors and arrays of an output, of lists and dicts too."""
    if hasattr(out, "dtype"):
        yield out
    elif isinstance(out, list | tuple | dict):
        for part in out.values() if isinstance(out, dict) else out:
            yield from _tensors(part)
