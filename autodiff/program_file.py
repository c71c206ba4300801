"""Programs in files: JSON and arrays in NumPy's format, nothing pickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .config import Item
from .equations import Cell, Equation, Literal, Read, Var
from .op import OPS
from .program import Program, file_of
from .tensor import Tensor


def save(program: Program, path: str | Path) -> None:
    """Write a program, and the values it reads from outside."""
    arrays: dict[str, Any] = {}

    def keep(value: Any) -> str:
        arrays[key := f"a{len(arrays)}"] = np.asarray(value)
        return key

    def operand(x: Any) -> Any:
        if isinstance(x, Var):
            return x.number
        if x.value is None or type(x.value) in (bool, int, float, complex, tuple):
            return {"number": _encode(x.value)}
        return {"array": keep(x.value), "scalar": not isinstance(x.value, np.ndarray)}

    places = {id(cell): i for i, (_, cell) in enumerate(program.cells)}
    extra = [place for place, _, _ in program.writes if isinstance(place, Cell) and id(place) not in places]
    places |= {id(cell): len(program.cells) + i for i, cell in enumerate(extra)}
    for out in program.outputs:
        if not isinstance(out, Var | Literal | bool | int | float | str | None):
            raise TypeError(f"a program that returns {type(out).__name__} cannot be saved, only arrays and numbers")
    variables = {v.number: v for v in program.variables()}
    data = {
        "version": 1,
        "name": program.name,
        "vars": {n: [v.shape, getattr(v.dtype, "str", v.dtype)] for n, v in variables.items()},
        "inputs": [[var.number, name] for var, name in zip(program.inputs, program.input_names, strict=True)],
        "cells": [[var.number, repr(cell), keep(cell.read())] for var, cell in program.cells],
        "extra": [
            [repr(cell), next(v.number for p, _, v in program.writes if p is cell and v), _is_absent(cell, program)]
            for cell in extra
        ],
        "equations": [
            [eq.name, [operand(x) for x in eq.inputs], _encode(eq.params), [v.number for v in eq.outputs],
             [file_of(eq.line), eq.line[1]], eq.vjp]
            for eq in program.equations
        ],
        "outputs": [
            {"var": operand(out)} if isinstance(out, Var | Literal) else out for out in program.outputs
        ],
        "writes": [
            [place if isinstance(place, int) else {"cell": places[id(place)]}, what, var and var.number]
            for place, what, var in program.writes
        ],
        "reads": [
            [read.what, read.var.number, None if read.value is None else keep(read.value),
             [file_of(read.line), read.line[1]]]
            for read in program.reads
        ],
        "checks_reads": program.checks_reads,
        "arrays": program.arrays,
    }  # fmt: skip
    arrays["program"] = np.array(json.dumps(data))
    with open(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: str | Path) -> Program:
    """Read a program; what it read from outside is its own now."""
    with np.load(path, allow_pickle=False) as file:
        if "program" not in file:
            raise ValueError(f"{path} holds no program")
        arrays = {name: file[name] for name in file.files}
    data = json.loads(str(arrays["program"]))
    program = Program(data["name"])
    variables = {}
    for number, (shape, dtype) in data["vars"].items():
        var = variables[int(number)] = Var(int(number), None)
        var.shape = tuple(shape)
        var.dtype = dtype if dtype in (None, "float", "int", "complex", "bool") else np.dtype(dtype)

    def operand(x: Any) -> Any:
        if isinstance(x, int):
            return variables[x]
        if "number" in x:
            return Literal(_decode(x["number"]))
        return Literal(arrays[x["array"]][()] if x["scalar"] else arrays[x["array"]])

    program.inputs = [variables[n] for n, _ in data["inputs"]]
    program.input_names = [name for _, name in data["inputs"]]
    for number, name, key in data["cells"]:
        program.cells.append((variables[number], _own_cell(name, arrays[key], variables[number])))
    cells = [cell for _, cell in program.cells]
    for name, n, absent in data["extra"]:
        cells.append(cell := _empty_cell(name, variables[n]))
        if absent:
            program.without_grad += [cell.holder] if cell.what == "grad" else []
            program.without_items += [cell] if cell.what == "item" else []
    for name, inputs, params, outputs, line, vjp in data["equations"]:
        if name not in OPS:
            raise ValueError(f"the program calls op '{name}', which is not defined here: import what defines it")
        program.equations.append(
            Equation(name, tuple(map(operand, inputs)), _decode(params), tuple(variables[n] for n in outputs),
                     (line[0], line[1]), vjp)
        )  # fmt: skip
    program.outputs = [operand(out["var"]) if isinstance(out, dict) else out for out in data["outputs"]]
    program.writes = [
        (place if isinstance(place, int) else cells[place["cell"]], what, None if n is None else variables[n])
        for place, what, n in data["writes"]
    ]
    program.reads = [
        Read(what, variables[n], None if key is None else arrays[key][()], (line[0], line[1]))
        for what, n, key, line in data["reads"]
    ]
    program.checks_reads = data["checks_reads"]
    program.arrays = data["arrays"]
    program.flatten = lambda given: list(given[0])
    return program


def _own_cell(name: str, value: Any, var: Var | None) -> Cell:
    """A cell of a loaded program: a Tensor of its own, or a number in a dict of its own."""
    if var is not None and not isinstance(var.dtype, np.dtype):
        return Cell(Item(({name: value.item()}, name)), "item")
    tensor = Tensor(value, name=name.removesuffix(".grad"))
    if name.endswith(".grad"):
        tensor.notes().grad = Tensor(value)
        return Cell(tensor, "grad")
    return Cell(tensor, "value")


def _empty_cell(name: str, var: Var) -> Cell:
    """A cell of a loaded program that is only written: it holds nothing yet."""
    if name.endswith(".grad"):
        return Cell(Tensor(np.zeros(var.shape, var.dtype), name=name.removesuffix(".grad")), "grad")
    return Cell(Item(({}, name)), "item")


def _is_absent(cell: Cell, program: Program) -> bool:
    """Whether a program that writes a cell would have read it, had it been there."""
    return cell in program.without_items or any(cell.holder is holder for holder in program.without_grad)


def _encode(value: Any) -> Any:
    """Write a parameter as JSON; what JSON lacks becomes a list that begins with its name."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, tuple | list):
        return ["tuple", *map(_encode, value)]
    if isinstance(value, dict):
        return ["dict", *([key, _encode(v)] for key, v in value.items())]
    if value is Ellipsis:
        return ["..."]
    if isinstance(value, complex):
        return ["complex", value.real.hex(), value.imag.hex()]
    if isinstance(value, np.dtype | type):
        return ["dtype", np.dtype(value).str]
    if isinstance(value, np.generic):
        return _encode(value.item())
    raise TypeError(f"a parameter {value!r} of type {type(value).__name__} cannot be written to a file")


def _decode(data: Any) -> Any:
    """The parameter that `_encode` wrote."""
    if not isinstance(data, list):
        return data
    kind, *parts = data
    if kind == "float":
        return float.fromhex(parts[0])
    if kind == "tuple":
        return tuple(map(_decode, parts))
    if kind == "dict":
        return {key: _decode(value) for key, value in parts}
    if kind == "complex":
        return complex(float.fromhex(parts[0]), float.fromhex(parts[1]))
    return ... if kind == "..." else np.dtype(parts[0])
