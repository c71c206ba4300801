"""What models take, checked: rows of tokens, and images."""

from __future__ import annotations

from typing import Any

from autodiff.errors import describe

from ..functional.arguments import as_array


def rows_of(tokens: Any, model: Any) -> Any:
    """Tokens (n, steps) as an array or Tensor.

    Raises ValueError for another number of axes, and for no steps.
    """
    tokens = as_array(tokens)
    if tokens.ndim != 2 or not tokens.shape[1]:
        raise ValueError(
            f"{type(model).__name__} takes tokens (n, steps), of at least one step; got {describe(tokens)}"
        )
    return tokens


def images_of(x: Any, model: Any, size: int | None = None, multiple: int = 1) -> Any:
    """Images (n, channels, h, w) as an array or Tensor.

    Raises ValueError for another number of axes, for sides other than `size` or no multiples of `multiple`.
    """
    x = as_array(x)
    if x.ndim == 4 and (x.shape[2:] == (size, size) if size else not (x.shape[2] % multiple or x.shape[3] % multiple)):
        return x
    sides = f"{size}, {size})" if size else "h, w)"
    sides += f" with h and w multiples of {multiple}" if multiple > 1 else ""
    raise ValueError(f"this {type(model).__name__} takes images (n, channels, {sides}, got {describe(x)}")
