"""The package autograd's interface on top of this engine, so that code written for it runs here.

    python -m pip download autograd==1.9.1 --no-binary autograd --no-deps   # the source holds its tests
    python -m tests.parity.autograd_adapter path/to/autograd/tests [arguments of pytest]

`install()` puts modules named `autograd`, `autograd.numpy` and so on before the real ones. Gradients by complex
numbers are conjugated on the way, since autograd's are plain transposes. There are no vector spaces, boxes or
sparse objects here, and SciPy's functions are those of `autodiff.special`.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.transforms import flatten as leaves_of

# -- namespaces ---------------------------------------------------------------------------------------------


def tensors(value: Any) -> Iterator[ad.Tensor]:
    """The Tensors among arguments."""
    if type(value) is ad.Tensor:
        yield value
    elif builtins.isinstance(value, list | tuple):
        for part in value:
            yield from tensors(part)


def adapted(ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Our function of Tensors, NumPy's of everything else: its `zeros` and `array` give arrays."""

    def call(*args: Any, **kwargs: Any) -> Any:
        traced = any(True for _ in tensors([*args, *kwargs.values()]))
        return (ours if traced else theirs)(*args, **kwargs)

    return call


def namespace(name: str, ours: Any, theirs: Any) -> ModuleType:
    """A module with all names of NumPy's, its functions also of Tensors."""
    module = ModuleType(name)
    for key, value in vars(theirs).items():
        mine = getattr(ours, key, None)
        if key in ("r_", "c_"):
            setattr(module, key, mine)
        elif callable(mine) and callable(value) and not builtins.isinstance(value, type):
            setattr(module, key, adapted(mine, value))
        else:
            setattr(module, key, value)
    return module


# -- operators ----------------------------------------------------------------------------------------------


def of_argument(operator: Callable[..., Any]) -> Callable[..., Any]:
    """Make an operator on functions of one argument one that takes `argnum`, a number or several."""

    def of_function(fun: Callable[..., Any], argnum: Any = 0, *more: Any, **options: Any) -> Callable[..., Any]:
        def applied(*args: Any, **kwargs: Any) -> Any:
            several = not builtins.isinstance(argnum, int)
            chosen = tuple(args[i] for i in argnum) if several else args[argnum]

            def unary(x: Any) -> Any:
                called = list(args)
                for i, value in zip(argnum if several else (argnum,), x if several else (x,), strict=True):
                    called[i] = value
                return fun(*called, **kwargs)

            return operator(unary, floating(chosen), *more, **options)

        return applied

    of_function.__name__ = operator.__name__
    return of_function


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to each leaf of a container."""
    leaves, rebuild = leaves_of(tree)
    return rebuild([f(leaf) for leaf in leaves])


def floating(tree: Any) -> Any:
    """The same with floats for Python's integers, which autograd differentiates by."""
    return mapped(lambda leaf: float(leaf) if type(leaf) is int else leaf, tree)


def conjugate(tree: Any) -> Any:
    return mapped(lambda leaf: leaf.conj() if is_complex(leaf) else leaf, tree)


def is_complex(leaf: Any) -> bool:
    return np.dtype(getattr(leaf, "dtype", type(leaf))).kind == "c"


def like(value: Any, number: float) -> Any:
    """Zeros or ones in the shape of a number or an array; complex ones are 1 + i, as autograd has it."""
    if is_complex(value):
        return np.full(np.shape(value), number * (1 + 1j), value.dtype)[()]
    return np.full(np.shape(value), number, getattr(value, "dtype", float))[()]


def unary_vjp(fun: Callable[..., Any], x: Any) -> Any:
    out, pullback = ad.vjp(fun, x)
    return (lambda g: conjugate(pullback(conjugate(floating(g)))[0])), out


def single(fun: Callable[..., Any], x: Any) -> Any:
    """The pullback and the value of a function that returns one real number."""
    pullback, out = unary_vjp(fun, x)
    if np.size(out) != 1 or is_complex(out):
        raise TypeError("grad is of functions of a single real number; there are jacobian and holomorphic_grad too")
    return pullback, out


@of_argument
def make_vjp(fun: Any, x: Any) -> Any:
    return unary_vjp(fun, x)


@of_argument
def make_jvp(fun: Any, x: Any) -> Any:
    return lambda v: ad.jvp(fun, (x,), (floating(v),))


@of_argument
def make_jvp_reversemode(fun: Any, x: Any) -> Any:
    return lambda v: ad.jvp(fun, (x,), (floating(v),))[1]


@of_argument
def value_and_grad(fun: Any, x: Any) -> Any:
    pullback, out = single(fun, x)
    return out, pullback(like(out, 1.0))


@of_argument
def grad(fun: Any, x: Any) -> Any:
    pullback, out = single(fun, x)
    return pullback(like(out, 1.0))


@of_argument
def grad_and_aux(fun: Any, x: Any) -> Any:
    out, pullback, aux = ad.vjp(lambda x: tuple(fun(x)), x, has_aux=True)
    return pullback(like(out, 1.0))[0], aux


@of_argument
def elementwise_grad(fun: Any, x: Any) -> Any:
    pullback, out = unary_vjp(fun, x)
    if is_complex(out):
        raise TypeError("elementwise_grad is of real functions")
    return pullback(like(out, 1.0))


@of_argument
def deriv(fun: Any, x: Any) -> Any:
    return ad.jvp(fun, (x,), (like(x, 1.0),))[1]


@of_argument
def holomorphic_grad(fun: Any, x: Any) -> Any:
    return grad(lambda x: ad.real(fun(x)))(x)


@of_argument
def jacobian(fun: Any, x: Any) -> Any:
    return ad.jacrev(fun)(x)


@of_argument
def hessian(fun: Any, x: Any) -> Any:
    return ad.jacrev(ad.jacrev(fun))(x)


@of_argument
def make_hvp(fun: Any, x: Any) -> Any:
    return unary_vjp(grad(fun), x)


def hessian_tensor_product(fun: Any, argnum: int = 0) -> Callable[..., Any]:
    def along(*args: Any) -> Any:
        return ad.numpy.tensordot(grad(fun, argnum)(*args[:-1]), args[-1], np.ndim(args[-1]))

    return grad(along, argnum)


def tensor_jacobian_product(fun: Any, argnum: int = 0) -> Callable[..., Any]:
    def along(*args: Any) -> Any:
        return ad.numpy.tensordot(args[-1], fun(*args[:-1]), np.ndim(args[-1]))

    return jacobian(along, argnum)


def make_ggnvp(f: Any, g: Any = lambda x: 0.5 * (x * x).sum(-1), f_argnum: int = 0) -> Callable[..., Any]:
    @of_argument
    def made(f: Any, x: Any) -> Any:
        pullback, out = unary_vjp(f, x)
        return lambda v: pullback(make_jvp(grad(g))(out)(make_jvp(f)(x)(v)[1])[1])

    return made(f, f_argnum)


def grad_named(fun: Any, argname: str) -> Any:
    return grad(fun, list(inspect.signature(fun).parameters).index(argname))


# -- functions with a derivative of the user's --------------------------------------------------------------


class primitive:
    """A function of arrays that is given its derivative with `defvjp`."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f, self.makers = f, {}
        self.__name__ = getattr(f, "__name__", "primitive")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        moving = [i for i, a in enumerate(args) if type(a) is ad.Tensor and a.requires_grad]

        def with_arrays(*xs: Any) -> Any:
            return self.f(*[getval(a) for a in put(args, moving, xs)], **kwargs)

        def pull(xs: Any, g: Any) -> Any:
            called = put(args, moving, xs)
            out = self(*called, **kwargs)
            return tuple(conjugate(self.maker(i)(out, *called, **kwargs)(conjugate(g))) for i in moving)

        if not moving:
            return with_arrays()
        custom = ad.custom_vjp(with_arrays)
        custom.defvjp(lambda *xs: (with_arrays(*xs), xs), pull)
        return custom(*[args[i] for i in moving])

    def maker(self, i: int) -> Callable[..., Any]:
        if i not in self.makers:
            # the exception that autograd raises, and that its tests wait for
            raise NotImplementedError(f"{self.__name__} has no derivative by argument {i}")
        zero = self.makers[i] is None
        return (lambda ans, *args, **kwargs: lambda g: like(getval(args[i]), 0.0)) if zero else self.makers[i]


def put(args: Any, places: list[int], values: Iterable[Any]) -> list[Any]:
    changed = list(args)
    for i, value in zip(places, values, strict=False):
        changed[i] = value
    return changed


def defvjp(fun: primitive, *makers: Any, argnums: Any = None) -> None:
    fun.makers.update(zip(itertools.count() if argnums is None else argnums, makers, strict=False))


def defvjp_argnum(fun: primitive, maker: Any) -> None:
    for i in range(10):
        fun.makers[i] = lambda ans, *args, i=i, **kwargs: maker(i, ans, args, kwargs)


def notrace_primitive(f: Any) -> Any:
    return f


def isbox(x: Any) -> bool:
    return type(x) is ad.Tensor


def getval(x: Any) -> Any:
    return x.value if type(x) is ad.Tensor else x


def isinstance(x: Any, types: Any) -> bool:
    return builtins.isinstance(getval(x), types)


# -- checks -------------------------------------------------------------------------------------------------


def scalar_close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) < 1e-6 or abs(a - b) / abs(a + b) < 1e-6)


def check_equivalent(x: Any, y: Any) -> None:
    (xs, _), (ys, _) = leaves_of(x), leaves_of(y)
    for a, b in zip(map(getval, xs), map(getval, ys), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@of_argument
def check_grads(fun: Any, x: Any, modes: Iterable[str] = ("fwd", "rev"), order: int = 2) -> None:
    """Compare with finite differences along a random direction, whose steps are as small as autograd's."""
    rng = np.random.default_rng(0)
    x = mapped(getval, x)
    v, u = random_like(rng, x), random_like(rng, mapped(getval, fun(x)))
    slope = difference(fun, x, v)
    if "fwd" in modes:
        check_equivalent(inner(u, make_jvp(fun)(x)(v)[1]), inner(u, slope))
    if "rev" in modes:
        check_equivalent(inner(ad.vjp(fun, x)[1](u)[0], v), inner(u, slope))
    if order > 1 and "fwd" in modes:
        check_grads(lambda x, v: make_jvp(fun)(x)(v)[1], (0, 1), modes, order - 1)(x, v)
    if order > 1 and "rev" in modes:
        check_grads(lambda x, u: ad.vjp(fun, x)[1](u)[0], (0, 1), modes, order - 1)(x, u)


def difference(fun: Any, x: Any, v: Any, step: float = 1e-5) -> list[Any]:
    xs, rebuild = leaves_of(x)
    vs = leaves_of(v)[0]

    def at(h: float) -> list[Any]:
        return [getval(out) for out in leaves_of(fun(rebuild([a + h * b for a, b in zip(xs, vs, strict=True)])))[0]]

    near, far = ([a - b for a, b in zip(at(h), at(-h), strict=True)] for h in (step, 2 * step))
    return [(8 * n - f) / (12 * step) for n, f in zip(near, far, strict=True)]


def random_like(rng: np.random.Generator, x: Any) -> Any:
    def drawn(leaf: Any) -> Any:
        noise = rng.normal(size=np.shape(leaf))
        return (noise + 1j * rng.normal(size=np.shape(leaf)) if is_complex(leaf) else np.asarray(noise))[()]

    return mapped(drawn, x)


def inner(x: Any, y: Any) -> float:
    """The real inner product of two containers."""
    pairs = zip(leaves_of(x)[0], leaves_of(y)[0], strict=True)
    return float(sum(np.real(np.vdot(getval(a), getval(b))) for a, b in pairs))


def combo_check(fun: Any, *settings: Any, **more: Any) -> Callable[..., None]:
    """Check the derivatives for all combinations of the arguments given as lists."""

    def check(*lists: Any, **options: Any) -> None:
        for args in itertools.product(*lists):
            for values in itertools.product(*options.values()):
                check_grads(fun, *settings, **more)(*args, **dict(zip(options, values, strict=True)))

    return check


def flatten(tree: Any) -> Any:
    """All numbers of a container as one vector, and the way back."""
    leaves, rebuild = leaves_of(tree)
    shapes = [np.shape(getval(leaf)) for leaf in leaves]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def back(vector: Any) -> Any:
        parts = [vector[e - int(np.prod(s)) : e].reshape(s) for e, s in zip(ends, shapes, strict=True)]
        return rebuild(parts)

    return ad.numpy.concatenate([ad.numpy.ravel(leaf) for leaf in leaves]) if leaves else np.zeros(0), back


def const_graph(fun: Any, *args: Any, **kwargs: Any) -> Any:
    return partial(fun, *args, **kwargs)


# -- modules ------------------------------------------------------------------------------------------------


def by_name(*functions: Any) -> dict[str, Any]:
    return {f.__name__: f for f in functions}


def modules() -> dict[str, ModuleType]:
    """The modules that stand for autograd's, by name."""
    import scipy.integrate
    import scipy.signal
    import scipy.special
    import scipy.stats

    public = by_name(
        grad, value_and_grad, grad_and_aux, elementwise_grad, deriv, holomorphic_grad, jacobian, hessian, make_hvp,
        make_vjp, make_jvp, make_jvp_reversemode, make_ggnvp, hessian_tensor_product, tensor_jacobian_product,
        grad_named, ad.checkpoint, isinstance, list, dict, tuple,
    ) | {
        "hessian_vector_product": hessian_tensor_product,
        "vector_jacobian_product": tensor_jacobian_product,
    }  # fmt: skip
    extend = by_name(primitive, defvjp, defvjp_argnum, notrace_primitive)
    found: dict[str, dict[str, Any]] = {
        "autograd": public,
        "autograd.differential_operators": public,
        "autograd.builtins": public,
        "autograd.extend": extend,
        "autograd.core": extend | {"make_vjp": unary_vjp, "primitive_vjps": {}},
        "autograd.tracer": extend | by_name(isbox, getval),
        "autograd.wrap_util": {"unary_to_nary": of_argument},
        "autograd.test_util": by_name(check_grads, check_equivalent, combo_check, scalar_close),
        "autograd.misc": by_name(flatten, const_graph),
        "autograd.util": {},
        "autograd.scipy": {},
    }
    result: dict[str, ModuleType] = {}
    for name, contents in found.items():
        result[name] = ModuleType(name)
        vars(result[name]).update(contents)
    for name, ours, theirs in (
        ("autograd.numpy", ad.numpy, np),
        ("autograd.numpy.linalg", ad.numpy.linalg, np.linalg),
        ("autograd.numpy.fft", ad.numpy.fft, np.fft),
        ("autograd.scipy.special", ad.special, scipy.special),
        ("autograd.scipy.linalg", ad.numpy.linalg, scipy.linalg),
        ("autograd.scipy.integrate", None, scipy.integrate),
        ("autograd.scipy.signal", None, scipy.signal),
        ("autograd.scipy.stats", None, scipy.stats),
    ):
        result[name] = namespace(name, ours, theirs)
    result["autograd.numpy.random"] = np.random
    result["autograd.scipy.stats.multivariate_normal"] = scipy.stats.multivariate_normal
    for name, module in result.items():
        home, _, last = name.rpartition(".")
        if home:
            setattr(result[home], last, module)
    return result


def install() -> None:
    """From now on `import autograd` finds this adapter."""
    sys.modules.update(modules())


def main(path: str, *arguments: str) -> int:
    """Run the tests in a folder, which import autograd."""
    import pytest

    install()
    options = ["-c", os.devnull, "--rootdir", path, "-p", "no:randomly", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, path, *arguments]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
