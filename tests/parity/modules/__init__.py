"""The modules that are compared with PyTorch's, a subject a file. Importing this fills `CASES`."""

from importlib import import_module
from pkgutil import iter_modules

from tests.parity.module_cases import CASES, Case

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["CASES", "Case"]
