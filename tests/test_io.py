import json
import os
import pickle
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import nn
from autodiff import Tensor, io

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">f4", ">i2"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (5, 7)])
def test_round_trip(tmp_path, dtype, shape):
    array = np.random.default_rng(0).integers(0, 2 if dtype == "?" else 100, shape).astype(dtype)
    io.save({"a": array}, tmp_path / "a.safetensors")
    loaded = io.load(tmp_path / "a.safetensors")["a"]
    assert (loaded.shape, loaded.dtype) == (shape, np.dtype(dtype).newbyteorder("="))
    np.testing.assert_array_equal(loaded, array)
    loaded[...] = 0  # it is the reader's own


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda a: a.T,
        lambda a: a[::-1, ::2],
        lambda a: a[:, 1:3],
        lambda a: np.broadcast_to(a[0], (3, 6)),
        lambda a: a.transpose(1, 0)[::-2],
        Tensor,
    ],
)
def test_any_layout_in_memory(tmp_path, layout):
    # The format's own NumPy writer stores a Fortran array's bytes as they lie in memory, under the shape as it is.
    array = layout(np.arange(24.0).reshape(4, 6))
    io.save({"a": array, "b": np.ones(3)}, tmp_path / "a.safetensors")
    np.testing.assert_array_equal(io.load(tmp_path / "a.safetensors")["a"], getattr(array, "value", array))


def test_metadata_and_numbers(tmp_path):
    io.save({"n": 3, "x": 0.5, "": np.ones(1)}, tmp_path / "a", {"epoch": "3", "ä": "ö"})
    assert io.metadata(tmp_path / "a") == {"epoch": "3", "ä": "ö"}
    assert {name: v.tolist() for name, v in io.load(tmp_path / "a").items()} == {"n": 3, "x": 0.5, "": [1.0]}
    io.save({}, tmp_path / "b")
    assert (io.load(tmp_path / "b"), io.metadata(tmp_path / "b")) == ({}, {})


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"w": np.ones(2, complex)}, r"w is complex128 \(2,\), and the format has no complex numbers: save real"),
        ({"w": np.array(["a"])}, r"w is <U1 \(1,\), which the format does not have"),
        ({"w": np.array([None])}, "w is object"),
        ({3: np.ones(2)}, "saved by name, and 3 is none"),
        ({"__metadata__": np.ones(2)}, "saved by name, and '__metadata__' is none"),
        ({"w": {"nested": 1.0}}, "w is object"),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(tmp_path, arrays, message):
    path = tmp_path / "a.safetensors"
    io.save({"old": 1.0}, path)
    with pytest.raises(TypeError, match=message):
        io.save({"new": 2.0} | arrays, path)
    assert list(io.load(path)) == ["old"]
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_other_mistakes_when_saving(tmp_path):
    with pytest.raises(TypeError, match="metadata is text by name, got 'step': 3"):
        io.save({}, tmp_path / "a", {"step": 3})
    for suffix in (".npz", ".pt", ".PTH"):
        with pytest.raises(ValueError, match=r"let its name end in \.safetensors"):
            io.save({}, tmp_path / f"a{suffix}")
    with pytest.raises(FileNotFoundError):
        io.save({}, tmp_path / "nowhere" / "a")
    with pytest.raises(TypeError, match="arrays are saved by name, in a dict; got list"):
        io.save([1.0], tmp_path / "a")


# -- all or nothing ------------------------------------------------------------------------------------


def test_a_write_that_fails_halfway_changes_nothing(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write_half():
        with io.atomic(path) as temporary:
            temporary.write_text("ne")
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_an_error_of_the_system_names_the_file(tmp_path):
    path = tmp_path / "a"
    for raised in (OSError(28, "No space left on device"), OSError(28, "No space left on device", "elsewhere")):
        with pytest.raises(OSError, match="No space left on device") as caught, io.atomic(path):
            raise raised
        assert caught.value.filename == (raised.filename or str(path))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="other things than files have names in POSIX")
def test_what_is_no_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # or /dev/null, for those who may write there
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="is no file, and cannot be replaced by one"):
            io.save({"x": 1.0}, path)
    assert os.listdir(tmp_path) == ["pipe"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


WRITER = """
import sys
import numpy as np
from autodiff import io
for i in range(1, 1000000):
    io.save({name: np.full(100000, i) for name in "ab"}, sys.argv[1])
    print(i, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a.safetensors"
    for turn in range(8):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(0.007 * turn)
            writer.kill()
        state = io.load(path)
        assert len({*state["a"], *state["b"]}) == 1
        unfinished = {name for name in os.listdir(tmp_path) if name != path.name}
        assert all(name.startswith(".a.safetensors.") and name.endswith(".tmp") for name in unfinished)
        assert len(unfinished) <= turn + 1


@pytest.mark.skipif(os.name != "posix", reason="links and permissions of POSIX")
def test_links_and_permissions_stay(tmp_path):
    path, link = tmp_path / "a", tmp_path / "link"
    io.save({"x": 1.0}, path)
    path.chmod(0o640)
    link.symlink_to(path)
    io.save({"x": 2.0}, link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert io.load(path)["x"] == 2.0
    (tmp_path / "new").touch()
    io.save({}, tmp_path / "newer")
    assert (tmp_path / "newer").stat().st_mode == (tmp_path / "new").stat().st_mode


# -- reading -------------------------------------------------------------------------------------------


def test_every_cut_off_or_longer_file_is_an_error(tmp_path):
    path = tmp_path / "a.safetensors"
    io.save({"w": np.arange(4.0), "b": np.ones((), "f4")}, path)
    whole = path.read_bytes()
    for n in range(len(whole)):
        path.write_bytes(whole[:n])
        with pytest.raises(ValueError, match="damaged or cut off"):
            io.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match="damaged or cut off"):
        io.load(path)
    path.write_bytes(b"garbage, not a header at all")
    for read in (io.load, io.metadata):
        with pytest.raises(ValueError, match="is no safetensors file"):
            read(path)


def test_a_header_that_lies_is_an_error(tmp_path):
    for entry in [
        {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 80]},
        {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
        {"dtype": "F33", "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
    ]:
        with pytest.raises(ValueError, match="damaged or cut off"):
            io.load(written(tmp_path / "a", {"w": entry}, bytes(8)))


def written(path, header, data):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_a_damaged_zip_is_an_error(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.ones(1000))
    whole = (tmp_path / "a.npz").read_bytes()
    flipped = bytearray(whole)
    flipped[1000] ^= 255
    for data in (b"PK", b"PK\x03\x04garbage" * 10, whole[:500], flipped):
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(ValueError, match="is damaged or cut off"):
            io.load(tmp_path / "a")


def test_other_readers_read_it(tmp_path):
    arrays = {
        "flag": np.array([True, False, True]),
        "w": np.arange(6.0).reshape(2, 3),
        "n": np.int8(5),
        "x": np.ones((0, 2)),
    }
    io.save(arrays, tmp_path / "a", {"ä": '"ö"'})
    theirs = safetensors.numpy.load_file(tmp_path / "a")
    for name, array in arrays.items():
        np.testing.assert_array_equal(theirs[name], array)
        assert (theirs[name].dtype, theirs[name].shape) == (array.dtype, array.shape)
    io.save({"x": 1.0}, os.fsencode(tmp_path / "b"))  # paths may be bytes
    assert io.load(os.fsencode(tmp_path / "b"))["x"] == 1.0


def test_a_header_of_any_length_is_told_from_a_pickle(tmp_path):
    for n in range(300):  # of 128 bytes, say, whose first byte is a pickle's
        path = tmp_path / "a"
        io.save({"x" * n: 1.0}, path)
        assert list(io.load(path)) == ["x" * n]


def test_bfloat16_comes_as_float32_and_float8_is_refused(tmp_path):
    values = np.array([1.0, -2.5, np.inf, 0.0], np.float32)
    data = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    header = {"w": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}
    loaded = io.load(written(tmp_path / "a", header, data))["w"]
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded.ravel(), values)
    header = {"w": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}
    with pytest.raises(ValueError, match=r"w in .* has the dtype F8_E4M3, which NumPy has not"):
        io.load(written(tmp_path / "a", header, bytes(2)))


def test_npz_is_read_and_pickles_are_not(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.ones(2))
    assert io.load(tmp_path / "a.npz")["w"].tolist() == [1.0, 1.0]
    np.savez(tmp_path / "b.npz", w=np.array([{}]))
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        io.load(tmp_path / "b.npz")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"w": [1.0] * 9}))
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:  # how PyTorch writes
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    for name in ("a.pkl", "a.pt"):
        with pytest.raises(ValueError, match=r"holds a pickle .* safetensors.torch.save_file\(model.state_dict\(\)"):
            io.load(tmp_path / name)


# -- models --------------------------------------------------------------------------------------------


def test_a_model_through_a_file(tmp_path):
    a, b = (nn.Sequential(nn.Linear(2, 3, generator=seed), nn.Tanh(), nn.Linear(3, 1)) for seed in (0, 1))
    nn.save(a, tmp_path / "a.safetensors", {"made": "here"})
    b.load_state_dict(nn.load(tmp_path / "a.safetensors"))
    x = np.ones((4, 2))
    np.testing.assert_array_equal(a(x).value, b(x).value)
    with pytest.raises(ValueError, match=r"unexpected: 2\.(weight|bias), 2\."):
        b[:1].load_state_dict(nn.load(tmp_path / "a.safetensors"))


def test_a_state_that_pytorch_saved():
    # Written by tests/parity/make_state.py: a network, an input, and what PyTorch makes of it.
    state = nn.load(DATA / "pytorch.safetensors")
    x, out = state.pop("input"), state.pop("output")
    assert {name: (v.shape, str(v.dtype)) for name, v in state.items()}["0.weight"] == ((4, 1, 3, 3), "float32")
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.Tanh(),
        nn.Linear(5, 3, bias=False), nn.LogSoftmax(dim=-1),
    )  # fmt: skip
    assert net.load_state_dict(state) == ([], [])
    np.testing.assert_allclose(net(x).value, out, rtol=1e-5, atol=1e-6)
    assert io.metadata(DATA / "pytorch.safetensors")["torch"].startswith("2.")
