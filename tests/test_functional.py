"""Arguments of the public functions: which are refused and with what words, and what is made of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ((2, 5), {"kernel_size": (2, 1), "padding": (1, 0), "dilation": (3, 1)}),
        ((5, 2), {"kernel_size": (1, 2), "padding": (0, 1), "dilation": (1, 3)}),
        ((0, 2), {"kernel_size": 2, "padding": 1}),
    ],
)
def test_windows_wholly_in_the_padding(shape: tuple[int, int], how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="lies wholly in the padding"):
        ad.max_pool2d(np.ones((1, 1, *shape)), stride=1, **how)
