import numpy as np
import pytest

import nn.functional as F
from autodiff.tensor import Tensor


def test_everything_named_is_there():
    assert all(callable(getattr(F, name)) for name in F.__all__)


def test_flatten_of_scalars_and_empty_arrays():
    assert F.flatten(3.0).shape == (1,)
    with pytest.raises(IndexError, match="axis 1 is out of bounds"):
        F.flatten(3.0, 1)
    assert F.flatten(np.ones((0, 2, 3)), 1).shape == (0, 6)
    assert F.flatten(np.ones((2, 0, 3)), 1).shape == (2, 0)


def test_conv2d_words_for_padding():
    x, w = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
    assert F.conv2d(x, w, padding="same").shape == (1, 1, 4, 4)
    assert F.conv2d(x, w, padding="valid").shape == (1, 1, 2, 2)
    with pytest.raises(ValueError, match='padding is "same", "valid", a number'):
        F.conv2d(x, w, padding="full")
    with pytest.raises(ValueError, match="use stride 1"):
        F.conv2d(x, w, padding="same", stride=2)


def test_dropout_takes_its_mode():
    x = Tensor(np.ones(100))
    assert F.dropout(x, 0.5, training=False) is x
    assert set(F.dropout(x, 0.5, generator=0).tolist()) == {0.0, 2.0}
