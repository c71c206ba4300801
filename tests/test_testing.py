"""check_grads finds wrong rules, and says which input, element and op is at fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.testing import GradientCheckError, check_grads, numerical_grad

X = np.array([[0.3, -0.7], [1.1, 0.4]])

wrong = ad.define("wrong_cube", lambda x: x**3, lambda g, x: 2 * g * x * x, kind="elementwise")
wrong_second = ad.define(
    "wrong_second", lambda x: x**3,
    lambda g, x: 3 * g * x * (x.detach() if type(x) is ad.Tensor else x), kind="elementwise",
)  # fmt: skip
wrong_shape = ad.define("wrong_shape", lambda x: x * 2, lambda g: g[None] * 2, kind="elementwise")


def test_right_ones_pass() -> None:
    check_grads(lambda x, y: ad.sin(x) @ y, (X, X), order=3)
    check_grads(lambda p: p["a"] * p["b"][0], [{"a": X, "b": [2.0]}])
    check_grads(lambda z: z * z * (1 + 2j), [X + 1j])
    check_grads(lambda x: (x * x, {"b": x.sum()}), [X.astype(np.float32)])


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_wrong_rule_is_named(mode: str) -> None:
    def f(x: Any, y: Any) -> Any:
        return ad.exp(y) + ad.sin(wrong(y * 2.0))

    with pytest.raises(
        GradientCheckError, match=r"The op at fault is 'wrong_cube', called at .*test_testing.py:"
    ) as caught:
        check_grads(f, (X, X), modes=[mode])
    text = str(caught.value)
    assert "element (" in text
    if mode == "reverse":
        assert "vjp: input 1," in text  # not input 0, on which f does not depend
    else:
        assert "jvp: output 0," in text


def test_a_wrong_second_order_is_found() -> None:
    check_grads(wrong_second, [X], order=1)
    with pytest.raises(GradientCheckError, match="of the gradient"):
        check_grads(wrong_second, [X], order=2)


def test_an_error_in_one_element_is_named() -> None:
    off = ad.define("off_at_1", lambda x: x * x, lambda g, x: g * 2 * x * np.array([1.0, 1.5, 1.0]), kind="elementwise")
    with pytest.raises(GradientCheckError, match=r"element \(1,\)"):
        check_grads(off, [np.array([1.0, 2.0, 3.0])], modes=["reverse"])


def test_arguments() -> None:
    with pytest.raises(TypeError, match="floating or complex"):
        check_grads(lambda x: x, [1])
    with pytest.raises(ValueError, match="modes are"):
        check_grads(lambda x: x, [1.0], modes=["sideways"])
    gx, gy = numerical_grad(lambda x, y: (x * y).sum(), [X, 3.0])
    np.testing.assert_allclose(gx, np.full((2, 2), 3.0), rtol=1e-10)
    np.testing.assert_allclose(gy, X.sum(), rtol=1e-10)
