"""Arguments of the public functions: which are refused and with what words, and what is made of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ((2, 5), {"kernel_size": (2, 1), "padding": (1, 0), "dilation": (3, 1)}),
        ((5, 2), {"kernel_size": (1, 2), "padding": (0, 1), "dilation": (1, 3)}),
        ((0, 2), {"kernel_size": 2, "padding": 1}),
    ],
)
def test_windows_wholly_in_the_padding(shape: tuple[int, int], how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="lies wholly in the padding"):
        ad.max_pool2d(np.ones((1, 1, *shape)), stride=1, **how)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, bool])
def test_integer_logits_count_as_float64(dtype: Any) -> None:
    x = np.array([[3, 0, 1], [0, 0, 2]]).astype(dtype)
    for f in (ad.softmax, ad.log_softmax, ad.logsumexp, lambda x: ad.cross_entropy(x, [0, 2])):
        expected = f(x.astype(float))
        for result in (f(x), f(Tensor(x)).value):
            assert result.dtype == np.float64
            np.testing.assert_array_equal(result, expected)
    assert ad.logsumexp(3) == ad.logsumexp(np.int64(3)) == 3.0
    assert ad.logsumexp(Tensor(True)).item() == 1.0
    np.testing.assert_array_equal(ad.softmax([0, 0]), [0.5, 0.5])


def test_complex_numbers_have_no_order() -> None:
    x = np.ones((2, 3)) * 1j
    for f in (ad.max, ad.min, lambda x: ad.max_pool2d(x[None, None], 2), lambda x: ad.cross_entropy(x, [0, 1])):
        for z in (x, Tensor(x), Tensor(x, requires_grad=True)):
            with pytest.raises(TypeError, match=r"takes real numbers, as complex ones have no order; got complex128"):
                f(z)


def test_the_ends_of_a_slice_are_integers() -> None:
    t = Tensor(np.arange(4.0), requires_grad=True)
    for end in (2.7, np.float64(2.0), Tensor(2.0), "2"):
        with pytest.raises(TypeError, match="integer"):
            t[0:end]
        with pytest.raises(TypeError, match="integer"):
            t[::end]
    for end in (2, np.int64(2), Tensor(2), np.array(2)):
        np.testing.assert_array_equal(t[:end].value, [0, 1])


@pytest.mark.parametrize("f", [
    ad.sum, ad.mean, ad.prod, ad.max, ad.min, ad.var, ad.std, ad.logsumexp, ad.argmax, ad.argmin, ad.any, ad.all,
    ad.softmax, ad.log_softmax, ad.squeeze,
    lambda x, axis: ad.expand_dims(x, 2 * axis), lambda x, axis: ad.swapaxes(x, 0, axis),
    lambda x, axis: ad.transpose(x, (0, axis)), lambda x, axis: ad.concatenate([x, x], axis),
    lambda x, axis: ad.stack([x, x], 2 * axis),
])  # fmt: skip
@pytest.mark.parametrize("axis", [2, -3])
def test_a_wrong_axis_is_numpys_error(f: Any, axis: int) -> None:
    x = np.ones((2, 3))
    for t in (x, Tensor(x), Tensor(x, requires_grad=True)):
        with pytest.raises(np.exceptions.AxisError, match="out of bounds"):
            f(t, axis)
