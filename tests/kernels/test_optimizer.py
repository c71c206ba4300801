"""Compiled steps of optimizers have the bits of the NumPy references."""

import numpy as np
import pytest

import optim
from autodiff import Tensor
from autodiff.kernels import optimizer as kernels
from autodiff.kernels.compiled import optimizer as compiled
from autodiff.kernels.policy import compile_kernels, use_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads

NAMES = ("sgd", "adam", "rmsprop")
CASES = [
    ("sgd", "", (0.1, 0.0, 0.0, 0.0, False)),
    ("sgd", "", (0.1, 0.0, 0.0, 0.01, False)),
    ("sgd", "v", (0.1, 0.9, 0.0, 0.01, False)),
    ("sgd", "v", (0.1, 0.9, 0.2, 0.0, False)),
    ("sgd", "v", (1, 0.9, 0, 0, True)),
    ("adam", "mv-", (3, 0.1, 0.9, 0.999, 1e-8)),
    ("adam", "mv-", (1, 0.1, 0.0, 0.5, 1e-8, 0.01)),
    ("adam", "mv-", (1000, 0.1, 0.9, 0.999, 0.0, 0.01, True)),
    ("rmsprop", "v--", (0.1, 0.99, 1e-8, 0.0)),
    ("rmsprop", "v-b", (0.1, 0.99, 1e-8, 0.9)),
]


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_kernels(*[f"optimizer.{name}" for name in NAMES])


@pytest.fixture(params=[1, 2])
def _threads(request, monkeypatch):
    before = get_num_threads()
    set_num_threads(request.param)
    monkeypatch.setattr(compiled, "LEAST", 16)
    yield
    set_num_threads(before)


def reference(name):
    return getattr(kernels, name).__wrapped__


def arguments(name, states, dtype, shape):
    rng = np.random.default_rng(0)
    w, g = rng.normal(size=(2, *shape)).astype(dtype)
    given = [None if s == "-" else np.abs(rng.normal(size=shape)).astype(dtype) for s in states]
    if name == "sgd" and not states:
        given = [None]
    special = np.array([0.0, -0.0, np.inf, np.nan, 1e-30, -1e30], dtype)[: w.size]
    g.reshape(-1)[: len(special)] = special
    return w, g, given


@pytest.mark.usefixtures("_threads")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "states", "numbers"), CASES)
def test_twin_has_the_bits_of_the_reference(name, states, numbers, dtype):
    for shape in (0,), (1,), (7, 9), (4, 33, 5):
        w, g, given = arguments(name, states, dtype, shape)
        g.flags.writeable = False
        mine = [w.copy(), g, *[s if s is None else s.copy() for s in given]]
        found = getattr(compiled, name)(*mine, *numbers)
        expected = reference(name)(w, g, *given, *numbers)
        assert found[0] is mine[0]
        for a, b in zip(found, expected, strict=True):
            if b is not None:
                assert a.dtype == dtype
                np.testing.assert_array_equal(a, b)


def test_what_has_no_loop_is_left_to_the_reference():
    w, g, (m, v, _) = arguments("adam", "mv-", np.float64, (6, 8))
    before = w.copy()
    numbers = (3, 0.1, 0.9, 0.999, 1e-8)
    assert compiled.adam(w, g, m, v, v.copy(), *numbers) is None  # amsgrad
    assert compiled.adam(w.T, g.T, m.T, v.T, None, *numbers) is None
    assert compiled.adam(w, g.astype(np.float32), m, v, None, *numbers) is None
    assert compiled.sgd(w, g, None, 0.1, 0.9, 0.0, 0.0, False) is None  # there is no velocity yet
    assert compiled.rmsprop(w, g, v, m, None, 0.1, 0.9, 1e-8, 0.0) is None  # centred
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        (optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        (optim.Adam, {"weight_decay": 0.01}),
        (optim.Adam, {"amsgrad": True}),
        (optim.AdamW, {}),
        (optim.RMSprop, {"momentum": 0.5}),
        (optim.RMSprop, {"centered": True}),
    ],
)
def test_steps_of_packs_and_of_large_arrays(cls, options):
    """A parameter that comes in blocks, one that is packed, and one of a handful: the same bits by either code."""
    found = []
    for mode in ("numpy", "numba"):
        rng = np.random.default_rng(0)
        with use_kernels(mode):
            params = [Tensor(rng.normal(size=n), requires_grad=True) for n in ((200, 300), (50, 50), (30, 40), (3,))]
            optimizer = cls(params, lr=0.1, **options)
            for _ in range(3):
                for p in params:
                    p.grad = Tensor(rng.normal(size=p.shape))
                optimizer.step()
            found.append([p.value for p in params])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
