"""Comparisons with PyTorch."""

import numpy as np
import torch

from tests.backends import Ours
from tests.parity.op_cases import T, case

for name, move, shapes in (
    ("reshape", lambda b, x: b.reshape(x, (4, -1)), [(2, 3, 4), (2, 2)]),
    ("reshape", lambda b, x: b.reshape(x, (1, 1)), [(), (1,)]),
    ("ravel", lambda b, x: b.ravel(x), [(2, 3), (), (4,)]),
    ("transpose", lambda b, x: b.transpose(x, (2, 0, 1)), [(2, 3, 4)]),
    ("swapaxes", lambda b, x: b.swapaxes(x, 0, -1), [(2, 3, 4), (3,)]),
    ("broadcast_to", lambda b, x: b.broadcast_to(x, (2, 3, 4)), [(4,), (3, 1), (), (2, 1, 4)]),
    ("squeeze", lambda b, x: b.squeeze(x), [(1, 3, 1), (2,), (1,)]),
    ("squeeze", lambda b, x: b.squeeze(x, 0), [(1, 3, 1)]),
    ("expand_dims", lambda b, x: b.expand_dims(x, (0, 2)), [(3, 4), (3,)]),
    ("expand_dims", lambda b, x: b.expand_dims(x, -1), [(3, 4), ()]),
    ("concatenate", lambda b, x, y: b.concatenate([x, y, x], 1), [((2, 3), (2, 1)), ((2, 0), (2, 3))]),
    ("concatenate", lambda b, x, y: b.concatenate([x, y]), [((2,), (3,))]),
    ("stack", lambda b, x, y: b.stack([x, y, x], -1), [((2, 3), (2, 3)), ((), ())]),
):
    case(name, lambda *xs, f=move: f(Ours(), *xs), lambda *xs, f=move: f(T, *xs), *shapes, z=True)

X = (4, 3, 5)
for key in (
    0, -1, (1, 2), (1, 2, 3), slice(1, 3), (slice(None), 1), (..., 2), (0, ..., 1), (None, 1),
    (slice(None), None),
    (slice(None, None, 2), slice(1, None)), ..., (slice(2, 2),), ([0, 2, 2, 0],), ([0, -1], [2, 1]),
    (slice(None), [0, 0]), ([[0, 1], [2, 3]],), ([0, 1], slice(None), [4, 4]), (1, [0, 2]), (..., [0, 3]),
    (np.arange(60).reshape(X) % 3 == 0,), (np.array([True, False, True, True]),),
    (slice(None), np.array([True, False, True])), (np.array(2),), (slice(None), [0, 1, 2], [4, 3, 3]),
):  # fmt: skip
    torch_key = key
    if isinstance(key, tuple):
        torch_key = tuple(torch.tensor(k) if isinstance(k, list | np.ndarray) else k for k in key)
    case("getitem", lambda x, k=key: x[k], lambda x, k=torch_key: x[k], X, z=True)
