"""Compiled recurrent layers against the NumPy references."""

from inspect import signature

import numpy as np
import pytest

from autodiff.kernels import recurrent as kernels
from autodiff.kernels.compiled import recurrent as compiled
from autodiff.kernels.policy import compile_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
OPTIONS = {"rnn": [{"nonlinearity": "tanh"}, {"nonlinearity": "relu"}]}
CASES = [(name, options) for name in GATES for options in OPTIONS.get(name, [{}])]
RESULTS = {"rnn": "x h w_ih w_hh b", "lstm": "x h c w_ih w_hh b", "gru": "x h w_ih w_hh b_ih b_hh"}


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_kernels(*[f"recurrent.{name}{part}" for name in GATES for part in ("", "_vjp")])


@pytest.fixture(params=[1, 2])
def _threads(request, monkeypatch):
    before = get_num_threads()
    set_num_threads(request.param)
    monkeypatch.setattr(compiled, "LEAST", 1)
    yield
    set_num_threads(before)


def reference(name):
    return getattr(kernels, name).__wrapped__


def arguments(name, steps, batch, inputs, width, lengths=None, dtype=np.float64):
    rng, rows = np.random.default_rng(0), GATES[name] * width
    shapes = {
        "x": (steps, batch, inputs), "h": (batch, width), "c": (batch, width), "w_ih": (rows, inputs),
        "w_hh": (rows, width), "b": (rows,), "b_ih": (rows,), "b_hh": (rows,),
    }  # fmt: skip
    given = {n: (0.7 * rng.normal(size=shapes[n])).astype(dtype) for n in RESULTS[name].split()}
    given["lengths"] = np.full(batch, steps) if lengths is None else np.asarray(lengths)
    return given


def gradient(name, given):
    steps, batch, _ = given["x"].shape
    shape = (steps + (name == "lstm"), batch, given["h"].shape[1])
    return np.random.default_rng(1).normal(size=shape).astype(given["x"].dtype)


def pull(function, given, g, out, saved, options, needs=None):
    """Call a `_vjp` with what it asks for by name."""
    found = given | {"g": g, "out": out, "saved": saved, "needs": needs or (True,) * len(given)}
    names = [n for n, p in signature(function).parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    return function(*[found[n] for n in names], **options)


def compare(name, given, options, rtol):
    """Forward and backward, each against the reference in float64; returns the twin's gradients."""
    out, saved = getattr(compiled, name)(*given.values(), **options)
    exact = {k: v.astype(np.float64) if k != "lengths" else v for k, v in given.items()}
    expected, kept = reference(name)(*exact.values(), **options)
    assert out.dtype == given["x"].dtype
    np.testing.assert_allclose(out, expected, rtol=rtol, atol=rtol * max(1, np.abs(expected).max(initial=0)))
    g = gradient(name, given)
    found = pull(getattr(compiled, f"{name}_vjp"), given, g, out, saved, options)
    wanted = pull(reference(f"{name}_vjp"), exact, g.astype(np.float64), expected, kept, options)
    for mine, theirs in zip(found, wanted, strict=True):
        if theirs is not None:
            assert mine.dtype == out.dtype
            assert mine.shape == theirs.shape
            np.testing.assert_allclose(
                mine, theirs, rtol=20 * rtol, atol=20 * rtol * max(1, np.abs(theirs).max(initial=0))
            )
    return found


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_twin_computes_what_the_reference_does(name, options, dtype, reverse):
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    for steps, batch, inputs, width, lengths in (
        (1, 1, 1, 1, None), (5, 3, 4, 7, None), (6, 4, 2, 33, [6, 1, 3, 6]), (3, 2, 3, 5, [2, 1]), (9, 20, 8, 16, None),
        (2, 13, 3, 50, None), (3, 4, 5, 64, [3, 1, 2, 3]),
    ):  # fmt: skip
        compare(
            name, arguments(name, steps, batch, inputs, width, lengths, dtype), {**options, "reverse": reverse}, rtol
        )


@pytest.mark.parametrize(("name", "options"), CASES)
def test_nothing_to_do(name, options):
    options = {**options, "reverse": False}
    compare(name, arguments(name, 3, 2, 0, 4), options, 1e-12)
    for shape in (3, 0, 3, 4), (0, 2, 3, 4), (3, 2, 3, 0):
        given = arguments(name, *shape)
        assert getattr(compiled, name)(*given.values(), **options) is None
        g = gradient(name, given)
        assert pull(getattr(compiled, f"{name}_vjp"), given, g, g, (), options) is None


@pytest.mark.parametrize(("name", "options"), CASES)
def test_layout_and_writing_rights_do_not_matter(name, options):
    options = {**options, "reverse": False}
    given = arguments(name, 4, 3, 5, 6)
    plain = compare(name, given, options, 1e-12)
    given = {k: np.asfortranarray(v) for k, v in given.items()}
    for array in given.values():
        array.flags.writeable = False
    for mine, theirs in zip(compare(name, given, options, 1e-12), plain, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_only_what_is_needed_is_computed(name, options):
    options, given = {**options, "reverse": True}, arguments(name, 4, 3, 5, 6, [2, 4, 1])
    g, (out, saved) = gradient(name, given), getattr(compiled, name)(*given.values(), **options)
    function, names = getattr(compiled, f"{name}_vjp"), list(given)
    whole = pull(function, given, g, out, saved, options)
    for i, n in enumerate(names[:-1]):
        needs = tuple(k == i for k in range(len(names)))
        found = pull(function, given, g, out, saved, options, needs)
        np.testing.assert_array_equal(found[i], whole[i])
        for k, other in enumerate(names):
            if k != i and other not in ("h", "c"):
                assert found[k] is None, n


@pytest.mark.parametrize(("name", "options"), CASES)
def test_one_sequence_with_nan_leaves_the_others_alone(name, options):
    given = arguments(name, 4, 3, 5, 6)
    clean, _ = getattr(compiled, name)(*given.values(), **options, reverse=False)
    given["x"][1, 2] = np.nan
    out, _ = getattr(compiled, name)(*given.values(), **options, reverse=False)
    np.testing.assert_array_equal(out[:, :2], clean[:, :2])
    assert np.isnan(out[1:4, 2]).all()
    given["x"][1, 2] = 1e300
    out, _ = getattr(compiled, name)(*given.values(), **options, reverse=False)
    expected, _ = reference(name)(*given.values(), **options, reverse=False)
    np.testing.assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_mixed_dtypes_are_left_to_the_reference(name, options):
    given = arguments(name, 3, 2, 4, 5)
    out, saved = getattr(compiled, name)(*given.values(), **options, reverse=False)
    mixed = given | {"w_hh": given["w_hh"].astype(np.float32)}
    assert getattr(compiled, name)(*mixed.values(), **options, reverse=False) is None
    g = gradient(name, given)
    assert pull(getattr(compiled, f"{name}_vjp"), mixed, g, out, saved, {**options, "reverse": False}) is None


@pytest.mark.parametrize("width", [7, 64])  # 64 takes rows that are apart
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_equal_rows_of_the_input_are_multiplied_once(name, options, dtype, width, monkeypatch):
    monkeypatch.setattr(compiled, "PRODUCT", 0)
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    given = arguments(name, 9, 6, 5, width, [9, 1, 4, 9, 2, 3], dtype)
    given["w_hh"] *= 5 / width  # larger ones would double errors at each step
    given["x"] = given["x"][0][np.random.default_rng(0).integers(6, size=(9, 6))]
    assert compiled._equal_rows(given["x"].reshape(54, 5), width)[0].shape == (6, 5)
    compare(name, given, {**options, "reverse": False}, rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_rows(dtype, monkeypatch):
    monkeypatch.setattr(compiled, "PRODUCT", 0)
    rng = np.random.default_rng(0)
    table = rng.normal(size=(40, 6)).astype(dtype)
    table[3] = 0
    table[4, 2], table[5, 1], table[6] = np.inf, 1e30, -0.0  # as a number -0 is 0
    letters = rng.integers(40, size=500)
    rows, place = compiled._equal_rows(table[letters], 1)
    np.testing.assert_array_equal(rows[place], table[letters])
    assert len(rows) == len(np.unique(table[letters], axis=0))
    assert compiled._equal_rows(rng.normal(size=(500, 6)).astype(dtype), 1) is None
    assert compiled._equal_rows(np.full((500, 6), np.nan, dtype), 1) is None  # NaN is equal to nothing
    one_hot = np.eye(50, dtype=dtype)[rng.integers(50, size=500)]
    rows, place = compiled._equal_rows(one_hot, 1)
    np.testing.assert_array_equal(rows[place], one_hot)
    monkeypatch.undo()
    assert compiled._equal_rows(one_hot, 1) is None  # too small to be worth while
