"""Comparisons with PyTorch: scans, statistics, sorting, indexing, segments."""

from functools import partial

import numpy as np
import torch

import autodiff as ad
from tests.parity.op_cases import case, distinct, normal, positive

N = ad.numpy


def by(function, **options):
    return partial(function, **options)


for axis in (0, -1):
    for name in ("cumsum", "cumprod"):
        case(name, by(getattr(N, name), axis=axis), by(getattr(torch, name), dim=axis), (2, 3, 4), (5, 1), z=True)
    case("diff", by(N.diff, n=2, axis=axis), by(torch.diff, n=2, dim=axis), (4, 5), z=True)
    case(
        "sort", by(N.sort, axis=axis), lambda x, axis=axis: torch.sort(x, dim=axis).values, (3, 4), samplers=(distinct,)
    )
    case("ptp", by(N.ptp, axis=axis), lambda x, axis=axis: x.amax(axis) - x.amin(axis), (3, 4), samplers=(distinct,))
    case("trapezoid", by(N.trapezoid, axis=axis, dx=0.5), by(torch.trapezoid, dim=axis, dx=0.5), (3, 4), z=True)
    for interpolation in ("linear", "lower", "higher", "midpoint", "nearest"):
        case(
            "quantile",
            by(N.quantile, q=0.3, axis=axis, method=interpolation),
            by(torch.quantile, q=0.3, dim=axis, interpolation=interpolation),
            (4, 5),
            samplers=(distinct,),
        )
    case("top_k", lambda x, axis=axis: ad.top_k(x, 2, axis)[0], lambda x, axis=axis: torch.topk(x, 2, dim=axis).values,
         (3, 4), samplers=(distinct,))  # fmt: skip
    case(
        "gradient",
        by(N.gradient, axis=axis, edge_order=2),
        lambda x, axis=axis: torch.gradient(x, dim=axis, edge_order=2)[0],
        (4, 5),
    )
case("trapezoid", N.trapezoid, torch.trapezoid, ((3, 4), (4,)))
case("median", by(N.median, axis=1), lambda x: torch.median(x, dim=1).values, (4, 5), samplers=(distinct,))
case("nansum", by(N.nansum, axis=0), by(torch.nansum, dim=0), (3, 4))
case("nanmean", by(N.nanmean, axis=0), by(torch.nanmean, dim=0), (3, 4))
case("cov", lambda x: N.cov(x, dtype=x.dtype), torch.cov, (3, 5), (5,), z=True)
case("corrcoef", lambda x: N.corrcoef(x, dtype=x.dtype), torch.corrcoef, (3, 5), z=True)
case("average", lambda x, w: N.average(x, 1, w), lambda x, w: (x * w).sum(1) / w.sum(1), ((3, 4), (3, 4)),
     samplers=(normal, positive))  # fmt: skip

PLACES = np.array([[0, 2, 1, 2], [1, 1, 0, 2], [0, 0, 0, 0]])
case("take", by(N.take, indices=PLACES), lambda x: torch.take(x, torch.tensor(PLACES)), (3, 4), z=True)
case("take_along_axis", by(N.take_along_axis, indices=PLACES, axis=0),
     lambda x: torch.take_along_dim(x, torch.tensor(PLACES), 0), (3, 4), z=True)  # fmt: skip
case(
    "scatter_add",
    lambda x, v: ad.scatter_add(x, [0, 2, 0], v),
    lambda x, v: x.index_add(0, torch.tensor([0, 2, 0]), v),
    ((3, 4), (3, 4)),
    z=True,
)

IDS = np.array([2, 0, 2, 1, 0])


def into_segments(how):
    index = torch.tensor(IDS)

    def f(x):
        place = index.reshape(-1, *[1] * (x.ndim - 1)).expand(x.shape)
        return torch.zeros(3, *x.shape[1:], dtype=x.dtype).scatter_reduce(0, place, x, how, include_self=False)

    return f


for name, how in (("sum", "sum"), ("mean", "mean"), ("prod", "prod"), ("max", "amax"), ("min", "amin")):
    case(f"segment_{name}", by(getattr(ad, f"segment_{name}"), segment_ids=IDS), into_segments(how), (5, 2), (5,),
         samplers=(positive,))  # fmt: skip
case(
    "one_hot",
    lambda x: ad.one_hot(ad.argmax(x, 1), 4, np.int64),
    lambda x: torch.nn.functional.one_hot(x.argmax(1), 4),
    (3, 4),
    differentiable=False,
)
