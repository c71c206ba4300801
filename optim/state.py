"""What an optimizer saves, and how that is loaded: its groups' options and the parameters' states, by number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor

if TYPE_CHECKING:
    from .optimizer import Optimizer

HOW = ("foreach", "fused", "capturable")  # of PyTorch: how a step is computed, not what


def saved(optimizer: Optimizer) -> dict[str, Any]:
    """The groups' options and copies of the states, with numbers for the parameters."""
    number = {p: i for i, p in enumerate(optimizer._parameters())}
    groups = [
        {name: plain(option) for name, option in group.items()} | {"params": [number[p] for p in group["params"]]}
        for group in optimizer.param_groups
    ]
    state = {number[p]: {name: _copied(value) for name, value in s.items()} for p, s in optimizer.state.items()}
    return {"state": dict(sorted(state.items())), "param_groups": groups}


def load(optimizer: Optimizer, state_dict: Mapping[str, Any]) -> None:
    """Put a saved state into an optimizer, or raise ValueError and change nothing."""
    if not isinstance(state_dict, Mapping):
        raise ValueError(f"this is no optimizer's state, but {describe(state_dict)}")
    absent = [key for key in ("state", "param_groups") if key not in state_dict]
    if absent:
        raise ValueError(f"this is no optimizer's state: it has no {' and no '.join(map(repr, absent))}")
    groups, params = state_dict["param_groups"], optimizer._parameters()
    right = isinstance(groups, list) and all(
        isinstance(g, Mapping) and isinstance(g.get("params"), list) for g in groups
    )
    values = state_dict["state"]
    if not right or not isinstance(values, Mapping) or not all(isinstance(v, Mapping) for v in values.values()):
        raise ValueError(
            'this is no optimizer\'s state: "param_groups" is a list of dicts with lists of numbers, "params", and '
            '"state" a dict of dicts'
        )
    sizes = [len(group["params"]) for group in optimizer.param_groups]
    if [len(group["params"]) for group in groups] != sizes:
        raise ValueError(
            f"{optimizer._name} has groups of {sizes} parameters, "
            f"the state of {[len(group['params']) for group in groups]}"
        )
    options = []
    for group in groups:
        group = {"l1": 0.0, **group} if "l1" in optimizer.defaults else group  # which PyTorch's have not
        missing = [name for name in optimizer.defaults if name not in group]
        if missing:
            raise ValueError(f"the state has no {', '.join(missing)}: it is not that of {optimizer._name}")
        if group.get("differentiable"):
            raise ValueError(f"the state is of differentiable=True, which {optimizer._name} has not")
        checked = group | optimizer._options(group)
        options.append({n: v for n, v in checked.items() if n not in (*HOW, "differentiable", "params")})
    numbers = [number for group in groups for number in group["params"]]
    by_number = dict(zip(numbers, params, strict=True))
    if len(by_number) != len(params):
        raise ValueError(f"the state's groups name a parameter twice: {numbers}")
    state: dict[Tensor, dict[str, Any]] = {}
    for number, values in state_dict["state"].items():
        if number not in by_number:
            known = ", ".join(map(repr, numbers[:8])) + ", ..." * (len(numbers) > 8)
            raise ValueError(
                f"the state holds values for parameter {number!r}, but its groups have the parameters {known}"
            )
        p = by_number[number]
        state[p] = {
            name: optimizer._loaded(name, value, p, f"state {name!r} of parameter {number}")
            for name, value in values.items()
            if value is not None
        }
    for group, new in zip(optimizer.param_groups, options, strict=True):
        for name in group.keys() - new.keys() - {"params", "initial_lr"}:
            del group[name]
        group.update(new)
    optimizer.state = state


def loaded(optimizer: Optimizer, name: str, value: Any, p: Tensor, what: str) -> Any:
    """Copy a saved value into what a step works with: an array of the parameter's dtype, or a number."""
    array = np.array(np.asarray(value), order="C")
    if name in optimizer.numbers and array.size == 1 and array.dtype.kind in "iuf":
        number = array.item()
        if not 0 <= number < math.inf:
            raise ValueError(f"{what} is {number}, and should be finite and not negative")
        return int(number) if name == "step" else float(number)
    if optimizer.elementwise and array.shape not in ((), p.shape):
        raise ValueError(f"{what} is {describe(array)}, the parameter {describe(p)}")
    if array.shape == () and array.dtype.kind in "iu":
        return array.item()
    if not np.can_cast(array.dtype, p.dtype, "same_kind"):
        raise ValueError(f"{what} is {describe(array)}, which does not become {p.dtype}")
    return array.astype(p.dtype, order="C")[()]


def plain(option: Any) -> Any:
    """A Python number for a NumPy one or a scalar Tensor, also inside a tuple or list."""
    if isinstance(option, tuple | list):
        return type(option)([plain(item) for item in option]) if type(option) in (tuple, list) else option
    if type(option) is Tensor:
        option = option.value
    return option.item() if isinstance(option, np.generic | np.ndarray) and option.shape == () else option


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(v) for v in value]
    return value.copy() if isinstance(value, np.ndarray) else value
