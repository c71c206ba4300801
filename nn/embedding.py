"""Tables of vectors: words, and bags of words."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional.embedding import check_padding
from .module import Module, Parameter, check_sizes

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """What both share: a weight (num_embeddings, embedding_dim), drawn from the normal distribution."""

    weight: Tensor
    padding_idx: int | None

    def _fill(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, sparse: bool, dtype: Any,
        generator: init.Randomness,
    ) -> None:  # fmt: skip
        check_sizes(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.sparse = sparse
        self.padding_idx = None if padding_idx is None else check_padding(padding_idx, num_embeddings)
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), dtype or default_dtype()))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: init.Randomness = None) -> None:
        """Draw the weight anew; the row for padding is zero."""
        init.normal_(self.weight, generator=generator)
        if self.padding_idx is not None:
            values = self.weight.value.copy()
            values[self.padding_idx] = 0
            init.fill_(self.weight, values)

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **options: Any) -> Self:
        """A table with these values, (num_embeddings, embedding_dim); frozen unless `freeze` is False.

        >>> Embedding.from_pretrained(np.eye(3))([2]).tolist()
        [[0.0, 0.0, 1.0]]
        """
        values = np.asarray(embeddings.value if type(embeddings) is Tensor else embeddings)
        if values.ndim != 2 or values.dtype.kind not in "fc":
            raise ValueError(f"a table has floating numbers (rows, features), got {describe(values)}")
        options |= {"dtype": values.dtype, "generator": 0}
        table = cls(*values.shape, **options)
        init.fill_(table.weight, values)
        table.weight.requires_grad_(not freeze)
        return table

    @property
    def num_embeddings(self) -> int:
        """Number of rows."""
        return self.weight.shape[0]

    @property
    def embedding_dim(self) -> int:
        """Number of features of a row."""
        return self.weight.shape[1]


class Embedding(_Table):
    """A table of vectors, read by number: `weight[input]`.

    Args:
        padding_idx: a row that is zero at first and gets no gradient.
        max_norm: rows that are read and have a larger norm are scaled down to it first, in the table itself.
        norm_type: which norm that is.
        scale_grad_by_freq: whether a row's gradient is divided by how often it is read in the call.
        sparse: whether `backward()` keeps the gradient as the rows that were read, and `optim.SparseAdam`, and SGD and
            Adagrad without weight decay, change no others: what a step costs does not grow with the table then.
        dtype: of the weight, `default_dtype()` unless given.
        generator: draws the initial values, from the normal distribution.

    Takes integers of any shape; the result has one more axis, of length embedding_dim.

    Parameters: weight (num_embeddings, embedding_dim).

    >>> Embedding(10, 3, generator=0)(np.array([[1, 2], [4, 1]])).shape
    (2, 2, 3)

    Raises IndexError for a number out of range, TypeError for what is no integer.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self._fill(num_embeddings, embedding_dim, padding_idx, sparse, dtype, generator)

    def forward(self, input: Any) -> Any:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        return text + "".join(f", {k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v)


class EmbeddingBag(_Table):
    """Sum, mean or largest of the rows of each bag of numbers, without the rows of a table standing anywhere else.

    Args:
        max_norm, norm_type, scale_grad_by_freq, sparse, dtype, generator: as of `Embedding`.
        mode: "sum", "mean" or "max".
        include_last_offset: whether `offsets` also says where the last bag ends.
        padding_idx: a row that is left out of all bags, zero at first.

    Call it with (bags, n) integers; or with (n,), all bags one after the other, and offsets (bags,), where each begins;
    and, for "sum", with `per_sample_weights` of the input's shape.

    Parameters: weight (num_embeddings, embedding_dim).

    >>> EmbeddingBag(10, 3, generator=0)(np.array([1, 2, 4, 1]), offsets=[0, 3]).shape
    (2, 3)

    Raises IndexError for a number out of range, ValueError for offsets that do not fit.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        if mode not in ("sum", "mean", "max"):
            raise ValueError(f'mode is "sum", "mean" or "max", got {mode!r}')
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.mode, self.include_last_offset = mode, include_last_offset
        self._fill(num_embeddings, embedding_dim, padding_idx, sparse, dtype, generator)

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
            per_sample_weights=per_sample_weights, include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx, sparse=self.sparse,
        )  # fmt: skip

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        usual = {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "mode": None, "padding_idx": None}
        return text + "".join(f", {k}={getattr(self, k)!r}" for k, v in usual.items() if getattr(self, k) != v)
