"""Tables in CSV files."""

from __future__ import annotations

import csv
import math
import os
import warnings
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .dataset import TensorDataset

MISSING = ("", "na", "n/a", "nan", "null", "none", "?")


class CSVDataset(TensorDataset):
    """A CSV file: `dataset[i]` is (numbers of the row, target), or (numbers,) without a target.

    Args:
        path: the file, of UTF-8 text.
        columns: names or numbers (from 0) of the columns to learn from; by default all but the target.
        target: name or number of the column to predict. Whole numbers below 2^53 are taken as int64, others as
            `dtype`, text as the number of its class.
        header: whether the first row has the columns' names.
        missing: what to do with rows that have a missing value: "raise" an error, "skip" them (their numbers are in
            `skipped`), or "keep" them as NaN.
        na_values: what a missing value looks like, in any case of letters.
        classes: the target's classes, in the order of their numbers; by default the sorted ones that are there.
        transform: as `TensorDataset` has it.

    Rows are counted from 1, without the header. `columns` and `classes` hold names, `rows` the number of each example.

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "flowers.csv")
    >>> with open(path, "w") as file:
    ...     _ = file.write("width,height,kind\\n1.5,2,rose\\n3,4,lily\\n")
    >>> data = CSVDataset(path, target="kind")
    >>> data[0][0].tolist(), data[0][1].item(), data.columns, data.classes
    ([1.5, 2.0], 1, ['width', 'height'], ['lily', 'rose'])

    Raises ValueError, with the file's name and the rows, for missing values, text where a number should be, rows of
    another length, targets of no class, and columns that are not there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        columns: Sequence[str | int] | None = None,
        target: str | int | None = None,
        *,
        delimiter: str = ",",
        header: bool = True,
        missing: str = "raise",
        na_values: Sequence[str] = MISSING,
        classes: Sequence[str] | None = None,
        dtype: Any = np.float32,
        encoding: str = "utf-8-sig",
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if missing not in ("raise", "skip", "keep"):
            raise ValueError(f'missing is "raise", "skip" or "keep", got {missing!r}')
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype is a floating one, got {np.dtype(dtype)}")
        self.path, most = os.fspath(path), float(np.finfo(dtype).max)
        empty = {value.lower() for value in na_values}
        rows = _rows(self.path, delimiter, encoding)
        first = next(rows, None)
        if first is None:
            raise ValueError(f"{self.path} is empty")
        names = [name.strip() for name in first[1]] if header else [str(i) for i in range(len(first[1]))]
        if data := [name for name in names if _number(name, math.inf) is not None and not name.isdecimal()]:
            warnings.warn(
                f"{self.path}: the first row is taken for the names of columns, and has the numbers "
                f"{', '.join(data[:3])}. If it is data, write header=False",
                stacklevel=2,
            )
        place = None if target is None else self._place(names, target)
        chosen = [i for i in range(len(names)) if i != place]
        if columns is not None:
            chosen = [self._place(names, column) for column in columns]
        if not chosen and place is None:
            raise ValueError(f"{self.path}: columns=[] and no target leave nothing to read")
        if place in chosen:
            raise ValueError(f"{self.path}: column {names[place or 0]!r} is both the target and to learn from")
        self.columns = [names[i] for i in chosen]
        wanted = chosen if place is None else [*chosen, place]
        numbers, targets, kept, lines = array("d"), [], [], []
        self.skipped: list[int] = []
        bad: list[str] = []
        gone: list[str] = []
        number = 0
        for line, row in rows if header else _with(first, rows):
            number += 1
            where = f"row {number} (line {line})"
            if len(row) != len(names):
                raise ValueError(f"{self.path}: {where} has {len(row)} values, and there are {len(names)} columns")
            cells = [row[i].strip() for i in wanted]
            holes = [names[i] for i, cell in zip(wanted, cells, strict=True) if cell.lower() in empty]
            if holes and missing == "skip":
                self.skipped.append(number)
                continue
            if holes and (missing == "raise" or (place is not None and names[place] in holes)):
                gone.append(f"{where} in {', '.join(map(repr, holes))}")
                continue
            for i, cell in zip(chosen, cells, strict=False):
                value = math.nan if cell.lower() in empty else _number(cell, most)
                if value is None:
                    bad.append(f"{where} has {cell[:40]!r} in {names[i]!r}")
                numbers.append(math.nan if value is None else value)
            targets.append(cells[-1])
            kept.append(number)
            lines.append(where)
        if bad:
            raise ValueError(
                f"{self.path}: {_few(bad)}: no finite number. Name the columns to learn from with columns=[...], the "
                "text to predict with target=, what stands for a missing value with na_values=, and what separates "
                "values with delimiter="
            )
        if gone:
            raise ValueError(
                f"{self.path}: values are missing in {_few(gone)}. Fill them in, or leave these rows out with "
                'missing="skip"; missing="keep" makes them NaN, except in the target'
            )
        if not kept:
            raise ValueError(f"{self.path} has no rows{' without missing values' if self.skipped else ''}")
        self.rows = np.array(kept)
        self.classes = None if classes is None else list(classes)
        x = np.frombuffer(numbers, np.float64).reshape(len(kept), len(chosen)).astype(dtype)
        arrays = [x] if place is None else [x, self._target(names[place], targets, lines, dtype, most)]
        super().__init__(*arrays, transform=transform)

    def _place(self, names: list[str], column: str | int) -> int:
        if isinstance(column, int) and -len(names) <= column < len(names):
            return column % len(names)
        if isinstance(column, int) or column not in names:
            raise ValueError(f"{self.path} has no column {column!r}; it has {', '.join(map(repr, names))}")
        if names.count(column) > 1:
            raise ValueError(f"{self.path} has {names.count(column)} columns {column!r}: take one by its number")
        return names.index(column)

    def _target(self, name: str, cells: list[str], lines: list[str], dtype: Any, most: float) -> Any:
        if self.classes is None:
            values = [_number(cell, most) for cell in cells]
            text = [i for i, value in enumerate(values) if value is None]
            if not text:
                numbers = np.array(values, np.float64)
                whole = (numbers == np.rint(numbers)) & (abs(numbers) < 2**53)  # as far as float64 tells them apart
                return numbers.astype(np.int64 if whole.all() else dtype)
            if len(text) < len(cells):
                shown = _few([f"{lines[i]} has {cells[i][:40]!r}" for i in text])
                raise ValueError(
                    f"{self.path}: the target {name!r} has numbers and text: {shown}. If all are classes, name them "
                    "with classes=[...]"
                )
            self.classes = sorted(set(cells))
        index = {str(value): i for i, value in enumerate(self.classes)}
        if len(index) < len(self.classes):
            raise ValueError(f"classes are there once each, got {self.classes}")
        wrong = [f"{line} has {cell[:40]!r}" for line, cell in zip(lines, cells, strict=True) if cell not in index]
        if wrong:
            raise ValueError(
                f"{self.path}: the target {name!r} is of no class: {_few(wrong)}; the classes are {[*index]}"
            )
        return np.array([index[cell] for cell in cells], np.int64)

    def name_of(self, index: int) -> str:
        """Its row in the file."""
        return f"row {self.rows[index]} of {self.path}"


def _rows(path: str, delimiter: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the lines at which they end."""
    with open(path, encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
        except csv.Error as error:
            raise ValueError(f"{path}: the row that ends at line {reader.line_num} cannot be read: {error}") from None
        except UnicodeError as error:
            raise ValueError(
                f"{path} cannot be read after line {reader.line_num}: {error}. Name its encoding with encoding="
            ) from None


def _with(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _number(cell: str, most: float) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    fits = math.isfinite(value) and abs(value) <= most
    return value if fits and "_" not in cell else None  # 1_000 is a number in Python alone


def _few(items: list[str]) -> str:
    return "; ".join(items[:5]) + (f"; and {len(items) - 5} more" if len(items) > 5 else "")
