"""Arrays in files: safetensors, which other frameworks read and write too. Nothing is ever unpickled.

A file is the length of a header (8 bytes), the header (JSON: names, dtypes, shapes, places), and the elements.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import describe
from .tensor import Tensor

if TYPE_CHECKING:
    from pathlib import Path  # where it is used: importing autodiff costs little more than importing NumPy

__all__ = ["atomic", "load", "metadata", "save"]

_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8",
    "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}
_OTHERS = (".npz", ".npy", ".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt")


def save(arrays: Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays (or Tensors, or numbers) by name to a safetensors file: the whole file, or none of it.

    Args:
        metadata: text by name, which `metadata(path)` reads.

    The layout in memory does not matter. Raises TypeError for values that are no numbers and for dtypes that the
    format has not (complex, float128), ValueError for a path that ends like another kind of file, OSError for one that
    cannot be written; then an old file is as it was.

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "state.safetensors")
    >>> save({"w": np.eye(2, dtype=np.float32).T}, path, {"step": "7"})
    >>> load(path)["w"].tolist(), metadata(path)
    ([[1.0, 0.0], [0.0, 1.0]], {'step': '7'})
    """
    import json

    if not isinstance(arrays, Mapping):
        raise TypeError(f"arrays are saved by name, in a dict; got {type(arrays).__name__}")
    if os.path.splitext(os.fsdecode(path))[1].lower() in _OTHERS:
        raise ValueError(f"{path} is written in the format safetensors: let its name end in .safetensors")
    notes: dict[Any, Any] = dict(metadata or {})
    for name, text in notes.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError(f"metadata is text by name, got {name!r}: {text!r}")
    ready = {name: _plain(name, value) for name, value in arrays.items()}
    ready = dict(sorted(ready.items(), key=lambda item: -item[1].itemsize))  # so that each lies on its own alignment
    header: dict[str, Any] = {"__metadata__": notes} if notes else {}
    end = 0
    for name, array in ready.items():
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype], "shape": array.shape, "data_offsets": (begin, end)}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with atomic(path) as temporary, open(temporary, "r+b") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in ready.values():
            file.write(array.reshape(-1).view("u1").data)


def _plain(name: Any, value: Any) -> np.ndarray[Any, Any]:
    """The array as the format stores it: row by row, little-endian."""
    if not isinstance(name, str) or name == "__metadata__":
        raise TypeError(f"arrays are saved by name, and {name!r} is none")
    array = np.asarray(value.value if type(value) is Tensor else value)
    if array.dtype.kind == "c":
        raise TypeError(f"{name} is {describe(array)}, and the format has no complex numbers: save real and imag parts")
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _NAMES:
        raise TypeError(
            f"{name} is {describe(array)}, which the format does not have; it takes bool, int and float arrays"
        )
    return np.asarray(array, dtype, order="C")


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Read the arrays of a safetensors file, or of one that `np.savez` wrote, by name.

    bfloat16, which NumPy has not, comes as float32 of the same value. Raises ValueError for a file that is damaged or
    cut off, for a pickle (PyTorch's .pt), and for dtypes that NumPy has not.
    """
    with open(path, "rb") as file:
        first = file.read(16)
    if first[:2] == b"PK":
        return _load_zip(path)
    if first[:1] == b"\x80" and first[8:9] != b"{":  # a pickle's first byte, and no header after eight
        raise _is_pickle(path)
    import safetensors

    deserialize: Any = safetensors.deserialize
    try:
        with open(path, "rb") as file:
            parts = deserialize(file.read())
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or it is damaged or cut off: {error}") from None
    return {name: _array(path, name, part) for name, part in parts}


def _array(path: Any, name: str, part: dict[str, Any]) -> np.ndarray[Any, Any]:
    shape, dtype, data = part["shape"], part["dtype"], part["data"]
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if dtype not in _DTYPES:
        raise ValueError(
            f"{name} in {path} has the dtype {dtype}, which NumPy has not: convert it to float32 before saving"
        )
    array = np.frombuffer(data, _DTYPES[dtype]).reshape(shape)  # of a bytearray, which nobody else has
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _load_zip(path: Any) -> dict[str, np.ndarray[Any, Any]]:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith(".pkl") for name in archive.namelist()):
                raise _is_pickle(path)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    # The last of these is what zipfile raises where damaged bytes name a compression that there is not.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(f"{path} is damaged or cut off: {error}") from None


def _is_pickle(path: Any) -> ValueError:
    return ValueError(
        f"{path} holds a pickle (PyTorch's .pt and .pth do), and reading one can run any code, so it is not read. "
        'Convert it where PyTorch is: safetensors.torch.save_file(model.state_dict(), "model.safetensors"), with '
        "tensors made contiguous first; or np.savez of each tensor's numpy()."
    )


def metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the text that was saved with the arrays, without reading them."""
    from safetensors import SafetensorError, safe_open

    with open(path, "rb"):  # whose errors name the path
        pass
    try:
        with safe_open(os.fspath(path), framework="np") as file:
            return dict(file.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or it is damaged or cut off: {error}") from None


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path beside this one to write to; at the end what was written takes its place, all at once.

    Whatever happens on the way (an error, a full disk, no more power), the file is the old one or the new one, whole. A
    process that is killed on the way leaves what it had written beside it, as `.NAME.PID-XXXXXXXX.tmp`.
    Raises OSError for a path that is no file but a folder or a device.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic(path) as temporary:
    ...     _ = temporary.write_text("done")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('done', 1)
    """
    from pathlib import Path

    target = Path(os.path.realpath(os.fsdecode(path)))  # a link goes on pointing to the file
    if target.exists() and not target.is_file():
        raise OSError(f"{target} is no file, and cannot be replaced by one")
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            mode = os.fstat(file.fileno()).st_mode
        yield temporary
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, (target.stat().st_mode if target.exists() else mode) & 0o777)
        os.replace(temporary, target)
    except OSError as error:  # a full disk, say: the file that was to be written is what it is about
        if error.errno is None or str(error.filename or temporary) != str(temporary):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    if hasattr(os, "O_DIRECTORY"):  # the new name itself is on the disk; on Windows folders cannot be opened
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
