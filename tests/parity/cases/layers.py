"""Comparisons with PyTorch."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

import autodiff as ad
from tests.parity.op_cases import case, distinct

case(
    "matmul", ad.matmul, torch.matmul,
    ((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((2, 3), (5, 3, 4)), ((2, 1, 2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((0, 3), (3, 2)),
    ((2, 0), (0, 3)), z=True,
)  # fmt: skip
case("dot", ad.dot, torch.matmul, ((3,), (3,)), ((2, 3), (3, 4)), z=True)
case(
    "linear",
    ad.linear,
    F.linear,
    ((5, 3), (4, 3), (4,)),
    ((2, 5, 3), (4, 3), (4,)),
    ((3,), (4, 3), (4,)),
    z=True,
)
case("linear", ad.linear, F.linear, ((5, 3), (4, 3)), z=True)
for axis in (0, 1, -1):
    case(
        "softmax",
        lambda x, a=axis: ad.softmax(x, a),
        lambda x, a=axis: torch.softmax(x, a),
        (3, 4),
        (2, 3, 4),
    )
    case("log_softmax", lambda x, a=axis: ad.log_softmax(x, a), lambda x, a=axis: torch.log_softmax(x, a),
         (3, 4), (2, 3, 4))  # fmt: skip
CLASSES = np.array([0, 3, 2, 2, 1])
for how in ("mean", "sum", "none"):
    case(
        "cross_entropy", lambda x, r=how: ad.cross_entropy(x, CLASSES, r),
        lambda x, r=how: F.cross_entropy(x, torch.tensor(CLASSES), reduction=r), (5, 4),
    )  # fmt: skip
for options, shapes in (
    ({}, ((2, 3, 5, 6), (4, 3, 3, 2), (4,))),
    ({"padding": 1}, ((2, 3, 5, 5), (4, 3, 3, 3), (4,))),
    ({"stride": 2, "padding": (2, 1)}, ((2, 3, 6, 7), (4, 3, 3, 3), (4,))),
    ({"dilation": 2, "padding": 1}, ((2, 3, 6, 7), (4, 3, 3, 2), (4,))),
    ({"groups": 2, "stride": (1, 2)}, ((2, 4, 5, 5), (6, 2, 2, 2), (6,))),
    ({"groups": 3}, ((1, 3, 4, 4), (3, 1, 3, 3), (3,))),
    ({}, ((2, 3, 4, 4), (2, 3, 1, 1))),
):
    both = [partial(f, **options) for f in (ad.conv2d, F.conv2d)]
    case("conv2d", *both, shapes, z=True)
for options in (
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}, {"kernel_size": (2, 3), "stride": 1},
    {"kernel_size": 2, "dilation": 2, "stride": 1},
):  # fmt: skip
    both = [partial(f, **options) for f in (ad.max_pool2d, F.max_pool2d)]
    case("max_pool2d", *both, (2, 2, 6, 7), samplers=(distinct,))
case("astype", lambda x: ad.astype(x, np.float32), lambda x: x.to(torch.float32), (2, 3), ())
case("astype", lambda x: ad.astype(x, np.complex128), lambda x: x.to(torch.complex128), (2, 3), ())
case("dropout", lambda x: ad.dropout(x, 0.0), lambda x: F.dropout(x, 0.0), (2, 3))
case("dropout", lambda x: ad.dropout(x, 1.0), lambda x: F.dropout(x, 1.0), (2, 3))
