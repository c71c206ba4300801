"""`Tensor`: a value with a place in the graph.

This file holds the object itself. Operators and NumPy's protocols are attached by `methods.py`,
`backward()` by `backward.py`, the notebook picture by `draw`; `tensor.pyi` declares them all.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

import numpy as np

from .batched import Batched
from .config import MODES, OBSERVED, mode
from .errors import GradientError, describe
from .graph import Extra, Mark, Node, next_number, notes, user_frame

_new = object.__new__
_hook_number = count()


class Tensor:
    """An n-dimensional array, or a scalar, that remembers how it was computed.

    `Tensor(a)` copies its argument, `asarray(a)` shares memory; both keep an array's dtype, and Python
    numbers become what NumPy makes of them. A tensor that nothing computed is a leaf; a leaf made with
    `requires_grad=True` collects the gradients of backward passes in `.grad`.

    >>> x = Tensor(-2.0, requires_grad=True)
    >>> y = x * x + 3.0
    >>> y.backward()
    >>> y, x.grad
    (Tensor(7.0, op='add'), Tensor(-4.0))

    Raises TypeError for values that are not numbers, and for integers that are to require a gradient.
    """

    __slots__ = ("__weakref__", "extra", "node", "requires_grad", "value", "view", "written")
    value: Any  # an ndarray, or a NumPy scalar where the shape is () and it is no view
    node: Node | None  # what computed it; None for leaves and constants
    requires_grad: bool
    extra: Extra | None
    view: View  # what it is a view of; unset where its memory is its own
    written: int  # the number of the last recorded in-place write; unset where there was none

    def __init__(self, value: Any, dtype: Any = None, *, requires_grad: bool = False, name: str | None = None) -> None:
        self.node = None
        self.extra = None
        self.requires_grad = False
        if type(value) is float and dtype is None:
            self.value = np.float64(value)
            self.requires_grad = bool(requires_grad)
        else:
            self.value = _numbers(value, dtype, copy=True)
            if type(value) is Tensor:
                for observer in MODES.get().observers:
                    observer.same(self, value)
            if requires_grad:
                self.requires_grad_()
        if type(value) is not Tensor:
            note_created(self)
        if name is not None:
            self.name = name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        raise TypeError(
            "Tensor cannot be subclassed: ops test `type(x) is Tensor`. Hold a Tensor in an attribute, "
            "or write a function of Tensors."
        )

    # -- the array ------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.value.size

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.value.nbytes

    def item(self, *args: Any) -> Any:
        """Return the only element as a Python number, or the one at a place; more than one is a ValueError."""
        if args:
            key = args[0] if isinstance(args[0], tuple) else args
            return (self.reshape(-1) if len(key) == 1 else self)[key].item()
        if WRITTEN:
            refresh(self)
        if self.value.size != 1:
            raise ValueError(
                f"item() takes a tensor of one element, this one has {self.value.size} ({describe(self.value)}). "
                "Index one element first, t[i, j].item(), or reduce it, t.sum().item()."
            )
        return note_read(self, "item", self.value.item())

    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
        if WRITTEN:
            refresh(self)
        note_read(self, "tolist", self.value)
        return self.value.tolist()

    def numpy(self) -> Any:
        """Return the value as an ndarray that shares memory; a tensor that requires grad must be detached.

        A scalar comes back as an array of shape ().
        """
        if WRITTEN:
            refresh(self)
        if self.requires_grad:
            raise GradientError(
                "numpy() of a tensor that requires grad would lose its gradient without a word. "
                "Write t.detach().numpy() if that is wanted."
            )
        return np.asarray(note_read(self, "numpy", self.value))

    # -- its place in the graph -----------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op computed it."""
        return self.node is None

    @property
    def is_parameter(self) -> bool:
        """Whether `nn.Parameter` made it; freezing does not change that."""
        return self.extra is not None and self.extra.parameter

    @property
    def mark(self) -> Mark | None:
        """Why it has no graph, where something cut it off."""
        return self.extra.mark if self.extra is not None else None

    def notes(self) -> Extra:
        """Return the record of name, hooks and gradient, making it on first need."""
        return notes(self.node or self)

    @property
    def name(self) -> str | None:
        """A name for pictures and messages."""
        extra = (self.node or self).extra
        return extra.name if extra is not None else None

    @name.setter
    def name(self, name: str | None) -> None:
        self.notes().name = name

    def named(self, name: str) -> Tensor:
        """Give it a name and return it: `q = (x + y).named("q")`."""
        self.name = name
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient: of a leaf summed over all backward passes, of another tensor after `retain_grad()`."""
        extra = (self.node or self).extra
        if extra is None:
            return None
        if extra.rows:
            extra.grad, extra.rows = constant(extra.rows.into(None)), ()
        return extra.grad

    @grad.setter
    def grad(self, grad: Any) -> None:
        if OBSERVED:
            for observer in MODES.get().observers:
                observer.set_grad(self)
        if grad is not None:
            if type(grad) is not Tensor or not grad.requires_grad:
                grad = Tensor(grad)  # a copy: passes add into it in place
            if grad.shape != self.shape or grad.dtype != self.dtype:
                raise ValueError(
                    f"a gradient has the shape and dtype of its tensor, {describe(self.value)}; "
                    f"got {describe(grad.value)}"
                )
        elif (self.node or self).extra is None:
            return
        extra = self.notes()
        extra.grad = grad
        if extra.rows:
            extra.rows = ()

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients of this leaf, or stop asking; returns the tensor itself."""
        if self.node is not None:
            if requires_grad:
                return self
            raise GradientError(
                f"this tensor was computed by op '{self.node.op.name}' and takes part in the graph. "
                "Write t.detach() for a tensor of the same value outside it."
            )
        if requires_grad and self.value.dtype.kind not in "fc":
            raise TypeError(
                f"only floating and complex tensors can require a gradient, this one is {describe(self.value)}. "
                "Write Tensor(2.0) instead of Tensor(2), or give dtype=float."
            )
        self.requires_grad = bool(requires_grad)
        return self

    def detach(self) -> Tensor:
        """Return a tensor of the same memory outside the graph: gradients stop here."""
        if WRITTEN:
            refresh(self)
        mark = Mark("detach", "detach", user_frame(sys._getframe(1)))
        for observer in MODES.get().observers if self.requires_grad else ():
            observer.cut(self, mark)
        return cut_off(self, mark)

    def retain_grad(self) -> Tensor:
        """Keep the gradient of this computed tensor in `.grad` as well; returns the tensor itself."""
        self._needs_graph("retain_grad()")
        self.notes().retain = True
        return self

    def register_hook(self, hook: Callable[[Tensor], Any]) -> Hook:
        """Call `hook(grad)` in each backward pass once the tensor's whole gradient is known.

        What the hook returns, if not None, takes the gradient's place. `handle.remove()` takes it off.
        """
        self._needs_graph("register_hook()")
        extra = self.notes()
        if extra.hooks is None:
            extra.hooks = {}
        handle = Hook(extra.hooks, next(_hook_number))
        extra.hooks[handle.number] = hook
        return handle

    def _needs_graph(self, what: str) -> None:
        if WRITTEN:
            refresh(self)
        if not self.requires_grad:
            raise GradientError(f"{what} needs a tensor that requires grad{why_constant(self)}.")

    # -- copies and text ------------------------------------------------------------------------------

    def __copy__(self) -> Tensor:
        if WRITTEN:
            refresh(self)
        value = _own(self.value)
        return at(value, self.node) if self.node is not None else _twin(self, _leaf_like(self, value))

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if WRITTEN:
            refresh(self)
        if self.node is not None:  # the value alone: copying a graph would detach it from its leaves
            twin = constant(_own(self.value), Mark("copy", "deepcopy", user_frame(sys._getframe(1))))
        else:
            twin = _leaf_like(self, _own(self.value))
            if self.grad is not None:
                twin.notes().grad = _twin(self.grad, constant(_own(self.grad.value)))
        memo[id(self)] = twin
        return _twin(self, twin)

    def __reduce__(self) -> tuple[Any, ...]:
        if WRITTEN:
            refresh(self)
        leaf, value = self.node is None, note_read(self, "pickle", self.value)
        return _unpickle, (
            value, leaf and self.requires_grad, self.name, self.is_parameter, not leaf,
        )  # fmt: skip

    def __repr__(self) -> str:
        if WRITTEN:
            refresh(self)
        note_read(self, "text", None)
        if isinstance(self.value, np.ndarray) and self.value.shape:
            text = np.array2string(self.value, separator=", ", prefix="Tensor(", floatmode="maxprec_equal")
            if self.value.size == 0:
                text += f", shape={self.value.shape}"
        else:
            text = str(self.value)
        if self.value.dtype not in (np.float64, np.int64, np.bool_, np.complex128):
            text += f", dtype={self.value.dtype}"
        if self.name is not None:
            text += f", name={self.name!r}"
        if self.node is not None:
            text += f", op={self.node.op.name!r}"
        elif self.requires_grad:
            text += ", requires_grad=True"
        return f"Tensor({text})"


class Hook:
    """The handle of a registered hook."""

    __slots__ = ("hooks", "number")

    def __init__(self, hooks: dict[int, Any], number: int) -> None:
        self.hooks, self.number = hooks, number

    def remove(self) -> None:
        """Take the hook off; doing it twice is no error."""
        self.hooks.pop(self.number, None)


def asarray(value: Any, dtype: Any = None) -> Tensor:
    """Make a Tensor that shares the array's memory where it can; a Tensor of that dtype comes back as it is.

    >>> a = np.zeros(2)
    >>> t = asarray(a)
    >>> a[0] = 5.0
    >>> t
    Tensor([5., 0.])
    """
    if type(value) is Tensor:
        if WRITTEN:
            refresh(value)
        if dtype is None or value.dtype == dtype:
            return value
        if value.requires_grad:
            return value.astype(dtype)
        value = value.value
    tensor = constant(_numbers(value, dtype, copy=False))
    tensor.view = BORROWED
    return tensor


def at(value: Any, source: Node) -> Tensor:
    """Make a Tensor of this value at this place of the graph: the output of a node."""
    tensor: Tensor = _new(Tensor)
    tensor.value = value
    tensor.node = source
    tensor.requires_grad = True
    tensor.extra = None
    return tensor


def constant(value: Any, mark: Mark | None = None) -> Tensor:
    """Make a Tensor outside the graph that shares the value's memory."""
    tensor: Tensor = _new(Tensor)
    tensor.value = value[()] if type(value) is np.ndarray and not value.shape else value
    tensor.node = None
    tensor.requires_grad = False
    tensor.extra = None
    if mark is not None:
        tensor.extra = Extra()
        tensor.extra.mark = mark
    return tensor


def cut_off(tensor: Tensor, mark: Mark) -> Tensor:
    """Make a Tensor outside the graph that shares the memory of another one, also if that is given another value."""
    x, op, params = origin(tensor)[:3]
    if x is not None and op is not None:  # the same view, of its origin cut off
        with mode(recording=False):
            out: Tensor = op.call(cut_off(x, mark), **params)
    else:
        out = constant(tensor.value, mark)
        if not is_scalar(tensor):
            out.value = tensor.value
            link = _Cut(tensor)
            link.out = weakref.ref(out)
            out.view = (link, None, {}, next_number(), False)
    return _twin(tensor, out)


class _Cut(weakref.ref[Tensor]):
    """The link of a detached tensor to the one it shares memory with: weak, as it must not keep the graph."""

    __slots__ = ("out",)
    out: weakref.ref[Tensor]


def detached(tensor: Tensor) -> list[Tensor]:
    """The tensors that were cut off from this one and share its memory."""
    found = [link.out() for link in weakref.getweakrefs(tensor) if type(link) is _Cut]
    return [out for out in found if out is not None]


def stand_in(tensor: Tensor, value: Any) -> Tensor:
    """Make a Tensor outside the graph that stands for another one, as it is now."""
    other = constant(value)
    other.value = value
    return _twin(tensor, other)


def _twin(tensor: Tensor, twin: Tensor) -> Tensor:
    """Tell observers that a tensor has the value of another; returns it."""
    for observer in MODES.get().observers:
        observer.same(twin, tensor)
    return twin


def note_created(tensor: Tensor) -> Tensor:
    """Tell observers that a tensor was made of numbers, in memory of its own; returns the tensor."""
    for observer in MODES.get().observers:
        observer.created(tensor)
    return tensor


def note_read(tensor: Tensor, what: str, value: Any) -> Any:
    """Tell observers that Python code has asked for a concrete value; returns the value."""
    for observer in MODES.get().observers:
        observer.read(tensor, what, value)
    return value


# -- views, and what is written in place ---------------------------------------------------------------

View: TypeAlias = tuple[Any, Any, dict[str, Any], int, bool]
"""A view's origin: the tensor it looks into, the op and parameters that made it, when, and whether that was recorded.

`detach()` has no op, and holds its tensor weakly.
"""

BORROWED: View = (None, None, {}, 0, True)
"""In place of a view's origin: the memory belongs to somebody outside, so a recorded write goes to a copy."""

WRITTEN: dict[int, weakref.ref[Tensor]] = {}
"""The tensors that a recorded write has changed and that are alive. While there are any, views may be behind."""


def note_view(out: Tensor, x: Tensor, op: Any, params: dict[str, Any], value: Any, recording: bool) -> None:
    """Record that `out`, made of `x`, looks into its memory, if the value that the op gave does.

    A view of one element has no axes and is an array all the same: what is written there is seen. `no_grad` cuts off
    what has a gradient then.
    """
    if not shares(value, x.value):
        return
    if type(value) is Batched and (is_scalar(x) or not (value.shape or Ellipsis in params.get("index", (...,)))):
        return  # one example would be a scalar
    out.value = value
    out.view = (x, op, params, next_number(), recording or not x.requires_grad)


def is_scalar(tensor: Tensor) -> bool:
    """Whether it has no axes and is no view: an immutable value, as NumPy's scalars are."""
    return not tensor.value.shape and type(tensor.value) is not np.ndarray and origin(tensor)[0] is None


def origin(tensor: Tensor) -> View:
    """What a tensor is a view of; None where its memory is its own."""
    view = getattr(tensor, "view", BORROWED)
    if view[1] is None and view[0] is not None:
        view = (view[0](), *view[1:])
    return view


def shares(view: Any, value: Any) -> bool:
    """Whether an array is another one or looks into its memory; NumPy has views point to the owner itself."""
    if type(view) is Batched and type(value) is Batched:
        return shares(view.batch, value.batch)
    if type(view) is not np.ndarray or type(value) is not np.ndarray:
        return False
    base = view.base
    return view is value or (base is not None and (base is value or base is value.base))


def refresh(tensor: Tensor) -> None:
    """Bring a view up to date with what was written, in a recorded way, into the tensor it looks into."""
    behind = []
    root = tensor
    while (view := origin(root))[0] is not None:
        behind.append((root, view))
        root = view[0]
    written = getattr(root, "written", 0)
    for tensor, (x, op, params, number, recording) in reversed(behind):
        if number < written:
            extra = tensor.extra
            # Whether it has a graph was decided when it was made, not by where it happens to be looked at.
            with mode(recording=recording):
                become(tensor, stand_in(x, x.value) if op is None else op.call(x, **params))
            if not recording:
                tensor.extra = extra


def become(tensor: Tensor, out: Tensor, value: Any = None) -> None:
    """Put a tensor at the place of another in the graph, with its value or the one given."""
    tensor.value = out.value if value is None else value
    tensor.node, tensor.requires_grad, tensor.extra = out.node, out.requires_grad, out.extra
    if hasattr(tensor, "view"):
        tensor.view = (*tensor.view[:3], next_number(), tensor.view[4])
    for observer in MODES.get().observers:
        observer.became(tensor, out)


def why_constant(tensor: Tensor) -> str:
    """Say why a tensor does not require grad: what follows "this tensor does not require grad"."""
    if tensor.mark is not None:
        return f": {tensor.mark}"
    if tensor.value.dtype.kind not in "fc":
        return f": it is {describe(tensor.value)}, and only floating and complex tensors have gradients"
    return "; make its inputs with Tensor(..., requires_grad=True)"


def _numbers(value: Any, dtype: Any, *, copy: bool) -> Any:
    """Return the value as an ndarray or NumPy scalar, refusing what holds no numbers."""
    if type(value) is Tensor:
        if value.requires_grad:
            raise GradientError(
                "Tensor(t) of a tensor that requires grad would lose its gradient without a word. "
                "Use t itself, t.clone() for a recorded copy, or Tensor(t.detach())."
            )
        value = value.value
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError("masked arrays are not supported: a Tensor would drop the mask. Write array.filled(...)")
    array = np.array(value, dtype=dtype) if copy else np.asarray(value, dtype=dtype)
    if array.dtype.kind not in "fciub":
        raise TypeError(f"a Tensor holds numbers, got {array.dtype} from {type(value).__name__}")
    return array[()] if array.shape == () else array


def _own(value: Any) -> Any:
    return (value.copy() if value.shape else value[()]) if isinstance(value, np.ndarray) else value


def _leaf_like(leaf: Tensor, value: Any) -> Tensor:
    twin = constant(value)
    twin.requires_grad = leaf.requires_grad
    if leaf.extra is not None:
        extra = twin.notes()
        extra.name, extra.parameter, extra.mark = (
            leaf.extra.name,
            leaf.extra.parameter,
            leaf.extra.mark,
        )
    return twin


def _unpickle(value: Any, requires_grad: bool, name: str | None, parameter: bool, cut: bool) -> Tensor:
    twin = constant(value, Mark("copy", "unpickle", user_frame(sys._getframe(1))) if cut else None)
    twin.requires_grad = requires_grad
    if name is not None or parameter:
        extra = twin.notes()
        extra.name, extra.parameter = name, parameter
    return twin
