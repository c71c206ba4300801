"""The generated files are in step with the code."""

import ast

import pytest

from autodiff import Tensor, tensor
from tests import stubs


def declared():
    """What the stub declares at its top level, by name."""
    return {node.name: node for node in ast.parse(stubs.stub()).body if hasattr(node, "name")}


def test_the_stub_is_in_step():
    assert stubs.STUB.read_text(encoding="utf-8") == stubs.stub(), "tensor.pyi is out of step: run make stubs"


@pytest.mark.parametrize("path", stubs.NAMESPACES, ids=lambda path: path.parent.name)
def test_the_namespaces_are_in_step(path):
    assert path.read_text(encoding="utf-8") == stubs.namespace(path, stubs.NAMESPACES[path]), "run make stubs"


def test_everything_public_is_declared():
    body = declared()["Tensor"].body
    names = {node.target.id for node in body if isinstance(node, ast.AnnAssign)}
    names |= {node.name for node in body if isinstance(node, ast.FunctionDef)}
    assert {name for name in dir(Tensor) if name[0] != "_"} <= names
    assert {"__init__", "__add__", "__radd__", "__matmul__", "__eq__", "__hash__", "__getitem__"} <= names
    assert names <= set(dir(Tensor))


def test_module_level_names_are_declared():
    assert {"Tensor", "Hook", "asarray", "at", "constant", "why_constant"} <= set(declared())
    assert all(hasattr(tensor, name) for name in declared())


def test_a_method_needs_a_docstring():
    with pytest.raises(ValueError, match=r"Tensor\.wobble has no docstring"):
        list(stubs.declare("wobble", lambda self: self))
