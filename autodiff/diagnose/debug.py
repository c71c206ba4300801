"""`debug()`: stop at the first NaN or infinity, forward or backward, and at writes behind the graph's back."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Sequence
from types import FrameType
from typing import Any, Literal

import numpy as np

from ..backward import pull_tensors
from ..batched import Batched, numbers
from ..config import MODES, Observer, mode
from ..errors import GradientError, NumericalError
from ..graph import Mark, Node, notes, user_frame
from ..op import Op
from ..tensor import Tensor
from .blame import arrived_bad, born_bad, entered_bad, moves, plain, pulled_bad, pushed_bad
from .text import place
from .trail import Past, Trail, sources_of
from .writes import Line, Snapshot, written


class debug(mode):
    """Raise `NumericalError` at the first NaN or infinity, in a `with debug():` block or a decorated function.

    The error names the op, the line that called it, the first bad element and what went into it, says why, and what
    to write instead. It looks at the result of every op, and at every gradient of a backward pass that runs inside.
    NumPy's own warnings about floating-point errors are silent meanwhile.

    Args:
        nan: look for NaN. Data that holds NaN is reported where something is first computed of it; moving it is no
            error, so that `where` and the nan-functions may deal with it.
        inf: look for infinities that an op makes of finite numbers; those that data or a mask brings in may pass.
        writes: copy what the graph saves, and check before each rule that nobody has written into the arrays since,
            by `a[0] = 5` where `a` shares memory with a Tensor. With "each", check after each op as well:
            the error then names the two ops between which it happened.

    Like all modes it holds for this thread or task. Nothing is paid outside.

    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True)
    >>> with ad.debug():
    ...     ad.log(x)
    Traceback (most recent call last):
    autodiff.errors.NumericalError: op 'log' at ... gave the first infinity: element [1] of its result ...
    """

    def __init__(self, *, nan: bool = True, inf: bool = True, writes: bool | Literal["each"] = True) -> None:
        if writes not in (True, False, "each"):
            raise ValueError(f'writes is True, False or "each", got {writes!r}')
        super().__init__()
        self._options: dict[str, Any] = {"nan": nan, "inf": inf, "writes": writes}
        self._before: list[Any] = []

    def __enter__(self) -> None:
        modes = MODES.get()
        others = tuple([o for o in modes.observers if not isinstance(o, Debugger)])  # the inner one decides
        MODES.set(modes.changed(observers=(*others, Debugger(**self._options))))
        self._before.append(np.seterr(all="ignore"))

    def __exit__(self, *exc: object) -> None:
        np.seterr(**self._before.pop())
        super().__exit__(*exc)

    def _recreate_cm(self) -> debug:
        return debug(**self._options)


class Example:
    """An array with bad elements, inside vmap that of the first such example; `of` reads all else of the same one."""

    def __init__(self, value: Any, mask: Any) -> None:
        mappings = self._mappings(value)
        first = tuple(map(int, np.argwhere(mask)[0][: len(mappings)]))
        self.index = dict(zip(mappings, first, strict=True))
        self.value, self.mask = self.of(value), mask[first]
        self.note = f"\nThis is example {place(first)} of those that vmap maps." if first else ""

    def of(self, x: Any) -> Any:
        """The numbers of a Tensor, an array or a gradient, or of several."""
        if isinstance(x, list | tuple):
            return type(x)(map(self.of, x))
        x = plain(x)
        return numbers(x)[tuple([self.index.get(m, 0) for m in self._mappings(x)])] if type(x) is Batched else x

    @staticmethod
    def _mappings(x: Any) -> list[Any]:
        """The mappings that an array is inside of, the outermost first: its axes."""
        return [*Example._mappings(x.batch), x.mapping] if type(x) is Batched else []


# -- the observer -----------------------------------------------------------------------------------------


class Debugger(Observer):
    """Looks at every result and every gradient."""

    def __init__(self, nan: bool, inf: bool, writes: bool | Literal["each"]) -> None:
        self.nan, self.inf, self.writes = nan, inf, writes
        self.snapshots: weakref.WeakValueDictionary[int, Snapshot] = weakref.WeakValueDictionary()

    def called(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: FrameType) -> None:
        frame = user_frame(frame)
        results = result if op.several else (result,)
        for i, out in enumerate(results):
            mask = self.bad(out.value)
            if mask is not None:
                self._check_result(op, inputs, params, Example(out.value, mask), op.outs[i], frame)
        line = Line(op.name, frame) if self.writes else None
        if self.writes == "each":
            for snapshot in list(self.snapshots.values()):
                snapshot.intact(line)
        nodes = [out.node for out in results if out.node is not None]
        if nodes:
            whole = nodes[0].inputs[0] if op.several else nodes[0]
            past = self._remember(whole, inputs, frame, line)
            for node in nodes if op.several else ():
                notes(node).past = Past(past.trail, ())
        elif results and any(type(x) is Tensor and x.requires_grad for x in inputs):
            results[0].mark.sources = sources_of(inputs)  # the mark was made for this result

    def cut(self, tensor: Tensor, mark: Mark) -> None:
        mark.sources = sources_of([tensor])

    def pulled(self, node: Node, g: Any, gradients: Any, saved: tuple[Any, ...], order: Sequence[Node]) -> None:
        past = node.extra.past if node.extra is not None else None
        if past is not None:
            read = {id(array) for value in saved for array in (value if isinstance(value, tuple) else (value,))}
            for name, snapshot in past.saved:
                if id(snapshot.array) in read and not snapshot.intact(None):
                    raise GradientError(written(node, name, snapshot))
            if node.saved is None:
                past.saved = []
        for part in g if isinstance(g, list) else (g,):
            value = plain(part)
            mask = self.bad(value)
            if mask is not None:
                one = Example(value, mask)
                raise NumericalError(arrived_bad(node, node, one.value, one.mask, order) + one.note)
        for i, gradient in enumerate(gradients):
            value = plain(gradient)
            mask = self.bad(value)
            if mask is not None and i < len(node.inputs) and node.inputs[i] is not None:
                one = Example(value, mask)
                raise NumericalError(
                    pulled_bad(node, i, one.of(g), one.value, one.mask, one.of(saved), order) + one.note
                )

    def pushed(self, node: Node, tangents: Sequence[Any], result: Any) -> None:
        for value in map(plain, result if isinstance(result, tuple) else (result,)):
            mask = self.bad(value)
            if mask is not None:
                one = Example(value, mask)
                saved = one.of(node.saved or ())
                raise NumericalError(pushed_bad(node, one.of(tangents), saved, one.value, one.mask) + one.note)

    def arrived(self, leaf: Any, g: Any) -> None:
        value = plain(g)
        mask = self.bad(value)
        if mask is not None:
            raise NumericalError(arrived_bad(leaf, None, value, mask, ()))

    def bad(self, value: Any) -> Any:
        """Return where an array, or one of its examples, is NaN or infinite, as far as that is looked for, or None."""
        if type(value) is Batched:
            value = numbers(value)
        if type(value) is np.float64:
            if math.isfinite(value):
                return None
        elif not hasattr(value, "dtype") or value.dtype.kind not in "fc":
            return None
        finite = np.isfinite(value)
        if finite.all():
            return None
        mask = np.zeros(np.shape(value), bool)
        if self.nan:
            mask |= np.isnan(value)
        if self.inf:
            mask |= np.isinf(value)
        return mask if mask.any() else None

    def _remember(self, node: Node, inputs: tuple[Any, ...], frame: FrameType, line: Line | None) -> Past:
        cuts = [x.mark for x in inputs if type(x) is Tensor and not x.requires_grad and x.mark is not None]
        trail = Trail(node.op.name, frame.f_code, frame.f_lasti, sources_of(inputs))
        past = notes(node).past = Past(trail, tuple(cuts))
        keep = node.plan.keep if line is not None and node.saved else None
        for name, kept, value in zip((*node.op.inputs, *node.op.outs), keep or (), node.saved or (), strict=False):
            for array in (value if isinstance(value, tuple) else (value,)) if kept else ():
                if line is not None and type(array) is np.ndarray and array.size:
                    past.saved.append((name, self._snapshot(array, line)))
        return past

    def _snapshot(self, array: Any, line: Line) -> Snapshot:
        """Copy an array, once as long as it stays the same."""
        snapshot = self.snapshots.get(id(array))
        if snapshot is None or snapshot.array is not array or not snapshot.intact(line):
            snapshot = self.snapshots[id(array)] = Snapshot(array, line)
        return snapshot

    def _check_result(
        self, op: Op, inputs: tuple[Any, ...], params: Any, one: Example, out: str, frame: FrameType
    ) -> None:
        """Raise if an op's result is bad by its own doing, or took over NaN that came with the data."""
        values, value, mask = one.of([*inputs]), one.value, one.mask
        nan, inf = _bad_inputs(op, values, np.shape(value))
        isnan = np.isnan(value) & mask
        born = (isnan & ~nan) | (mask & ~isnan & ~inf & ~nan)
        if np.any(born):
            if not _inside_rule():
                raise NumericalError(born_bad(op, inputs, values, params, value, born, mask, out, frame) + one.note)
        elif np.any(isnan) and not moves(op) and not _inside_rule():
            raise NumericalError(entered_bad(op, inputs, values, value, isnan, frame) + one.note)


def _bad_inputs(op: Op, values: list[Any], shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Where inputs were NaN, and where they were infinite, in the shape of the result."""
    nan: Any = np.zeros(shape, bool)
    inf: Any = np.zeros(shape, bool)
    for value in values:
        if np.asarray(value).dtype.kind not in "fc":
            continue
        for seen, found in ((nan, np.isnan(value)), (inf, np.isinf(value))):
            seen |= found if op.kind == "elementwise" else found.any()
    return nan, inf


def _inside_rule() -> bool:
    """Whether the op is a part of a rule that records itself: what counts there is what the rule returns."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is pull_tensors.__code__:
            return True
        frame = frame.f_back
    return False
