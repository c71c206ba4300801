"""Comparisons with PyTorch: more functions that move, join and part elements."""

import numpy as np
import torch

import autodiff as ad
from tests.parity.op_cases import case

N = ad.numpy


def scaled(stack, parts):
    """Several results as one, told apart by a factor."""
    return stack([part.sum() * (i + 1) for i, part in enumerate(parts)])


for name, ours, theirs, shapes in (
    ("flip", lambda x: N.flip(x, (0, -1)), lambda x: x.flip((0, -1)), [(2, 3, 2), (1, 4)]),
    ("flipud", N.flipud, torch.flipud, [(2, 3)]),
    ("fliplr", N.fliplr, torch.fliplr, [(2, 3)]),
    ("rot90", lambda x: N.rot90(x, 3, (0, 2)), lambda x: torch.rot90(x, 3, (0, 2)), [(2, 3, 4)]),
    ("roll", lambda x: N.roll(x, (1, -2), (0, 1)), lambda x: torch.roll(x, (1, -2), (0, 1)), [(3, 4), (1, 2, 2)]),
    ("roll", lambda x: N.roll(x, 2), lambda x: torch.roll(x, 2), [(3, 4), (5,)]),
    ("moveaxis", lambda x: N.moveaxis(x, (0, 1), (-1, 0)), lambda x: x.movedim((0, 1), (-1, 0)), [(2, 3, 4)]),
    ("tile", lambda x: N.tile(x, (2, 1, 3)), lambda x: torch.tile(x, (2, 1, 3)), [(2, 3), (), (2,)]),
    ("repeat", lambda x: N.repeat(x, 3, 0), lambda x: x.repeat_interleave(3, 0), [(2, 3), (4,)]),
    ("repeat", lambda x: N.repeat(x, [1, 0, 2], 1), lambda x: x.repeat_interleave(torch.tensor([1, 0, 2]), 1),
     [(2, 3)]),
    ("tril", lambda x: N.tril(x, 1), lambda x: x.tril(1), [(3, 4), (2, 3, 3)]),
    ("triu", lambda x: N.triu(x, -1), lambda x: x.triu(-1), [(3, 4), (2, 3, 3)]),
    ("diag", lambda x: N.diag(x, 1), lambda x: x.diag(1), [(3,), (3, 4)]),
    ("diagflat", N.diagflat, torch.diagflat, [(2, 2), ()]),
    ("diagonal", lambda x: N.diagonal(x, -1, 2, 0), lambda x: x.diagonal(-1, 2, 0), [(2, 3, 4)]),
    ("trace", N.trace, torch.trace, [(3, 3), (2, 4)]),
    ("pad", lambda x: N.pad(x, ((0, 0), (0, 0), (1, 2))), lambda x: torch.nn.functional.pad(x, (1, 2)), [(2, 3, 4)]),
    ("pad edge", lambda x: N.pad(x, ((0, 0), (0, 0), (1, 2)), "edge"),
     lambda x: torch.nn.functional.pad(x, (1, 2), "replicate"), [(2, 3, 4)]),
    ("pad reflect", lambda x: N.pad(x, ((0, 0), (0, 0), (1, 2)), "reflect"),
     lambda x: torch.nn.functional.pad(x, (1, 2), "reflect"), [(2, 3, 4)]),
    ("pad wrap", lambda x: N.pad(x, ((0, 0), (0, 0), (1, 2)), "wrap"),
     lambda x: torch.nn.functional.pad(x, (1, 2), "circular"), [(2, 3, 4)]),
    ("atleast_3d", N.atleast_3d, torch.atleast_3d, [(), (2,), (2, 3)]),
    ("vander", lambda x: N.vander(x, 3), lambda x: torch.stack([x * x, x, x**0], 1).double(), [(4,)]),
    ("meshgrid", lambda x, y: N.multiply(*N.meshgrid(x, y)),
     lambda x, y: torch.mul(*torch.meshgrid(x, y, indexing="xy")), [((2,), (3,))]),
    ("hstack", lambda x, y: N.hstack([x, y]), lambda x, y: torch.hstack([x, y]), [((2, 1), (2, 3)), ((2,), (1,))]),
    ("vstack", lambda x, y: N.vstack([x, y]), lambda x, y: torch.vstack([x, y]), [((2,), (3, 2))]),
    ("dstack", lambda x, y: N.dstack([x, y]), lambda x, y: torch.dstack([x, y]), [((2,), (2,)), ((2, 3), (2, 3))]),
    ("column_stack", lambda x, y: N.column_stack([x, y]), lambda x, y: torch.column_stack([x, y]), [((2,), (2, 3))]),
    ("array_split", lambda x: scaled(N.stack, N.array_split(x, 3)), lambda x: scaled(torch.stack, x.tensor_split(3)),
     [(5, 2), (2,)]),
    ("split", lambda x: scaled(N.stack, N.split(x, [1, 3])), lambda x: scaled(torch.stack, x.tensor_split((1, 3))),
     [(5, 2)]),
    ("unstack", lambda x: scaled(N.stack, N.unstack(x, axis=1)), lambda x: scaled(torch.stack, x.unbind(1)), [(2, 3)]),
    ("full", lambda x: N.full((2, 3), x), lambda x: x.expand(2, 3), [(), (3,)]),
    ("linspace", lambda x, y: N.linspace(x, y, 5), lambda x, y: x + (y - x) * torch.linspace(0, 1, 5, dtype=x.dtype),
     [((), ())]),
):  # fmt: skip
    case(name, ours, theirs, *shapes, z=name not in ("vander", "linspace"))

case("logspace", lambda x, y: N.logspace(x, y, 5),
     lambda x, y: 10 ** (x + (y - x) * torch.linspace(0, 1, 5, dtype=x.dtype)),
     ((), ()))  # fmt: skip
case("apply_along_axis", lambda x: N.apply_along_axis(lambda v: v * np.sum(v), 0, x), lambda x: x * x.sum(0), (2, 3))
