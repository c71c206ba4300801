"""Settings: the one context variable of modes, and the default dtype of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any, TypeVar

import numpy as np

from .errors import describe

_RESUMED = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR; `inspect` takes 5 ms to import

F = TypeVar("F", bound=Callable[..., Any])


class Item:
    """A number or array that an object keeps, by the path to it: `(optimizer, "state", parameter, "exp_avg")`."""

    __slots__ = ("path",)

    def __init__(self, path: tuple[Any, ...]) -> None:
        self.path = path

    def _holder(self) -> Any:
        holder = self.path[0]
        for key in self.path[1:-1]:
            if isinstance(key, str) and not isinstance(holder, dict):
                holder = getattr(holder, key)
            else:
                holder = holder.setdefault(key, {}) if isinstance(holder, dict) else holder[key]
        return holder

    def exists(self) -> bool:
        """Whether there is such an item now."""
        holder = self._holder()
        return not isinstance(holder, dict) or self.path[-1] in holder

    def read(self) -> Any:
        """What is there now."""
        return self._holder()[self.path[-1]]

    def write(self, value: Any) -> None:
        """Put a value there."""
        self._holder()[self.path[-1]] = value


class Observer:
    """What is told of everything that happens while it is among `Modes.observers`: a debugger, a tracer."""

    traces = False
    """Whether backward passes are to run their rules on Tensors, as op calls."""

    def called_vjp(self, node: Any, operands: list[Any], params: dict[str, Any], gradients: Any) -> None:
        """The kernel of a fused op's gradient has been called, its node standing for what the op kept (traces only)."""

    def same(self, tensor: Any, of: Any) -> None:
        """A new tensor has the value of another: a copy, a detached tensor, an argument of a transform."""

    def made(self, tensor: Any) -> None:
        """The engine has made a constant: the 1 that a backward pass starts from."""

    def created(self, tensor: Any) -> None:
        """A function has made a tensor of numbers: zeros, Tensor(2.0)."""

    def stored(self, item: Item, tensor: Any) -> None:
        """An optimizer has put a value into its state."""

    def set_grad(self, tensor: Any) -> None:
        """A tensor's gradient has been set or dropped by assignment."""

    def given(self, tensor: Any) -> None:
        """The engine gives a tensor a value: its first, or one that is written in place (traces only)."""

    def read(self, tensor: Any, what: str, value: Any) -> None:
        """Python code has asked for a concrete value: bool(t), t.item(), t.value."""

    def runs(self, forward: Callable[..., Any] | None) -> Callable[..., Any] | None:
        """Return what computes `(op, values, params)` in the place of `forward` (None: the op's own), if not that."""
        return forward

    def began(self, part: Any) -> None:
        """A part of the program begins: a call of a module, a step of an optimizer."""

    def ended(self, part: Any) -> None:
        """The part has ended, by an error or not."""

    def called(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: FrameType) -> None:
        """An op has been called with at least one Tensor; result is a Tensor, or a tuple of them."""

    def became(self, tensor: Any, out: Any) -> None:
        """An in-place write has put a tensor at the place of another, the result of an op."""

    def cut(self, tensor: Any, mark: Any) -> None:
        """`detach()` has cut a tensor that requires grad off its graph; the new tensor has this mark."""

    def pulling(self, node: Any) -> None:
        """A backward pass is about to pull a gradient back through a node; `pulled` or `failed` follows."""

    def failed(self, node: Any) -> None:
        """It could not: an error ends the pass."""

    def pulled(self, node: Any, g: Any, gradients: Any, saved: tuple[Any, ...], order: Sequence[Any]) -> None:
        """A backward pass has pulled `g` back through a node, to a sequence of gradients, one per input.

        `saved` is what the rules read (the node itself may have let go of it), `order` the nodes of the pass.
        """

    def pushed(self, node: Any, tangents: Sequence[Any], result: Any) -> None:
        """Forward mode has pushed the tangents of a node's inputs (None: zero) through it."""

    def arrived(self, leaf: Any, g: Any) -> None:
        """A backward pass has summed the gradient of a leaf."""


class Modes:
    """What every op asks before it records. One value, never changed, read once per op."""

    __slots__ = (
        "forward", "keep_inputs", "keep_values", "observers", "outer", "plain", "recording", "run", "transforming",
    )  # fmt: skip

    def __init__(
        self,
        recording: bool = True,
        keep_values: bool = False,  # nodes keep their value and gradient, however large
        keep_inputs: bool = False,  # nodes keep every input: forward mode reads them later
        transforming: bool = False,  # inside a function that a transform differentiates
        observers: tuple[Observer, ...] = (),  # who is told of every op
        forward: Callable[..., Any] | None = None,  # computes (op, values, params) where vmap maps a function
        outer: Modes | None = None,  # what to go back to when the block ends
    ) -> None:
        self.recording, self.keep_values = recording, keep_values
        self.keep_inputs, self.transforming, self.outer = keep_inputs, transforming, outer
        self.observers, self.forward = observers, forward
        # Nothing but recording is asked for: ops take their short way.
        self.plain = recording and not (keep_values or keep_inputs or observers or forward)
        # What computes an op's result, if not its forward alone.
        self.run = forward
        for observer in observers:
            self.run = observer.runs(self.run)

    def changed(
        self,
        recording: bool | None = None,
        keep_values: bool | None = None,
        keep_inputs: bool | None = None,
        transforming: bool | None = None,
        observers: tuple[Observer, ...] | None = None,
        forward: Callable[..., Any] | None = None,
    ) -> Modes:
        """The same but for those given, inside this one."""
        return Modes(
            self.recording if recording is None else recording,
            self.keep_values if keep_values is None else keep_values,
            self.keep_inputs if keep_inputs is None else keep_inputs,
            self.transforming if transforming is None else transforming,
            self.observers if observers is None else observers,
            self.forward if forward is None else forward,
            self,
        )


DEFAULT = Modes()
MODES: ContextVar[Modes] = ContextVar("autodiff_modes", default=DEFAULT)


def is_traced() -> bool:
    """Whether a trace is being made: then all that changes a value is a call of an op on Tensors."""
    return any(observer.traces for observer in MODES.get().observers)


OBSERVED: list[None] = []
"""One entry for each `with` block with observers that is open anywhere: where it is empty nobody need be told."""


@contextmanager
def part(what: Any) -> Iterator[None]:
    """Tell observers that a part of the program runs in this `with` block."""
    observers = MODES.get().observers
    for observer in observers:
        observer.began(what)
    try:
        yield
    finally:
        for observer in reversed(observers):
            observer.ended(what)


class mode(ContextDecorator):
    """Change some modes inside a `with` block or a decorated function, in this thread or task only."""

    def __init__(self, **changes: Any) -> None:
        self._changes = changes

    def __enter__(self) -> None:
        if "observers" in self._changes:
            OBSERVED.append(None)
        MODES.set(MODES.get().changed(**self._changes))

    def __exit__(self, *exc: object) -> None:
        if "observers" in self._changes:
            OBSERVED.pop()
        MODES.set(MODES.get().outer or DEFAULT)

    def _recreate_cm(self) -> mode:  # ContextDecorator asks for a fresh one per call
        return mode(**self._changes)

    def __call__(self, func: F) -> F:
        code = getattr(func, "__code__", None)
        if code is not None and code.co_flags & _RESUMED:
            raise TypeError(
                f"{func.__name__} is a generator or coroutine: a decorator would cover its creation only. "
                "Write the `with` block inside it."
            )
        return super().__call__(func)


def no_grad(function: Any = None) -> Any:
    """Stop recording, in a `with no_grad():` block or in a function decorated with `@no_grad`.

    Results need no gradient and hold no graph.

    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True)
    >>> with ad.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    return mode(recording=False) if function is None else mode(recording=False)(function)


def enable_grad(function: Any = None) -> Any:
    """Record again inside a `no_grad` block; also a decorator."""
    return mode(recording=True) if function is None else mode(recording=True)(function)


def set_grad_enabled(enabled: bool) -> mode:
    """Record or not, by a condition: `with set_grad_enabled(training): ...`."""
    return mode(recording=bool(enabled))


def is_grad_enabled() -> bool:
    """Whether ops record right now, in this thread or task."""
    return MODES.get().recording


def keep_values() -> mode:
    """Keep the value and the gradient of every node recorded inside, for drawing and debugging.

    Without it a node keeps its value only where that is 16 elements or fewer.
    """
    return mode(keep_values=True)


_default_dtype = np.dtype(np.float32)


def default_dtype() -> np.dtype[Any]:
    """The dtype that `nn` gives new parameters: float32 unless `set_default_dtype` said otherwise."""
    return _default_dtype


def set_default_dtype(dtype: Any) -> None:
    """Set the dtype that `nn` gives new parameters; it must be floating or complex."""
    global _default_dtype
    chosen = np.dtype(dtype)
    if not np.issubdtype(chosen, np.inexact):
        raise TypeError(f"parameters need a floating or complex dtype, not {describe(np.empty(0, chosen))}")
    _default_dtype = chosen
