"""What happens when an op is called: run its forward, and record a node if a gradient will be wanted.

`apply` is the general way: any number of inputs and outputs, any mode. `unary` and `binary` are the ordinary
case straight on. The op itself, and how its rules are written, is in `op.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from .batched import Batched
from .config import MODES, Modes, is_traced
from .errors import broadcast_hint, describe, describe_all
from .graph import (
    CALLER,
    INTERNAL,
    PAIR,
    PAIRED,
    SMALL,
    Caller,
    Mark,
    Node,
    is_internal,
    next_number,
    outer_frame,
    user_frame,
)
from .kernels.large import LARGE, narrow
from .tensor import WRITTEN, Tensor, constant, note_view, refresh, shares, stand_in

if TYPE_CHECKING:
    from .op import Op, Plan

_NO_PARAMS: dict[str, Any] = {}
_new = object.__new__
_read_modes: Callable[[], Modes] = MODES.get  # by `be_careful` another while in-place writes have to be looked for
_getframe = sys._getframe
_caller = CALLER.get
_CAREFUL = Modes(recording=False)
_ndarray, _float64, _FLOAT64 = np.ndarray, np.float64, np.dtype(np.float64)
_NUMBERS = (np.number, np.bool, float, int, complex)  # a union `A | B` would be made anew at each call
_SCALARS = (np.generic, Batched)


def be_careful(careful: bool) -> None:
    """Send every call the general way, which brings views up to date, or no longer."""
    global _read_modes
    _read_modes = (lambda: _CAREFUL) if careful else MODES.get


def lift(value: Any) -> Any:
    """Return an operand that is no Tensor as NumPy can use it; Python numbers stay as they are (weak)."""
    if type(value) is float or type(value) is int:
        return value
    if type(value) is _ndarray:
        if value.dtype.kind in "fciub":
            return value
        raise TypeError(f"an array of numbers is needed, got {describe(value)}")
    if isinstance(value, _NUMBERS):
        return value
    if isinstance(value, list | tuple):
        return lift(np.asarray(value))
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError("masked arrays are not supported; write where(mask, 0, x) or array.filled(...)")
    if isinstance(value, np.matrix):
        raise TypeError("np.matrix is not supported, as its * is a matrix product; write np.asarray(m) and @")
    if isinstance(value, _ndarray):
        return lift(np.asarray(value))
    if type(value) is Batched:
        return value
    raise TypeError(f"a Tensor, an array or a number is needed, got {type(value).__name__}")


def _explain(error: Exception, op: Op, values: list[Any], params: dict[str, Any]) -> None:
    given = describe_all(values) + "".join(f", {key}={value!r}" for key, value in params.items())
    line = user_frame(_getframe(2))
    note = f"op '{op.name}' was given {given}, at {line.f_code.co_filename}:{line.f_lineno}"
    if op.kind == "elementwise":
        hint = broadcast_hint([np.shape(value) for value in values])
        if hint is not None:
            note += f": {hint}. Add axes with x[:, None] or x.reshape(...)."
    error.add_note(note)


def record(
    plan: Plan, x: Any, y: Any, more: Any, saved: Any, params: dict[str, Any], value: Any, frame: FrameType
) -> Tensor:
    """Make the output Tensor of a recorded op, and its node. Integers have no gradient and get no node."""
    node = Node()
    node.plan = plan
    node.x = x
    node.y = y
    node.more = more
    node.kept = saved
    node.params = params
    node.dtype = dtype = value.dtype
    if dtype.kind != "f":
        if dtype.kind != "c":
            return constant(value, Mark("integer", plan.op.name, user_frame(frame)))
        node.plan = plan.conjugated
    if type(value) is _ndarray:
        node.shape = value.shape
        node.value = value.copy() if value.size <= SMALL else None
    elif type(value) is Batched:
        node.shape = value.shape
        node.value = None
    else:
        node.shape = ()
        node.value = value
    node.number = next_number()
    try:
        if INTERNAL[frame.f_globals["__name__"]]:
            frame = outer_frame(frame)
    except KeyError:  # a module not met before
        frame = user_frame(frame)
    node.code = frame.f_code
    node.lasti = frame.f_lasti
    node.extra = None
    out: Tensor = _new(Tensor)
    out.value = value
    out.node = node
    out.requires_grad = True
    out.extra = None
    return out


def apply(op: Op, inputs: tuple[Any, ...], params: dict[str, Any], result: Any = None) -> Any:
    """Call an op in the general way: any number of inputs and outputs, any mode.

    With `result`, record the call without making it: an in-place write has made that already.
    """
    if WRITTEN:
        for x in inputs:
            if type(x) is Tensor:
                refresh(x)
    values: list[Any] = []
    sources: list[Any] = []
    ruled, last, needs = op.ruled, len(op.inputs) - 1, 0
    for i, x in enumerate(inputs):
        source = None
        if type(x) is Tensor:
            slot = i if i < last else last
            if x.requires_grad and ruled[slot]:
                needs |= 1 << slot
                source = x.node or x
            values.append(x.value)
        else:
            values.append(lift(x))
        sources.append(source)
    modes, frame = MODES.get(), _getframe(2)
    if result is None:
        try:
            run = modes.run
            result = _forward(op, values, params) if run is None else run(op, values, params)
        except Exception as error:
            _explain(error, op, values, params)
            raise
        if op.may_view and (op.several or len(values) > 1) and modes.forward is None:
            result = _unshared(result, values)
    residual = None
    if op.vjp is not None:
        result, residual = result
    if not needs or not modes.recording:
        out = _constant(op, inputs, result, modes, frame)
    else:
        plan = op.plan(needs)
        outs = [_scalar(value) for value in result] if op.several else (_scalar(result),)
        if modes.observers and is_traced():
            values = [_traceable(x, value) for x, value in zip(inputs, values, strict=True)]
        saved = () if plan.keep is None and modes.plain else _saved(op, plan, values, outs, residual, modes)
        if last > 1 or op.variadic:
            x, y, more = None, None, tuple(sources)
        else:
            x, y, more = sources[0], sources[1] if last else None, None
        if op.several:
            out = record_several(plan, (x, y, more), saved, params, outs, frame, modes)
        else:
            out = record(plan, x, y, more, saved, params, outs[0], frame)
            if modes.keep_values:
                _keep(out)
    if op.may_view and len(inputs) == 1 and type(out) is Tensor:
        note_view(out, inputs[0], op, params, result, modes.recording)
    for observer in modes.observers:
        observer.called(op, inputs, params, out, frame)
    return out


def _forward(op: Op, values: list[Any], params: dict[str, Any]) -> Any:
    if not params:
        for x in values:
            if type(x) is _ndarray and x.size >= LARGE:
                return op.forward_large(*values)
    return op.forward(*values, **params)


def _traceable(x: Any, value: Any) -> Any:
    """What to keep of an input for a trace: of a constant a Tensor, so that what a rule makes of it is traced too.

    It is one of its own, that a later write to x does not move.
    """
    return stand_in(x, value) if type(x) is Tensor and not x.requires_grad else value


def _unshared(result: Any, values: list[Any]) -> Any:
    """Copy what looks into the memory of an input: a view of one array among several is not kept track of."""
    if isinstance(result, tuple):
        return tuple([_unshared(part, values) for part in result])
    return result.copy() if any(shares(result, value) for value in values) else result


def _constant(op: Op, inputs: tuple[Any, ...], result: Any, modes: Modes, frame: FrameType) -> Any:
    """Make the result of an op that is not recorded, with the reason if something cut it off."""
    mark = None
    if any(type(x) is Tensor and x.requires_grad for x in inputs):
        kind = (result[0] if op.several else _scalar(result)).dtype.kind
        reason = ("constant" if kind in "fc" else "integer") if modes.recording else "no_grad"
        mark = Mark(reason, op.name, user_frame(frame))
    else:  # an input's own mark goes on
        mark = next((x.mark for x in inputs if type(x) is Tensor and x.mark is not None), None)
    if op.several:
        return tuple([constant(_scalar(value), mark) for value in result])
    return constant(_scalar(result), mark)


def _saved(op: Op, plan: Plan, values: list[Any], outs: Sequence[Any], residual: Any, modes: Modes) -> tuple[Any, ...]:
    """Pick what the plan keeps: `(*inputs, *outs, *facts)`; a variadic input takes one place, as a tuple."""
    if op.variadic:
        fixed = len(op.inputs) - 1
        values = [*values[:fixed], tuple(values[fixed:])]
    arrays = [*values, *outs]
    if not modes.keep_inputs:
        for i in plan.drops:
            arrays[i] = None
    facts = [residual if name == "saved" else _fact(name, values[op.inputs.index(name[:-6])]) for name in op.facts]
    return (*arrays, *facts)


def _fact(name: str, value: Any) -> Any:
    """The shape or dtype that a rule names; for a variadic input a tuple of them."""
    if isinstance(value, tuple):
        return tuple([_fact(name, v) for v in value])
    if type(value) is _ndarray or type(value) is Batched:
        return value.shape if name.endswith("_shape") else value.dtype
    return np.shape(value) if name.endswith("_shape") else np.result_type(value)


def _scalar(value: Any) -> Any:
    """Turn arrays of shape () and Python numbers into NumPy scalars."""
    if type(value) is _ndarray:
        return value if value.shape else value[()]
    return value if type(value) is _float64 or isinstance(value, _SCALARS) else np.asarray(value)[()]


def _keep(out: Tensor) -> None:
    """Keep value and gradient on the node, however large: the mode `keep_values`."""
    if out.node is not None:
        out.node.value = out.value
        out.notes().retain = True


def record_several(
    plan: Plan,
    slots: tuple[Any, Any, Any],
    saved: Any,
    params: Any,
    outs: Sequence[Any],
    frame: FrameType,
    modes: Modes,
) -> tuple[Tensor, ...]:
    """Record an op with several outputs: one node, and a `pick` node for each output."""
    whole = record(plan, *slots, saved, params, max(outs, key=_inexact), frame).node
    if whole is not None:
        whole.value = None
        whole.shape = tuple([value.shape for value in outs])
        whole.dtype = tuple([value.dtype for value in outs])
    pick: Any = plan.op.pick
    picks = []
    for index, value in enumerate(outs):
        picked = record(pick, whole, None, None, (), {"index": index, "count": len(outs)}, value, frame)
        if modes.keep_values:
            _keep(picked)
        picks.append(picked)
    return tuple(picks)


def _inexact(value: Any) -> int:
    return "fc".find(value.dtype.kind)  # integers before floating before complex numbers


def make_call(op: Op) -> Callable[..., Any]:
    """Make the function that calls an op: the shortest of the three ways that serves it."""
    fused = op.vjp is not None or op.several or op.variadic or not op.differentiable
    if len(op.inputs) == 1 and not fused:
        return unary(op)
    if len(op.inputs) == 2 and not fused and not op.facts and all(op.rules) and not _has_params(op) and not op.may_view:
        return binary(op, operator=False)

    def call(*inputs: Any, **params: Any) -> Any:
        if not op.variadic and len(inputs) != len(op.inputs):
            raise TypeError(f"op '{op.name}' takes {len(op.inputs)} arrays, got {len(inputs)}")
        if op.defaults:
            params = op.defaults | params
        if params and isinstance(op.forward, np.ufunc):  # NumPy's own arguments, by its protocol
            return op.forward(*inputs, **params)
        for x in inputs:
            if type(x) is Tensor:
                return apply(op, inputs, params)
        arrays = [lift(x) if type(x) is list or type(x) is tuple else narrow(x) for x in inputs]
        result = op.forward(*arrays, **params)
        return result[0] if op.vjp is not None else result

    return call


def _has_params(op: Op) -> bool:
    code = getattr(getattr(op.forward, "__wrapped__", op.forward), "__code__", None)
    return code is not None and bool(code.co_kwonlyargcount)


def unary(op: Op) -> Callable[..., Any]:
    """Make the function of an op with one array: the ordinary case straight on, all else by `apply`."""
    forward, forward_large, plan = op.forward, op.forward_large, op.plan(1)
    keep_x, keep_out = plan.keep or (False, False)
    nothing = plan.keep is None
    facts = [name.rpartition("_")[2] for name in op.facts]
    defaults, may_view, ufunc = op.defaults, op.may_view, isinstance(forward, np.ufunc)

    def call(x: Any, **params: Any) -> Any:
        if defaults:
            params = defaults | params
        if type(x) is not Tensor:
            return forward(lift(x), **params)
        if params and ufunc:  # NumPy's own arguments, dtype= and its like: by its protocol
            return forward(x, **params)
        if not x.requires_grad or not _read_modes().plain:
            return apply(op, (x,), params)
        value = x.value
        try:
            large = type(value) is _ndarray and value.size >= LARGE
            result = out = (forward_large if large else forward)(value, **params)
        except Exception as error:
            _explain(error, op, [value], params)
            raise
        if type(out) is not _float64 and (type(out) is not _ndarray or not out.shape):
            out = _scalar(out)
        if nothing:
            saved: tuple[Any, ...] = ()
        else:
            saved = (value if keep_x else None, out if keep_out else None)
            if facts:
                saved += tuple([getattr(value, fact) for fact in facts])
        tensor = record(plan, x.node or x, None, None, saved, params or _NO_PARAMS, out, _getframe(1))
        if may_view:
            note_view(tensor, x, op, params, result, True)
        return tensor

    return call


def binary(op: Op, *, operator: bool) -> Callable[[Any, Any], Any]:
    """Make the function of an op with two arrays and no parameters.

    As an operator method it returns NotImplemented for what is no number, so that Python asks the other side.
    """
    forward, forward_large = op.forward, op.forward_large
    plans = (None, op.plan(1), op.plan(2), op.plan(3))
    outer: Any = None  # the latest function of the user that called: what calls once calls often
    inner: Any = None  # the latest of ours, and in which call of a module
    within: Caller | None = None

    def call(x: Any, y: Any) -> Any:
        nonlocal outer, inner, within
        needs = 0
        x_source = y_source = None
        if type(x) is Tensor:
            x_value = x.value
            if x.requires_grad:
                needs = 1
                x_source = x.node or x
        else:
            x_value = lift(x)
        if type(y) is Tensor:
            y_value = y.value
            if y.requires_grad:
                needs |= 2
                y_source = y.node or y
        else:
            try:
                y_value = lift(y)
            except TypeError:
                if operator and not isinstance(y, _ndarray | np.generic | list | tuple):
                    return NotImplemented
                raise
        if not needs or not _read_modes().plain:
            if type(x) is not Tensor and type(y) is not Tensor:
                return forward(x_value, y_value)
            return apply(op, (x, y), _NO_PARAMS)
        try:
            if type(x_value) is _float64:
                out = forward(x_value, y_value)
            else:
                first = x_value if type(x_value) is _ndarray else y_value
                large = type(first) is _ndarray and first.size >= LARGE
                out = (forward_large if large else forward)(x_value, y_value)
        except Exception as error:
            _explain(error, op, [x_value, y_value], _NO_PARAMS)
            raise
        plan: Any = plans[needs]
        keep = plan.keep
        frame = _getframe(1)
        if type(out) is not _float64:
            if type(out) is not _ndarray or not out.shape:
                out = _scalar(out)
            saved: tuple[Any, ...] = ()
            if keep is not None:
                saved = (x_value if keep[0] else None, y_value if keep[1] else None, out if keep[2] else None)
            return record(plan, x_source, y_source, None, saved, _NO_PARAMS, out, frame)
        if keep is None:
            saved = ()
        elif keep is PAIRED:
            saved = PAIR
        else:
            saved = (x_value if keep[0] else None, y_value if keep[1] else None, out if keep[2] else None)
        # What `record` does, written out: graphs of scalars are made of this case.
        code = frame.f_code
        if code is outer:
            lasti = frame.f_lasti
        else:
            caller = _caller()
            if caller is not None and caller is within and code is inner:
                code, lasti = caller.code, caller.lasti
            elif is_internal(frame.f_globals.get("__name__")):
                frame = outer_frame(frame)
                if caller is not None and frame is caller.frame:
                    inner, within = code, caller
                code, lasti = frame.f_code, frame.f_lasti
            else:
                outer = code
                lasti = frame.f_lasti
        node = Node()
        node.plan = plan
        node.x = x_source
        node.y = y_source
        node.more = None
        node.kept = saved
        if saved is PAIR:
            node.first = x_value
            node.second = y_value
        node.params = _NO_PARAMS
        node.shape = ()
        node.dtype = _FLOAT64
        node.value = out
        node.number = next_number()
        node.code = code
        node.lasti = lasti
        node.extra = None
        tensor: Tensor = _new(Tensor)
        tensor.value = out
        tensor.node = node
        tensor.requires_grad = True
        tensor.extra = None
        return tensor

    return call
