"""Records of a run in text files."""

from __future__ import annotations

import csv
import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.io import atomic

from .callbacks import Callback

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["CSVLog", "JSONLog"]


class _Log(Callback, ABC):
    """The whole history, written anew after each epoch: what is there is whole, and no epoch is there twice."""

    last = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def begin(self, trainer: Trainer) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_dir():
            raise IsADirectoryError(f"{self.path} is a folder: name a file in it")

    def after_epoch(self, trainer: Trainer) -> None:
        with atomic(self.path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
            self.write(trainer.history, file)

    @abstractmethod
    def write(self, history: list[dict[str, Any]], file: Any) -> None:
        """Write all records."""


class CSVLog(_Log):
    """Keeps a CSV file with a row an epoch: loss, metrics, rate and seconds; arrays as JSON."""

    def write(self, history: list[dict[str, Any]], file: Any) -> None:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for record in history for name in record)), restval="")
        writer.writeheader()
        writer.writerows(
            {k: json.dumps(v.tolist()) if np.ndim(v) else v for k, v in record.items()} for record in history
        )


class JSONLog(_Log):
    """Keeps a file with a line of JSON an epoch. NaN and infinities, which JSON has not, are null."""

    def write(self, history: list[dict[str, Any]], file: Any) -> None:
        for record in history:
            file.write(json.dumps({name: _jsonable(value) for name, value in record.items()}, allow_nan=False) + "\n")


def _jsonable(value: Any) -> Any:
    value = np.asarray(value)
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        value = np.where(np.isfinite(value), value.astype(object), None)
    return value.tolist()
