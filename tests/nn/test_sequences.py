"""`nn.utils.rnn`: padding and packing."""

import numpy as np
import pytest

import nn
from autodiff.tensor import Tensor
from nn.utils import rnn


def test_the_path_is_pytorch_s():
    assert nn.utils.rnn is rnn


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding(batch_first, side):
    rows = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])]
    padded = rnn.pad_sequence(rows, batch_first, -1.0, side)
    first = [[1, 2], [-1, -1]] if side == "right" else [[-1, -1], [1, 2]]
    expected = np.array([first, [[3, 4], [5, 6]]])
    np.testing.assert_array_equal(padded, expected if batch_first else expected.swapaxes(0, 1))
    if side == "right":
        for a, b in zip(rnn.unpad_sequence(padded, [1, 2], batch_first), rows, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("lengths", [[4, 4], [3, 1], [1, 3, 2]])
def test_packing_and_back(lengths):
    rng = np.random.default_rng(0)
    rows = [Tensor(rng.normal(size=(n, 2)), requires_grad=True) for n in lengths]
    packed = rnn.pack_sequence(rows, enforce_sorted=False)
    assert packed.data.shape == (sum(lengths), 2)
    for a, b in zip(rnn.unpack_sequence(packed), rows, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
    padded, found = rnn.pad_packed_sequence(packed, batch_first=True, padding_value=7.0, total_length=5)
    assert found.tolist() == lengths
    assert padded.shape == (len(lengths), 5, 2)
    for i, n in enumerate(lengths):
        assert (padded.value[i, n:] == 7).all()
    (padded * padded).sum().backward()
    for row in rows:
        np.testing.assert_allclose(row.grad.value, 2 * row.value)


def test_integers_stay_integers():
    packed = rnn.pack_sequence([np.array([1, 2]), np.array([3])])
    padded, _ = rnn.pad_packed_sequence(packed)
    assert padded.dtype == np.array(1).dtype
    assert packed.data.tolist() == [1, 3, 2]


def test_errors():
    x = np.ones((3, 2, 1))
    with pytest.raises(ValueError, match=r"lengths fall with enforce_sorted=True, got \[1, 3\]; pass enforce_sorted=F"):
        rnn.pack_padded_sequence(x, [1, 3])
    with pytest.raises(ValueError, match="sequence 1 has length 4; with 3 steps"):
        rnn.pack_padded_sequence(x, [1, 4])
    with pytest.raises(ValueError, match=r"takes \(steps, batch, ...\), got float64 \(3,\)"):
        rnn.pack_padded_sequence(np.ones(3), [1])
    packed = rnn.pack_padded_sequence(x, [3, 1])
    with pytest.raises(ValueError, match="total_length is 2, and the longest sequence has 3 steps"):
        rnn.pad_packed_sequence(packed, total_length=2)
    with pytest.raises(TypeError, match="takes a PackedSequence, got float64"):
        rnn.pad_packed_sequence(x)
    with pytest.raises(ValueError, match=r"one sequence .* at least, .*; got none"):
        rnn.pad_sequence([])
    with pytest.raises(ValueError, match=r"rows of one shape; got float64 \(2, 1\), float64 \(2, 3\)"):
        rnn.pack_sequence([np.ones((2, 1)), np.ones((2, 3))])
    with pytest.raises(ValueError, match='padding_side is "left" or "right"'):
        rnn.pad_sequence([np.ones(1)], padding_side="top")
