"""Event files for TensorBoard, written without TensorFlow: scalars and histograms.

A file is a row of records: length, checksum of the length, an Event message of Protocol Buffers, its checksum.
"""

from __future__ import annotations

import io
import os
import struct
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .callbacks import Callback, check_counts

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["EventFile", "TensorBoard"]


class EventFile:
    """An event file in a folder; TensorBoard reads it while it grows: `tensorboard --logdir folder`.

    Args:
        step: with what step it goes on: what other files of the folder hold of later ones does not count any more.
    """

    def __init__(self, folder: str | os.PathLike[str], step: int = 0) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.6f}.{os.getpid()}"
        self._file = io.BufferedWriter(io.FileIO(Path(folder) / name, "xb"))
        self._event(_text(3, "brain.Event:2"))
        self._event(_int(2, step) + _message(7, _int(1, 1)))  # SessionLog, START

    def scalar(self, name: str, value: float, step: int) -> None:
        """A number at a step."""
        self._value(name, _tag(2, 5) + struct.pack("<f", value), step)

    def histogram(self, name: str, values: Any, step: int, bins: int = 30) -> None:
        """How the numbers of an array are distributed; those that are not finite are left out."""
        x = np.asarray(values, float).reshape(-1)
        x = x[np.isfinite(x)]
        if not x.size:
            return
        counts, edges = np.histogram(x, bins)
        summary = [x.min(), x.max(), x.size, x.sum(), (x * x).sum()]
        parts = b"".join(_double(i + 1, v) for i, v in enumerate(summary))
        parts += _message(6, edges[1:].astype("<f8").tobytes()) + _message(7, counts.astype("<f8").tobytes())
        self._value(name, _message(5, parts), step)

    def close(self) -> None:
        """Write out what is left."""
        self._file.close()

    def flush(self) -> None:
        """Write out what there is."""
        self._file.flush()

    def _value(self, name: str, value: bytes, step: int) -> None:
        self._event(_int(2, step) + _message(5, _message(1, _text(1, name) + value)))

    def _event(self, content: bytes) -> None:
        event = _double(1, time.time()) + content
        length = struct.pack("<Q", len(event))
        self._file.write(length + _checksum(length) + event + _checksum(event))


class TensorBoard(Callback):
    """Writes loss and rate of each step, the figures of each epoch, and histograms of weights and gradients.

    Args:
        folder: for `tensorboard --logdir folder`.
        every: how many steps lie between two values of the loss.
        histograms: how many epochs lie between two sets of histograms; 0 for none.
    """

    last = True

    def __init__(self, folder: str | os.PathLike[str], every: int = 1, histograms: int = 1) -> None:
        check_counts(1, every=every)
        check_counts(0, histograms=histograms)
        self.folder, self.every, self.histograms = Path(folder), every, histograms
        self._file: EventFile | None = None

    def begin(self, trainer: Trainer) -> None:
        self._file = EventFile(self.folder, trainer.step)

    def after_step(self, trainer: Trainer) -> None:
        if self._file is not None and trainer.step % self.every == 0:
            self._file.scalar("step/loss", trainer.last_loss, trainer.step)
            self._file.scalar("step/lr", trainer.optimizer.param_groups[0]["lr"], trainer.step)

    def after_epoch(self, trainer: Trainer) -> None:
        if self._file is None:
            return
        for name, value in trainer.record.items():
            if name not in ("epoch", "step") and np.ndim(value) == 0:
                self._file.scalar(f"epoch/{name}", value, trainer.step)
        if self.histograms and trainer.epoch % self.histograms == 0:
            for name, p in trainer.model.named_parameters():
                self._file.histogram(f"weights/{name}", p.value, trainer.step)
                if p.grad is not None:
                    self._file.histogram(f"gradients/{name}", p.grad.value, trainer.step)
        self._file.flush()

    def end(self, trainer: Trainer) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


# -- Protocol Buffers: a tag (number of the field, kind of what follows), and the value ------------------


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _int(field: int, value: int) -> bytes:
    return _tag(field, 0) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _tag(field, 1) + struct.pack("<d", value)


def _message(field: int, content: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


@cache
def _table() -> list[int]:
    """Of CRC-32C, the Castagnoli polynomial, lowest bit first."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
        table.append(value)
    return table


def _checksum(data: bytes) -> bytes:
    """CRC-32C, rotated and moved, so that a checksum of data with checksums in it is none of its own."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
