"""Modules in a row: `Sequential` runs them one after the other, `ModuleList` just holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from .module import Module, modules_only

__all__ = ["ModuleList", "Sequential"]


class Row(Module):
    """Modules as attributes named "0", "1", ... (or by the names of a dict), in that order."""

    def _add(self, modules: Mapping[str, Module] | Iterable[Module]) -> Self:
        if not isinstance(modules, Mapping):
            rows, start = list(modules), len(self)
            while str(start) in vars(self):  # a slice keeps its names
                start += 1
            modules = {str(start + i): module for i, module in enumerate(rows)}
        modules_only(modules.values(), type(self).__name__)
        vars(self).update(modules)
        return self

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns the container."""
        return self._add([module])

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end; returns the container."""
        return self._add(modules)

    def _row(self) -> dict[str, Module]:
        return {name: held for name, held in vars(self).items() if isinstance(held, Module)}

    def __len__(self) -> int:
        return len(self._row())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._row().values())

    def __getitem__(self, index: int | slice) -> Any:
        row = self._row()
        if not isinstance(index, slice):
            return row[self._name(index)]
        part = object.__new__(type(self))
        part.training = self.training
        return part._add(dict(list(row.items())[index]))

    def __setitem__(self, index: int, module: Module) -> None:
        modules_only([module], type(self).__name__)
        vars(self)[self._name(index)] = module

    def _name(self, index: int) -> str:
        names = list(self._row())
        try:
            return names[index]
        except IndexError:
            raise IndexError(f"index {index} of a {type(self).__name__} of {len(names)} modules") from None


class Sequential(Row):
    """Modules that run one after the other: `Sequential(f, g)(x)` is `g(f(x))`.

    Takes the modules as arguments, or one dict of them whose keys become the names.

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
            self._add(modules[0])
        else:
            self._add(modules)  # type: ignore[arg-type]  # `_add` looks at each

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x


class ModuleList(Row):
    """A list of modules that a `forward` of your own runs.

    A plain Python list as an attribute does as well; this one prints, casts and saves by itself.

    >>> import nn
    >>> len(nn.ModuleList([nn.Tanh(), nn.ReLU()]))
    2
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self._add(modules)
