"""Hooks: functions that are called before and after a module's forward, and with the gradients that pass it.

A module without hooks knows nothing of this file but that its `_hooks` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, Self

from autodiff.config import is_grad_enabled
from autodiff.tensor import Tensor, asarray
from autodiff.transforms.levels import plain, recorded
from autodiff.transforms.regions import STAND_IN, record_region, records

_number = count()
Gradients = tuple[Any, ...]


class Handle:
    """Takes a hook off: by `remove()`, or at the end of a `with` block."""

    __slots__ = ("hooks", "number")

    def __init__(self, hooks: dict[int, Any], number: int) -> None:
        self.hooks, self.number = hooks, number

    def remove(self) -> None:
        """Take the hook off; doing it twice is no error."""
        self.hooks.pop(self.number, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks:
    """The hooks of one module, each kind in the order in which they are called."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Callable[..., Any], bool]] = {}  # with_kwargs
        self.after: dict[int, tuple[Callable[..., Any], bool, bool]] = {}  # with_kwargs, always_call
        self.gradient_before: dict[int, Callable[..., Any]] = {}
        self.gradient_after: dict[int, Callable[..., Any]] = {}
        self.before_saving: dict[int, Callable[..., Any]] = {}
        self.after_saving: dict[int, Callable[..., Any]] = {}
        self.before_loading: dict[int, Callable[..., Any]] = {}
        self.after_loading: dict[int, Callable[..., Any]] = {}

    def add(self, kind: str, hook: Any, prepend: bool) -> Handle:
        """Add a hook of one kind, behind the others or in front of them."""
        hooks, number = getattr(self, kind), next(_number)
        others = dict(hooks) if prepend else {}
        for key in others:
            del hooks[key]
        hooks[number] = hook
        hooks.update(others)
        return Handle(hooks, number)

    def call(self, module: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Call a module's forward with all that belongs around it."""
        done: set[int] = set()
        result = None
        try:
            for hook, with_kwargs in [*self.before.values()]:
                inputs, options = _changed(hook, with_kwargs, module, inputs, options)
            gate = None
            if (self.gradient_before or self.gradient_after) and is_grad_enabled():
                gate = Gate(self, module)
                inputs = gate.enter(inputs)
            result = module.forward(*inputs, **options)
            for number, (hook, with_kwargs, _) in [*self.after.items()]:
                done.add(number)
                changed = hook(module, inputs, options, result) if with_kwargs else hook(module, inputs, result)
                result = result if changed is None else changed
            return result if gate is None else gate.leave(result)
        except Exception:
            for number, (hook, with_kwargs, always) in [*self.after.items()]:
                if always and number not in done:
                    _ = hook(module, inputs, options, result) if with_kwargs else hook(module, inputs, result)
            raise


def call_all(kind: str, named: Iterable[tuple[str, Any]], prefix: str, *args: Any) -> None:
    """Call the hooks of one kind of all modules, `hook(module, *args)`; `...` stands for the name with its dot."""
    for name, module in named:
        hooks = {} if module._hooks is None else getattr(module._hooks, kind)
        for hook in [*hooks.values()]:
            hook(module, *[prefix + (name and name + ".") if arg is ... else arg for arg in args])


def _changed(hook: Any, with_kwargs: bool, module: Any, inputs: Any, options: Any) -> tuple[Any, dict[str, Any]]:
    """The arguments after a hook that is called before forward."""
    if not with_kwargs:
        changed = hook(module, inputs)
        if changed is not None:
            inputs = changed if isinstance(changed, tuple) else (changed,)
        return inputs, options
    changed = hook(module, inputs, options)
    if changed is None:
        return inputs, options
    if not (isinstance(changed, tuple) and len(changed) == 2 and isinstance(changed[1], dict)):
        raise TypeError(
            f"a forward pre-hook with kwargs returns None or a pair (args, kwargs), got {type(changed).__name__}"
        )
    inputs, options = changed
    return inputs if isinstance(inputs, tuple) else (inputs,), options


class Gate:
    """Where gradients go into a module and come out of it: identities around one call of it.

    All that reaches the outputs goes through one node, so that hooks see all gradients at once; the inputs too.
    """

    def __init__(self, hooks: Hooks, module: Any) -> None:
        self.module = module
        self.before, self.after = [*hooks.gradient_before.values()], [*hooks.gradient_after.values()]
        self.outer: Gradients = ()
        self.inner: Gradients | None = None  # None for each input, where none of them requires a gradient

    def enter(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs, behind the node whose backward pass ends the module's."""
        if not self.after:
            return inputs
        if not any(map(recorded, inputs)):
            self.inner = (None,) * len(inputs)
        return tuple(_identity(inputs, self._leave_backward))

    def leave(self, result: Any) -> Any:
        """The outputs, behind the node whose backward pass begins the module's."""
        if isinstance(result, tuple | list):
            outs = _identity(result, self._enter_backward)
            return type(result)(*outs) if hasattr(result, "_fields") else type(result)(outs)
        if isinstance(result, dict):
            return type(result)(zip(result, _identity([*result.values()], self._enter_backward), strict=True))
        return _identity([result], self._enter_backward)[0]

    def _enter_backward(self, g: Gradients) -> Gradients:
        for hook in self.before:
            g = self._replaced(hook(self.module, g), g, "full_backward_pre_hook", "grad_output")
        self.outer = g
        if self.inner is not None:
            self._leave_backward(self.inner)
        return g

    def _leave_backward(self, g: Gradients) -> Gradients:
        for hook in self.after:
            g = self._replaced(hook(self.module, g, self.outer), g, "full_backward_hook", "grad_input")
        return g

    def _replaced(self, returned: Any, before: Gradients, kind: str, what: str) -> Gradients:
        if returned is None:
            return before
        given: Gradients = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
        name = type(self.module).__name__
        if len(given) != len(before):
            raise ValueError(
                f"a {kind} of {name} returned {len(given)} gradients for a {what} of {len(before)}; return None to "
                "leave them as they are"
            )
        for new, old in zip(given, before, strict=True):
            if new is not None and old is not None and new.shape != old.shape:
                raise ValueError(
                    f"a {kind} of {name} returned a gradient of shape {new.shape} in place of one of {old.shape}"
                )
        return given


class _Boundary:
    """A region that computes nothing and shows all gradients to a function."""

    def __init__(self, see: Callable[[Gradients], Gradients], places: list[int], count: int) -> None:
        self.see, self.places, self.count = see, places, count

    def pull(self, g: Sequence[Any], xs: Sequence[Any]) -> Iterable[Any]:
        shown: list[Any] = [None] * self.count
        for place, gradient in zip(self.places, g, strict=True):
            shown[place] = None if gradient is None else asarray(gradient)
        result = self.see(tuple(shown))
        found = [result[place] for place in self.places]
        tensors = records((*g, *xs)) or any(type(gradient) is Tensor for gradient in g)
        return [x if tensors or x is None else plain(x) for x in found]


def _identity(values: Sequence[Any], see: Callable[[Gradients], Gradients]) -> list[Any]:
    """The same values; those that require a gradient are behind one node, whose gradients `see` is shown."""
    places = [i for i, value in enumerate(values) if recorded(value)]
    outs = list(values)
    if places:
        live = [values[i] for i in places]
        region = _Boundary(see, places, len(outs))
        made = record_region(
            "module", region, [t.node or t for t in live], [STAND_IN] * len(live), [t.value for t in live]
        )
        for place, out in zip(places, made, strict=True):
            outs[place] = out
    return outs
