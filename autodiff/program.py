"""A recorded computation as data: a numbered list of op calls that can be read, run again, compared and saved.

`trace.py` makes programs. A program is in single-assignment form: each value has a number and is computed
once, in-place writes included, which give a new value and a line in `writes` saying where it belongs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .batched import Batched
from .config import MODES, is_traced, part
from .cost import Cost, cost_of
from .equations import Cell, Equation, Literal, Read, Var
from .errors import GradientError, describe
from .graph import Mark, user_frame
from .tensor import Tensor, constant

if TYPE_CHECKING:
    from pathlib import Path

# -- the parts of a program ------------------------------------------------------------------------------


# -- programs --------------------------------------------------------------------------------------------


class Program:
    """What `trace(f)(*args)` recorded. Call it with other arguments of the same shapes to run it again.

    Running computes what the function computed, with the same op calls in the same order, and does what it
    did to the outside: gradients, in-place writes, optimizer updates. Python code is not run again, so what it made
    of a value stays as it was: `reads` has the values that it asked for, and another one is an error.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.inputs: list[Var] = []
        self.input_names: list[str] = []
        self.cells: list[tuple[Var, Cell]] = []  # what is read from outside
        self.equations: list[Equation] = []
        self.outputs: list[Any] = []  # a Var, a Literal, or what else the function returned
        self.writes: list[tuple[Cell | int, str, Var | None]] = []  # an int is the number of an input
        self.reads: list[Read] = []
        self.checks_reads = True  # also those that no branch and no parameter was made of
        self.without_grad: list[Any] = []  # tensors, or numbers of inputs, that had no gradient to add to
        self.without_items: list[Cell] = []  # items that were not there
        self.arrays = True  # arrays in, arrays out; otherwise Tensors
        self.rebuild: Callable[[list[Any]], Any] = list
        self.flatten: Callable[[Any], list[Any]] = list

    # -- running ---------------------------------------------------------------------------------------

    def __call__(self, *args: Any, offset: int = 0, **kwargs: Any) -> Any:
        """Run the program on other arguments.

        Args:
            offset: added to the offset of every random op: 0 draws the same numbers again, any other number others.

        The results have no graph: a program computes values. Raises TypeError for arguments of other shapes or dtypes,
        GradientError where a value that Python code read has changed, and where a derivative or another trace would
        not see the program.
        """
        given = self.flatten((args, kwargs))
        self._refuse_recording(given)
        for place in self.without_grad if any(what == "grad" for _, what, _ in self.writes) else ():
            tensor = given[place] if isinstance(place, int) and place < len(given) else place
            if type(tensor) is Tensor and tensor.grad is not None:
                raise GradientError(
                    f"{tensor.name or 'a tensor'} had no gradient when this program was traced, so it does not add to "
                    "one. Call zero_grad() first, or trace the function again."
                )
        for cell in self.without_items:
            if cell.holder.exists():
                raise GradientError(
                    f"{cell!r} was not there when this program was traced: the optimizer had made no step. Trace the "
                    "function again."
                )
        with part(f"program {self.name}"):
            values = self.run([x.value if type(x) is Tensor else x for x in given], offset=offset)
        tensors = any(type(x) is Tensor for x in given) if given else not self.arrays
        cut = any(type(x) is Tensor and x.requires_grad for x in given)
        mark = Mark("program", self.name, user_frame(sys._getframe(1))) if cut else None
        results = [
            values[out.number] if isinstance(out, Var) else out.value if isinstance(out, Literal) else out
            for out in self.outputs
        ]
        written = [(place, what, None if var is None else values[var.number]) for place, what, var in self.writes]
        if written:  # a result may look into memory that is about to be written
            results = [np.array(r)[()] if isinstance(r, np.ndarray) else r for r in results]
            written = [(p, w, np.array(v)[()] if isinstance(v, np.ndarray) else v) for p, w, v in written]
        for place, what, value in written:
            cell = place if isinstance(place, Cell) else Cell(given[place], what)
            if cell.what == "item" or type(cell.holder) is Tensor:
                cell.write(value)
            elif what == "value" and isinstance(cell.holder, np.ndarray):  # an array has no gradient to keep
                cell.holder[...] = value
        return self.rebuild(
            [
                constant(r, mark) if tensors and isinstance(out, Var | Literal) else r
                for r, out in zip(results, self.outputs, strict=True)
            ]
        )

    def run(self, inputs: Sequence[Any], *, offset: int = 0) -> dict[int, Any]:
        """Compute the program's values, by number, without writing anything; those no longer needed are dropped."""
        self._check(inputs)
        values: dict[int, Any] = {var.number: _plain(x, var) for var, x in zip(self.inputs, inputs, strict=True)}
        for var, cell in self.cells:
            values[var.number] = value = cell.read()
            if value is None or (var.dtype is not None and np.shape(value) != var.shape):
                raise GradientError(
                    f"{cell!r} was {var.kind} when this program was traced, and is "
                    f"{'gone' if value is None else describe(value)} now. Trace the function again."
                )
        last = self._last_uses()
        for i, equation in enumerate(self.equations):
            params = equation.params
            if offset and "seed" in params and "offset" in params:
                params = {**params, "offset": params["offset"] + offset}
            operands = [values[x.number] if isinstance(x, Var) else _literal(x) for x in equation.inputs]
            for var, value in zip(equation.outputs, equation.run(operands, params), strict=True):
                if var.dtype is not None and np.shape(value) != var.shape:  # shapes have gone into parameters
                    raise GradientError(
                        f"{var}, the result of {equation.title} at {_place(equation.line)}, was {var.kind} when this "
                        f"program was traced, and is {describe(value)} now. Trace the function again, or keep one "
                        "shape for all values: where(mask, x, 0) in place of x[mask]."
                    )
                values[var.number] = _scalar(value)
            operands.clear()
            for number in last.get(i, ()):
                del values[number]
        for read in self._checked():
            if not read.agrees(values[read.var.number]):
                raise GradientError(_changed(read, values[read.var.number]))
        return values

    def _checked(self) -> list[Read]:
        """What has to be as it was for the program to be what the function would do."""
        return [read for read in self.reads if read.decides or (self.checks_reads and read.value is not None)]

    def _refuse_recording(self, given: Sequence[Any]) -> None:
        """Raise GradientError where what the program computes should have been recorded."""
        computed = any(type(x) is Tensor and (x.node is not None or type(x.value) is Batched) for x in given)
        if is_traced() or (computed and MODES.get().recording):
            raise GradientError(
                f"the program {self.name} computes values and records nothing, so that what is being traced or "
                "differentiated here would not see it. Call the function it was traced from, or pass t.detach()."
            )

    def _check(self, inputs: Sequence[Any]) -> None:
        if len(inputs) != len(self.inputs):
            raise TypeError(f"this program takes {len(self.inputs)} arrays, got {len(inputs)}")
        for var, name, x in zip(self.inputs, self.input_names, inputs, strict=True):
            dtype = getattr(x, "dtype", type(x).__name__)
            weak = type(x) is int or (type(x) is float and np.dtype(var.dtype).kind in "fc")  # takes the dtype it meets
            if np.shape(x) != var.shape or (dtype != var.dtype and not weak):
                raise TypeError(
                    f"argument {name} was {var.kind} when this program was traced, and is {describe(x)} now. Trace "
                    "the function again with these arguments."
                )

    def _last_uses(self) -> dict[int, list[int]]:
        """For each equation the values that no later one needs."""
        kept = {out.number for out in self.outputs if isinstance(out, Var)}
        kept |= {var.number for _, _, var in self.writes if var is not None}
        kept |= {read.var.number for read in self._checked()}
        last: dict[int, int] = {}
        for i, equation in enumerate(self.equations):
            for x in (*equation.inputs, *equation.outputs):
                if isinstance(x, Var) and x.number not in kept:
                    last[x.number] = i
        uses: dict[int, list[int]] = {}
        for number, i in last.items():
            uses.setdefault(i, []).append(number)
        return uses

    # -- reading ---------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return f"<Program {self.name}: {len(self.inputs)} inputs, {len(self.equations)} equations>"

    def __len__(self) -> int:
        return len(self.equations)

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def _lines(self) -> Iterator[str]:
        yield f"program {self.name}"
        for var, name in zip(self.inputs, self.input_names, strict=True):
            yield f"  input    {var!r:<5} {var.kind:<20} {name}"
        for var, cell in self.cells:
            yield f"  outside  {var!r:<5} {var.kind:<20} {cell!r}"
        rows = [
            (", ".join(map(repr, eq.outputs)), _call(eq), ", ".join(v.kind for v in eq.outputs), _place(eq.line))
            for eq in self.equations
        ]
        widths = [max([len(row[i]) for row in rows], default=0) for i in range(3)]
        for out, call, kind, line in rows:
            yield f"  {out:<{widths[0]}} = {call:<{min(widths[1], 72)}}  {kind:<{widths[2]}}  {line}"
        for place, what, written in self.writes:
            name = repr(place) if isinstance(place, Cell) else self.input_names[place] + ".grad" * (what == "grad")
            yield f"  write    {name} = {written}"
        for read in self.reads:
            value = f" = {read.value}" if np.size(read.value) == 1 and read.value is not None else ""
            yield f"  read     {read.what}({read.var}){value} at {_place(read.line)}"
        yield f"  return   {', '.join(map(repr, self.outputs))}"

    def counts(self) -> dict[str, int]:
        """How often each op is called, the most frequent first."""
        found: dict[str, int] = {}
        for equation in self.equations:
            found[equation.title] = found.get(equation.title, 0) + 1
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def cost(self) -> Cost:
        """Multiply-adds (an elementwise or reducing op counts one an element), and bytes read and written.

        >>> import autodiff as ad
        >>> ad.trace(lambda a, b: a @ b)(np.ones((2, 3)), np.ones((3, 4))).cost().multiply_adds
        24
        """
        total = [0, 0, 0]
        for equation in self.equations:
            for i, n in enumerate(cost_of(equation)):
                total[i] += n
        return Cost(*total)

    def difference(self, other: Program) -> str | None:
        """Say where two programs first differ, or None: source lines, names and the values outside do not count."""
        mine, theirs = list(self._shape()), list(other._shape())
        for a, b in zip(mine, theirs, strict=False):
            if a != b:
                return f"{a}  !=  {b}"
        return None if len(mine) == len(theirs) else f"{len(mine)} != {len(theirs)} lines"

    def __eq__(self, other: object) -> bool:
        return self.difference(other) is None if isinstance(other, Program) else NotImplemented

    __hash__ = object.__hash__

    def _shape(self) -> Iterator[str]:
        names: dict[int, str] = {}

        def name(x: Any) -> str:
            if not isinstance(x, Var):
                return repr(x)
            return names.setdefault(x.number, f"%{len(names)}")

        for var in self.inputs:
            yield f"input {name(var)} {var.kind}"
        for var, _ in self.cells:
            yield f"outside {name(var)} {var.kind}"
        for eq in self.equations:
            given = ", ".join(map(name, eq.inputs))
            yield f"{', '.join(map(name, eq.outputs))} = {eq.title}({given}; {sorted(eq.params.items())})"
        for place, what, written in self.writes:
            yield f"write {what} {place if isinstance(place, int) else ''} {name(written)}"
        yield f"return {', '.join(map(name, self.outputs))}"

    # -- files -----------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write the program and the values it reads from outside to a file: JSON and arrays, nothing pickled.

        Raises TypeError for parameters that are no plain data, and for results that are no arrays.
        """
        from .program_file import save  # here: few programs are written to files

        save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Program:
        """Read a program that `save` wrote. What it read from outside is its own now, in `cells`; it takes its
        arguments in a row and returns its results in a list.

        Raises ValueError for another file, and for one that names an op which is not defined.
        """
        from .program_file import load

        return load(path)

    def variables(self) -> Iterator[Var]:
        """Every value that has a number: inputs, what is read outside, and what equations compute."""
        yield from self.inputs
        yield from (var for var, _ in self.cells)
        for eq in self.equations:
            yield from eq.outputs


# -- small parts -----------------------------------------------------------------------------------------


def _scalar(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and not value.shape else value


def _plain(x: Any, var: Var) -> Any:
    """An argument as the traced function got it: an array, or a NumPy scalar."""
    return x if isinstance(x, np.ndarray) else np.asarray(x, var.dtype)[()]


def _literal(x: Any) -> Any:
    return x.value.value if type(x.value) is Tensor else x.value


def file_of(line: tuple[str, int]) -> str:
    """The name of a source line's file, without its folder."""
    return line[0].replace("\\", "/").rpartition("/")[2]


def _changed(read: Read, now: Any) -> str:
    """Say that Python code would read another value than it did."""
    place = _place(read.line)
    if read.what == "plain":
        return (
            f"{read.var}, {read.var.kind}, went into a function that takes it as a constant (a mask, indices), at "
            f"{place}, and is another one now. Trace the function again."
        )
    small = np.size(read.value) == 1
    changed = f"was {read.value} when" if small else f"was another {read.var.kind} when"
    changed += f" this program was traced, at {place}" + f", and is {now} now" * small
    if read.decides:
        return (
            f"{read.what}({read.var}) {changed}: Python code may go another way. Trace the function again with these "
            "arguments, or write the branch with where()."
        )
    return (
        f"{read.what}({read.var}) {changed}: what Python code made of it would be stale. Compute with the tensor "
        'itself; if the value was only looked at (printed, logged), write trace(f, reads="ignore").'
    )


def _place(line: tuple[str, int]) -> str:
    return f"{file_of(line)}:{line[1]}"


def _call(eq: Equation) -> str:
    given = [repr(x) for x in eq.inputs]
    given += [f"{name}={value!r}" for name, value in eq.params.items()]
    return f"{eq.title}({', '.join(given)})"
