"""Linear algebra: `numpy.linalg` on Tensors, and of SciPy's `expm`, `solve_triangular` and `cho_solve`.

Axes before the last two are a batch. Errors are NumPy's LinAlgError. Where a function takes a Hermitian matrix, of
which one triangle is read, the gradient is that of the average of both triangles, as in PyTorch.

Gradients by eigenvectors and singular vectors exist where these are determined: equal eigenvalues, singular values
of 0, and losses that depend on the phase of complex vectors raise a GradientError in the backward pass. Gradients
by the values alone (`eigvalsh`, `eigvals`, `svdvals`, norms, `cond`) need none of this.
"""

from .decompositions import cholesky, eig, eigh, eigvals, eigvalsh, expm, qr, svd, svdvals
from .equations import cho_solve, det, inv, lstsq, pinv, slogdet, solve, solve_triangular, tensorinv, tensorsolve
from .norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from .products import (
    cross,
    diagonal,
    matmul,
    matrix_power,
    matrix_transpose,
    multi_dot,
    outer,
    tensordot,
    trace,
    vecdot,
)

__all__ = [
    "cho_solve", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "expm", "inv",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer",
    "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip
