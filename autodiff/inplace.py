"""In-place writes, recorded: `t[key] = v`, `t += u`, `np.add(t, u, out=t)`, also through views of views.

A recorded write leaves the tensor at a new place of the graph: that of the op `setitem`, for part of it, or of
the value that took its place. A view is a tensor of its own that knows its origin (`Tensor.view`):

- writing through a view also writes its origin, link by link, up to the tensor that owns the memory;
- a view of a tensor that has been written since is behind. It is brought up to date when it is next used.

A part is written into the tensor's own buffer. A graph may have saved that buffer: the write stamps the
elements (`WRITES`), and a backward pass that needs an old value raises an error that names both lines. Where it
is easy to see that the old values are needed (the op that made the tensor saved them, or the one that made the
value) they are copied first, and so they are where the memory is somebody else's. A write of the whole is the
new value itself.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import Any

import numpy as np

from .batched import Batched
from .call import apply, be_careful, lift
from .config import MODES, is_traced, mode
from .errors import GradientError, describe
from .graph import WRITES, next_number
from .ops import elementwise, shape
from .ops.index import ARRAY, diagonal_places, join_key, split_key
from .ops.write import SETITEM
from .tensor import BORROWED, WRITTEN, Tensor, become, constant, detached, is_scalar, origin, refresh, stand_in


def is_recorded(*values: Any) -> bool:
    """Whether an op on these would be recorded. Views are brought up to date first."""
    for value in values if WRITTEN else ():
        if type(value) is Tensor:
            refresh(value)
    if _is_mapped(*values):
        return True
    return MODES.get().recording and any(type(v) is Tensor and v.requires_grad for v in values)


def _is_mapped(*values: Any) -> bool:
    """Whether each example of a `vmap` has a value of its own: its memory is then never written."""
    return any(type(v) is Batched or (type(v) is Tensor and type(v.value) is Batched) for v in values)


def write(t: Tensor, key: Any, value: Any) -> None:
    """Write into a tensor: `t[key] = value`.

    Raises what NumPy raises for a key or value that does not fit, GradientError for a leaf that requires grad.
    """
    refresh(t)
    if is_scalar(t):
        _check_scalar_key(t, key)
        overwrite(t, value)
        return
    index, arrays = split_key(key)
    recorded = is_recorded(t, value)
    if recorded and not _is_mapped(t, value):
        _prepare(t, value)
        _keep_old(value, t.value)
    elif not recorded:
        if is_traced():
            _owner(t)
        note_plain(t)
    if _is_mapped(t, value, *arrays):
        check_in_place(t)
        value = value if type(value) is Tensor else lift(value)
        if index == (ARRAY,) and type(arrays[0]) is Batched and arrays[0].dtype.kind == "b":
            _move(t, _masked(t, constant(arrays[0]), value), True)
            return
        _move(t, apply(SETITEM, (t, value, *arrays), {"index": index}), True)
        return
    place = join_key(index, tuple(arrays))
    try:
        t.value[place] = value.value if type(value) is Tensor else value
    except ValueError as error:
        if not t.value.flags.writeable:
            error.add_note("the tensor is a read-only view (broadcast, diagonal): write into a copy, t = t.copy()")
        raise
    WRITES.note(t.value, place)
    if recorded or is_traced():
        value = value if type(value) is Tensor else lift(value)
        _move(t, apply(SETITEM, (t, value, *arrays), {"index": index}, t.value), recorded)


def _masked(t: Tensor, mask: Tensor, value: Any) -> Any:
    """What `t[mask] = value` makes of t, where each example has a mask of its own."""
    if np.ndim(value) > t.ndim - mask.ndim:
        raise TypeError(
            "t[mask] = v with a mask for each example writes another number of elements for each, and vmap needs one "
            "shape for all. Write where(mask, v, t) with a v of the shape of t."
        )
    mask = mask.reshape((*mask.shape, *(1,) * (t.ndim - mask.ndim)))
    return shape.astype(elementwise.where(mask, value, t), dtype=t.dtype)


def overwrite(t: Tensor, value: Any, casting: Any = "same_kind") -> Tensor:
    """Give a tensor a new value of its shape and dtype in place, as `out=` does, and return it.

    Raises ValueError for a value of another shape, TypeError for a dtype that NumPy would not cast.
    """
    refresh(t)
    plain = value.value if type(value) is Tensor else value
    plain = plain if type(plain) is Batched else np.asarray(plain)
    if plain.ndim > len(t.shape) and set(plain.shape[: plain.ndim - len(t.shape)]) == {1}:  # as NumPy assigns
        value = (value if type(value) is Tensor else plain).reshape(plain.shape[plain.ndim - len(t.shape) :])
        return overwrite(t, value, casting)
    if not np.can_cast(plain.dtype, t.dtype, casting):
        raise TypeError(f"cannot write {describe(plain)} into a tensor {describe(t)}: casting {casting!r} forbids it")
    if np.broadcast_shapes(plain.shape, t.shape) != t.shape:
        raise ValueError(f"cannot write {describe(plain)} into a tensor of shape {t.shape}")
    if is_recorded(t, value):
        check_in_place(t) if _is_mapped(t, value) else _prepare(t, value)
        new = value if type(value) is Tensor else Tensor(value)
        if new.shape != t.shape:
            new = shape.expand(new, shape=t.shape)
        new = shape.astype(new, dtype=t.dtype)  # a copy, also of the same dtype
        if _is_mapped(t, value):
            _move(t, new, True)
        elif origin(t)[0] is not None:
            _keep_old(value, t.value)
            t.value[...] = new.value
            WRITES.note(t.value)
            _move(t, new, True)
        else:
            become(t, new)
            _note_written(t)
        return t
    note_plain(t)
    if is_traced():
        _owner(t)
        with mode(recording=False):
            new = value if type(value) is Tensor else Tensor(value)
            new = shape.astype(new if new.shape == t.shape else shape.expand(new, shape=t.shape), dtype=t.dtype)
        if type(t.value) is np.ndarray:
            t.value[...] = new.value
            WRITES.note(t.value)
        else:
            t.value = new.value
        _move(t, new, False)
    elif type(t.value) is np.ndarray:
        np.copyto(t.value, plain, casting=casting)
        WRITES.note(t.value)
    else:  # NumPy scalars are immutable: put another in its place
        t.value = plain.astype(t.dtype)[()]
    return t


def _check_scalar_key(t: Tensor, key: Any) -> None:
    if not (key is ... or (isinstance(key, tuple) and (not key or (len(key) == 1 and key[0] is ...)))):
        raise IndexError(f"too many indices for a tensor of shape (): write t[...] = v, not t[{key!r}] = v")


def _owner(t: Tensor) -> Tensor:
    """The tensor that owns the memory; GradientError if the way from it to this view cannot be gone back."""
    root = t
    while (view := origin(root))[0] is not None:
        if view[1] is not None and view[1].name not in _INVERSES:
            raise GradientError(
                f"a write through a view made by op '{view[1].name}' cannot be recorded. Write into the tensor "
                "it was made of, or into a copy: t = t.copy()."
            )
        root = view[0]
    return root


def owner(t: Tensor) -> Tensor:
    """The tensor that owns the memory."""
    while (x := origin(t)[0]) is not None:
        t = x
    return t


def note_plain(t: Tensor) -> None:
    """Get ready for a write that is not recorded; an argument of a transform is given memory of its own."""
    root = t if getattr(t, "view", BORROWED)[0] is None else owner(t)
    _note(root)
    if root.node is not None and "level" in root.node.params and type(root.value) is np.ndarray:
        if is_traced():
            raise GradientError(
                "a write that is not recorded into an argument of grad, vjp and their like cannot be traced. Write "
                "into a copy: x = x.copy()."
            )
        _copy_memory(root)
        _note_written(root, recorded=False)
        refresh(t)


JOURNAL: ContextVar[list[weakref.ref[Tensor]] | None] = ContextVar("autodiff_journal", default=None)
"""Where the tensors whose memory is written are listed, while a `checkpoint` wants to know."""


def _note(root: Tensor) -> None:
    journal = JOURNAL.get()
    if journal is not None:
        journal.append(weakref.ref(root))


@contextmanager
def journal() -> Iterator[list[weakref.ref[Tensor]]]:
    """List the tensors whose memory is written in the block."""
    written: list[weakref.ref[Tensor]] = []
    token = JOURNAL.set(written)
    try:
        yield written
    finally:
        JOURNAL.reset(token)
        around = JOURNAL.get()
        if around is not None:
            around += written


@contextmanager
def undone(written: list[weakref.ref[Tensor]]) -> Iterator[None]:
    """Give the tensors of a journal that are alive back, at the end of the block, what they were at its beginning."""
    kept = []
    for t in {id(t): t for ref in written if (t := ref()) is not None}.values():
        content = t.value.copy() if type(t.value) is np.ndarray else None
        kept.append((t, t.value, content, t.node, t.requires_grad, t.extra))
    try:
        yield
    finally:
        for t, value, content, node, requires_grad, extra in kept:
            if content is not None:
                value[...] = content
            t.value, t.node, t.requires_grad, t.extra = value, node, requires_grad, extra
            if id(t) in WRITTEN:
                _note_written(t, recorded=False)


def check_in_place(t: Tensor) -> Tensor:
    """Raise GradientError where a write into a tensor cannot be recorded; return the tensor that owns the memory."""
    root = _owner(t)
    if not MODES.get().recording:
        return root
    what = "" if root is t else " (this tensor is a view of it)"
    if root.requires_grad and root.node is None:
        raise GradientError(
            f"an in-place operation on a leaf that requires grad{what} cannot be recorded. To update a parameter "
            "write it inside `with no_grad():`; for a new tensor write t = t + u, or copy it first: t = t.copy()."
        )
    while (view := getattr(t, "view", BORROWED))[0] is not None:
        if view[1] is None or not (view[4] or not view[0].requires_grad):
            raise GradientError(
                f"{t.mark or '`no_grad()` cut it off the graph'}{what}, and it shares the memory of the tensor it was "
                "cut off from. Write into a copy: t = t.detach().clone()."
            )
        t = view[0]
    return root


def _prepare(t: Tensor, value: Any) -> None:
    """Refuse what cannot be recorded, and see to it that the memory may be written."""
    root = check_in_place(t)
    if root.dtype.kind not in "fc":
        raise TypeError(
            f"a value that requires grad cannot be written into integers or booleans, {describe(root)}: its "
            "gradient would be lost. Make the tensor with dtype=float."
        )
    if np.result_type(getattr(value, "dtype", type(value))).kind == "c" and root.dtype.kind != "c":
        raise TypeError(f"a complex value cannot be written into a real tensor, {describe(root)}")
    node = root.node
    if getattr(root, "view", None) is BORROWED or (
        node is not None and (node.op.name == "identity" or any(saved is root.value for saved in node.saved or ()))
    ):
        _copy_memory(root)
        refresh(t)
    _note(root)


def _copy_memory(root: Tensor) -> None:
    """Give a tensor memory of its own."""
    old = stand_in(root, root.value)
    root.value = np.array(root.value)
    for observer in MODES.get().observers:
        observer.same(root, old)
    if hasattr(root, "view"):
        del root.view
    root.written = next_number()


def _keep_old(value: Any, array: Any) -> None:
    """Copy what the op that computed a value saved of the array that the value is about to be written to."""
    node = value.node if type(value) is Tensor else None
    if node is not None and node.saved and not node.op.variadic:
        node.saved = tuple([_apart(kept, array) for kept in node.saved])


def _apart(kept: Any, array: Any) -> Any:
    """What a node keeps, with memory of its own where it shares the array's."""
    value = kept.value if type(kept) is Tensor else kept
    if not isinstance(value, np.ndarray) or not np.may_share_memory(value, array):
        return kept
    return stand_in(kept, value.copy()) if type(kept) is Tensor else value.copy()


def _move(t: Tensor, out: Tensor, recorded: bool) -> None:
    """Put a written tensor at its new place in the graph, and what it is a view of as well.

    Where nothing is recorded only a trace hears of it: a leaf stays a leaf.
    """
    mapped = _is_mapped(t, out)
    hidden = mapped and not MODES.get().recording

    def put(tensor: Tensor, out: Tensor) -> None:
        if recorded and not (hidden and tensor.requires_grad):
            become(tensor, out, None if mapped else tensor.value)
            return
        if hidden:
            tensor.value = out.value
        if origin(tensor)[0] is not None:
            tensor.view = (*tensor.view[:3], next_number(), tensor.view[4])
        for observer in MODES.get().observers:
            observer.became(tensor, out)

    put(t, out)
    while (view := origin(t))[0] is not None:
        x, op, params = view[:3]
        put(x, t if op is None else _INVERSES[op.name](x, t, params))
        t = x
    _note_written(t, recorded and not hidden)


def _note_written(root: Tensor, recorded: bool = True) -> None:
    """From now on views of this tensor that are older are behind."""
    root.written = root.node.number if recorded and root.node is not None else next_number()
    for out in detached(root):
        refresh(out)  # now: it may live longer
        _note_written(out)
    place = id(root)

    def forget(_: Any) -> None:
        with _SWITCH:
            WRITTEN.pop(place, None)
            if not WRITTEN:
                be_careful(False)

    with _SWITCH:
        WRITTEN[place] = weakref.ref(root, forget)
        be_careful(True)


_SWITCH = RLock()  # the last written tensor of one thread may end while another thread writes its first


_INVERSES: dict[str, Any] = {
    "getitem": lambda x, part, params: apply(SETITEM, (x, part), params, None if _is_mapped(x, part) else x.value),
    "matrix_diagonal": lambda x, part, params: apply(
        SETITEM,
        (x, part, *diagonal_places(x.shape, params["offset"])),
        {"index": (Ellipsis, ARRAY, ARRAY)},
        None if _is_mapped(x, part) else x.value,
    ),
    "reshape": lambda x, part, params: shape.reshape(part, shape=x.shape),
    "transpose": lambda x, part, params: shape.transpose(part, axes=shape.inverse(params["axes"])),
    "identity": lambda x, part, params: part,
    "flip": lambda x, part, params: shape.flip(part, **params),
    "real": lambda x, part, params: part if x.dtype.kind != "c" else part + 1j * elementwise.imag(x),
    "imag": lambda x, part, params: elementwise.real(x) + 1j * part,
}
"""How the origin of a view looks after the view was written: by the op that made the view."""
