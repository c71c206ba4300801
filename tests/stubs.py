"""Write what can be read off the code: `autodiff/tensor.pyi`, and the names of `autodiff.numpy`.

Operators, array methods and `backward` are attached to Tensor by files above `tensor.py`, where no type
checker sees it. This reads them off the class as it is once the package is imported. The files of
`autodiff/numpy/` each say in `__all__` what they add to the namespace. `make stubs` runs it.
"""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import autodiff
from autodiff import tensor

STUB = Path(tensor.__file__).with_suffix(".pyi")
NAMESPACES = {  # and which of their modules are namespaces of their own
    STUB.parent / "numpy" / "__init__.py": ("fft", "linalg"),
    STUB.parent.parent / "nn" / "__init__.py": ("data", "functional", "init", "models", "plot", "scalar", "utils"),
    STUB.parent.parent / "nn" / "functional" / "__init__.py": (),
    STUB.parent.parent / "nn" / "models" / "__init__.py": (),
}
PYPROJECT = STUB.parent.parent / "pyproject.toml"
WIDTH: int = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["ruff"]["line-length"]

HEADER = '''\
"""Everything on Tensor, whichever file attaches it. Written by `make stubs`: do not edit."""

# ruff: noqa: N802 (names and sentences are those of the code)

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, final

import numpy as np

from .graph import Extra, Mark, Node

@final  # subclassing it raises
'''

ALIASES = {"Axis": "int | Sequence[int] | None"}  # names that only numpy/arguments.py knows

# Attached methods give Tensors; these do not, and their functions do not say so.
RETURNS = {
    "__float__": "float",
    "__int__": "int",
    "__complex__": "complex",
    "__array__": "np.ndarray[Any, Any]",
    "__array_ufunc__": "Any",
    "__array_function__": "Any",
    "__array_namespace__": "Any",
    "__dlpack__": "Any",
}

OVERRIDES = ("__eq__", "__ne__")  # they give bool in `object`


def stub() -> str:
    """Return the text that `autodiff/tensor.pyi` should have.

    Raises ValueError for a public name without a docstring.
    """
    lines = [HEADER + "class Tensor:", *attributes(autodiff.Tensor)]
    for name, member in members(autodiff.Tensor).items():
        lines += declare(name, member)
    lines.append("    def __hash__(self) -> int: ...  # by identity; __eq__ compares elements")
    lines += ["", "class Hook:", *attributes(tensor.Hook)]
    for name, member in members(tensor.Hook).items():
        lines += declare(name, member)
    lines.append("")
    for name, annotation in tensor.__annotations__.items():
        value = f" = {getattr(tensor, name)}".replace("typing.", "") if annotation == "TypeAlias" else ""
        lines.append(f"{name}: {annotation}{value}")
    for name, function in vars(tensor).items():
        if inspect.isfunction(function) and function.__module__ == tensor.__name__ and name[0] != "_":
            lines += ["", *declare(name, function, indent="")]
    return "\n".join(lines) + "\n"


def attributes(cls: type) -> Iterator[str]:
    """Copy a class's first sentence, and its slots with their types and comments."""
    yield f'    """{summary(cls)}"""'
    yield ""
    types = inspect.get_annotations(cls) or cls.__init__.__annotations__
    source = inspect.getsource(cls)
    for slot in [name for name in types if name in cls.__slots__]:
        written = re.search(rf"^    {slot}: .*", source, re.MULTILINE)
        yield written[0] if written else f"    {slot}: {types[slot]}"


def members(cls: type) -> dict[str, Any]:
    """A class's methods and properties, but for private ones and those that are there only to refuse."""
    return {
        name: member
        for name, member in vars(cls).items()
        if (isinstance(member, property) or inspect.isfunction(member))
        and not re.match("_[^_]", name)
        and not getattr(member, "__name__", "").startswith("_refuse")
    }


def declare(name: str, member: Any, indent: str = "    ") -> Iterator[str]:
    """Declare a function, a method or a property."""
    doc = "" if name[:2] == "__" else summary(member, name)
    if not isinstance(member, property):
        yield from signature(name, parameters(name, member), member, indent, doc)
        return
    yield f"{indent}@property"
    yield from signature(name, ["self"], member.fget, indent, doc)
    if member.fset is not None:
        yield f"{indent}@{name}.setter"
        yield from signature(name, parameters(name, member.fset), member.fset, indent)


def parameters(name: str, function: Any) -> list[str]:
    """Write a function's parameters; an op's are its arrays. The first of a method is `self`."""
    if hasattr(function, "op"):
        return ["self", *(f"{array}: Any" for array in function.op.inputs[1:])]
    found = list(inspect.signature(function).parameters.values())
    if vars(tensor).get(name) is not function:
        found[0] = found[0].replace(name="self", annotation=inspect.Parameter.empty)
    if name[:2] == "__" and len(found) == 2 and found[1].name == "y":
        found[1] = found[1].replace(name="other")
    written = []
    starred = False
    for parameter in found:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            written.append("*")
        starred |= parameter.kind in (parameter.VAR_POSITIONAL, parameter.KEYWORD_ONLY)
        # Annotations are text already, by `from __future__ import annotations`: no quotes around them.
        annotation = ALIASES.get(parameter.annotation, parameter.annotation)
        text = f"{parameter.replace(annotation=parameter.empty, default=parameter.empty)}"
        if annotation is not parameter.empty:
            text += f": {annotation}"
        if parameter.default is not parameter.empty:
            default = parameter.default
            text += f' = "{default}"' if type(default) is str else f" = {default!r}"
        written.append(text)
    return written


def signature(name: str, parameters: list[str], function: Any, indent: str, doc: str = "") -> Iterator[str]:
    """Write a `def` on one line, on three, or with a line for each parameter, as ruff would."""
    result = inspect.signature(function).return_annotation
    if function.__module__ != tensor.__name__ and result in ("Any", inspect.Signature.empty):
        result = RETURNS.get(name, "Tensor")
    head, tail = f"{indent}def {name}(", f") -> {result}:" + " ..." * (not doc)
    given = ", ".join(parameters)
    if len(head + given + tail) <= WIDTH:
        lines = [head + given + tail]
    elif len(f"{indent}    {given}") <= WIDTH:
        lines = [head, f"{indent}    {given}", indent + tail]
    else:
        lines = [head, *(f"{indent}    {parameter}," for parameter in parameters), indent + tail]
    if name in OVERRIDES:
        lines[-1] += "  # type: ignore[override]"
    yield from lines
    if doc:
        yield f'{indent}    """{doc}"""'


def summary(documented: Any, name: str = "") -> str:
    """The first line of a docstring; a method without one shares that of the function of its name."""
    text = documented.__doc__ or (hasattr(autodiff, name) and getattr(autodiff, name).__doc__)
    if not text:
        raise ValueError(f"Tensor.{name} has no docstring: give {documented!r} one")
    return str(text).partition("\n")[0]


# -- the namespace --------------------------------------------------------------------------------------


def listed(path: Path) -> list[str]:
    """A file's `__all__`, read without importing it."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "__all__":
            return sorted(ast.literal_eval(statement.value), key=natural)
    return []


def natural(name: str) -> list[Any]:
    """A key that sorts int8 before int16."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def namespace(path: Path, modules: tuple[str, ...]) -> str:
    """Return the text that a package's `__init__.py` should have: its docstring, and the names of its files."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")), clean=False)
    files = {file.stem: listed(file) for file in sorted(path.parent.glob("*.py")) if file != path}
    found = [name for name in modules if (path.parent / f"{name}.py").exists() or (path.parent / name).is_dir()]
    lines = [f'"""{docstring}"""', ""]
    if found:
        lines.append(f"from . import {', '.join(found)}")
    every = list(found)
    for module, names in files.items():
        if names and module not in found:
            lines += [f"from .{module} import (", *(f"    {name}," for name in _in_order(names)), ")"]
            every += names
    return "\n".join([*lines, "", "__all__ = [", *(f'    "{name}",' for name in sorted(every)), "]"]) + "\n"


def _in_order(names: list[str]) -> list[str]:
    """The order of ruff: constants, classes, functions; numbers in names by their value."""

    def key(name: str) -> tuple[Any, ...]:
        parts = [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", name)]
        return not name.isupper() or len(name) < 2, not name[0].isupper(), parts

    return sorted(names, key=key)


if __name__ == "__main__":
    for _path, _modules in NAMESPACES.items():
        _path.write_text(namespace(_path, _modules), encoding="utf-8")
    STUB.write_text(stub(), encoding="utf-8")
    print(*(path.relative_to(Path.cwd()) for path in (STUB, *NAMESPACES)), "are up to date")
