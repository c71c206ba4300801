"""Compiled activations and their slopes against the NumPy references."""

import numpy as np
import pytest

from autodiff.kernels import elementwise, policy, special
from autodiff.kernels.compiled import activation
from autodiff.kernels.policy import KERNELS, compile_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads, share_loop

NAMES = {
    "sigmoid": 1, "sigmoid_slope": 2, "tanh_slope": 2, "relu_slope": 2, "silu": 1, "silu_slope": 2, "gelu": 1,
    "gelu_slope": 2, "softplus": 1, "softplus_slope": 2, "log_sigmoid": 1, "elu": 1, "elu_slope": 2, "mish": 1,
    "mish_slope": 2, "leaky_relu": 1, "leaky_slope": 2, "hardtanh_slope": 2, "softsign": 1, "softsign_slope": 2,
    "positive_part": 1, "hardsigmoid": 1, "hardswish": 1, "hardswish_slope": 2,
}  # fmt: skip
_SOFTPLUS = [{"beta": 1.0, "threshold": 20.0}, {"beta": -1.7, "threshold": np.inf}, {"beta": 2.0, "threshold": 0.5}]
_ELU = [{"alpha": 1.0, "scale": 1.0, "slope": 1.0}, {"alpha": 1.7, "scale": 1.1, "slope": 0.5}]
_HARDTANH = [{"low": -0.5, "high": 1.0, "scale": 1.0}, {"low": 0.0, "high": 1.0, "scale": 1 / 6}]
OPTIONS = {
    "gelu": [{"approximate": "none"}, {"approximate": "tanh"}], "softplus": _SOFTPLUS, "softplus_slope": _SOFTPLUS,
    "elu": _ELU, "elu_slope": _ELU, "hardtanh_slope": _HARDTANH,
    "leaky_relu": [{"slope": 0.01}, {"slope": -0.5}], "leaky_slope": [{"slope": 0.01}],
}  # fmt: skip
CASES = [(name, options) for name in NAMES for options in OPTIONS.get(name, [{}])]


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_kernels(*[f"activation.{name}" for name in NAMES])


@pytest.fixture(autouse=True)
def _threads_share_little(monkeypatch):
    monkeypatch.setattr(
        policy, "share_loop", lambda entry, args, n, least, pieces: share_loop(entry, args, n, 1 << 12, 4)
    )


def reference(name):
    return KERNELS[f"activation.{name}"].reference


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_twin_computes_what_the_reference_does(name, options, dtype, threads):
    before = get_num_threads()
    set_num_threads(threads)
    try:
        rng = np.random.default_rng(0)
        for shape in (0,), (7,), (3, 5, 2), (2, 40_001):
            arrays = [rng.normal(scale=3, size=shape).astype(dtype) for _ in range(NAMES[name])]
            found = getattr(activation, name)(*arrays, **options)
            expected = reference(name)(*[a.astype(np.float64) for a in arrays], **options)
            assert found.dtype == dtype
            scale = np.maximum(np.abs(expected), np.abs(arrays[0]))
            assert np.all(np.abs(found - expected) <= 40 * np.finfo(dtype).eps * scale)
    finally:
        set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sigmoid_slope", "tanh_slope"])
def test_a_slope_is_added_with_the_bits_of_two_steps(name, dtype, threads):
    compile_kernels(f"activation.add_{name}")
    before = get_num_threads()
    set_num_threads(threads)
    try:
        rng = np.random.default_rng(0)
        for shape in (0,), (7,), (3, 5, 2), (2, 40_001):
            total, g, y = (rng.normal(size=shape).astype(dtype) for _ in range(3))
            expected = total + getattr(activation, name)(g, y)
            for add in (getattr(activation, f"add_{name}"), reference(f"add_{name}")):
                found = total.copy()
                assert add(found, g, y) is found
                assert found.tobytes() == expected.tobytes()
    finally:
        set_num_threads(before)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_ends_and_what_is_no_number(name, options):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 200.0, -200.0, 1e-310])
    arrays = [np.ones_like(x)] * (NAMES[name] - 1) + [
        x if name not in ("sigmoid_slope", "tanh_slope", "softsign_slope") else np.clip(x, -1, 1)
    ]
    found = getattr(activation, name)(*arrays, **options)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = reference(name)(*arrays, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_loop_is_left_to_the_reference(name):
    x, options = np.ones((4, 4)), OPTIONS.get(name, [{}])[0]
    call = getattr(activation, name)
    assert call(*[x[:, ::2]] * NAMES[name], **options) is None
    if NAMES[name] == 2:
        assert call(x, x.astype(np.float32), **options) is None
        assert call(x, x[0], **options) is None
    for add in (activation.add_sigmoid_slope, activation.add_tanh_slope):
        assert add(x, x, x.T) is None
    large = np.ones((200, 400))[:, ::2]
    public = getattr(elementwise, name, None) or getattr(special, name)
    np.testing.assert_array_equal(
        public(*[large] * NAMES[name], **options), reference(name)(*[large] * NAMES[name], **options)
    )
