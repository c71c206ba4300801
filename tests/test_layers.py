"""The floors of docs/architecture.md: imports go down, or stay on one floor without a cycle."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("autodiff", "nn", "optim")
TYPE_TESTS = ("TYPE_CHECKING", "typing.TYPE_CHECKING")

# A folder ends in "/". The longest entry that a file's path begins with says its floor.
FLOORS = {
    0: [
        "autodiff/errors.py",
        "autodiff/config.py",
        "autodiff/random.py",
        "autodiff/typing.py",
        "autodiff/kernels/",
    ],
    1: ["autodiff/batched.py", "autodiff/tensor.py", "autodiff/graph.py"],
    2: ["autodiff/call.py", "autodiff/op.py"],
    3: ["autodiff/ops/"],
    4: [
        "autodiff/inplace.py",
        "autodiff/methods.py",
        "autodiff/numpy/",
        "autodiff/functional.py",
        "autodiff/special.py",
        "autodiff/windows.py",
    ],
    5: [
        "autodiff/accumulate.py",
        "autodiff/backward.py",
        "autodiff/transforms/",
        "autodiff/equations.py",
        "autodiff/cost.py",
        "autodiff/program.py",
        "autodiff/program_file.py",
        "autodiff/trace.py",
        "autodiff/watch.py",
    ],
    6: [
        "autodiff/testing.py",
        "autodiff/draw/",
        "autodiff/diagnose/",
        "autodiff/stepper/",
        "autodiff/io.py",
        "autodiff/jit/",
    ],
    7: ["autodiff/__init__.py"],
    8: ["autodiff/__main__.py", "nn/", "optim/"],
    9: [
        "optim/swa_utils.py",
        "optim/batches.py",
        "optim/callbacks.py",
        "optim/checkpoint.py",
        "optim/doctor.py",
        "optim/events.py",
        "optim/finder.py",
        "optim/logs.py",
        "optim/plots.py",
        "optim/progress.py",
        "optim/run.py",
        "optim/trainer.py",
        "optim/estimators.py",
        "optim/digits.py",
    ],
}


class Import(NamedTuple):
    """One imported file, and the kind of place in which the import statement stands."""

    target: str
    line: int
    in_function: bool
    for_types_only: bool  # below `if TYPE_CHECKING:`


def floor_of(path: str) -> int | None:
    """The floor of a file, None if the table has no place for it."""
    floor_by_entry = {entry: floor for floor, entries in FLOORS.items() for entry in entries}
    matches = [e for e in floor_by_entry if path == e or (e.endswith("/") and path.startswith(e))]
    return floor_by_entry[max(matches, key=len)] if matches else None


def file_of(module: str, root: Path) -> str | None:
    """The file that defines a dotted module of the project."""
    base = module.replace(".", "/")
    for path in (f"{base}.py", f"{base}/__init__.py"):
        if (root / path).is_file():
            return path
    return None


def imports_of(path: str, root: Path) -> Iterator[Import]:
    """Every import of the project's own files that stands in `path`."""
    package = path.rpartition("/")[0].replace("/", ".")

    def targets(node: ast.Import | ast.ImportFrom) -> Iterator[str | None]:
        if isinstance(node, ast.Import):
            yield from (file_of(alias.name, root) for alias in node.names)
            return
        module = node.module or ""
        if node.level:  # one dot is this package, each further dot its parent
            parents = package.split(".")
            above = ".".join(parents[: len(parents) - node.level + 1])
            module = f"{above}.{module}" if module else above
        for alias in node.names:  # a module of that name, or else a name inside the package
            yield file_of(f"{module}.{alias.name}", root) or file_of(module, root)

    def walk(nodes: list[ast.AST], in_function: bool, for_types: bool) -> Iterator[Import]:
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for target in targets(node):
                    if target is not None and target.split("/")[0] in PACKAGES:
                        yield Import(target, node.lineno, in_function, for_types)
                continue
            types_here = isinstance(node, ast.If) and ast.unparse(node.test) in TYPE_TESTS
            function_here = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for field, value in ast.iter_fields(node):
                if isinstance(value, list):  # body, orelse, handlers, cases, ...
                    inner = [item for item in value if isinstance(item, ast.AST)]
                    types = for_types or (types_here and field == "body")
                    yield from walk(inner, in_function or function_here, types)

    tree = ast.parse((root / path).read_text(encoding="utf-8"), filename=path)
    yield from walk([tree], in_function=False, for_types=False)


def faults(root: Path) -> list[str]:
    """Every breach of the rules below `root`, as text."""
    found = []
    at_import: dict[str, set[str]] = {}  # file -> what Python runs when it imports that file
    for file in sorted(file for package in PACKAGES for file in (root / package).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        floor = floor_of(path)
        if floor is None:
            found.append(f"{path} is on no floor: add it to FLOORS in tests/test_layers.py")
            continue
        imports = list(imports_of(path, root))
        at_import[path] = {i.target for i in imports if not (i.in_function or i.for_types_only)}
        for target, line, _, for_types_only in imports:
            target_floor = floor_of(target)
            if target_floor is None:
                continue  # said where that file's own turn comes
            breach = f"{path}:{line} (floor {floor}) imports {target} (floor {target_floor})"
            if path.startswith("autodiff/kernels/") and target_floor > 0:
                found.append(f"{breach}: kernels know arrays only, in their types too")
            elif for_types_only:
                continue
            elif target_floor > floor:
                found.append(f"{breach}: imports go down")
            elif target_floor == floor and target.split("/")[0] != path.split("/")[0]:
                found.append(f"{breach}: two packages on one floor do not know each other")
    try:
        TopologicalSorter(at_import).prepare()
    except CycleError as error:
        found.append("import cycle: " + " -> ".join(reversed(error.args[1])))
    return found


def test_imports_go_down():
    assert "autodiff/__init__.py" in {p.relative_to(ROOT).as_posix() for p in ROOT.glob("*/*.py")}
    assert faults(ROOT) == []


# The checker itself, on small trees: what it lets pass, and what it finds.

EMPTY = dict.fromkeys(
    [
        "autodiff/__init__.py",
        "autodiff/errors.py",
        "autodiff/tensor.py",
        "autodiff/draw/__init__.py",
        "nn/linear.py",
        "optim/sgd.py",
        "optim/run.py",
        "optim/trainer.py",
    ],
    "",
)


def tree(root: Path, files: dict[str, str]) -> Path:
    for path, source in (EMPTY | files).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("autodiff/tensor.py", "import numpy, autodiff.errors"),
        ("autodiff/tensor.py", "from .errors import GradError"),
        ("autodiff/ops/shape.py", "from ..tensor import Tensor"),
        ("autodiff/ops/shape.py", "from .. import errors, tensor"),
        ("autodiff/errors.py", "import typing\nif typing.TYPE_CHECKING:\n    from . import tensor"),
        ("autodiff/graph.py", "from .tensor import Tensor"),
        ("nn/linear.py", "from autodiff import Tensor"),
        ("optim/trainer.py", "import nn.linear"),
    ],
)
def test_allowed(tmp_path, path, source):
    assert faults(tree(tmp_path, {path: source})) == []


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("autodiff/errors.py", "import autodiff.tensor", "imports go down"),
        ("autodiff/errors.py", "from .tensor import Tensor", "imports go down"),
        ("autodiff/errors.py", "from . import tensor", "imports go down"),
        ("autodiff/errors.py", "from autodiff import Tensor", "autodiff/__init__.py"),
        ("autodiff/errors.py", "def f():\n    from . import tensor", "errors.py:2 "),
        ("autodiff/errors.py", "try:\n  f()\nexcept E:\n  from . import tensor", "errors.py:4 "),
        ("autodiff/errors.py", "if not TYPE_CHECKING:\n  from . import tensor", "errors.py:2 "),
        ("autodiff/ops/shape.py", "from ..draw import draw", "autodiff/draw/__init__.py"),
        ("autodiff/kernels/conv.py", "from ..tensor import Tensor", "arrays only"),
        ("autodiff/kernels/conv.py", "if TYPE_CHECKING:\n  from .. import tensor", "arrays only"),
        ("autodiff/stray.py", "", "autodiff/stray.py is on no floor"),
        ("nn/linear.py", "from optim.sgd import SGD", "do not know each other"),
        ("nn/linear.py", "def f():\n    import optim.trainer", "imports go down"),
        ("optim/sgd.py", "from nn.linear import Linear", "do not know each other"),
    ],
)
def test_found(tmp_path, path, source, message):
    (found,) = faults(tree(tmp_path, {path: source}))
    assert message in found


def test_cycle_is_found_unless_one_import_waits_for_a_call(tmp_path):
    files = {
        "autodiff/graph.py": "from .tensor import Tensor",
        "autodiff/tensor.py": "from .graph import Node",
    }
    (found,) = faults(tree(tmp_path, files))
    assert found.startswith("import cycle: autodiff/")
    files["autodiff/tensor.py"] = "def node():\n    from .graph import Node\n    return Node"
    assert faults(tree(tmp_path, files)) == []
