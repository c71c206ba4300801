"""`Optimizer`: what all update rules share. A rule is one method, `update`."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from operator import is_
from typing import Any

import numpy as np

from autodiff.config import MODES, OBSERVED, Item, enable_grad, is_traced, part
from autodiff.errors import describe
from autodiff.graph import WRITES
from autodiff.op import OPS, define
from autodiff.tensor import Hook, Tensor, constant

from .pack import SMALL, Pack
from .state import HOW, load, loaded, plain, saved

BLOCK = 32768  # numbers; a handful of such float32 arrays fit into a core's own cache
COMPLEX = np.complexfloating | np.ndarray
Job = tuple[Tensor, Any]  # a parameter, and its gradient: a Tensor, or rows
_PLAIN = (float, int, bool, str, type(None))
_numbers = count()


class Rule:
    """What one step does to the parameters of a group: the options of `update`, and what is common to all rules."""

    __slots__ = ("given", "group", "l1", "options", "sign", "takes_rows")

    def __init__(self, optimizer: Optimizer, options: dict[str, Any], group: Any = None, given: Any = None) -> None:
        self.options = dict(options)
        self.sign = -1 if self.options.pop("maximize", False) else 1
        self.l1 = self.options.pop("l1", 0.0)
        self.group, self.given = group, given
        self.takes_rows = not self.l1 and optimizer.takes_rows(self.options)


class Optimizer:
    """Parameters in groups, each group with its options, and a state for each parameter.

    A subclass passes its options' defaults to `__init__`, checks them in `check`, and computes one
    parameter's new value in `update`:

    >>> class SignSGD(Optimizer):
    ...     def __init__(self, params, lr=0.01):
    ...         super().__init__(params, lr=lr)
    ...     def update(self, w, g, state, *, lr):
    ...         w -= lr * np.sign(g)
    ...         return w
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> SignSGD([p], lr=0.5).step()
    >>> p
    Tensor([0.5, 1.5], requires_grad=True)

    Args:
        params: the tensors to optimize, or a list of dicts with "params" and options of their own.
        defaults: options of the groups that do not give their own.

    Raises TypeError for what is no leaf that may require grad and for options that are no numbers,
    ValueError for no parameters, for the same one twice, or options out of range.
    """

    param_groups: list[dict[str, Any]]
    state: dict[Tensor, dict[str, Any]]
    elementwise = False
    """Whether the rule looks at each number by itself: then large arrays come in blocks, and all arrays
    of a state have the parameter's shape. A rule that takes a norm or a mean must not claim it."""

    numbers: tuple[str, ...] = ("step",)
    """What the rule remembers besides arrays: "step", which is counted, and real numbers."""

    def __init__(self, params: Any, *, differentiable: bool = False, **defaults: Any) -> None:
        if differentiable:
            raise TypeError(
                f"{self._name} changes values and records nothing, so differentiable=True is not to be had. To "
                "differentiate through steps write them with operators, w = w - lr * autodiff.gradients(loss, w, "
                "create_graph=True), and call the model by nn.functional_call."
            )
        self.defaults = {name: plain(option) for name, option in defaults.items()}
        self.param_groups = []
        self.state = {}
        self._rooms: dict[Any, Any] = {}
        self._rules: dict[int, Rule] = {}
        self._packs: dict[Any, Pack] = {}
        self._whole: dict[int, Pack] = {}  # of groups that are one pack
        self._before: dict[int, Callable[..., Any]] = {}
        self._after: dict[int, Callable[..., Any]] = {}
        if type(params) is Tensor:
            raise TypeError(f"{self._name} takes a list of parameters: write [parameter]")
        if hasattr(params, "parameters"):
            raise TypeError(f"{self._name} takes parameters: write model.parameters()")
        if isinstance(params, Mapping):
            raise TypeError(f"{self._name} takes a list: of parameters, model.parameters(), or of groups, [{{...}}]")
        params = params if isinstance(params, set | frozenset) else list(params)
        if not params:
            raise ValueError(
                f"{self._name} got no parameters. An iterator such as model.parameters() is empty "
                "once it was used: call it again. Does the model have any nn.Parameter?"
            )
        for group in params if isinstance(params, list) and isinstance(params[0], Mapping) else [{"params": params}]:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, group: Any) -> None:
        """Take in further parameters, as `{"params": [...], "lr": 0.1}`."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                f'a parameter group is a dict with "params", got {describe(group)}. '
                "Give a list of Tensors, or a list of such dicts, not a mixture."
            )
        group = {key: option for key, option in group.items() if key not in HOW}
        unknown = [key for key in group if key not in (*self.defaults, "params", "name")]
        if unknown:
            raise TypeError(f"{self._name} has no option {', '.join(unknown)}, only {', '.join(self.defaults)}")
        given = group["params"]
        if isinstance(given, set | frozenset):
            raise TypeError("parameters in a set have no order, and states are saved by their order: give a list")
        params = [given] if type(given) is Tensor else list(given)
        taken = {p for other in self.param_groups for p in other["params"]}
        for p in params:
            self._check_parameter(p)
            if p in taken:
                raise ValueError(
                    f"{called(p)} is given to {self._name} twice, and would be updated twice. "
                    "model.parameters() names each tensor once."
                )
            taken.add(p)
        group = {**self.defaults, **group, "params": params}
        group |= self._options(group)
        eps = group.get("eps")
        for p in params if isinstance(eps, float) and eps else []:
            if p.dtype.kind == "f" and not p.dtype.type(eps):
                raise ValueError(
                    f"{self._name}: eps={eps:g} is 0 as {p.dtype}, the dtype of {called(p)}, and would let zeros be "
                    "divided by zero: write eps=1e-4, or keep the parameters in float32"
                )
        self.param_groups.append(group)

    def _check_parameter(self, p: Any) -> None:
        if type(p) is not Tensor:
            hint = " Write parameters(), not named_parameters()." if isinstance(p, tuple) else ""
            raise TypeError(f"{self._name} optimizes Tensors, got {describe(p)}.{hint}")
        if p.node is not None:
            raise TypeError(
                f"{self._name} optimizes leaves, and {called(p)} was computed by op "
                f"'{p.node.op.name}'. Optimize what it was computed from."
            )
        if not (p.requires_grad or p.is_parameter):
            raise TypeError(
                f"{called(p)} does not require grad and would never change. "
                "Make it with nn.Parameter(...) or Tensor(..., requires_grad=True)."
            )

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError for options out of range; the subclass knows them."""

    def _check_pair(self, group: dict[str, Any], name: str) -> None:
        if not isinstance(group[name], tuple | list) or len(group[name]) != 2:
            raise ValueError(f"{self._name}: {name} are two numbers, got {group[name]!r}")

    def _check_range(self, group: dict[str, Any], *names: str, low: float = 0.0, below: float = np.inf) -> None:
        """Raise unless these options, numbers or tuples of numbers, are finite and lie in [low, below)."""
        for name in names:
            values = group[name] if isinstance(group[name], tuple | list) else (group[name],)
            if not all(isinstance(value, int | float) for value in values):
                raise TypeError(f"{self._name}: {name} must be a number, got {group[name]!r}")
            if not all(low <= value < below and math.isfinite(value) for value in values):
                limit = f"in [{low:g}, {below:g})" if below < np.inf else "finite" + " and not negative" * (low == 0)
                if low > 0 and below == np.inf:
                    limit = f"{low:g} or more and finite"
                raise ValueError(f"{self._name}: {name} must be {limit}, got {group[name]!r}")

    def _options(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """Return a group's options, checked, as Python numbers: NumPy ones would turn float32 into float64."""
        missing = [name for name in self.defaults if name not in group]
        if missing:
            raise ValueError(f"{self._name} needs the option {', '.join(missing)}, which a parameter group lacks")
        options = {name: plain(group[name]) for name in self.defaults}
        self.check({**group, **options})
        if "l1" in options:
            self._check_range(options, "l1")
        return options

    def _rule(self, i: int, group: dict[str, Any]) -> Rule:
        """The rule of a group; its options are checked again where one of them is another object than before."""
        given = [group.get(name, _numbers) for name in self.defaults]
        rule = self._rules.get(i)
        if rule is None or rule.group is not group or not all(map(is_, rule.given, given)):
            rule = Rule(self, self._options(group), group, given)
            if all(type(option) in _PLAIN or _is_plain_tuple(option) for option in given):
                self._rules[i] = rule
        return rule

    # -- a step ------------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients: `.grad` is None until the next backward pass; or, with False, zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None if set_to_none or p.grad is None else np.zeros_like(p.value)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update each parameter that has a gradient; the others, and their state, stay as they are.

        `closure`, if given, computes the loss and calls backward on it; it runs first, and its loss
        is returned.
        """
        if OBSERVED:
            with part(self):
                return self._step_with_hooks(closure)
        return self._step_with_hooks(closure)

    def _step_with_hooks(self, closure: Callable[[], Any] | None) -> Any:
        for hook in tuple(self._before.values()):
            hook(self, () if closure is None else (closure,), {})
        loss = self._step(closure)
        for hook in tuple(self._after.values()):
            hook(self, () if closure is None else (closure,), {})
        return loss

    def _step(self, closure: Callable[[], Any] | None) -> Any:
        loss = None if closure is None else enable_grad(closure)()
        observers = MODES.get().observers
        traced = bool(observers) and is_traced()
        work: list[tuple[Rule, Pack | None, list[Any]]] = []
        for i, group in enumerate(self.param_groups):
            rule = self._rule(i, group)
            pack = self._whole.get(i)
            gradients = None if pack is None or traced else pack.gradients(group["params"], self.state)
            if gradients is not None:
                work.append((rule, pack, gradients))
                continue
            jobs: list[Job] = []
            for p in group["params"]:
                extra = p.extra
                if extra is None or (extra.grad is None and not extra.rows):
                    continue
                if extra.rows and rule.takes_rows and not traced:
                    grad = extra.rows
                    if grad.shape != p.shape or grad.dtype != p.dtype:
                        self._check_job(p, p.grad, None)  # raises
                else:
                    grad = p.grad
                    self._check_job(p, grad, self.state.get(p))
                jobs.append((p, grad))
            work.append((rule, None, jobs))
        written: list[Any] = []  # nothing has been changed up to here
        for i, (rule, pack, jobs) in enumerate(work):
            if pack is not None:
                pack.step(jobs, partial(self._apply, rule=rule))
                written += [p.value for p in pack.params]
                continue
            if traced:
                for p, grad in jobs:
                    self._update_traced(p, grad, rule, i, observers)
                continue
            jobs = self._step_packed(i, rule, jobs, written) if self.elementwise and len(jobs) > 1 else jobs
            for p, grad in jobs:
                state = self.state.setdefault(p, {})
                if type(grad) is Tensor:
                    p.value = self._apply(p.value, grad.value, state, rule)
                else:
                    rows, g = grad.summed(rule.sign)
                    self.update_rows(p.value, rows, g, state, **rule.options)
                written.append(p.value)
        WRITES.note_all(written)
        return loss

    def _step_packed(self, i: int, rule: Rule, jobs: list[Job], written: list[Any]) -> list[Job]:
        """Update the small parameters of a group together; return the others."""
        small: dict[Any, list[Job]] = {}
        rest = []
        for job in jobs:
            p, grad = job
            if type(grad) is Tensor and p.value.size <= SMALL and p.value.dtype.kind == "f":
                small.setdefault(p.value.dtype, []).append(job)
            else:
                rest.append(job)
        for dtype, some in small.items():
            params = [p for p, _ in some]
            states = [self.state.setdefault(p, {}) for p in params]
            pack = self._packs.get((i, dtype))
            if pack is None or not pack.holds(params, states):
                if len(some) == 1 or not Pack.fits(params, states):
                    rest += some
                    continue
                pack = self._packs[i, dtype] = Pack(params, states)
                self._whole.pop(i, None)
                if len(params) == len(jobs):
                    self._whole[i] = pack
            pack.step([grad.value for _, grad in some], partial(self._apply, rule=rule))
            written += [p.value for p in params]
        return rest

    def _apply(self, w: Any, g: Any, state: dict[str, Any], rule: Rule) -> Any:
        """Give a parameter's value, or many side by side, its new elements; return it, a scalar as a new one."""
        if rule.sign < 0:
            g = -g
        if rule.l1:
            g = g + rule.l1 * np.sign(w)
        if w.dtype.kind == "c" and self.elementwise:
            return self._apply_to_pairs(w, g, state, rule)
        large = g.size > BLOCK and self.elementwise and state
        if large and not self.in_one_pass(w, rule.options) and _contiguous(w, *state.values()):
            self._update_in_blocks(w, g, state, **rule.options)
            return w
        return self._result(self.update(w, g, state, **rule.options), w)

    def in_one_pass(self, w: Any, options: dict[str, Any]) -> bool:
        """Whether `update` reads and writes each number once, so that large arrays need not come in blocks."""
        return False

    def _apply_to_pairs(self, w: Any, g: Any, state: dict[str, Any], rule: Rule) -> Any:
        """Update complex numbers as pairs of real ones: what the rule does to each it does to both."""

        def pairs(x: Any) -> Any:
            return np.ascontiguousarray(x).reshape(-1).view(w.real.dtype) if isinstance(x, COMPLEX) else x

        flat = {name: pairs(value) for name, value in state.items()}
        value = self._result(self.update(pairs(w), pairs(g), flat, **rule.options), pairs(w))
        state.clear()
        for name, new in flat.items():
            state[name] = new.view(w.dtype).reshape(w.shape)[()] if isinstance(new, np.ndarray) else new
        return self._result(value.view(w.dtype).reshape(w.shape)[()], w)

    def update_rows(self, w: Any, rows: Any, g: Any, state: dict[str, Any], **options: Any) -> None:
        """Update some rows of an array in place, by the gradient of these alone: `rows` (k,), `g` (k, ...).

        For rules whose `takes_rows(options)` is True. What is remembered of the other rows stays as it is.
        """
        if not state:
            self.begin(state, w, **options)
        kept = {name: v[rows] if type(v) is np.ndarray else v for name, v in state.items()}
        w[rows] = self.update(w[rows], g, kept, **options)
        for name, value in kept.items():
            if type(state[name]) is np.ndarray:
                state[name][rows] = value
            else:
                state[name] = value

    def begin(self, state: dict[str, Any], w: Any, **options: Any) -> None:
        """Fill in what the rule remembers, as it is before the first step; for rules that take rows."""

    def takes_rows(self, options: dict[str, Any]) -> bool:
        """Whether rows without a gradient stay as they are under these options, so that they need not be looked at."""
        return False

    # -- hooks -------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Hook:
        """Call `hook(optimizer, args, kwargs)` before each step; `handle.remove()` takes it off."""
        return self._hooked(self._before, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> Hook:
        """Call `hook(optimizer, args, kwargs)` after each step; `handle.remove()` takes it off."""
        return self._hooked(self._after, hook)

    def _hooked(self, hooks: dict[int, Any], hook: Callable[..., Any]) -> Hook:
        handle = Hook(hooks, next(_numbers))
        hooks[handle.number] = hook
        return handle

    # -- in a trace --------------------------------------------------------------------------------

    def _update_traced(self, p: Tensor, grad: Tensor, rule: Rule, group: int, observers: Any) -> None:
        """Update a parameter by a call of the op `optimizer_update`, so that a trace has it.

        State and numbers among the options are inputs: the program reads them anew when it runs.
        """
        state = self.state.setdefault(p, {})
        options = {**rule.options, "l1": rule.l1, "maximize": rule.sign < 0}
        paths: dict[str, tuple[Any, ...]] = {name: (self, "state", p, name) for name in state}
        for name, option in options.items():
            if isinstance(option, float | int) and type(option) is not bool and name in self.defaults:
                paths[name] = (self, "param_groups", group, name)
            elif isinstance(option, tuple | list) and all(isinstance(part, float | int) for part in option):
                paths |= {f"{name}.{i}": (self, "param_groups", group, name, i) for i in range(len(option))}
        items = [Item(path) for path in paths.values()]
        given = [state[name] if name in state else _option(options, name) for name in paths]
        params: dict[str, Any] = {
            "rule": self._name, "state": tuple(state), "names": tuple(paths),
            "flags": tuple((name, o) for name, o in options.items() if not any(n.split(".")[0] == name for n in paths)),
        }  # fmt: skip
        value, kept = _updated(p.value, grad.value, *given, **params)
        results = tuple([constant(np.asarray(v)[()]) for v in (value, *kept.values())])
        params["made"] = tuple(kept)
        for observer in observers:
            observer.called(OPS["optimizer_update"], (p, grad, *items), params, results, sys._getframe(2))
            for name, result in zip(kept, results[1:], strict=True):
                observer.stored(Item((self, "state", p, name)), result)
        if type(p.value) is np.ndarray:
            p.value[...] = value
            WRITES.note(p.value)
        else:
            p.value = value
        for observer in observers:
            observer.became(p, results[0])
        state |= kept

    def _check_job(self, p: Tensor, grad: Tensor, state: dict[str, Any] | None) -> None:
        """Raise ValueError where gradient or state are not those of the value, as after `p.value = other`."""
        w, g = p.value, grad.value
        if g.shape != w.shape or g.dtype != w.dtype:
            raise ValueError(
                f"the gradient of {called(p)} is {describe(g)}. Call zero_grad() and backward() "
                "after a parameter's value was replaced."
            )
        if state and self.elementwise:
            for name, value in state.items():
                if type(value) is np.ndarray and value.shape != w.shape:
                    raise ValueError(
                        f"state {name!r} of {called(p)} is {describe(value)}: the parameter's value was "
                        f"replaced by one of another shape. Make a new {self._name}, or drop the "
                        "state: optimizer.state.pop(p)."
                    )

    def _result(self, value: Any, w: Any) -> Any:
        """Check what `update` returned, and keep the parameter's dtype."""
        if value is w:
            return w  # written in place
        if value is None:
            raise TypeError(f"{self._name}.update returned None; it returns the parameter's new value")
        if getattr(value, "dtype", None) != w.dtype or value.shape != w.shape:
            value = np.asarray(value).astype(w.dtype, casting="same_kind")[()]
            if value.shape != w.shape:
                raise ValueError(f"{self._name}.update returned {describe(value)} for a parameter {describe(w)}")
        if type(w) is np.ndarray:
            w[...] = value
            return w
        return value

    def count(self, state: dict[str, Any], w: Any, *names: str) -> int:
        """Add one to the state's "step" and return it; the first time the names are zeros like w."""
        if "step" not in state:
            state |= {"step": 0} | {name: np.zeros_like(w)[()] for name in names}
        t: int = state["step"] + 1
        state["step"] = t
        return t

    def update(self, *arguments: Any, **options: Any) -> Any:
        """Compute a parameter's new value, `update(w, g, state, *, lr, ...)`.

        `w` is the value, `g` the gradient, which is only read, and `state` what the rule remembers.
        Returns the array `w` itself, written in place, or a new scalar: in-place operators
        (`w -= ...`) and NumPy's `out=self.room(w)` do right by both. Arrays of the state are written in
        place as well. Options come as Python numbers.
        """
        raise NotImplementedError(f"{self._name} has no update rule: write its `update`")

    def _update_in_blocks(self, w: Any, g: Any, state: dict[str, Any], **options: Any) -> None:
        """Update a large array block by block: the rule's many passes find each block in the cache.

        `w` and the arrays of the state are C-contiguous, so that flattening them copies nothing.
        """
        arrays = {name: v.reshape(-1) for name, v in state.items() if type(v) is np.ndarray}
        flat_w, flat_g = w.reshape(-1), g.reshape(-1)  # a copy of g would do: it is only read
        new: dict[str, list[Any]] = {}  # what else the state holds after each block
        block = state
        for start in range(0, w.size, BLOCK):
            part = slice(start, start + BLOCK)
            w_part, parts = flat_w[part], {name: array[part] for name, array in arrays.items()}
            block = state | parts
            value = self._result(self.update(w_part, flat_g[part], block, **options), w_part)
            if value is not w_part:
                w_part[...] = value
            for name, after in block.items():
                if name not in parts:
                    new.setdefault(name, []).append(after)
                elif after is not parts[name]:
                    parts[name][...] = after
        for name in state.keys() - block.keys():
            del state[name]
        for name, values in new.items():  # an option that was switched on has made an array in each block
            whole = type(values[0]) is np.ndarray and sum(v.size for v in values) == w.size
            state[name] = np.concatenate(values).reshape(w.shape) if whole else values[-1]

    def room(self, like: Any) -> Any:
        """Return memory for a temporary of a large array's shape, always the same; otherwise None.

        Fresh memory is cheap where it is small, and costs page faults where it is large.
        """
        if type(like) is not np.ndarray or like.size < 4096:
            return None
        room = self._rooms.get(like.dtype)
        if room is None or room.size < like.size:
            room = self._rooms[like.dtype] = np.empty(like.size, like.dtype)
        return room[: like.size].reshape(like.shape)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes over: packs are made anew, since a copied view looks into nothing."""
        return vars(self) | {"_rooms": {}, "_rules": {}, "_packs": {}, "_whole": {}}

    # -- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the groups' options and copies of the states, with numbers for the parameters."""
        return saved(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of an optimizer of the same parameters gave.

        Raises ValueError where groups, options, numbers or shapes differ; then nothing has been changed.
        """
        load(self, state_dict)

    def _loaded(self, name: str, value: Any, p: Tensor, what: str) -> Any:
        """A saved value as a step works with it; a rule that keeps other things than numbers and arrays says how."""
        return loaded(self, name, value, p, what)

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = [f"{self._name}("]
        for group in self.param_groups:
            options = ", ".join(f"{name}={group[name]!r}" for name in self.defaults)
            elements = sum(p.size for p in group["params"])
            lines.append(f"  {len(group['params'])} tensors, {elements} numbers: {options}")
        return "\n".join([*lines, ")"])


def _option(options: dict[str, Any], name: str) -> Any:
    """An option, or with "betas.0" a part of one."""
    first, _, part = name.partition(".")
    return options[first][int(part)] if part else options[first]


def _updated(
    w: Any, g: Any, *given: Any, rule: str, state: tuple[str, ...], names: tuple[str, ...], flags: Any,
) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    """A parameter's new value and its state, by the rule of that name; nothing given is written."""
    classes = [Optimizer]
    for cls in classes:
        classes += cls.__subclasses__()
    optimizer = object.__new__(next(cls for cls in reversed(classes) if cls.__name__ == rule))
    optimizer._rooms = {}
    kept: dict[str, Any] = {}
    options: dict[str, Any] = dict(flags)
    for name, value in zip(names, given, strict=True):
        if name in optimizer.numbers:
            kept[name] = value.item() if isinstance(value, np.generic | np.ndarray) else value
        elif name in state:
            kept[name] = value.copy() if isinstance(value, np.ndarray) else value
        elif "." in name:
            first = name.partition(".")[0]
            options[first] = (*options.get(first, ()), value)
        else:
            options[name] = value
    w = w.copy() if isinstance(w, np.ndarray) else w
    return optimizer._apply(w, g, kept, Rule(optimizer, options)), kept


def _update(w: Any, g: Any, *given: Any, made: tuple[str, ...], **params: Any) -> tuple[Any, ...]:
    value, kept = _updated(w, g, *given, **params)
    return (value, *[kept[name] for name in made])


define(
    "optimizer_update", _update, inputs="*xs", outs="w state",
    doc="A parameter's new value, and its optimizer's new state: what a trace has for a step.",
)  # fmt: skip


def called(p: Tensor) -> str:
    """What messages call a parameter: its name, shape and dtype."""
    return f"{p.name or 'a tensor'} ({describe(p)})"


def _is_plain_tuple(option: Any) -> bool:
    return type(option) is tuple and all(type(part) in _PLAIN for part in option)


def _contiguous(*values: Any) -> bool:
    return all(v.flags.c_contiguous for v in values if type(v) is np.ndarray)
