"""What is compared with the package autograd, as data: a function's name, and arguments.

A name is looked up in both systems (`np.` in their NumPy namespaces, `special.` in SciPy's); an expression of
`np` stands for a function that is called in another way. Arguments are drawn arrays, to differentiate by, or
constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Draw(NamedTuple):
    """An array to differentiate by."""

    sampler: Callable[[np.random.Generator, Shape], Any]
    shape: Shape

    def array(self, rng: np.random.Generator, complex_too: bool) -> Any:
        drawn = self.sampler(rng, self.shape)
        return np.asarray(drawn + 1j * self.sampler(rng, self.shape) if complex_too else drawn)[()]


def draws(sampler: Callable[[np.random.Generator, Shape], Any]) -> Callable[..., Draw]:
    return lambda *shape: Draw(sampler, shape)


normal = draws(lambda rng, shape: rng.normal(size=shape))
positive = draws(lambda rng, shape: rng.uniform(0.5, 2.0, shape))
inside = draws(lambda rng, shape: rng.uniform(0.2, 0.8, shape))
above = draws(lambda rng, shape: rng.uniform(1.2, 3.0, shape))
apart = draws(lambda rng, shape: rng.permutation(int(np.prod(shape))).reshape(shape) * 0.25 - 1.1)
unlike = draws(lambda rng, shape: rng.permutation(int(np.prod(shape))).reshape(shape) * 0.25 - 1.2)
matrix = draws(lambda rng, shape: rng.normal(size=shape) + 4.0 * np.eye(shape[-2], shape[-1]))


class Case(NamedTuple):
    """One call in both systems."""

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    complex: bool = False
    call: Callable[..., Any] | None = None  # takes the namespace first
    second: bool = True


CASES: list[Case] = []
COVERED: set[str] = set()


def case(names: str, *lists: tuple[Any, ...], z: Any = False, second: bool = True, **options: Any) -> None:
    """Add a case for each function and list of arguments; z: of complex arguments too, or "only"."""
    for name in names.split():
        COVERED.add(name)
        for args in lists:
            kinds = {False: (False,), True: (False, True), "only": (True,)}[z]
            CASES.extend(Case(name, args, options, kind, None, second) for kind in kinds)


def called(name: str, call: Callable[..., Any], *lists: tuple[Any, ...], z: Any = False, second: bool = True) -> None:
    """Add cases of a function that is called in a way of its own, `call(np, *args)`."""
    COVERED.add(name)
    for args in lists:
        kinds = {False: (False,), True: (False, True), "only": (True,)}[z]
        CASES.extend(Case(name, args, {}, kind, call, second) for kind in kinds)


# -- elementwise --------------------------------------------------------------------------------------------

SHAPES = ((), (3,), (2, 3))
ONE = [(normal(*s),) for s in SHAPES]
case(
    "np.negative np.exp np.expm1 np.sin np.cos np.tan np.sinh np.cosh np.tanh np.square np.reciprocal np.conj "
    "np.conjugate np.real np.imag np.abs np.absolute np.exp2",
    *ONE, z=True,
)  # fmt: skip
case("np.log np.log2 np.log10 np.log1p np.sqrt", *[(positive(*s),) for s in SHAPES], z=True)
case("np.fabs np.degrees np.radians np.rad2deg np.deg2rad np.sinc np.arctan np.atan np.arcsinh np.asinh", *ONE)
case("np.arctan np.arcsin np.arccos np.arctanh np.arcsinh", (inside(2, 3),), z="only")
case("np.arcsin np.asin np.arccos np.acos np.arctanh np.atanh", *[(inside(*s),) for s in SHAPES])
case("np.arccosh np.acosh", *[(above(*s),) for s in SHAPES])
case("np.angle", *ONE, z="only")
case("np.nan_to_num np.real_if_close", *ONE)
case("np.clip", (normal(2, 3), -0.5, 0.7), (apart(3), -0.3, 0.4))

PAIRS = [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2)), ((2, 2), ())]
TWO = [(normal(*a), normal(*b)) for a, b in PAIRS]
case("np.add np.subtract np.multiply", *TWO, z=True)
case("np.divide np.true_divide", *[(normal(*a), positive(*b)) for a, b in PAIRS], z=True)
case("np.power np.pow", *[(positive(*a), normal(*b)) for a, b in PAIRS], z=True)
case("np.power", (normal(2, 3), 2), (normal(2, 3), 3.0), (2.5, normal(2, 3)), z=True)
case("np.maximum np.minimum np.fmax np.fmin", *[(apart(*a), unlike(*b)) for a, b in PAIRS])
case("np.logaddexp np.logaddexp2 np.arctan2 np.atan2", *TWO)
case("np.hypot", *TWO, second=False)
case("np.mod np.remainder", (apart(2, 3), 0.7), (above(2, 3), inside(3)))
called("np.where", lambda np, c, x, y: np.where(c, x, y), (np.eye(3, dtype=bool), normal(3, 3), normal(3, 3)), z=True)
called("np.select", lambda np, x: np.select([x > 0.2, x < -0.4], [np.sin(x), x * x]), (apart(5),))

# -- reductions ---------------------------------------------------------------------------------------------

for _axis in (None, 0, -1, (0, 2), (1,)):
    for _keepdims in (False, True):
        case("np.sum np.mean np.prod", (normal(2, 3, 4),), z=True, axis=_axis, keepdims=_keepdims)
        case("np.max np.min np.amax np.amin", (apart(2, 3, 4),), axis=_axis, keepdims=_keepdims)
for _axis in (None, 0, -1, (0, 2)):
    case("np.std", (normal(2, 3, 4),), axis=_axis)
    case("np.std", (normal(2, 3, 4),), z=True, axis=_axis, keepdims=True, ddof=1)
for _axis in (None, 0, 1, -1):
    case("np.cumsum", (normal(2, 3),), z=True, axis=_axis)
case("np.var", (normal(2, 3, 4), 0), (normal(2, 3, 4), -1), z=True)  # of several axes autograd's fails
case("np.sum np.mean np.prod np.max", (positive(3),), (positive(1),))
case("np.trace", (normal(3, 3),), (normal(2, 3),), (normal(3, 3, 2), 1), (normal(4, 4), -1), z=True)

# -- shapes -------------------------------------------------------------------------------------------------

CUBE = normal(2, 3, 4)
case("np.reshape", (CUBE, (4, 6)), (CUBE, (-1, 2)), (normal(6), (2, 3)), z=True)
case("np.ravel", (CUBE,), (normal(),), z=True)
case("np.ravel", (CUBE,), order="F")
case("np.reshape", (CUBE, (6, 4)), order="F")
case("np.transpose np.permute_dims", (CUBE,), (CUBE, (2, 0, 1)), z=True)
case("np.squeeze", (normal(1, 3, 1),), (normal(1, 3, 1), 0), (normal(1, 3, 1), (0, 2)), z=True)
case("np.expand_dims", (normal(2, 3), 0), (normal(2, 3), -1), z=True)
case("np.swapaxes", (CUBE, 0, 2), z=True)
case("np.moveaxis", (CUBE, 0, -1), (CUBE, (0, 1), (2, 0)), z=True)
case("np.rollaxis", (CUBE, 2), (CUBE, 1, 3), z=True)
case("np.roll", (CUBE, 2), (CUBE, 1, 1), z=True)
case("np.fliplr np.flipud", (CUBE,), z=True)
case("np.rot90", (normal(2, 3),), (normal(2, 3), 2), (normal(2, 3), -1), z=True)
case("np.repeat", (normal(2, 3), 2), (normal(2, 3), 2, 0), (normal(2, 3), 3, 1), z=True)
case("np.tile", (normal(3), 2), (normal(2, 3), (2, 1)), (normal(3), (2, 2)), z=True)
case("np.broadcast_to", (normal(1, 3), (2, 3)), (normal(4, 2, 1), (4, 2, 3)), z=True)
case("np.atleast_1d np.atleast_2d np.atleast_3d", (normal(),), (normal(3),), (normal(2, 3),), z=True)
case("np.diag", (normal(3),), (normal(3, 3),), (normal(3), 1), (normal(3, 3), -1), z=True)
case("np.diagonal", (normal(2, 3, 3), 0, -1, -2), (normal(3, 3), 0, -1, -2))
case("np.tril np.triu", (normal(3, 3),), (normal(3, 3), 1), (normal(2, 3, 3), -1), z=True)
case("np.full", ((2, 3), normal()), z=True)
case("np.pad", (normal(3), 2, "constant"), (normal(2, 3), ((1, 0), (0, 2)), "constant"))
case("np.partition", (apart(7), 2), (apart(4), 1))
case("np.sort", (apart(7),), (apart(7),))
case("np.linspace", (normal(), normal(), 5), (normal(), normal(), 2))
case("np.diff", (normal(2, 5),), (normal(2, 5), 2), (normal(4, 3), 1, 0), z=True)
case("np.gradient", (normal(6),), (normal(5, 5),), z=True, axis=0)
called("np.gradient", lambda np, x: np.stack(np.gradient(x)), (normal(5, 5),), second=False)
called("np.astype", lambda np, x: np.astype(x, complex) * (1 + 2j), (normal(3),))

# -- joining and parting ------------------------------------------------------------------------------------

called("np.concatenate", lambda np, x, y: np.concatenate((x, y)), (normal(2, 3), normal(1, 3)), z=True)
called("np.concatenate", lambda np, x, y: np.concatenate([x, y], axis=1), (normal(2, 3), normal(2, 1)), z=True)
called("np.stack", lambda np, x, y: np.stack([x, y], axis=-1), (normal(2, 3), normal(2, 3)), z=True)
called("np.vstack", lambda np, x, y: np.vstack([x, y]), (normal(3), normal(2, 3)), z=True)
called("np.hstack", lambda np, x, y: np.hstack([x, y]), (normal(2, 1), normal(2, 3)), (normal(2), normal(3)), z=True)
called("np.column_stack", lambda np, x, y: np.column_stack([x, y]), (normal(2), normal(2, 3)), z=True)
called("np.append", lambda np, x, y: np.append(x, y), (normal(2), normal(2, 3)), z=True)
called("np.append", lambda np, x, y: np.append(x, y, axis=0), (normal(1, 3), normal(2, 3)), z=True)
called("np.array", lambda np, x, y: np.array([x, y]), (normal(), normal()), (normal(2), normal(2)), z=True)
called("np.array", lambda np, x, y: np.array([[x, 1.0], [2 * y, x]]), (normal(), normal()), z=True)
called("np.array", lambda np, x: np.array(x) * x, (normal(2, 3),))
called("np.split", lambda np, x: np.split(x, 2)[1] * np.split(x, 2)[0], (normal(4, 3),), z=True)
called("np.split", lambda np, x: np.split(x, [1, 3], axis=1)[1], (normal(2, 5),), z=True)
called("np.array_split", lambda np, x: np.array_split(x, 3)[0], (normal(5),), z=True)
called("np.hsplit", lambda np, x: np.hsplit(x, 2)[1], (normal(2, 4),), z=True)
called("np.vsplit", lambda np, x: np.vsplit(x, 2)[1], (normal(4, 2),), z=True)
called("np.dsplit", lambda np, x: np.dsplit(x, 2)[1], (normal(2, 2, 4),), z=True)
called("np.kron", lambda np, x, y: np.kron(x, y), (normal(2, 3), normal(3, 2)), z=True)

for _text, _key in {
    "int": 1, "negative": -1, "slice": slice(0, 2), "step": slice(None, None, -2), "row": (0,), "place": (1, 2),
    "column": (slice(None), 1), "dots": (..., 2), "new": (None, slice(None), None), "mask": np.eye(3, 4) > 0,
    "list": [0, 2, 2], "arrays": (np.array([0, 1, 0]), np.array([3, 1, 3])), "mixed": (slice(1, 3), [0, 3, 0]),
    "grid": np.ix_([0, 2], [1, 1, 3]), "bools": np.array([True, False, True]),
}.items():  # fmt: skip
    called(f"x[{_text}]", lambda np, x, key=_key: x[key], (normal(3, 4),), z=True)
called("methods", lambda np, x: x.T @ x + x.sum(axis=0) * x.reshape(2, 3).mean(), (normal(2, 3),), z=True)
called("methods", lambda np, x: x.flatten()[1:].cumsum() * x.max() + x.std() - x.ravel()[:5].argmax(),
       (apart(2, 3),))  # fmt: skip
called("methods", lambda np, x: x.swapaxes(0, 1).clip(-0.33, 0.42) * x.prod() + x.repeat(2).min(), (apart(2, 3),))
called("methods", lambda np, x: x * x.astype(complex).T.T, (normal(2, 3),))
called("operators", lambda np, x, y: -x + y * 2 - 3 / x + x**2 - 2.0**y + abs(y) + (1 - x) @ y,
       (positive(3, 3), normal(3, 3)))  # fmt: skip
called("operators", lambda np, x, y: (np.ones((3, 3)) @ x) ** 2 / (y * y + 1) + x % 0.7,
       (above(3, 3), normal(3, 3)))  # fmt: skip

# -- products -----------------------------------------------------------------------------------------------

case("np.dot", (normal(3), normal(3)), (normal(2, 3), normal(3)), (normal(3), normal(3, 2)),
    (normal(2, 3), normal(3, 4)), (normal(2, 3, 4), normal(2, 4, 3)), (normal(), normal(2, 3)), z=True)  # fmt: skip
case("np.matmul", (normal(3), normal(3)), (normal(2, 3), normal(3)), (normal(3), normal(3, 2)),
    (normal(2, 3), normal(3, 4)), (normal(2, 3, 4), normal(4, 3)), (normal(2, 1, 2, 3), normal(4, 3, 2)),
    (normal(3), normal(2, 3, 4)), z=True)  # fmt: skip
case("np.inner", (normal(3), normal(3)), (normal(2, 3), normal(3)), (normal(2, 3), normal(4, 3)), z=True)
case("np.outer", (normal(3), normal(2)), (normal(1), normal(3)), z=True)
case("np.tensordot", (normal(2, 3), normal(3, 4), 1), (normal(2, 3), normal(2, 3), 2), (normal(2), normal(3), 0),
    (normal(2, 3, 4), normal(4, 3), ((1, 2), (1, 0))), (normal(2, 3, 4), normal(3, 2), [[1], [0]]), z=True)  # fmt: skip
case("np.kron", (normal(2), normal(3)), (normal(2, 2), normal(2, 3)), z=True)
case("np.cross", (normal(3), normal(3)), (normal(2, 3), normal(2, 3)))
for _path, _shapes in {
    "ij,jk->ik": ((2, 3), (3, 4)), "ij->ji": ((2, 3),), "ij->": ((2, 3),), "i,i": ((3,), (3,)),
    "bij,bjk->bik": ((2, 2, 3), (2, 3, 2)), "i,j->ij": ((2,), (3,)), "...ij,...jk->...ik": ((2, 2, 3), (3, 2)),
    "ij,j,ik->jk": ((2, 3), (3,), (2, 4)), "ij,jk": ((2, 3), (3, 2)), "ijk->k": ((2, 3, 4),),
}.items():  # fmt: skip
    called(
        f"np.einsum {_path}", lambda np, *xs, path=_path: np.einsum(path, *xs), tuple(normal(*s) for s in _shapes),
        z=True,
    )  # fmt: skip
called("np.einsum", lambda np, x, y: np.einsum(x, [0, 1], y, [1, 2], [2, 0]), (normal(2, 3), normal(3, 2)), z=True)

# -- linalg -------------------------------------------------------------------------------------------------

SQUARE = [(matrix(3, 3),), (matrix(2, 3, 3),), (matrix(1, 1),)]
case("np.linalg.inv", *SQUARE, z=True)
case("np.linalg.det", *SQUARE, z=True)
called("np.linalg.slogdet", lambda np, x: np.linalg.slogdet(x)[1], *SQUARE, z=True)
case("np.linalg.solve", (matrix(3, 3), normal(3)), (matrix(3, 3), normal(3, 2)), z=True)
case("np.linalg.solve", (matrix(2, 3, 3), normal(2, 3, 2)), z=True)
case("np.linalg.pinv", (normal(3, 2),), (normal(2, 3),), (normal(2, 3, 2),), second=False)
for _order in (None, 2, 3, 1.5):
    case("np.linalg.norm", (normal(4),), (normal(1),), ord=_order)
for _order in (None, "fro"):
    case("np.linalg.norm", (normal(3, 4),), ord=_order)
case("np.linalg.norm", (matrix(3, 4),), ord="nuc")
case("np.linalg.norm", (normal(2, 3, 4),), axis=(0, 2))
case("np.linalg.norm", (normal(2, 3, 4),), axis=1)
case("np.linalg.norm", (normal(2, 3, 4),), axis=-1, ord=3)
called("np.linalg.cholesky", lambda np, x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2) + np.eye(3)),
    (normal(3, 3),), (normal(2, 3, 3),))  # fmt: skip
called("np.linalg.eigh", lambda np, x: np.linalg.eigh(x + np.conj(np.swapaxes(x, -1, -2)))[0],
    (normal(3, 3),), (normal(2, 3, 3),), z=True)  # fmt: skip
called("np.linalg.eigh", lambda np, x: np.abs(np.linalg.eigh(x + np.conj(x.T))[1]) ** 2, (normal(3, 3),), z=True)
called("np.linalg.eig", lambda np, x: np.abs(np.linalg.eig(x)[0]) ** 2, (normal(3, 3),))
called("np.linalg.svd", lambda np, x: np.linalg.svd(x, compute_uv=False), (normal(3, 4),), (normal(2, 4, 3),), z=True)
called("np.linalg.svd", lambda np, x: np.linalg.svd(x, full_matrices=False)[1] ** 2, (normal(3, 4),), z=True)
called("np.linalg.svd", lambda np, x: np.abs(np.linalg.svd(x, full_matrices=False)[0]) ** 2,
    (normal(3, 4),), (normal(4, 3),), z=True)  # fmt: skip
called("np.linalg.svd", lambda np, x: np.abs(np.linalg.svd(x, full_matrices=False)[2]) ** 2,
    (normal(3, 4),), (normal(4, 3),), z=True)  # fmt: skip

# -- fft ----------------------------------------------------------------------------------------------------

case("np.fft.fft np.fft.ifft", (normal(5),), (normal(2, 4),), (normal(2, 4), 3), (normal(2, 4), 6, 0), z=True)
case("np.fft.fft2 np.fft.ifft2 np.fft.fftn np.fft.ifftn", (normal(3, 4),), (normal(2, 3, 4), (2, 2), (0, 2)), z=True)
case("np.fft.rfft", (normal(4),), (normal(6),), (normal(2, 4),))
case("np.fft.rfft2 np.fft.rfftn", (normal(3, 4),))
case("np.fft.irfft", (normal(3),), (normal(4),), (normal(2, 3),), z="only")
case("np.fft.irfft2 np.fft.irfftn", (normal(3, 3),), z="only")
case("np.fft.fftshift np.fft.ifftshift", (normal(5),), (normal(2, 3),), (normal(2, 3), 1), z=True)

# -- scipy.special ------------------------------------------------------------------------------------------

GOOD = [(positive(*s),) for s in SHAPES]
case("special.erf special.erfc special.expit", *ONE)
case("special.gammaln special.digamma special.psi special.gamma special.rgamma", *GOOD)
case("special.j0 special.j1 special.y0 special.y1 special.i0 special.i1", *GOOD, second=False)
case("special.jn special.yn special.iv special.ive", (2, positive(2, 3)))
case("special.logit", *[(inside(*s),) for s in SHAPES])
case("special.erfinv", *[(inside(*s),) for s in SHAPES])
case("special.erfcinv", *[(inside(*s),) for s in SHAPES])
case("special.polygamma", (0, positive(2, 3)), (1, positive(3)), (2, positive()))
case("special.multigammaln", (above(), 2), (above(3), 2))
case("special.beta special.betaln", (positive(3), positive(3)), (positive(2, 1), positive(3)))
case("special.gammainc special.gammaincc", (2.5, positive(3)))
case("special.betainc", (1.5, 2.5, inside(3)))
for _axis in (None, 0, -1, (0, 2)):
    case("special.logsumexp", (normal(2, 3, 4),), axis=_axis)
    case("special.logsumexp", (normal(2, 3, 4),), axis=_axis, keepdims=True)
case("special.logsumexp", (normal(2, 3), 1, np.array([0.5, 1.0, 2.0])))
