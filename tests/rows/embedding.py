"""Gradients that are scaled on their way back; where the factor is 1, they are the derivative."""

from __future__ import annotations

import numpy as np

from tests.op_table import fixed, op, real, row

row("scale_gradient", op("scale_gradient"), lambda x, y: x, [
    [real(2, 3), fixed(np.ones((2, 1)))], [real(), fixed(1.0)], [real(0), fixed(np.ones(()))],
], inputs=(0,))  # fmt: skip
