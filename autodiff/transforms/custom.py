"""`custom_vjp`: a function whose derivative is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import update_wrapper
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..backward import wrap
from ..config import MODES, is_traced, mode
from ..errors import GradientError, describe
from ..graph import next_number
from ..inplace import journal, undone
from ..tensor import Tensor, asarray
from .levels import mapped, plain, recorded
from .regions import outer_sources, record_region, records, refuse_written
from .trees import current, flatten, is_number, leaves_like

_INSIDE: ContextVar[tuple[Any, ...]] = ContextVar("autodiff_custom_vjp", default=())
"""The functions whose `forward` is running: there `f` itself stands for its plain value."""


class custom_vjp:
    """A function of which you write the backward pass; a decorator.

    `f.defvjp(forward, backward)` gives it. `forward` takes what `f` takes, may call `f`, and returns the value and
    whatever `backward` will need (residuals); `backward` takes the residuals and the gradient of the value, and
    returns a tuple with the gradient of each argument, None for zero. All of them may be containers.

    `nondiff_argnums` names arguments that are not differentiated by; `backward` gets them first.

    Higher derivatives differentiate `forward` and `backward`, so write them with autodiff's functions. Forward mode
    is derived. Gradients by complex numbers are `df/dx + i df/dy` on both sides of `backward`.

    >>> from autodiff import grad
    >>> @custom_vjp
    ... def clipped(x):  # the value itself, with a gradient of -1 .. 1
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (g.clip(-1.0, 1.0),))
    >>> grad(lambda x: clipped(x) * 5.0)(2.0)
    np.float64(1.0)
    """

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        update_wrapper(self, f)
        self.f = f
        self.nondiff = (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums)
        self.forward: Callable[..., Any] | None = None
        self.backward: Callable[..., Any] | None = None

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Say how the value is computed where a gradient is wanted, and how the gradient passes back."""
        self.forward, self.backward = forward, backward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.forward is None or self.backward is None:
            raise TypeError(f"{self._name} has no derivative yet: call {self._name}.defvjp(forward, backward)")
        if kwargs:
            import inspect  # here, as it takes 5 ms

            args = inspect.signature(self.f).bind(*args, **kwargs).args
        nondiff = {n % len(args) for n in self.nondiff}
        chosen = tuple(a for i, a in enumerate(args) if i not in nondiff)
        leaves, rebuild = flatten(chosen)
        if MODES.get().recording and any(map(recorded, flatten([args[i] for i in nondiff])[0])):
            raise GradientError(
                f"an argument of {self._name} that nondiff_argnums names requires grad, and its gradient would be "
                "lost. Pass t.detach(), or take it out of nondiff_argnums."
            )
        if not MODES.get().recording or not any(map(recorded, leaves)) or self in _INSIDE.get():
            return self.f(*args)
        call = _Call(self, [args[i] for i in sorted(nondiff)], leaves, rebuild, len(chosen), sorted(nondiff))
        return call.start()

    @property
    def _name(self) -> str:
        return getattr(self.f, "__name__", "a custom_vjp function")


class _Call:
    """One call of a function with a derivative written by hand, as a region of the graph."""

    def __init__(
        self, custom: custom_vjp, fixed: list[Any], leaves: list[Any], rebuild: Any, count: int, places: list[int]
    ) -> None:
        self.custom, self.fixed, self.count, self.places = custom, fixed, count, places
        self.rebuild = rebuild
        self.written: list[Any] = []
        self.given = leaves if is_traced() else None
        self.live = [i for i, leaf in enumerate(leaves) if recorded(leaf)]
        self.sources = [leaves[i].node or leaves[i] for i in self.live]
        self.leaves = [None if i in self.live else leaf for i, leaf in enumerate(leaves)]
        self.values = [leaves[i].value for i in self.live]

    def run(self, values: Sequence[Any], sources: Sequence[Any], first: bool = False) -> tuple[list[Any], Any, Any]:
        """Run the user's forward on the arguments, above fresh nodes: the nodes, the value and the residuals."""
        leaves, start = list(self.leaves), next_number()
        given: list[Tensor] = []
        state = SimpleNamespace(running=True)
        for k, i in enumerate(self.live):
            of = None if self.given is None else self.given[i]
            given.append(wrap(values[k], sources[k], of, level=state))
            leaves[i] = given[-1]
        nodes: list[Any] = [leaf.node for leaf in given]
        args = list(self.rebuild(leaves))
        for place, value in zip(self.places, self.fixed, strict=True):
            args.insert(place, value)
        custom: Any = self.custom
        token = _INSIDE.set((*_INSIDE.get(), custom))
        try:
            with mode(recording=True), undone(self.written), journal() as written:
                result = current(custom.forward(*args))
        finally:
            _INSIDE.reset(token)
        self.written = self.written or written
        state.running = False
        refuse_written(f"custom_vjp '{custom._name}'", given, nodes, values)
        if not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(
                f"the forward of custom_vjp '{custom._name}' returns a pair (value, residuals), got "
                f"{type(result).__name__}"
            )
        outs = [x for x in flatten(result, modules=False)[0] if recorded(x)]
        if first and outer_sources(outs, start, set(nodes)):
            raise GradientError(
                f"custom_vjp '{custom._name}' uses a tensor from outside that requires grad, and its backward knows "
                "nothing of it: pass it as an argument."
            )
        return nodes, result[0], result[1]

    def start(self) -> Any:
        """Compute the value, and leave the region in the graph."""
        _, value, residuals = self.run(self.values, self.sources, first=True)
        outs, rebuild_out = flatten(value)
        for out in outs:
            if not is_number(out):
                raise TypeError(f"custom_vjp '{self.custom._name}' returns numbers, not {type(out).__name__}")
        self.rebuild_out = rebuild_out
        found, rebuild_residuals = flatten(residuals, modules=False)
        self.residuals = rebuild_residuals([r.detach() if type(r) is Tensor else r for r in found])
        arrays = [np.asarray(v)[()] if not hasattr(v, "dtype") else v for v in map(plain, outs)]
        made = record_region("custom_vjp", self, self.sources, self.values, arrays)
        for observer in MODES.get().observers:
            for tensor, out in zip(made, outs, strict=True):
                observer.same(tensor, out)
        self.zeros = [_zeros_of(a) for a in arrays]
        return rebuild_out(list(made))

    def pull(self, g: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """Call the user's backward, on Tensors; in a pass that records, on residuals that are computed anew."""
        record = records((*g, *xs))
        residuals = self.residuals
        if record:
            given = [asarray(x) for x in xs]
            _, _, residuals = self.run(
                [x.value for x in given], [(x.node or x) if recorded(x) else None for x in given]
            )
        cotangents = [asarray(z() if gi is None else gi) for gi, z in zip(g, self.zeros, strict=True)]
        custom: Any = self.custom
        with mode(recording=record):
            gradients = current(custom.backward(*self.fixed, residuals, self.rebuild_out(cotangents)))
        tensors = record or mapped() or any(type(x) is Tensor for x in (*g, *xs))
        found = self._read(gradients)
        return [x if tensors or x is None else plain(x) for x in found]

    def _read(self, gradients: Any) -> list[Any]:
        """Check what the user's backward has returned, and pick the gradients that are wanted."""
        name = self.custom._name
        if not isinstance(gradients, tuple | list) or len(gradients) != self.count:
            given = f"{len(gradients)} of them" if isinstance(gradients, tuple | list) else type(gradients).__name__
            raise TypeError(
                f"the backward of custom_vjp '{name}' returns a tuple with a gradient for each of {self.count} "
                f"arguments (None for zero), got {given}"
            )
        arguments = self.rebuild(list(range(len(self.leaves))))
        found: dict[int, Any] = {}
        for n, (argument, gradient) in enumerate(zip(arguments, gradients, strict=True)):
            if gradient is None:
                continue
            leaves = leaves_like(argument, gradient)
            if leaves is None:
                raise TypeError(
                    f"the backward of custom_vjp '{name}' returns gradients in the structure of the arguments; that of "
                    f"argument {n} differs"
                )
            found.update(zip(flatten(argument)[0], leaves, strict=True))
        result = []
        for i, value in zip(self.live, self.values, strict=True):
            gradient = found.get(i)
            if gradient is not None:
                gradient = asarray(gradient)
                if gradient.shape != value.shape:
                    raise ValueError(
                        f"the backward of custom_vjp '{name}' returns a gradient {describe(gradient)} for an argument "
                        f"{describe(value)}; the shapes must be equal"
                    )
            result.append(gradient)
        return result


def _zeros_of(value: Any) -> Callable[[], Any]:
    """Makes zeros in the shape and dtype of a value, without holding it."""
    shape, dtype = value.shape, value.dtype
    return lambda: np.zeros(shape, dtype)[()]
