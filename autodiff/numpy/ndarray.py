"""What Tensor has because an ndarray has it: methods with NumPy's signatures, and the array-API standard's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import GradientError
from ..tensor import Tensor
from . import elementwise, indexing, scans, shaping, sorting, writing
from .arguments import plain
from .constants import __array_api_version__
from .joining import unstack

_VERSIONS = ("2021.12", "2022.12", "2023.12", __array_api_version__)


def _reshape(self: Tensor, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """The same elements in another shape, given as one tuple or as several numbers."""
    return shaping.reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)


def _flatten(self: Tensor, order: str = "C") -> Any:
    """All elements in one row, as a copy."""
    return shaping.ravel(shaping.copy(self), order)


def _flat(self: Tensor) -> Iterator[Any]:
    """All elements, one after the other."""
    return iter(unstack(shaping.ravel(self)))


def _itemsize(self: Tensor) -> int:
    """Bytes of one element."""
    return int(self.dtype.itemsize)


def _strides(self: Tensor) -> tuple[int, ...]:
    """Bytes from one element to the next along each axis."""
    strides: tuple[int, ...] = plain(self).strides
    return strides


def _compress(self: Tensor, condition: Any, axis: int | None = None, out: Any = None) -> Any:
    """The slices along an axis where a row of booleans is true."""
    return indexing.compress(condition, self, axis, out)


def _refuse(name: str, instead: str) -> Callable[..., Any]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> None:
        raise TypeError(f"t.{name}() of an array works in place and returns None; of a Tensor write {instead}")

    method.__name__, method.__doc__ = name, f"Refused, as it would work in place: write `{instead}`."
    return method


# -- the array-API standard ------------------------------------------------------------------------------


def _array_namespace(self: Tensor, /, *, api_version: str | None = None) -> Any:
    """The module whose functions take Tensors, `autodiff.numpy`."""
    if api_version not in (None, *_VERSIONS):
        raise ValueError(f"autodiff.numpy follows the array API {', '.join(_VERSIONS)}; {api_version!r} was asked for")
    return sys.modules[__package__]


def _device(self: Tensor) -> str:
    """Where the elements are: always "cpu"."""
    return "cpu"


def _to_device(self: Tensor, device: str, /, *, stream: Any = None) -> Tensor:
    """The tensor itself: there is no device but "cpu"."""
    if device != "cpu" or stream is not None:
        raise ValueError(f'Tensors live on the device "cpu" and have no streams; got {device!r}, stream={stream!r}')
    return self


def _dlpack(
    self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """Lend the memory to another library; a tensor that requires grad must be detached."""
    value = np.asarray(plain(self))
    if self.requires_grad:
        raise GradientError(
            "another library asked for the memory of a tensor that requires grad, and its gradient would be lost. "
            "Write t.detach() if that is wanted."
        )
    how = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
    return value.__dlpack__(**{key: value for key, value in how.items() if value is not None})


def _dlpack_device(self: Tensor) -> tuple[int, int]:
    """The device in DLPack's numbers: 1 is the CPU."""
    return 1, 0


ARRAY_METHODS: dict[str, Any] = {
    "__array_namespace__": _array_namespace, "__dlpack__": _dlpack, "__dlpack_device__": _dlpack_device,
    "device": property(_device), "to_device": _to_device, "itemsize": property(_itemsize),
    "strides": property(_strides), "flat": property(_flat), "reshape": _reshape, "flatten": _flatten,
    "cumsum": scans.cumsum, "cumprod": scans.cumprod, "argsort": sorting.argsort, "argpartition": sorting.argpartition,
    "searchsorted": sorting.searchsorted, "take": indexing.take, "choose": indexing.choose, "nonzero": indexing.nonzero,
    "compress": _compress, "put": writing.put, "repeat": shaping.repeat,
    "diagonal": shaping.diagonal, "trace": shaping.trace, "round": elementwise.round,
    "sort": _refuse("sort", "np.sort(t)"),
    "partition": _refuse("partition", "np.partition(t, kth)"), "resize": _refuse("resize", "np.resize(t, shape)"),
}  # fmt: skip
"""What `methods.py` attaches to Tensor beside its own."""
