"""States in files: arrays in safetensors, the rest as JSON beside them in its header. Nothing is unpickled."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from autodiff import io
from autodiff.tensor import Tensor

__all__ = ["from_arrays", "load_state", "save_state", "to_arrays"]

_KEY = "state"


def to_arrays(state: Any) -> tuple[dict[str, np.ndarray[Any, Any]], str]:
    """Take the arrays out of dicts, lists and tuples: arrays by name, and JSON of the rest, with their places.

    >>> arrays, text = to_arrays({"state": {0: {"step": 3, "exp_avg": np.ones(2)}}})
    >>> arrays, from_arrays(arrays, text)["state"][0]["step"]
    ({'state.0.exp_avg': array([1., 1.])}, 3)

    Raises TypeError for what is neither array, number nor text.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}

    def encode(x: Any, path: str) -> Any:
        if x is None or type(x) in (bool, int, float, str):
            return x
        if isinstance(x, dict):
            if any(type(key) not in (str, int) for key in x):
                raise TypeError(f"{path or 'the state'} has keys that are neither text nor integers: {list(x)[:5]}")
            return {"dict": [[key, encode(value, f"{path}.{key}" if path else str(key))] for key, value in x.items()]}
        if isinstance(x, list | tuple):
            parts = [encode(value, f"{path}.{i}") for i, value in enumerate(x)]
            return parts if isinstance(x, list) else {"tuple": parts}
        if type(x) is Tensor:
            x = x.value
        if not isinstance(x, np.ndarray | np.generic):
            raise TypeError(f"{path} is {type(x).__name__}, and a state is made of arrays, numbers and text")
        array = np.asarray(x)
        kind = "array" if isinstance(x, np.ndarray) else "scalar"
        if array.dtype.kind == "c":
            real = array.real.dtype
            array, kind = np.ascontiguousarray(array).reshape(-1).view(real).reshape(*array.shape, 2), "c" + kind
        arrays[path] = array
        return {kind: path}

    return arrays, json.dumps(encode(state, ""))


def from_arrays(arrays: dict[str, Any], text: str) -> Any:
    """Put together what `to_arrays` took apart. Raises ValueError for text or arrays that do not fit."""

    def decode(x: Any) -> Any:
        if isinstance(x, list):
            return [decode(value) for value in x]
        if not isinstance(x, dict):
            return x
        ((kind, value),) = x.items()
        if kind == "dict":
            return {key: decode(part) for key, part in value}
        if kind == "tuple":
            return tuple(decode(part) for part in value)
        array = arrays[value]
        if kind.startswith("c"):
            array = np.ascontiguousarray(array).view(np.result_type(array.dtype, np.complex64))[..., 0]
        return array[()] if kind.endswith("scalar") else array

    try:
        return decode(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no state that to_arrays has written: {type(error).__name__}: {error}") from None


def save_state(state: Any, path: str | os.PathLike[str]) -> None:
    """Write a state (of an optimizer, a schedule, a model, or a dict of these) to a safetensors file.

    The whole file, or none of it.

    >>> import optim, tempfile
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.Adam([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> path = os.path.join(tempfile.mkdtemp(), "state.safetensors")
    >>> save_state({"optimizer": optimizer.state_dict(), "epoch": 4}, path)
    >>> state = load_state(path)
    >>> optimizer.load_state_dict(state["optimizer"])
    >>> state["epoch"], state["optimizer"]["state"][0]["step"]
    (4, 1)
    """
    arrays, text = to_arrays(state)
    io.save(arrays, path, {_KEY: text})


def load_state(path: str | os.PathLike[str]) -> Any:
    """Read what `save_state` wrote. Raises ValueError for a file that is damaged, or of another kind."""
    text = io.metadata(path).get(_KEY)
    if text is None:
        raise ValueError(f"{os.fspath(path)} holds arrays but no state: read them with autodiff.io.load")
    return from_arrays(io.load(path), text)
