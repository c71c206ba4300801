"""The rows of the op table, a subject a file. Importing this fills `ROWS`."""

from importlib import import_module
from pkgutil import iter_modules

from tests.op_table import ROWS, Row

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["ROWS", "Row"]
