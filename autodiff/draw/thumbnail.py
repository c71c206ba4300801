"""A tiny picture of an array: a histogram, or a heat map of a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

BARS = 12
ROWS, COLUMNS = 6, 16  # of a heat map; a larger matrix is averaged over blocks
SAMPLE = 10_000  # elements that a histogram looks at
BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """Numbers to draw: nothing else of the array is kept."""

    bars: tuple[float, ...]  # heights from 0 to 1, from the smallest element to the largest
    tiles: tuple[tuple[float, ...], ...]  # from -1 to 1, by the largest absolute value; none for a vector

    @property
    def text(self) -> str:
        """The histogram in block characters.

        >>> Thumbnail.of(np.array([0.0, 0.0, 1.0, 2.0])).text
        '█     ▅    ▅'
        """
        return "".join(" " if bar == 0 else BLOCKS[min(7, int(bar * 8))] for bar in self.bars)

    @classmethod
    def of(cls, array: Any) -> Thumbnail | None:
        """Make one of an array; None where all finite elements are equal."""
        array = np.asarray(array)
        if array.dtype.kind == "c":
            array = abs(array)
        if array.dtype.kind not in "fiu" or array.size < 2:
            return None
        array = array.astype(np.float64, copy=False)
        flat = array.ravel()[:: max(1, array.size // SAMPLE)]
        finite = flat[np.isfinite(flat)]
        if len(finite) < 2:
            return None
        low, high = finite.min(), finite.max()
        with np.errstate(all="ignore"):
            spread = high - low
            if not 0 < spread < np.inf:
                return None
            places = np.minimum((finite - low) / spread * BARS, BARS - 1).astype(int)
            counts = np.bincount(places, minlength=BARS)
            tiles = _tiles(array) if array.ndim > 1 and min(array.shape[-2:]) > 1 else None
        shown = () if tiles is None else tuple(tuple(float(t) for t in row) for row in tiles)
        return cls(tuple(float(c) for c in counts / counts.max()), shown)


def _tiles(array: Any) -> Any:
    """Averages over blocks of the last two axes, of the first matrix where there are more axes."""
    matrix = array[(0,) * (array.ndim - 2)]
    for axis, most in ((0, ROWS), (1, COLUMNS)):
        n = matrix.shape[axis]
        if n > most:
            starts = np.arange(most) * n // most
            matrix = np.add.reduceat(matrix, starts, axis=axis)
            lengths = np.diff(starts, append=n)
            matrix = matrix / (lengths[:, None] if axis == 0 else lengths)
    largest = abs(matrix).max()
    return matrix / largest if 0 < largest < np.inf else None
