"""Images in folders: a folder a class, `data/dogs/dog001.jpg`. Pillow reads them."""

from __future__ import annotations

import io
import operator
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .dataset import Dataset
from .transforms import ToArray, coloured, resized

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".pgm", ".bmp", ".tif", ".tiff", ".webp", ".gif")
_FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP", "GIF")  # others may call other programs


def read_image(path: str | os.PathLike[str], mode: str = "RGB", size: Sequence[int] | None = None) -> Any:
    """Read an image as an array (channels, height, width) of float32 in [0, 1].

    Args:
        mode: Pillow's, "RGB" or "L" (grey); an image of another is converted.
        size: resize it to (height, width).

    Raises ValueError, with the file's name, for one that is damaged, cut off, no image, or larger than Pillow's
    `Image.MAX_IMAGE_PIXELS`; FileNotFoundError; ModuleNotFoundError without Pillow.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "images are read by Pillow, which is not installed: pip install pillow", name="PIL"
        ) from None
    _check_size(size)
    with open(path, "rb") as file:
        data = io.BytesIO(file.read())  # of a file, Pillow would ask for as many bytes as a damaged length says
        try:
            with Image.open(data, formats=_FORMATS) as image:
                width, height = image.size
                most = Image.MAX_IMAGE_PIXELS
                if most is not None and width * height > most:
                    raise ValueError(f"it says that it has {width} x {height} pixels, more than {most}")
                array = _deep(image, mode) if image.mode[0] in "IF" else ToArray()(coloured(image).convert(mode))
        except MemoryError:
            raise
        except Exception as error:  # Pillow's readers raise whatever their damage leads to
            raise ValueError(
                f"{os.fspath(path)} cannot be read as an image: {str(error) or type(error).__name__}"
            ) from error
    return array if size is None else resized(array[None], size)[0]


def _check_size(size: Any) -> None:
    if size is not None and (np.shape(size) != (2,) or min(size) < 1):
        raise ValueError(f"size is (height, width), got {size!r}")


def _deep(image: Any, mode: str) -> Any:
    """A grey image of 16 bits, which Pillow would cut to 8."""
    grey = np.asarray(image)[None]
    if (
        mode not in ("RGB", "L")
        or grey.dtype.kind not in "iu"
        or grey.min(initial=0) < 0
        or grey.max(initial=0) > 65535
    ):
        raise ValueError(f"its pixels are neither of 8 nor of 16 bits (Pillow's mode {image.mode}): read it yourself")
    return np.repeat(grey.astype(np.float32) / np.float32(65535), len(mode), axis=0)


class ImageFolder(Dataset):
    """Images sorted into one folder for each class; `dataset[i]` is (image, class).

    An image is an array (3, height, width) of float32 in [0, 1]; classes are numbered in the order of their names.

    Args:
        root: the folder that holds the classes' folders.
        transform: applied to the image. target_transform: applied to the class.
        loader: reads a file; by default `read_image`.
        is_valid_file: says of a path whether it is an image; without it, any file whose name says that it is none is
            an error, since it might be one that is misnamed. Hidden files are passed over.
        allow_empty: whether a class may have no images.
        size: resize all images to (height, width).
        skip_unreadable: read each image once now, and leave out those that cannot be read, with a warning. They are
            listed in `skipped`, with the reasons. Without it, reading one is an error that names it.

    `classes`, `class_to_idx`, `samples` and `targets` are as in torchvision.

    Raises FileNotFoundError where no images are found, ValueError for files that are none.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
        *,
        size: Sequence[int] | None = None,
        skip_unreadable: bool = False,
    ) -> None:
        _check_size(size)
        self.root, self.size = os.fspath(root), size
        self.transform, self.target_transform, self.loader = transform, target_transform, loader
        self.classes, self.samples = _search(Path(root), is_valid_file, allow_empty)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.skipped: list[tuple[str, str]] = []
        if skip_unreadable:
            self._leave_out()
        self.targets = [target for _, target in self.samples]

    def _leave_out(self) -> None:
        kept = []
        for path, target in self.samples:
            try:
                self._read(path)
            except (ValueError, OSError) as error:
                self.skipped.append((path, str(error)))
            else:
                kept.append((path, target))
        if self.skipped:
            named = "; ".join(reason for _, reason in self.skipped[:3])
            more = f"; and {len(self.skipped) - 3} more, see `skipped`" if len(self.skipped) > 3 else ""
            warnings.warn(
                f"{len(self.skipped)} of {len(self.samples)} images are left out: {named}{more}", stacklevel=3
            )
        if not kept:
            raise ValueError(f"none of the {len(self.samples)} images in {self.root} can be read: {self.skipped[0][1]}")
        self.samples = kept

    def _read(self, path: str) -> Any:
        if self.loader is None:
            return read_image(path, size=self.size)
        image = self.loader(path)
        return image if self.size is None else resized(ToArray()(image)[None], self.size)[0]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[operator.index(index)]
        image = self._read(path)
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def name_of(self, index: int) -> str:
        """Its path."""
        return self.samples[index][0]


def _search(
    root: Path, is_valid_file: Callable[[str], bool] | None, allow_empty: bool
) -> tuple[list[str], list[tuple[str, int]]]:
    """The classes, and the files with their classes' numbers, in the order of their names."""
    layout = f"Images lie in one folder for each class: {root.name or root}/dogs/dog001.jpg"
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is {'a file' if root.exists() else 'not there'}. {layout}")
    entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith("."))
    folders = [entry for entry in entries if entry.is_dir()]
    if not folders:
        raise FileNotFoundError(f"{root} has no folders in it. {layout}")
    for entry in entries:
        if entry.is_file() and entry.suffix.lower() in EXTENSIONS:
            raise ValueError(f"{entry} is of no class. {layout}")
    samples, empty = [], []
    for number, folder in enumerate(folders):
        found = [path for path in _files(folder) if _is_image(path, is_valid_file)]
        samples += [(str(path), number) for path in found]
        if not found:
            empty.append(str(folder))
    if not samples or (empty and not allow_empty):
        raise FileNotFoundError(
            f"no images in {', '.join(empty)}. {layout}"
            + ("; allow_empty=True lets classes have none" if samples else "")
        )
    return [folder.name for folder in folders], samples


def _files(folder: Path) -> list[Path]:
    found = []
    for path, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
        if Path(path).resolve() in (above.resolve() for above in Path(path).parents):
            raise ValueError(f"{path} is a link to a folder that it is in")
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(path, name) for name in files if not name.startswith(".")]
    return sorted(found)


def _raise(error: OSError) -> None:
    """A folder that cannot be read is an error; `os.walk` passes over it otherwise."""
    raise error


def _is_image(path: Path, is_valid_file: Callable[[str], bool] | None) -> bool:
    if is_valid_file is not None:
        return bool(is_valid_file(str(path)))
    if path.suffix.lower() not in EXTENSIONS:
        raise ValueError(
            f"{path} is no image by its name ({', '.join(EXTENSIONS)}). Take it away, or say which files are images: "
            'is_valid_file=lambda path: path.endswith(".jpg")'
        )
    return True
