"""`trace`: run a function once and return what it did as a `Program`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any

import numpy as np

from .batched import Batched
from .config import MODES, Item, Observer, mode
from .equations import Cell, Equation, Literal, Read, Var
from .errors import GradientError
from .graph import WRITES, Node, format_line, next_number, source_line, user_frame
from .op import OPS, PICK
from .program import Program
from .random import Draws
from .tensor import Tensor, asarray
from .transforms.trees import current, flatten
from .watch import watched


def trace(f: Callable[..., Any], *, reads: str = "check") -> Callable[..., Program]:
    """Make the function that runs `f` once and returns what it recorded as a `Program`.

    Everything that changes a value is in it: op calls, backward passes and transforms (their rules run as op calls),
    in-place writes, gradients of leaves, optimizer updates. Arguments are arrays, numbers, Tensors, or containers of
    these; Tensors that `f` uses from outside are read anew each time the program runs.

    What `f` reads in Python (`if t > 0`, `t.item()`, `t.value`) is in `program.reads`, with its line. Where it is
    another value when the program runs, that is an error, as what Python made of it would be stale. Text is not a
    value: `print(t)` and `f"{t:.3f}"` are noted only.

    Args:
        reads: "check", or "ignore" where the numbers and arrays that `f` reads are only looked at (a log, a plot), and
            where random numbers that NumPy draws may stay as they are. Branches are compared all the same.

    >>> import autodiff as ad
    >>> program = ad.trace(lambda x, y: x * y + 1.0)(2.0, 5.0)
    >>> program(3.0, 4.0)
    np.float64(13.0)
    >>> [equation.name for equation in program]
    ['mul', 'add']

    Raises GradientError where a program would be wrong: a tensor's `.value` was replaced or its array written behind
    the trace, an array that no op call has computed was returned, random numbers were drawn outside of ops.
    """
    if reads not in ("check", "ignore"):
        raise ValueError(f'reads= is "check" or "ignore", got {reads!r}')

    @wraps(f)
    def traced(*args: Any, **kwargs: Any) -> Program:
        program = Program(getattr(f, "__name__", type(f).__name__))
        program.checks_reads = reads == "check"
        leaves, rebuild = flatten((args, kwargs))
        program.flatten = lambda given: flatten(given)[0]
        program.arrays = not any(type(leaf) is Tensor for leaf in leaves)
        tracer = Tracer(program)
        inputs = [asarray(leaf) if _is_number(leaf) else leaf for leaf in leaves]
        for i, (tensor, leaf) in enumerate(zip(inputs, leaves, strict=True)):
            tracer.add_input(tensor, f"{i}", leaf)
        args, kwargs = rebuild(inputs)
        states = _random_states()
        with mode(observers=(*MODES.get().observers, tracer)), watched(), Draws() as draws:
            out = current(f(*args, **kwargs))
        outs, program.rebuild = flatten(out)
        tracer.finish(outs)
        if program.checks_reads:
            _refuse_draws(program, draws, states)
        return program

    return traced


def _random_states() -> list[Any]:
    """Where the global generators of NumPy and Python stand."""
    import pickle
    import random  # with numpy.random: 10 ms, so not with the package

    numpys: Any = np.random
    return [pickle.dumps(numpys.get_bit_generator().state), random.getstate()]


def _refuse_draws(program: Program, draws: Draws, states: list[Any]) -> None:
    """Raise GradientError if numbers were drawn that no op call draws again."""
    again = {(eq.params["seed"], eq.params["offset"]) for eq in program if {"seed", "offset"} <= eq.params.keys()}
    loose = [pair for pair in draws.pairs if pair not in again]
    if loose or _random_states() != states:
        raise GradientError(
            f"{'a Generator' if loose else 'np.random or random'} drew numbers while {program.name} was traced, and "
            "they would be constants of the program. Draw before and pass them as arguments, draw with an op "
            '(dropout), or write trace(f, reads="ignore") to keep them as they are.'
        )


def _is_number(leaf: Any) -> bool:
    return type(leaf) is Tensor or isinstance(leaf, np.ndarray | np.generic | float | int | complex)


class Tracer(Observer):
    """Writes down what happens, giving each value its number."""

    traces = True

    def __init__(self, program: Program) -> None:
        self.program = program
        self.count = 0
        self.alive: list[Any] = []  # whose ids are in the tables: none may be given to something else
        self.tensors: dict[int, tuple[Any, Any]] = {}  # a tensor's value: its number, and the array it stands for
        self.arrays: dict[int, Any] = {}
        self.nodes: dict[Any, Any] = {}  # by node, or by node and the number of its output
        self.fresh: dict[int, Any] = {}  # the first value of a tensor that the function has made of numbers
        self.kept: dict[int, Var] = {}  # what a fused op keeps for its gradient, by node
        self.items: dict[Any, Any] = {}
        self.first: list[tuple[Any, Any, str, Any, Any]] = []  # tensor, place, what, value at first, gradient at first
        self.gradients: dict[int, Tensor] = {}  # the leaf whose gradient a tensor is
        self.cleared: set[int] = set()
        self.own: set[int] = set()  # the tensors that were made while the function ran
        self.lent: list[tuple[Any, Any, int, tuple[str, int]]] = []  # arrays that code got hold of: copy, when, line

    # -- values ------------------------------------------------------------------------------------------

    def new(self, value: Any) -> Var:
        """Give a value the next number."""
        self.count += 1
        return Var(self.count - 1, value)

    def put(self, tensor: Tensor, operand: Any) -> None:
        """Say which value a tensor has from now on."""
        if type(tensor.value) is Batched:
            return
        self.tensors[id(tensor)] = operand, tensor.value
        self.alive += [tensor, tensor.value]
        if not isinstance(tensor.value, np.bool):  # True and False are everybody's
            self.arrays[id(tensor.value)] = operand
        if tensor.node is not None:
            self.nodes[tensor.node] = operand

    def add_input(self, tensor: Any, name: str, leaf: Any) -> None:
        """Make an argument an input of the program."""
        if type(tensor) is not Tensor:
            raise TypeError(f"the arguments of a traced function are arrays and numbers, got {type(tensor).__name__}")
        var = self.new(tensor.value)
        self.put(tensor, var)
        self.program.inputs.append(var)
        self.program.input_names.append(tensor.name or name)
        self._remember(tensor, len(self.program.inputs) - 1, var)

    def _remember(self, tensor: Tensor, place: Any, operand: Any) -> None:
        """Note how a tensor from outside was at first, to see at the end what has been done to it."""
        self.first.append((tensor, place, "value", operand, tensor.grad))
        if tensor.grad is not None:
            self.gradients[id(tensor.grad)] = tensor
            self.alive.append(tensor.grad)
        elif tensor.requires_grad and tensor.node is None and id(tensor) not in self.cleared:
            self.program.without_grad.append(place if isinstance(place, int) else tensor)

    def operand(self, x: Any) -> Any:
        """The value that an input of an op is."""
        if isinstance(x, Item):
            if x.path not in self.items:
                self.items[x.path] = self._outside(x.read(), Cell(x, "item"))
            return self.items[x.path]
        if type(x) is not Tensor:
            return self._array(x) if isinstance(x, np.ndarray | np.generic) else Literal(x)
        known = self.tensors.get(id(x))
        if known is not None:
            if known[1] is not x.value:
                raise GradientError(
                    f"{x.name or 'a tensor'}'s value was replaced while it was traced, behind the trace: write "
                    "t[...] = v or t += u instead of t.value = v."
                )
            return known[0]
        operand = self._of_node(x.node)
        if operand is None and id(x) in self.fresh:
            operand = self._array(self.fresh[id(x)])
            self.put(x, operand)
            return operand
        if operand is None and id(x.value) in self.arrays:
            operand = self.arrays[id(x.value)]
        if operand is None:
            leaf = self.gradients.get(id(x))
            cell = Cell(x, "value") if leaf is None else Cell(leaf, "grad")
            operand = self._outside(x.value, cell)
            if leaf is None:
                self.put(x, operand)
                self._remember(x, cell, operand)
        self.put(x, operand)
        return operand

    def _of_node(self, node: Node | None) -> Any:
        if node is None:
            return None
        if node.op is PICK:
            return self.nodes.get((node.x, node.params["index"]), self.nodes.get(node))
        return self.nodes.get(node)

    def _array(self, x: Any) -> Any:
        if id(x) in self.arrays and not isinstance(x, np.bool):
            return self.arrays[id(x)]
        if isinstance(x, np.ndarray) and x.size > 1:
            self.alive.append(x)
            operand = self.arrays[id(x)] = self._outside(x, Cell(x, "constant"))
            return operand
        return Literal(x.copy() if isinstance(x, np.ndarray) else x)

    def _outside(self, value: Any, cell: Cell) -> Var:
        var = self.new(value)
        self.program.cells.append((var, cell))
        return var

    # -- what happens --------------------------------------------------------------------------------------

    def called(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: FrameType) -> None:
        if any(type(x) is Batched or (type(x) is Tensor and type(x.value) is Batched) for x in inputs):
            return  # vmap's rules have called ops on all examples at once
        if op.name not in OPS or OPS[op.name] is not op:
            raise GradientError(f"op '{op.name}' is made anew at each call and cannot be part of a program")
        operands = tuple(map(self.operand, inputs))
        outs = result if isinstance(result, tuple) else (result,)
        variables = [self.new(out.value if type(out) is Tensor else out) for out in outs]
        for i, (out, var) in enumerate(zip(outs, variables, strict=True)):
            if type(out) is Tensor:
                self.put(out, var)
                if op.several and out.node is not None:
                    self.nodes[out.node.x, i] = var
        if op.vjp is not None:
            variables.append(self.new(None))
            if outs[0].node is not None:
                self.kept[id(outs[0].node)] = variables[-1]
        self._equation(op.name, operands, params, variables, frame)

    def called_vjp(self, node: Node, operands: list[Any], params: dict[str, Any], gradients: Any) -> None:
        given = tuple([self.kept[id(node)] if x is node else self.operand(x) for x in operands])
        variables = [self.new(getattr(g, "value", None)) for g in gradients]
        for g, var in zip(gradients, variables, strict=True):
            if g is not None:
                self.put(g, var)
        self.program.equations.append(Equation(node.op.name, given, params, tuple(variables), node.line, vjp=True))

    def _equation(self, name: str, operands: Any, params: Any, variables: list[Var], frame: FrameType) -> None:
        frame = user_frame(frame)
        line = source_line(frame.f_code, frame.f_lasti)
        self.program.equations.append(Equation(name, operands, dict(params), tuple(variables), line))

    def same(self, tensor: Any, of: Any) -> None:
        if type(tensor.value) is Batched:
            return
        self.put(tensor, self.operand(of))

    def became(self, tensor: Any, out: Any) -> None:
        if type(out.value) is Batched:
            return
        operand = self.operand(out)
        if (
            id(tensor) not in self.tensors and id(tensor) not in self.fresh
        ):  # a tensor from outside that is written before it is read
            value, node, tensor.node = tensor.value, tensor.node, None
            var = self._outside(value, cell := Cell(tensor, "value"))
            self._remember(tensor, cell, var)
            tensor.node = node
        self.put(tensor, operand)

    def made(self, tensor: Any) -> None:
        self.put(tensor, Literal(tensor.value))

    def created(self, tensor: Any) -> None:
        if type(tensor.value) is not Batched:
            self.fresh[id(tensor)] = np.array(tensor.value)[()]
            self.alive += [tensor, self.fresh[id(tensor)]]

    def stored(self, item: Item, tensor: Any) -> None:
        self.items[item.path] = self.operand(tensor)

    def set_grad(self, tensor: Any) -> None:
        self.cleared.add(id(tensor))
        self.alive.append(tensor)
        known = next((entry for entry in self.first if entry[0] is tensor), None)
        if known is not None and tensor.grad is known[4]:  # nothing has been added to it yet
            places = (known[1], tensor)
            self.program.without_grad = [x for x in self.program.without_grad if not any(x is y for y in places)]

    def given(self, tensor: Any) -> None:
        if not hasattr(tensor, "value"):
            self.own.add(id(tensor))

    def read(self, tensor: Any, what: str, value: Any) -> None:
        if type(tensor.value) is Batched:
            return
        frame = user_frame(sys._getframe(1))
        line = source_line(frame.f_code, frame.f_lasti)
        operand = self.operand(tensor)
        copy = np.array(value) if isinstance(value, np.ndarray) else value
        if isinstance(value, np.ndarray):
            self.lent.append((value, copy, next_number(), line))
        if isinstance(operand, Var):
            self.program.reads.append(Read(what, operand, copy, line))

    # -- the end -------------------------------------------------------------------------------------------

    def finish(self, outs: list[Any]) -> None:
        """Say what the program returns, and what it has changed outside."""
        program = self.program
        for array, copy, number, line in self.lent:
            if array.tobytes() != copy.tobytes() and WRITES.after(number, array) is None:
                raise GradientError(
                    f"the array of a tensor, read at {format_line(line)}, was written while it was traced, behind the "
                    "trace: write t[...] = v, t += u or np.add(t, u, out=t) instead of writing into t.value."
                )
        program.outputs = [self._result(out) for out in outs]
        for tensor, place, what, operand, grad in list(self.first):
            now, value = self.tensors.get(id(tensor), (operand, tensor.value))
            if value is not tensor.value:
                self.operand(tensor)  # raises
            if now is not operand:
                program.writes.append((place, what, self._var(now)))
            if tensor.grad is not grad:
                var = None if tensor.grad is None else self._var(self.operand(tensor.grad))
                where = place if isinstance(place, int) else Cell(tensor, "grad")
                program.writes.append((where, "grad", var))
        read = {cell.holder.path: cell for _, cell in program.cells if cell.what == "item"}
        before = {cell.holder.path: var for var, cell in program.cells if cell.what == "item"}
        for path, operand in self.items.items():
            if operand is not before.get(path):
                cell = read.get(path) or Cell(Item(path), "item")
                if path not in read:
                    program.without_items.append(cell)
                program.writes.append((cell, "item", self._var(operand)))

    def _result(self, out: Any) -> Any:
        if type(out) is not Tensor and not isinstance(out, np.ndarray | np.generic):
            return out
        before = len(self.program.cells)
        operand = self.operand(out)
        seen = any(
            not read.decides and read.value is not None for read in self.program.reads
        )  # it may be made of these
        foreign = type(out) is Tensor and id(out) not in self.own
        if len(self.program.cells) > before and seen and not foreign:
            raise GradientError(
                "the function returned an array that no op call has computed, and it reads bare arrays or numbers "
                "(program.reads) that this may be made of. Compute it with autodiff's functions, or return it beside "
                "the trace if it is a constant."
            )
        return operand

    def _var(self, operand: Any) -> Var:
        """A literal that is written outside gets a number."""
        if isinstance(operand, Var):
            return operand
        cell = Cell(np.asarray(operand.value)[()], "constant")
        return self._outside(operand.value, cell)
