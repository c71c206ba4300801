"""Everything on Tensor, whichever file attaches it. Written by `make stubs`: do not edit."""

# ruff: noqa: N802 (names and sentences are those of the code)

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, final

import numpy as np

from .graph import Extra, Mark, Node

@final  # subclassing it raises
class Tensor:
    """An n-dimensional array, or a scalar, that remembers how it was computed."""

    value: Any  # an ndarray, or a NumPy scalar where the shape is () and it is no view
    node: Node | None  # what computed it; None for leaves and constants
    requires_grad: bool
    extra: Extra | None
    view: View  # what it is a view of; unset where its memory is its own
    written: int  # the number of the last recorded in-place write; unset where there was none
    def __init__(
        self, value: Any, dtype: Any = None, *, requires_grad: bool = False, name: str | None = None
    ) -> None: ...
    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
    @property
    def ndim(self) -> int:
        """Number of axes."""
    @property
    def size(self) -> int:
        """Number of elements."""
    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
    def item(self, *args: Any) -> Any:
        """Return the only element as a Python number, or the one at a place; more than one is a ValueError."""
    def tolist(self) -> Any:
        """Return the values as nested Python lists."""
    def numpy(self) -> Any:
        """Return the value as an ndarray that shares memory; a tensor that requires grad must be detached."""
    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op computed it."""
    @property
    def is_parameter(self) -> bool:
        """Whether `nn.Parameter` made it; freezing does not change that."""
    @property
    def mark(self) -> Mark | None:
        """Why it has no graph, where something cut it off."""
    def notes(self) -> Extra:
        """Return the record of name, hooks and gradient, making it on first need."""
    @property
    def name(self) -> str | None:
        """A name for pictures and messages."""
    @name.setter
    def name(self, name: str | None) -> None: ...
    def named(self, name: str) -> Tensor:
        """Give it a name and return it: `q = (x + y).named("q")`."""
    @property
    def grad(self) -> Tensor | None:
        """The gradient: of a leaf summed over all backward passes, of another tensor after `retain_grad()`."""
    @grad.setter
    def grad(self, grad: Any) -> None: ...
    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for gradients of this leaf, or stop asking; returns the tensor itself."""
    def detach(self) -> Tensor:
        """Return a tensor of the same memory outside the graph: gradients stop here."""
    def retain_grad(self) -> Tensor:
        """Keep the gradient of this computed tensor in `.grad` as well; returns the tensor itself."""
    def register_hook(self, hook: Callable[[Tensor], Any]) -> Hook:
        """Call `hook(grad)` in each backward pass once the tensor's whole gradient is known."""
    def __copy__(self) -> Tensor: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __repr__(self) -> str: ...
    def __add__(self, other: Any) -> Tensor: ...
    def __radd__(self, other: Any) -> Tensor: ...
    def __sub__(self, other: Any) -> Tensor: ...
    def __rsub__(self, other: Any) -> Tensor: ...
    def __mul__(self, other: Any) -> Tensor: ...
    def __rmul__(self, other: Any) -> Tensor: ...
    def __truediv__(self, other: Any) -> Tensor: ...
    def __rtruediv__(self, other: Any) -> Tensor: ...
    def __floordiv__(self, other: Any) -> Tensor: ...
    def __rfloordiv__(self, other: Any) -> Tensor: ...
    def __mod__(self, other: Any) -> Tensor: ...
    def __rmod__(self, other: Any) -> Tensor: ...
    def __pow__(self, other: Any) -> Tensor: ...
    def __rpow__(self, other: Any) -> Tensor: ...
    def __matmul__(self, other: Any) -> Tensor: ...
    def __rmatmul__(self, other: Any) -> Tensor: ...
    def __iadd__(self, other: Any) -> Tensor: ...
    def __isub__(self, other: Any) -> Tensor: ...
    def __imul__(self, other: Any) -> Tensor: ...
    def __itruediv__(self, other: Any) -> Tensor: ...
    def __ipow__(self, other: Any) -> Tensor: ...
    def __imod__(self, other: Any) -> Tensor: ...
    def __ifloordiv__(self, other: Any) -> Tensor: ...
    def __imatmul__(self, other: Any) -> Tensor: ...
    def __iand__(self, other: Any) -> Tensor: ...
    def __ior__(self, other: Any) -> Tensor: ...
    def __ixor__(self, other: Any) -> Tensor: ...
    def __ilshift__(self, other: Any) -> Tensor: ...
    def __irshift__(self, other: Any) -> Tensor: ...
    def __divmod__(self, other: Any) -> tuple[Any, Any]: ...
    def __rdivmod__(self, other: Any) -> Tensor: ...
    def __round__(self, digits: int | None = None) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __pos__(self) -> Tensor: ...
    def __abs__(self) -> Tensor: ...
    def __invert__(self) -> Tensor: ...
    def __and__(self, other: Any) -> Tensor: ...
    def __rand__(self, other: Any) -> Tensor: ...
    def __or__(self, other: Any) -> Tensor: ...
    def __ror__(self, other: Any) -> Tensor: ...
    def __lshift__(self, other: Any) -> Tensor: ...
    def __rlshift__(self, other: Any) -> Tensor: ...
    def __rshift__(self, other: Any) -> Tensor: ...
    def __rrshift__(self, other: Any) -> Tensor: ...
    def __xor__(self, other: Any) -> Tensor: ...
    def __rxor__(self, other: Any) -> Tensor: ...
    def __lt__(self, other: Any) -> Tensor: ...
    def __le__(self, other: Any) -> Tensor: ...
    def __gt__(self, other: Any) -> Tensor: ...
    def __ge__(self, other: Any) -> Tensor: ...
    def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
    def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
    def __getitem__(self, key: Any) -> Tensor: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Tensor]: ...
    def __contains__(self, item: Any) -> bool: ...
    def __bool__(self) -> bool: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __complex__(self) -> complex: ...
    def __index__(self) -> int: ...
    def __format__(self, spec: str) -> str: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]: ...
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any: ...
    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any: ...
    def exp(self) -> Tensor:
        """Exponential `e^x`."""
    def log(self) -> Tensor:
        """Natural logarithm."""
    def sqrt(self) -> Tensor:
        """Square root."""
    def sin(self) -> Tensor:
        """Sine of x in radians."""
    def cos(self) -> Tensor:
        """Cosine of x in radians."""
    def tanh(self) -> Tensor:
        """Hyperbolic tangent; its derivative is `1 - tanh^2`."""
    def sigmoid(self) -> Tensor:
        """Logistic function `s = 1 / (1 + e^-x)`; its derivative is `s (1 - s)`."""
    def relu(self) -> Tensor:
        """Rectified linear unit `max(0, x)`; its derivative at 0 is taken as 0."""
    def abs(self) -> Tensor:
        """Absolute value; its derivative at 0 is taken as 0."""
    def square(self) -> Tensor:
        """`x x`."""
    def clip(
        self,
        a_min: Any = None,
        a_max: Any = None,
        out: Any = None,
        *,
        min: Any = None,
        max: Any = None,
        dtype: Any = None,
        casting: Any = "same_kind",
        order: str = "K",
        subok: bool = True,
        where: Any = None,
    ) -> Tensor:
        """Limit to [a_min, a_max] (or [min, max]), numbers or arrays; either may be None."""
    def sign(self) -> Tensor:
        """-1, 0 or 1 with the sign of a real x, a constant; of a complex x the number `x / |x|`, 0 at 0."""
    def sum(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = None,
    ) -> Tensor:
        """Sum over an axis, several, or all: `initial + sum_i x_i` over the elements where a mask is true."""
    def mean(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        where: Any = None,
    ) -> Tensor:
        """Arithmetic mean over an axis, several, or all."""
    def prod(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = None,
    ) -> Tensor:
        """Product over an axis, several, or all; its gradient is right in the presence of zeros."""
    def max(
        self,
        axis: int | Sequence[int] | None = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = None,
    ) -> Tensor:
        """Largest element over an axis, several, or all; equal ones share the gradient evenly."""
    def min(
        self,
        axis: int | Sequence[int] | None = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = None,
    ) -> Tensor:
        """Smallest element over an axis, several, or all; equal ones share the gradient evenly."""
    def var(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = None,
        mean: Any = None,
        correction: float | None = None,
    ) -> Tensor:
        """Variance `sum |x - mean|^2 / (n - ddof)` over an axis, several, or all (NumPy's default, ddof 0)."""
    def std(
        self,
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Any = None,
        mean: Any = None,
        correction: float | None = None,
    ) -> Tensor:
        """Standard deviation, the square root of `var`."""
    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Tensor:
        """Position of the largest element; a constant."""
    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Tensor:
        """Position of the smallest element; a constant."""
    def any(
        self, axis: int | Sequence[int] | None = None, out: Any = None, keepdims: bool = False, *, where: Any = None
    ) -> Tensor:
        """Whether any element is true; a constant."""
    def all(
        self, axis: int | Sequence[int] | None = None, out: Any = None, keepdims: bool = False, *, where: Any = None
    ) -> Tensor:
        """Whether all elements are true; a constant."""
    def logsumexp(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
        """`log(sum(exp(x)))` over an axis, several, or all, without overflow."""
    def softmax(self, axis: int = -1) -> Tensor:
        """`exp(x_i) / sum_j exp(x_j)` along an axis."""
    def log_softmax(self, axis: int = -1) -> Tensor:
        """Logarithm of softmax along an axis, exact also where softmax rounds to 0."""
    def dot(self, b: Any, out: Any = None) -> Tensor:
        """Sum of products over the last axis of a and the last but one of b (its only one, for a vector)."""
    def ravel(self, order: str = "C") -> Tensor:
        """All elements in one row: row by row, column by column ("F"), or as they lie in memory ("A", "K")."""
    def transpose(self, *axes: Any) -> Tensor:
        """Axes in another order, by default reversed."""
    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Exchange two axes."""
    def squeeze(self, axis: int | Sequence[int] | None = None) -> Tensor:
        """Drop axes of length 1: all of them, or those named."""
    def expand(self, *shape: Any) -> Tensor:
        """Repeat along axes of length 1, and along new leading axes."""
    def astype(self, dtype: Any, *, copy: bool = True, device: Any = None) -> Tensor:
        """Cast to a dtype; the gradient comes back in the old one. Integers and booleans are constants."""
    def clone(self) -> Tensor:
        """Copy, as a recorded op: the gradient goes on to the original."""
    def copy(self, order: str = "C") -> Tensor:
        """Copy, as a recorded op: the gradient goes on to the original."""
    def conj(self) -> Tensor:
        """The complex conjugate; the method leaves booleans what they are, `np.conj` makes numbers of them."""
    def conjugate(self) -> Tensor:
        """The complex conjugate; the method leaves booleans what they are, `np.conj` makes numbers of them."""
    def fill(self, value: Any) -> None:
        """Write a number into every element."""
    @property
    def T(self) -> Tensor:
        """All axes in reverse order."""
    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged: each matrix of a batch transposed."""
    @property
    def real(self) -> Tensor:
        """Real part."""
    @property
    def imag(self) -> Tensor:
        """Imaginary part."""
    def __array_namespace__(self, *, api_version: str | None = None) -> Any: ...
    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...
    @property
    def device(self) -> str:
        """Where the elements are: always "cpu"."""
    def to_device(self, device: str, *, stream: Any = None) -> Tensor:
        """The tensor itself: there is no device but "cpu"."""
    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""
    @property
    def flat(self) -> Iterator[Any]:
        """All elements, one after the other."""
    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Tensor:
        """The same elements in another shape, given as one tuple or as several numbers."""
    def flatten(self, order: str = "C") -> Tensor:
        """All elements in one row, as a copy."""
    def cumsum(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Tensor:
        """Running sum along an axis: `out_i = x_0 + ... + x_i`; with axis None, of all elements in one row."""
    def cumprod(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Tensor:
        """Running product along an axis: `out_i = x_0 ... x_i`; its gradient is right in the presence of zeros."""
    def argsort(
        self,
        axis: int | None = -1,
        kind: Any = None,
        order: Any = None,
        *,
        stable: bool | None = None,
        descending: bool = False,
    ) -> Tensor:
        """The places of the elements in ascending (or descending) order along an axis, NaN last (first); a constant."""
    def argpartition(
        self, kth: int | Sequence[int], axis: int | None = -1, kind: str = "introselect", order: Any = None
    ) -> Tensor:
        """An order along an axis that puts the k-th smallest elements at places k, smaller ones before; a constant."""
    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> Tensor:
        """Where to insert v into a sorted row a such that it stays sorted, before or after equals; a constant."""
    def take(self, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Tensor:
        """Elements at these places along an axis; with axis None, of all in one row."""
    def choose(self, choices: Any, out: Any = None, mode: str = "raise") -> Tensor:
        """Of several arrays, at each place the element of the one that the integers `a` name: `choices[a[i]][i]`."""
    def nonzero(self) -> tuple[Any, ...]:
        """The places of the elements other than zero, an array for each axis; constants."""
    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Tensor:
        """The slices along an axis where a row of booleans is true."""
    def put(self, ind: Any, v: Any, mode: Any = "raise") -> None:
        """Write `v`, repeated as needed, into the elements with these flat indices."""
    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        """Repeat each element so many times along an axis, or in one row; `repeats` may have a number for each."""
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """The elements a[i, i + offset] of two axes, along a new last axis: a read-only view."""
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Tensor:
        """The sum of a diagonal."""
    def round(self, decimals: int = 0, out: Any = None) -> Tensor:
        """Round to this many decimals, halves to even; a constant."""
    def sort(self, *args: Any, **kwargs: Any) -> None:
        """Refused, as it would work in place: write `np.sort(t)`."""
    def partition(self, *args: Any, **kwargs: Any) -> None:
        """Refused, as it would work in place: write `np.partition(t, kth)`."""
    def resize(self, *args: Any, **kwargs: Any) -> None:
        """Refused, as it would work in place: write `np.resize(t, shape)`."""
    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Iterable[Tensor] | None = None,
    ) -> None:
        """Compute the gradient of this tensor with respect to every leaf it was computed from."""
    def __hash__(self) -> int: ...  # by identity; __eq__ compares elements

class Hook:
    """The handle of a registered hook."""

    hooks: dict[int, Any]
    number: int
    def __init__(self, hooks: dict[int, Any], number: int) -> None: ...
    def remove(self) -> None:
        """Take the hook off; doing it twice is no error."""

View: TypeAlias = tuple[Any, Any, dict[str, Any], int, bool]
BORROWED: View
WRITTEN: dict[int, weakref.ref[Tensor]]

def asarray(value: Any, dtype: Any = None) -> Tensor:
    """Make a Tensor that shares the array's memory where it can; a Tensor of that dtype comes back as it is."""

def at(value: Any, source: Node) -> Tensor:
    """Make a Tensor of this value at this place of the graph: the output of a node."""

def constant(value: Any, mark: Mark | None = None) -> Tensor:
    """Make a Tensor outside the graph that shares the value's memory."""

def cut_off(tensor: Tensor, mark: Mark) -> Tensor:
    """Make a Tensor outside the graph that shares the memory of another one, also if that is given another value."""

def detached(tensor: Tensor) -> list[Tensor]:
    """The tensors that were cut off from this one and share its memory."""

def stand_in(tensor: Tensor, value: Any) -> Tensor:
    """Make a Tensor outside the graph that stands for another one, as it is now."""

def note_created(tensor: Tensor) -> Tensor:
    """Tell observers that a tensor was made of numbers, in memory of its own; returns the tensor."""

def note_read(tensor: Tensor, what: str, value: Any) -> Any:
    """Tell observers that Python code has asked for a concrete value; returns the value."""

def note_view(out: Tensor, x: Tensor, op: Any, params: dict[str, Any], value: Any, recording: bool) -> None:
    """Record that `out`, made of `x`, looks into its memory, if the value that the op gave does."""

def is_scalar(tensor: Tensor) -> bool:
    """Whether it has no axes and is no view: an immutable value, as NumPy's scalars are."""

def origin(tensor: Tensor) -> View:
    """What a tensor is a view of; None where its memory is its own."""

def shares(view: Any, value: Any) -> bool:
    """Whether an array is another one or looks into its memory; NumPy has views point to the owner itself."""

def refresh(tensor: Tensor) -> None:
    """Bring a view up to date with what was written, in a recorded way, into the tensor it looks into."""

def become(tensor: Tensor, out: Tensor, value: Any = None) -> None:
    """Put a tensor at the place of another in the graph, with its value or the one given."""

def why_constant(tensor: Tensor) -> str:
    """Say why a tensor does not require grad: what follows "this tensor does not require grad"."""
