"""What a module saves, and how that is loaded: its parameters and buffers as arrays, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor
from autodiff.transforms.levels import plain

from .hooks import call_all
from .init import fill_
from .parameter import told

if TYPE_CHECKING:
    from .module import Module


class Loaded(NamedTuple):
    """What `load_state_dict` could not match."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def saved(module: Module, prefix: str, keep_vars: bool) -> dict[str, Any]:
    """All parameters and buffers, by name; see `Module.state_dict`."""
    modules = [*module._walk(once=False)]
    call_all("before_saving", modules, prefix, ..., keep_vars)
    named = module._tensors(once=False, saved=True)
    state = {prefix + name: t if keep_vars else np.array(plain(t)) for name, t in named}
    call_all("after_saving", modules[::-1], prefix, state, ..., {})
    return state


def load(module: Module, state: Mapping[str, Any], strict: bool) -> Loaded:
    """Write saved values into a module's parameters and buffers; see `Module.load_state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError(
            "a state is arrays by name, as model.state_dict() and nn.load(path) give them; got "
            f"{told(state) if not isinstance(state, str) else repr(state)}"
        )
    state, modules = dict(state), [*module._walk(once=False)]
    found = Loaded([], [])
    faults: list[str] = []
    call_all("before_loading", modules, "", state, ..., {}, strict, *found, faults)
    for name, part in modules:
        part._complete_from(state, name and name + ".")
    own = dict(module._tensors(once=False, saved=True))
    # Copies: the state may hold arrays of this module itself, which are about to be written.
    given = {name: np.asarray(plain(v)).copy() for name, v in state.items()}
    first: dict[Tensor, str] = {}
    for name, t in own.items():  # of a tied tensor one name is enough
        if name in given:
            first.setdefault(t, name)
    missing = found.missing_keys + [name for name, t in own.items() if t not in first]
    unexpected = found.unexpected_keys + [name for name in given if name not in own]
    faults += [f"missing: {', '.join(missing)}"] * bool(strict and missing)
    faults += [f"unexpected: {', '.join(unexpected)}"] * bool(strict and unexpected)
    shared = [(name, t, given[name]) for name, t in own.items() if name in given]
    for name, t, value in shared:
        if value.shape != t.shape or not np.can_cast(value.dtype, t.dtype, "same_kind"):
            faults.append(f"{name} is {describe(t)} here, {describe(value)} in the state")
        elif not np.array_equal(value, given[first[t]], equal_nan=value.dtype.kind in "fc"):
            faults.append(f"{first[t]} and {name} are one tensor here, and differ in the state")
    if faults:
        raise ValueError(
            f"the state does not fit this {type(module).__name__}, and nothing was loaded:\n  "
            + "\n  ".join(faults)
            + "\nstrict=False leaves alone what has no counterpart; shapes must be equal." * strict
        )
    for _, t, value in shared:
        fill_(t, value)
    loaded = Loaded(missing, unexpected)
    call_all("after_loading", modules[::-1], "", loaded)
    return loaded
