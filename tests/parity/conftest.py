"""PyTorch as a backend. The tests in this folder run with `make parity` only."""

from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from tests.backends import Detached


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "parity" in item.path.parts:
            item.add_marker(pytest.mark.parity)


class Torch:
    """PyTorch under the names of tests/backends.py."""

    names: ClassVar = {
        "negative": "neg",
        "transpose": "permute",
        "concatenate": "cat",
        "conj": "conj_physical",
    }

    def __init__(self, detached: Detached | None = None) -> None:
        self.detached = detached

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, self.names.get(name, name))

    def tensor(self, array: Any) -> torch.Tensor:
        return self.constant(array).requires_grad_()

    def constant(self, array: Any) -> torch.Tensor:
        return torch.tensor(np.asarray(array))

    def detach(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach()

    def array(self, x: torch.Tensor) -> np.ndarray:
        x = x.detach()
        if x._is_zerotensor():  # has no memory to read
            x = torch.zeros(x.shape, dtype=x.dtype)
        return x.resolve_conj().resolve_neg().numpy().copy()

    def gradients(self, outs: Any, ins: Any, seeds: Any = None, **options: Any) -> Any:
        found = torch.autograd.grad(outs, ins, seeds, **options)
        return found[0] if isinstance(ins, torch.Tensor) else found

    def sum(self, x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
        return torch.sum(x, _axes(x, axis), keepdims)

    def mean(self, x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
        return torch.mean(x, _axes(x, axis), keepdims)

    def max(self, x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
        return torch.amax(x, _axes(x, axis), keepdims)

    def min(self, x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
        return torch.amin(x, _axes(x, axis), keepdims)

    def var(self, x: torch.Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> torch.Tensor:
        return torch.var(x, _axes(x, axis), correction=ddof, keepdim=keepdims)

    def std(self, x: torch.Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> torch.Tensor:
        return torch.std(x, _axes(x, axis), correction=ddof, keepdim=keepdims)

    def logsumexp(self, x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
        return torch.logsumexp(x, _axes(x, axis), keepdims)

    def prod(self, x: torch.Tensor, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
        for i in sorted((a % x.ndim for a in _axes(x, axis)), reverse=True):
            x = torch.prod(x, i, keepdims)
        return x

    def squeeze(self, x: torch.Tensor, axis: Any = None) -> torch.Tensor:
        return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)

    def expand_dims(self, x: torch.Tensor, axis: Any) -> torch.Tensor:
        ndim = x.ndim + (1 if isinstance(axis, int) else len(axis))
        for i in sorted(a % ndim for a in ((axis,) if isinstance(axis, int) else axis)):
            x = x.unsqueeze(i)
        return x

    def getitem(self, x: torch.Tensor, key: Any) -> torch.Tensor:
        """Let NumPy say which elements a key means; PyTorch has no negative steps."""
        places = np.arange(x.numel()).reshape(x.shape)[key]
        return x.reshape(-1)[torch.tensor(np.array(places, order="C"))]

    def astype(self, x: torch.Tensor, dtype: Any) -> torch.Tensor:
        return x.to(getattr(torch, np.dtype(dtype).name))


def _axes(x: torch.Tensor, axis: Any) -> Any:
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else axis


@pytest.fixture
def theirs() -> Torch:
    return Torch()
