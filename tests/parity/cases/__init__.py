"""The cases of the comparison with PyTorch, a subject a file. Importing this fills `CASES`."""

from importlib import import_module
from pkgutil import iter_modules

from tests.parity.op_cases import CASES, COVERED, Case

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["CASES", "COVERED", "Case"]
