"""Automatic differentiation on NumPy arrays: define by run, see every step.

>>> import autodiff as ad
>>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
>>> loss = (x * x).sum()
>>> loss.backward()
>>> x.grad
Tensor([2., 4.])
"""

from typing import TYPE_CHECKING

from . import methods  # noqa: F401  # gives Tensor its operators and NumPy's protocols
from .backward import backward_all, gradients
from .config import (
    default_dtype,
    enable_grad,
    is_grad_enabled,
    keep_values,
    no_grad,
    set_default_dtype,
    set_grad_enabled,
)
from .draw import draw
from .errors import GradientError, NumericalError
from .functional import (
    clone,
    conv2d,
    cross_entropy,
    dropout,
    getitem,
    linear,
    log_softmax,
    logsumexp,
    max_pool2d,
    one_hot,
    relu,
    scatter_add,
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    sigmoid,
    softmax,
    top_k,
)
from .kernels.conv import use_convolution
from .kernels.memory import keep_memory
from .kernels.policy import compile_kernels, use_kernels
from .kernels.threads import get_num_threads, set_num_threads
from .numpy import (
    abs,
    absolute,
    add,
    all,
    any,
    argmax,
    argmin,
    astype,
    broadcast_to,
    ceil,
    clip,
    concatenate,
    conj,
    cos,
    divide,
    dot,
    equal,
    exp,
    expand_dims,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    imag,
    isfinite,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    logical_not,
    matmul,
    max,
    maximum,
    mean,
    min,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    power,
    prod,
    ravel,
    real,
    remainder,
    reshape,
    round,
    sign,
    sin,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    subtract,
    sum,
    swapaxes,
    tanh,
    transpose,
    true_divide,
    var,
    where,
)
from .op import OPS, define
from .random import Generator, manual_seed
from .stepper import stepper
from .tensor import Tensor, asarray
from .trace import trace
from .transforms import (
    checkpoint,
    checkpoint_sequential,
    custom_vjp,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)

keep_memory()

if TYPE_CHECKING:
    from . import special, testing
    from .diagnose import debug, explain_grad, graph_report, profile
    from .draw import Picture, watch_modules
    from .stepper import live_stepper

    __version__: str
else:

    def __getattr__(name):
        """Import what most programs never ask for when it is asked for."""
        if name in ("special", "testing"):
            from importlib import import_module

            return import_module(f".{name}", __name__)
        if name in ("debug", "explain_grad", "graph_report", "profile"):
            from . import diagnose

            return getattr(diagnose, name)
        if name == "live_stepper":
            from .stepper.widget import live_stepper

            return live_stepper
        if name in ("Picture", "watch_modules"):
            from .draw.modules import watch_modules
            from .draw.picture import Picture

            return Picture if name == "Picture" else watch_modules
        if name == "__version__":
            from importlib import metadata  # costs a third of importing NumPy

            try:
                return metadata.version("chainrule")
            except metadata.PackageNotFoundError:  # a checkout that is not installed
                return "0+unknown"
        raise AttributeError(f"module 'autodiff' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


__all__ = [
    "Tensor",
    "asarray",
    "GradientError",
    "NumericalError",
    # derivatives
    "grad",
    "value_and_grad",
    "vjp",
    "jvp",
    "linearize",
    "elementwise_grad",
    "jacobian",
    "jacrev",
    "jacfwd",
    "hessian",
    "hvp",
    "vmap",
    "stop_gradient",
    "checkpoint",
    "checkpoint_sequential",
    "custom_vjp",
    "gradients",
    "backward_all",
    # programs
    "trace",
    # ops
    "define",
    "OPS",
    "testing",
    "special",
    # pictures
    "draw",
    "Picture",
    "watch_modules",
    "stepper",
    "live_stepper",
    # seeing what went wrong
    "debug",
    "explain_grad",
    "graph_report",
    "profile",
    # modes and settings
    "no_grad",
    "enable_grad",
    "set_grad_enabled",
    "is_grad_enabled",
    "keep_values",
    "default_dtype",
    "set_default_dtype",
    "get_num_threads",
    "set_num_threads",
    "use_kernels",
    "use_convolution",
    "compile_kernels",
    # random numbers
    "Generator",
    "manual_seed",
    # arithmetic
    "add",
    "subtract",
    "multiply",
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "mod",
    "power",
    "square",
    "negative",
    "absolute",
    "abs",
    "sign",
    "floor",
    "ceil",
    "round",
    "clip",
    "maximum",
    "minimum",
    "where",
    # elementary functions
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    # complex numbers
    "real",
    "imag",
    "conj",
    # comparisons
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "equal",
    "not_equal",
    "isnan",
    "isfinite",
    "logical_not",
    # reductions
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "var",
    "std",
    "logsumexp",
    "argmax",
    "argmin",
    "any",
    "all",
    # shape and indexing
    "reshape",
    "ravel",
    "transpose",
    "swapaxes",
    "broadcast_to",
    "squeeze",
    "expand_dims",
    "concatenate",
    "stack",
    "getitem",
    "scatter_add",
    "one_hot",
    "top_k",
    "segment_sum",
    "segment_mean",
    "segment_prod",
    "segment_max",
    "segment_min",
    "astype",
    "clone",
    # products and layers
    "matmul",
    "dot",
    "linear",
    "conv2d",
    "max_pool2d",
    "dropout",
    "softmax",
    "log_softmax",
    "cross_entropy",
]
