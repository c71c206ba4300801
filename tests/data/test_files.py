"""Files of data: read right, and where they are damaged an error that names them; nothing is lost without a word."""

import gc
import gzip
import io
import os
import struct
import tracemalloc
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from nn.data import CIFAR10, CIFAR100, MNIST, CSVDataset, DataLoader, ImageFolder, read_cifar, read_idx, read_image
from nn.data import transforms as T

image_module = pytest.importorskip("PIL.Image")
RNG = np.random.default_rng(0)


def idx(array):
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    code = codes[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def photo(path, h=8, w=9, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (h, w, 3), dtype=np.uint8)
    image_module.fromarray(pixels).save(path, **options)
    return pixels


# -- IDX and CIFAR ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_idx(tmp_path, dtype):
    array = (RNG.random((3, 4, 2)) * 100).astype(dtype)
    for path in (write(tmp_path / "a", idx(array)), write(tmp_path / "b.gz", gzip.compress(idx(array)))):
        found = read_idx(path)
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype
        assert found.dtype.isnative
    assert read_idx(write(tmp_path / "c", idx(np.zeros((0, 5), "f4")))).shape == (0, 5)


def test_damaged_idx_files_are_named(tmp_path):
    whole = idx(np.arange(60, dtype="i4").reshape(3, 4, 5))
    big = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1)
    cases = {
        "it has 0 bytes": b"", "begins with 01 02 03 04": b"\1\2\3\4", "begins with 00 00 07 01": b"\0\0\7\1\0\0\0\1x",
        "has 0 axes": b"\0\0\x08\0", "has 200 axes": b"\0\0\x08\xc8", "cut off in its header": whole[:9],
        r"it says that it holds \(3, 4, 5\) of int32, 240 bytes": whole[:-1], "too long": whole + b"x",
        "79228162458924105385300197375 bytes, and has or may have 16 at most": big,
    }  # fmt: skip
    for i, (message, data) in enumerate(cases.items()):
        path = write(tmp_path / f"file{i}", data)
        with pytest.raises(ValueError, match=f"file{i}: .*{message}"):
            read_idx(path)
    packed = gzip.compress(whole)
    cases = {"gzip has packed is damaged or cut off": packed[:-9], "cut off": gzip.compress(whole[:-1]),
             "too long": gzip.compress(whole + b"x"), "or may have": gzip.compress(big)}  # fmt: skip
    broken = bytearray(packed)
    broken[20] ^= 255
    cases["gzip has packed is damaged"] = bytes(broken)
    for i, (message, data) in enumerate(cases.items()):
        with pytest.raises(ValueError, match=f"packed{i}.gz: .*{message}"):
            read_idx(write(tmp_path / f"packed{i}.gz", data))
    with pytest.raises(ValueError, match="may have 100 at most"):
        read_idx(write(tmp_path / "whole", whole), max_bytes=100)
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nowhere")


def test_mnist(tmp_path):
    x, y = RNG.integers(0, 256, (7, 4, 3), dtype=np.uint8), np.arange(7, dtype=np.uint8)
    write(tmp_path / "train-images-idx3-ubyte.gz", gzip.compress(idx(x)))
    labels = write(tmp_path / "train-labels-idx1-ubyte", idx(y))
    data = MNIST(tmp_path)
    images, classes = next(iter(DataLoader(data, 7)))
    np.testing.assert_allclose(images.value, x[:, None] / np.float32(255))
    assert (images.dtype, classes.dtype, classes.tolist()) == (np.float32, np.int64, list(range(7)))
    assert data.arrays[0].dtype == np.uint8
    assert data[3][0].shape == (1, 4, 3)
    with pytest.raises(FileNotFoundError, match=r"t10k-images-idx3-ubyte .* is not in .*; nothing is downloaded"):
        MNIST(tmp_path, train=False)
    write(labels, idx(np.array([0, 10, 1, 2, 3, 4, 12], np.uint8)))
    with pytest.raises(ValueError, match=r"labels-idx1-ubyte: label 1 is of class 10, .* 0 to 9; so are 1 more"):
        MNIST(tmp_path)
    write(labels, idx(y[:5]))
    with pytest.raises(ValueError, match=r"has labels \(5,\), and .* has 7 images"):
        MNIST(tmp_path)
    write(labels, idx(y))
    write(tmp_path / "train-images-idx3-ubyte.gz", gzip.compress(idx(y)))
    with pytest.raises(ValueError, match=r"no images .*: its array is uint8 \(7,\)"):
        MNIST(tmp_path)


def test_cifar(tmp_path):
    records = RNG.integers(0, 10, (5, 3073), dtype=np.uint8)
    for i in range(1, 6):
        write(tmp_path / "cifar-10-batches-bin" / f"data_batch_{i}.bin", records.tobytes())
    data = CIFAR10(tmp_path)
    assert len(data) == 25
    np.testing.assert_array_equal(data.arrays[0][5], records[0, 1:].reshape(3, 32, 32))
    np.testing.assert_array_equal(data.arrays[1][:5], records[:, 0])
    path = write(tmp_path / "short.bin", records.tobytes()[:-5])
    with pytest.raises(ValueError, match=r"short.bin: it has 15360 bytes, .* each image: 4 whole ones and 3068"):
        read_cifar(path)
    with pytest.raises(ValueError, match="it has 0 bytes"):
        read_cifar(write(path, b""))
    records[3, 0] = 10
    with pytest.raises(ValueError, match="record 3 is of class 10, and there are 0 to 9"):
        read_cifar(write(path, records.tobytes()))
    hundred = RNG.integers(0, 100, (2, 3074), dtype=np.uint8)
    write(tmp_path / "test.bin", hundred.tobytes())
    assert CIFAR100(tmp_path, train=False).arrays[1].tolist() == hundred[:, 1].tolist()
    with pytest.raises(FileNotFoundError, match=r"test_batch.bin"):
        CIFAR10(tmp_path, train=False)


def damaged(whole, rng):
    """A file cut off, with other bytes at its beginning, or made of random ones."""
    data = bytearray(whole[: rng.integers(len(whole) + 1)] if rng.random() < 0.5 else whole)
    for _ in range(rng.integers(4)):
        if data:
            data[rng.integers(min(len(data), 40))] = rng.choice([0, 1, 8, 0x7F, 0xFF, rng.integers(256)])
    return rng.bytes(rng.integers(200)) if rng.random() < 0.1 else bytes(data)


@contextmanager
def at_most(size):
    """Fail to take more memory than this, where the system can be told so."""
    status = Path("/proc/self/statm")
    if not status.exists():
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(status.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_thousands_of_damaged_files_give_clean_errors_in_little_memory(tmp_path):
    rng = np.random.default_rng(1)
    array = idx(np.arange(24, dtype="i4").reshape(2, 3, 4))
    png = io.BytesIO()
    image_module.fromarray(RNG.integers(0, 256, (8, 9, 3), dtype=np.uint8)).save(png, "PNG")
    jpg = io.BytesIO()
    image_module.fromarray(RNG.integers(0, 256, (8, 9, 3), dtype=np.uint8)).save(jpg, "JPEG")
    cifar = bytes(3073) * 2
    table = b"a,b,c\n1,2,x\n3,4,y\n" * 3
    readers = [
        (read_idx, array, 4000), (read_idx, gzip.compress(array), 2000), (read_cifar, cifar, 1000),
        (lambda p: CSVDataset(p, target="c"), table, 1500), (read_image, png.getvalue(), 1000),
        (read_image, jpg.getvalue(), 500),
    ]  # fmt: skip
    path = tmp_path / "file.bin"
    errors = []
    with at_most(300_000_000):
        for reader, whole, times in readers:
            for _ in range(times):
                path.write_bytes(damaged(whole, rng))
                try:
                    reader(path)
                except ValueError as error:
                    errors.append(str(error))
    assert all("file.bin" in error for error in errors)
    assert 5000 < len(errors) < 10_000


def test_a_bomb_takes_no_more_memory_than_was_allowed(tmp_path):
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        file.write(b"\0\0\x08\1" + struct.pack(">I", 50_000_000))
        for _ in range(60):
            file.write(bytes(1_000_000))
    path = write(tmp_path / "bomb.gz", bomb.getvalue())
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="may have 1000000 at most"):
            read_idx(path, max_bytes=1_000_000)
        with pytest.raises(ValueError, match="more than max_bytes=1000000"):
            read_cifar(path, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 20e6
        with pytest.raises(ValueError, match="too long"):
            read_idx(path)
        gc.collect()  # the error may still hold what was read
        tracemalloc.reset_peak()
        short = gzip.compress(b"\0\0\x08\1" + struct.pack(">I", 4_000_000_000) + RNG.bytes(4_000_000))
        with pytest.raises(ValueError, match=r"it is cut off: .* and has 4000000"):
            read_idx(write(path, short))
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


# -- images -----------------------------------------------------------------------------------------------


def test_image_folder(tmp_path):
    pixels = photo(tmp_path / "data" / "dogs" / "dog001.png")
    photo(tmp_path / "data" / "cats" / "b" / "cat.png")
    photo(tmp_path / "data" / "cats" / "a.jpeg")
    write(tmp_path / "data" / ".DS_Store", b"x")
    write(tmp_path / "data" / "cats" / ".hidden", b"x")
    data = ImageFolder(tmp_path / "data")
    assert data.classes == ["cats", "dogs"]
    assert data.class_to_idx == {"cats": 0, "dogs": 1}
    assert [path[len(str(tmp_path)) :] for path, _ in data.samples] == [
        "/data/cats/a.jpeg", "/data/cats/b/cat.png", "/data/dogs/dog001.png"]  # fmt: skip
    assert data.targets == [0, 0, 1]
    image, target = data[2]
    assert (image.dtype, image.shape, target) == (np.float32, (3, 8, 9), 1)
    np.testing.assert_allclose(image, np.moveaxis(pixels, -1, 0) / 255, rtol=1e-6)
    x, y = next(iter(DataLoader(data, 3)))
    assert (x.shape, y.tolist()) == ((3, 3, 8, 9), [0, 0, 1])
    changed = ImageFolder(tmp_path / "data", T.CenterCrop(4), lambda t: -t, size=(16, 20))
    assert (changed[2][0].shape, changed[2][1]) == ((3, 4, 4), -1)
    only = ImageFolder(tmp_path / "data", is_valid_file=lambda p: p.endswith(".png"), loader=lambda p: p)
    assert [path for path, _ in only] == [path for path, _ in data.samples[1:]]


def test_mixed_sizes_are_an_error_that_names_them(tmp_path):
    photo(tmp_path / "a" / "1.png")
    photo(tmp_path / "b" / "2.png", 5, 6)
    with pytest.raises(ValueError, match=r"float32 \(3, 8, 9\), float32 \(3, 5, 6\)\. .*transforms\.Resize") as caught:
        next(iter(DataLoader(ImageFolder(tmp_path), 2)))
    assert caught.value.__notes__ == [f"while joining {tmp_path / 'a' / '1.png'}, {tmp_path / 'b' / '2.png'}"]
    x, _ = next(iter(DataLoader(ImageFolder(tmp_path, size=(4, 4)), 2)))
    assert x.shape == (2, 3, 4, 4)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".gif", ".ppm", ".tiff"])
def test_images_that_are_cut_off_are_named_and_left_out_if_asked(tmp_path, suffix):
    photo(tmp_path / "a" / f"good{suffix}", 40, 40)
    bad = tmp_path / "a" / f"bad{suffix}"
    photo(bad, 40, 40)
    whole = bad.read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"no image at all"):
        bad.write_bytes(data)
        folder = ImageFolder(tmp_path)
        with pytest.raises(ValueError, match=rf"bad\{suffix} cannot be read as an image"):
            list(DataLoader(folder, 2))
        with pytest.warns(UserWarning, match=rf"1 of 2 images are left out: .*bad\{suffix} cannot be read"):
            folder = ImageFolder(tmp_path, skip_unreadable=True)
        assert [path for path, _ in folder.skipped] == [str(bad)]
        assert (len(folder), len(folder.targets)) == (1, 1)
    (tmp_path / "a" / f"good{suffix}").write_bytes(b"")
    with pytest.raises(ValueError, match="none of the 2 images"), pytest.warns(UserWarning, match="2 of 2"):
        ImageFolder(tmp_path, skip_unreadable=True)


def test_folders_that_are_not_laid_out_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere is not there. Images lie in one folder for each class"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="has no folders in it"):
        ImageFolder(tmp_path)
    (tmp_path / "cats").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no images in .*cats\. "):
        ImageFolder(tmp_path)
    photo(tmp_path / "dogs" / "dog.png")
    with pytest.raises(FileNotFoundError, match=r"no images in .*cats.*allow_empty"):
        ImageFolder(tmp_path)
    assert ImageFolder(tmp_path, allow_empty=True).targets == [1]
    odd = write(tmp_path / "dogs" / "dog2.jpg_", b"x")
    with pytest.raises(ValueError, match=r"dog2.jpg_ is no image by its name .*is_valid_file"):
        ImageFolder(tmp_path, allow_empty=True)
    odd.unlink()
    photo(tmp_path / "lost.png")
    with pytest.raises(ValueError, match=r"lost.png is of no class"):
        ImageFolder(tmp_path, allow_empty=True)
    for wrong in (3, (3, 0), (1, 2, 3)):
        with pytest.raises(ValueError, match=r"size is \(height, width\), got"):
            ImageFolder(tmp_path, size=wrong)
        with pytest.raises(ValueError, match=r"size is \(height, width\), got"):
            read_image(tmp_path / "lost.png", size=wrong)


@pytest.mark.skipif(os.name != "posix", reason="Windows lets administrators alone make links")
def test_links_and_folders_that_cannot_be_read(tmp_path, monkeypatch):
    photo(tmp_path / "cats" / "1.png")
    photo(tmp_path / "dogs" / "2.png")
    (tmp_path / "cats" / "3.png").symlink_to(tmp_path / "dogs" / "2.png")
    (tmp_path / "cats" / "more").symlink_to(tmp_path / "dogs")
    assert ImageFolder(tmp_path).targets == [0, 0, 0, 1]
    (tmp_path / "dogs" / "all").symlink_to(tmp_path / "dogs")
    with pytest.raises(ValueError, match="all is a link to a folder that it is in"):
        ImageFolder(tmp_path)
    (tmp_path / "dogs" / "all").unlink()

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(PermissionError, match="Permission denied"):
        ImageFolder(tmp_path)


def test_a_loader_of_pillow_images(tmp_path):
    photo(tmp_path / "a" / "1.png", 8, 12)
    data = ImageFolder(tmp_path, loader=image_module.open, size=(4, 6))
    np.testing.assert_allclose(data[0][0], ImageFolder(tmp_path, size=(4, 6))[0][0], atol=1e-6)


def test_an_image_that_says_it_is_huge_is_not_unpacked(tmp_path):
    path = tmp_path / "huge.png"
    photo(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 14000, 12000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"huge.png cannot be read as an image: .*168000000 pixels|14000 x 12000"):
        read_image(path)


def test_a_part_that_says_it_is_huge_takes_no_memory(tmp_path):
    path = tmp_path / "long.png"
    pixels = photo(path, 24, 31)
    data = bytearray(path.read_bytes())
    start = data.index(b"IDAT") - 4
    data[start : start + 4] = b"\xfd\0\0\0"  # 4 GB
    path.write_bytes(data)
    with at_most(500_000_000):
        image = read_image(path)  # all that is there, which is a whole image
    np.testing.assert_allclose(image, np.moveaxis(pixels, -1, 0) / 255, rtol=1e-6)


def test_grey_and_transparent_images(tmp_path):
    path = tmp_path / "x.png"
    image_module.fromarray(np.zeros((3, 4), np.uint8)).save(path)
    assert read_image(path).shape == (3, 3, 4)
    assert read_image(path, "L").shape == (1, 3, 4)
    image_module.fromarray(np.full((3, 4, 4), 255, np.uint8)).save(path)
    assert (read_image(path, size=(6, 6)) == 1).all()
    few = image_module.fromarray(RNG.integers(0, 256, (3, 4, 3), dtype=np.uint8)).quantize(4)
    few.save(path, transparency=bytes([0, 100, 200, 255]))  # Pillow would warn of it
    expected = np.moveaxis(np.asarray(few.convert("RGB")), -1, 0) / 255
    np.testing.assert_allclose(read_image(path), expected, rtol=1e-6)
    np.testing.assert_allclose(T.ToArray()(image_module.open(path)), expected, rtol=1e-6)
    deep = np.array([[0, 1000, 65535]], np.uint16)
    image_module.fromarray(deep).save(path)
    np.testing.assert_allclose(read_image(path), np.repeat(deep[None] / 65535, 3, axis=0), rtol=1e-6)
    assert read_image(path, "L").shape == (1, 1, 3)
    image_module.fromarray(np.zeros((3, 4), np.float32)).save(tmp_path / "x.tiff")
    with pytest.raises(ValueError, match=r"x.tiff .*neither of 8 nor of 16 bits \(Pillow's mode F\)"):
        read_image(tmp_path / "x.tiff")


# -- CSV --------------------------------------------------------------------------------------------------


def table(tmp_path, text, **options):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CSVDataset(path, **options)


def test_csv(tmp_path):
    text = 'id,"a b",y\n1, 2.5 ,0\n\n3,-4e1,2\n'
    data = table(tmp_path, text, target="y")
    assert data.columns == ["id", "a b"]
    assert data.arrays[0].tolist() == [[1, 2.5], [3, -40]]
    assert (data.arrays[1].tolist(), data.arrays[1].dtype) == ([0, 2], np.int64)
    assert table(tmp_path, text, columns=["a b"], target=2).arrays[0].tolist() == [[2.5], [-40]]
    assert table(tmp_path, text, columns=[-1, 0]).arrays[0].tolist() == [[0, 1], [2, 3]]
    assert table(tmp_path, "1;2\n3;4\n", delimiter=";", header=False, target=-1).arrays[1].tolist() == [2, 4]
    assert table(tmp_path, "x,y\n1,0.5\n2,1\n", target="y", dtype=np.float64).arrays[1].tolist() == [0.5, 1]
    kinds = table(tmp_path, "x,y\n1,b\n2,a\n", target="y", classes=["b", "a", "c"])
    assert (kinds.arrays[1].tolist(), kinds.classes) == ([0, 1], ["b", "a", "c"])
    assert table(tmp_path, b"\xef\xbb\xbfx\n1\n").columns == ["x"]
    assert table(tmp_path, "x,y\n1,1_0\n2,1_1\n", target="y").classes == ["1_0", "1_1"]
    large = table(tmp_path, "x,y\n1,9e15\n2,1e20\n", target="y").arrays[1]
    assert (large.tolist(), large.dtype) == ([np.float32(9e15), np.float32(1e20)], np.float32)


def test_a_first_row_of_numbers_is_no_header(tmp_path):
    with pytest.warns(UserWarning, match=r"has the numbers 5\.1, 3\.5\. If it is data, write header=False"):
        table(tmp_path, "5.1,3.5,rose\n4.9,3,lily\n", target=-1)
    assert table(tmp_path, "0,1\n4.9,3\n").columns == ["0", "1"]


def test_missing_values_name_their_rows(tmp_path):
    text = "a,b,y\n1,,0\n2,3,1\nNaN,?,0\n4,5,\n"
    rows = r"row 1 \(line 2\) in 'b'; row 3 \(line 4\) in 'a', 'b'; row 4 \(line 5\) in 'y'"
    with pytest.raises(ValueError, match=rf"table.csv: values are missing in {rows}\. Fill them in"):
        table(tmp_path, text, target="y")
    data = table(tmp_path, text, target="y", missing="skip")
    assert (data.arrays[0].tolist(), data.rows.tolist(), data.skipped) == ([[2, 3]], [2], [1, 3, 4])
    assert data.name_of(0).startswith("row 2 of ")
    with pytest.raises(ValueError, match=r"missing in row 4 \(line 5\) in 'y'"):
        table(tmp_path, text, target="y", missing="keep")
    kept = table(tmp_path, text, columns=["a", "b"], missing="keep").arrays[0]
    np.testing.assert_array_equal(kept, [[1, np.nan], [2, 3], [np.nan, np.nan], [4, 5]])
    assert table(tmp_path, "a\n-1\n2\n", na_values=["-1"], missing="skip").skipped == [1]
    with pytest.raises(ValueError, match="has no rows without missing values"):
        table(tmp_path, "a,b\n,1\n", missing="skip")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "is empty"),
        ("a,b\n", {}, "has no rows"),
        ("a,b\n1,2\n3\n", {}, r"row 2 \(line 3\) has 1 values, and there are 2 columns"),
        ("a,b\n1,2\n3,x\n", {}, r"row 2 \(line 3\) has 'x' in 'b': no finite number"),
        ("a,b\n1,2\n3,inf\n", {}, r"has 'inf' in 'b': no finite number"),
        ("a,y\n1,2\n3,x\n", {"target": "y"}, r"target 'y' has numbers and text: row 2 \(line 3\) has 'x'"),
        ("a,y\n1,p\n3,q\n", {"target": "y", "classes": ["p"]}, r"of no class: row 2 \(line 3\) has 'q'; .*\['p'\]"),
        ("a,b\n1,2\n", {"target": "z"}, "no column 'z'; it has 'a', 'b'"),
        ("a,a\n1,2\n", {"target": "a"}, "has 2 columns 'a': take one by its number"),
        ("a,b\n1,2\n", {"columns": [5]}, "no column 5"),
        ("a,b\n1,2\n", {"columns": ["a"], "target": 0}, "'a' is both the target"),
        ('a,b\n1,"2\n', {}, "cannot be read: unexpected end of data"),
        (b"a\n\xff\xfe\n", {}, "cannot be read after line 0: .*decode"),
        ("a\n" + "1" * 200_000 + "\n", {}, "ends at line 2 cannot be read: field larger"),
        ("a\n1\n", {"missing": "drop"}, 'missing is "raise"'),
        ("a;b\n1;2\n", {}, r"has '1;2' in 'a;b'.*delimiter="),
        ("a,b\n1e39,2\n", {}, r"has '1e39' in 'a': no finite number"),
        ("a,b\n1,2\n", {"columns": []}, "leave nothing to read"),
        ("a,b\n1_000,2\n", {}, r"has '1_000' in 'a': no finite number"),
        ("a,y\n1,p\n", {"target": "y", "classes": ["p", "q", "p"]}, "classes are there once each"),
    ],
)
def test_bad_tables_are_named(tmp_path, text, options, message):
    with pytest.raises(ValueError, match=message):
        table(tmp_path, text, **options)


def test_a_table_of_integers_would_lose_what_is_missing(tmp_path):
    with pytest.raises(TypeError, match="dtype is a floating one, got int64"):
        table(tmp_path, "a\n1\n", dtype=np.int64)
