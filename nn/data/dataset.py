"""Data sets: anything with `len()` and `[i]` is one; this one holds arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor, constant


class TensorDataset:
    """Arrays that belong together along their first axis: images and labels, say.

    `dataset[i]` is a tuple of one Tensor each; i may be an int, a slice, a mask or indices.

    >>> data = TensorDataset(np.zeros((4, 2)), np.arange(4))
    >>> len(data), [t.shape for t in data[np.array([0, 2])]]
    (4, [(2, 2), (2,)])

    Raises ValueError for arrays of different lengths, TypeError for scalars.
    """

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ValueError("TensorDataset needs one array at least")
        self.arrays = [a.detach().value if type(a) is Tensor else np.asarray(a) for a in arrays]
        for a in self.arrays:
            if not np.shape(a):
                raise TypeError(f"TensorDataset holds arrays with a first axis, the examples; got {describe(a)}")
        if len({len(a) for a in self.arrays}) > 1:
            raise ValueError(
                "the arrays of a TensorDataset have equal lengths, one entry per example; got "
                + ", ".join(map(describe, self.arrays))
            )

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple([constant(a[index]) for a in self.arrays])
