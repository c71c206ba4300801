"""Modules and parameters in a row or by name, and the ways to combine modules: one after another, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from autodiff import numpy as anp
from autodiff.tensor import Tensor

from .functional.arguments import cast
from .module import Module, Parameter, modules_only

__all__ = ["Concat", "ModuleDict", "ModuleList", "Parallel", "ParameterDict", "ParameterList", "Residual", "Sequential"]


class Keyed(Module):
    """Things of one kind as attributes, in order; what `_is_entry` and `_entry` say of them is true of modules."""

    _kind = "modules"

    def _is_entry(self, held: Any) -> bool:
        return isinstance(held, Module)

    def _entry(self, value: Any) -> Any:
        """The value as it is held; raises TypeError for what is not of the kind."""
        modules_only([value], type(self).__name__)
        return value

    def _row(self) -> dict[str, Any]:
        return {name: held for name, held in vars(self).items() if self._is_entry(held)}

    def _fill(self, row: Mapping[Any, Any]) -> None:
        """Hold these and no others, in this order."""
        row = {name: self._entry(value) for name, value in row.items()}
        if any(value is self for value in row.values()):
            raise ValueError(f"a {type(self).__name__} cannot hold itself")
        for name in row:
            if not isinstance(name, str) or not name or "." in name or hasattr(type(self), name):
                raise KeyError(
                    f"{name!r} cannot name what a {type(self).__name__} holds: a name is a string without dots, and no "
                    "attribute of the class"
                )
        for name in self._row():
            del vars(self)[name]
        vars(self).update(row)

    def __len__(self) -> int:
        return len(self._row())


class Row(Keyed):
    """Things as attributes named "0", "1", ... (or by the names of a dict), in that order."""

    def _names(self) -> list[str]:
        return list(self._row())

    def append(self, value: Any) -> Self:
        """Add one at the end; returns the container."""
        return self.extend([value])

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several at the end; returns the container."""
        row = self._row()
        start = len(row)
        for value in list(values):
            while str(start) in vars(self) or str(start) in row:  # a slice keeps its names
                start += 1
            row[str(start)] = value
        self._fill(row)
        return self

    def insert(self, index: int, value: Any) -> Self:
        """Put one before the place `index`; those behind it move on by one."""
        values = list(self)
        values.insert(index, value)
        return self._number(values)

    def pop(self, index: int = -1) -> Any:
        """Take one out and return it."""
        value = self[index]
        del self[index]
        return value

    def _number(self, values: Iterable[Any]) -> Self:
        self._fill({str(i): value for i, value in enumerate(values)})
        return self

    def _new(self, values: Iterable[Any]) -> Self:
        part = object.__new__(type(self))
        kept = {name: held for name, held in vars(self).items() if name != "_hooks" and not self._is_entry(held)}
        vars(part).update(kept)
        return part._number(values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._row().values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._new(list(self)[index])
        return self._row()[self._name(index)]

    def __setitem__(self, index: int | slice, value: Any) -> None:
        if isinstance(index, slice):
            values = list(self)
            values[index] = value
            self._number(values)
        else:
            self._fill(self._row() | {self._name(index): value})

    def __delitem__(self, index: int | slice) -> None:
        values = list(self)
        if not isinstance(index, slice):
            self._name(index)  # raises
        del values[index]
        self._number(values)

    def __add__(self, other: Iterable[Any]) -> Self:
        return self._new([*self, *other])

    def __iadd__(self, other: Iterable[Any]) -> Self:
        return self.extend(other)

    def _name(self, index: int) -> str:
        names = self._names()
        try:
            return names[index]
        except IndexError:
            raise IndexError(f"index {index} of a {type(self).__name__} of {len(names)} {self._kind}") from None


class Dict(Keyed):
    """Things by name, as in a dict."""

    def __getitem__(self, key: str) -> Any:
        row = self._row()
        if key not in row:
            raise KeyError(f"{key!r} is not in this {type(self).__name__}; there is {', '.join(row) or 'nothing'}")
        return row[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._row())

    def __contains__(self, key: object) -> bool:
        return key in self._row()

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._row().keys()

    def values(self) -> Iterable[Any]:
        """What is held."""
        return self._row().values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names with what they name."""
        return self._row().items()

    def get(self, key: str, default: Any = None) -> Any:
        """What is held under a name, or the default."""
        return self._row().get(key, default)

    def pop(self, key: str) -> Any:
        """Take one out and return it."""
        value = self[key]
        del vars(self)[key]
        return value

    def clear(self) -> None:
        """Take out all."""
        self._fill({})

    def update(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add those of a dict or of pairs; a name that is there gets the new value, at its place."""
        self._fill(self._row() | dict(values))


# -- modules --------------------------------------------------------------------------------------------


class Sequential(Row):
    """Modules that run one after the other: `Sequential(f, g)(x)` is `g(f(x))`.

    Takes the modules as arguments, or one dict of them whose keys become the names. It is a list as well: indices,
    slices (which keep the names), `append`, `extend`, `insert`, `pop`, `del`, `+`, and `*` for the same modules again.

    >>> import nn
    >>> nn.Sequential(nn.Linear(2, 3, generator=0), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )

    Raises TypeError for what is no module.
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            self._fill(modules[0])
        else:
            self.extend(modules)

    def forward(self, x: Any) -> Any:
        for held in tuple(vars(self).values()):
            if isinstance(held, Module):
                x = held(x)
        return x

    def __getitem__(self, index: int | slice) -> Any:
        if not isinstance(index, slice):
            return super().__getitem__(index)
        part = self._new([])
        part._fill(dict(list(self._row().items())[index]))
        return part

    def __mul__(self, times: int) -> Self:
        self._check_times(times)
        return self._new(list(self) * times)

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        self._check_times(times)
        return self._number(list(self) * times)

    def _check_times(self, times: Any) -> None:
        if isinstance(times, bool) or not isinstance(times, int):
            raise TypeError(f"a {type(self).__name__} times an integer is a longer one; got {times!r}")
        if times < 1:
            raise ValueError(f"a {type(self).__name__} is repeated at least once, got {times}")


class ModuleList(Row):
    """A list of modules that a `forward` of your own runs.

    A plain Python list as an attribute does as well; this one prints, casts and saves by itself.

    >>> import nn
    >>> len(nn.ModuleList([nn.Tanh(), nn.ReLU()]))
    2
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        self.extend(() if modules is None else modules)


class ModuleDict(Dict):
    """Modules by name, which a `forward` of your own runs.

    >>> import nn
    >>> nn.ModuleDict({"relu": nn.ReLU(), "tanh": nn.Tanh()})["tanh"](0.0).item()
    0.0

    Raises KeyError for a name that is no string, has a dot, or is an attribute of the class.
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        self.update(() if modules is None else modules)


class Residual(Sequential):
    """A way past some modules: `x + f(x)`, where f runs the modules one after the other (He et al., 2015).

    >>> import nn
    >>> nn.Residual(nn.ReLU())([-1.0, 2.0]).tolist()
    [-1.0, 4.0]

    Raises ValueError if f changes the shape.
    """

    def forward(self, x: Any) -> Any:
        x = anp.asarray(x)
        out = super().forward(x)
        if out.shape != x.shape:
            raise ValueError(f"x + f(x) needs an f that keeps the shape: x is {x.shape}, f(x) is {out.shape}")
        return cast(x, out) + out


class Parallel(Sequential):
    """Modules side by side: `Parallel(f, g)(x)` is the tuple `(f(x), g(x))`.

    >>> import nn
    >>> [out.tolist() for out in nn.Parallel(nn.ReLU(), nn.Identity())([-1.0, 2.0])]
    [[0.0, 2.0], [-1.0, 2.0]]
    """

    def forward(self, x: Any) -> Any:
        x = anp.asarray(x)
        return tuple([module(x) for module in self])


class Concat(Parallel):
    """Modules side by side, their outputs joined along axis `dim` (by default the channels, 1).

    >>> import nn
    >>> nn.Concat(nn.Linear(3, 2), nn.Linear(3, 5))(np.ones((4, 3))).shape
    (4, 7)
    """

    def __init__(self, *modules: Module | Mapping[str, Module], dim: int = 1) -> None:
        super().__init__(*modules)
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return anp.concatenate(super().forward(x), axis=self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


# -- parameters -----------------------------------------------------------------------------------------


class Parameters(Keyed):
    """Holds parameters: arrays and numbers become some; Tensors that are not trained are held as buffers."""

    _kind = "parameters"

    def _is_entry(self, held: Any) -> bool:
        return type(held) is Tensor

    def _entry(self, value: Any) -> Any:
        known = type(value) is Tensor and (value.is_parameter or not value.requires_grad)
        return value if known else Parameter(value)

    def extra_repr(self) -> str:
        return ", ".join([f"{name}: {t.dtype} {t.shape}" for name, t in self._row().items()])


class ParameterList(Parameters, Row):
    """A list of parameters; arrays and numbers that are put in become parameters.

    >>> [name for name, _ in ParameterList([1.0, [2.0, 3.0]]).named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        self.extend(() if values is None else values)


class ParameterDict(Parameters, Dict):
    """Parameters by name; arrays and numbers that are put in become parameters.

    >>> ParameterDict({"scale": 1.0})["scale"]
    Tensor(1.0, dtype=float32, requires_grad=True)
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        self.update(() if parameters is None else parameters)

    @classmethod
    def fromkeys(cls, keys: Iterable[str], default: Any = None) -> Self:
        """One of these names, each with a parameter of its own that holds the default."""
        return cls({key: default if default is None else Parameter(default) for key in keys})

    def setdefault(self, key: str, default: Any = None) -> Any:
        """What is held under a name; the default is put there first where it is not."""
        if key not in self:
            self[key] = default
        return self[key]

    def popitem(self) -> tuple[str, Any]:
        """Take the last one out, and return its name and it."""
        key = next(reversed(self), None)
        if key is None:
            raise KeyError(f"this {type(self).__name__} is empty")
        return key, self.pop(key)

    def copy(self) -> Self:
        """Another dict of the same parameters."""
        return type(self)(self.items())

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._row())

    def __or__(self, other: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Self:
        return type(self)(self._row() | dict(other))

    def __ror__(self, other: Mapping[str, Any]) -> Self:
        return type(self)(dict(other) | self._row())

    def __ior__(self, other: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Self:
        self.update(other)
        return self
