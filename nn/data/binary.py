"""Data sets in binary files: IDX, in which MNIST comes, and the binary version of CIFAR.

What a header says must be what the file has: it is checked first, and no more memory is taken than that.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from .dataset import TensorDataset
from .transforms import ToArray

_CODES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_INFLATES = 1032  # no byte of gzip gives more
_CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str], max_bytes: int = 1 << 32) -> Any:
    """Read the array of an IDX file, such as MNIST's `train-images-idx3-ubyte`, packed by gzip or not.

    A file is two zero bytes, the code of a dtype, the number of axes, their lengths (big-endian), and the elements.

    Args:
        max_bytes: a file that says it holds more is an error.

    Raises ValueError, with the file's name, for one that is damaged, cut off or too long.
    """
    with _opened(path) as (file, most):
        head = file.read(4)
        if len(head) < 4:
            raise ValueError(f"it has {len(head)} bytes, and an IDX file begins with 4")
        if head[:2] != b"\0\0" or head[2] not in _CODES:
            raise ValueError(f"it begins with {head.hex(' ')}, an IDX file with 00 00 and a dtype of 08 to 0e")
        dtype, axes = np.dtype(_CODES[head[2]]), head[3]
        if not 1 <= axes <= 32:
            raise ValueError(f"it says that its array has {axes} axes")
        lengths = file.read(4 * axes)
        if len(lengths) < 4 * axes:
            raise ValueError("it is cut off in its header")
        shape = tuple(np.frombuffer(lengths, ">u4").tolist())
        size = math.prod(shape) * dtype.itemsize
        data = _read_all(file, size, min(most, max_bytes), f"{shape} of {dtype.name}")
    try:
        array = data.view(dtype).reshape(shape)
    except ValueError:
        raise ValueError(f"{os.fspath(path)}: it says that its array is {shape}") from None
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_cifar(path: str | os.PathLike[str], classes: int = 10, max_bytes: int = 1 << 30) -> tuple[Any, Any]:
    """Read a file of CIFAR's binary version: images (n, 3, 32, 32) of uint8, and their classes (n,).

    A record is the class (for CIFAR-100 the coarse and then the fine one), then 1024 bytes each of red, green, blue.

    Args:
        classes: 10 or 100.

    Raises ValueError, with the file's name and the record, for one that is cut off or has other classes.
    """
    if classes not in (10, 100):
        raise ValueError(f"there are CIFAR-10 and CIFAR-100, got classes={classes!r}")
    labels = 1 if classes == 10 else 2
    record = labels + 3 * 32 * 32
    with _opened(path) as (file, most):
        parts, size = [], 0
        while part := file.read(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > min(most, max_bytes):
                raise ValueError(f"it holds more than max_bytes={max_bytes} bytes")
        if not size or size % record:
            raise ValueError(
                f"it has {size} bytes, and CIFAR-{classes} has {record} for each image"
                + (f": {size // record} whole ones and {size % record} bytes more" if size else "")
            )
        data = np.frombuffer(b"".join(parts), np.uint8).reshape(-1, record)
        target = data[:, labels - 1].astype(np.int64)
        _check_classes(target, classes, "record")
    return data[:, labels:].reshape(-1, 3, 32, 32).copy(), target


class MNIST(TensorDataset):
    """MNIST's handwritten digits from its four IDX files: images (1, 28, 28), classes 0 to 9.

    Args:
        root: the folder with `train-images-idx3-ubyte` and the others, packed (.gz) or not; nothing is downloaded.
        train: the 60 000 to learn from, or the 10 000 to test.
        transform: of images of uint8, one or a batch; by default `ToArray()`, numbers in [0, 1].

    Raises FileNotFoundError, or ValueError for files that are damaged or do not belong together.
    """

    def __init__(
        self, root: str | os.PathLike[str], train: bool = True, transform: Callable[[Any], Any] | None = None
    ) -> None:
        kind = "train" if train else "t10k"
        folders = ("", "raw", "MNIST/raw")
        x_path = _find(root, folders, f"{kind}-images-idx3-ubyte", f"{kind}-images.idx3-ubyte")
        y_path = _find(root, folders, f"{kind}-labels-idx1-ubyte", f"{kind}-labels.idx1-ubyte")
        x, y = read_idx(x_path), read_idx(y_path)
        if x.ndim != 3 or x.dtype != np.uint8:
            raise ValueError(f"{x_path} has no images (n, height, width) of bytes: its array is {x.dtype} {x.shape}")
        if y.shape != x.shape[:1]:
            raise ValueError(f"{y_path} has labels {y.shape}, and {x_path} has {len(x)} images")
        with _named(y_path):
            _check_classes(y, 10, "label")
        super().__init__(x[:, None], y.astype(np.int64), transform=transform or ToArray())


class _Cifar(TensorDataset):
    number = 10
    folder = "cifar-10-batches-bin"
    files: tuple[tuple[str, ...], tuple[str, ...]] = (("test_batch",), tuple(f"data_batch_{i}" for i in range(1, 6)))

    def __init__(
        self, root: str | os.PathLike[str], train: bool = True, transform: Callable[[Any], Any] | None = None
    ) -> None:
        paths = [_find(root, ("", self.folder), f"{name}.bin") for name in self.files[bool(train)]]
        images, labels = zip(*(read_cifar(path, self.number) for path in paths), strict=True)
        super().__init__(np.concatenate(images), np.concatenate(labels), transform=transform or ToArray())


class CIFAR10(_Cifar):
    """CIFAR-10 from the files of its binary version: images (3, 32, 32), classes 0 to 9.

    Args:
        root: the folder with `data_batch_1.bin` and the others; nothing is downloaded.
        train: the 50 000 to learn from, or the 10 000 to test.
        transform: of images of uint8, one or a batch; by default `ToArray()`, numbers in [0, 1].
    """


class CIFAR100(_Cifar):
    """CIFAR-100 from the files of its binary version, `train.bin` and `test.bin`: fine classes, 0 to 99."""

    number = 100
    folder = "cifar-100-binary"
    files = (("test",), ("train",))


@contextmanager
def _named(path: Any) -> Iterator[None]:
    """Put the file's name before what is said of it."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{os.fspath(path)}: what gzip has packed is damaged or cut off: {error}") from None
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None


@contextmanager
def _opened(path: Any) -> Iterator[tuple[Any, int]]:
    """The file, unpacked if gzip has packed it, and the most bytes that it can hold."""
    size = os.path.getsize(path)
    with _named(path), open(path, "rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=plain) as file:
                yield file, size * _INFLATES
        else:
            yield plain, size


def _read_all(file: IO[bytes], size: int, most: int, what: str) -> Any:
    if size > most:
        raise ValueError(f"it says that it holds {what}, {size} bytes, and has or may have {most} at most")
    data = bytearray()
    while len(data) < size:
        part = file.read(min(_CHUNK, size - len(data)))
        if not part:
            raise ValueError(f"it is cut off: it says that it holds {what}, {size} bytes, and has {len(data)}")
        data += part
    if file.read(1):
        raise ValueError(f"it is too long: it says that it holds {what}, {size} bytes, and has more")
    return np.frombuffer(data, np.uint8)


def _check_classes(labels: Any, classes: int, what: str) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise ValueError(
            f"{what} {wrong[0]} is of class {labels[wrong[0]]}, and there are 0 to {classes - 1}"
            + (f"; so are {wrong.size - 1} more" if wrong.size > 1 else "")
        )


def _find(root: Any, folders: tuple[str, ...], *names: str) -> Path:
    for folder in folders:
        for name in names:
            for path in (Path(root, folder, name), Path(root, folder, f"{name}.gz")):
                if path.is_file():
                    return path
    raise FileNotFoundError(f"{names[0]} (or {names[0]}.gz) is not in {os.fspath(root)}; nothing is downloaded")
