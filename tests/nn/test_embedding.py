import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor


def table(*shape):
    return Tensor(np.arange(float(np.prod(shape))).reshape(shape), requires_grad=True)


def test_rows_that_repeat_add_up():
    weight = table(3, 2)
    out = F.embedding([[2, 0, 2]], weight)
    assert out.tolist() == [[[4, 5], [0, 1], [4, 5]]]
    out.sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0], [2, 2]]


def test_padding_is_read_and_gets_no_gradient_of_any_order():
    weight = table(3, 2)
    out = F.embedding(np.array([1, 2]), weight, padding_idx=-1)
    assert out.tolist() == [[2, 3], [4, 5]]
    (g,) = ad.gradients((out**3).sum(), [weight], create_graph=True)
    assert (g.value[2] == 0).all()
    assert (g.value[1] != 0).all()
    (h,) = ad.gradients(g.sum(), [weight])
    np.testing.assert_array_equal(h.value, [[0, 0], [12, 18], [0, 0]])
    m = nn.Embedding(4, 2, padding_idx=1, generator=0)
    assert not m.weight.value[1].any()
    _, tangent = ad.jvp(lambda w: F.embedding(np.array([0, 2]), w, 2), (weight.value,), (np.ones((3, 2)),))
    assert tangent.tolist() == [[1, 1], [0, 0]]


def test_gradients_by_frequency():
    weight = table(4, 1)
    for function in (
        lambda: F.embedding(np.array([0, 1, 1, 3, 3, 3]), weight, scale_grad_by_freq=True).sum(),
        lambda: F.embedding_bag(np.array([[0, 1, 1, 3, 3, 3]]), weight, mode="sum", scale_grad_by_freq=True).sum(),
    ):
        (g,) = ad.gradients(function(), [weight])
        np.testing.assert_allclose(g.value.ravel(), [1, 1, 0, 1])


def test_rows_are_renormed_in_the_table_itself():
    weight = Tensor(np.array([[3.0, 4.0], [0.3, 0.4], [30.0, 40.0]]), requires_grad=True)
    out = F.embedding(np.array([0, 1, 0]), weight, max_norm=1.0)
    np.testing.assert_allclose(out.value, [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(weight.value, [[0.6, 0.8], [0.3, 0.4], [30, 40]], rtol=1e-6)
    out.sum().backward()
    assert weight.grad.tolist() == [[2, 2], [1, 1], [0, 0]]


def test_pretrained_tables_are_frozen_unless_asked():
    values = np.eye(3)
    m = nn.Embedding.from_pretrained(values)
    assert not m.weight.requires_grad
    assert m.weight.dtype == "float64"
    m.weight.value[0, 0] = 5
    assert values[0, 0] == 1
    assert nn.EmbeddingBag.from_pretrained(values, freeze=False, mode="sum").weight.requires_grad
    with pytest.raises(ValueError, match=r"floating numbers \(rows, features\), got int64 \(3,\)"):
        nn.Embedding.from_pretrained(np.arange(3))


def test_bags():
    weight = np.array([[1.0], [2.0], [3.0]])
    flat, offsets = np.array([0, 2, 1]), np.array([0, 2, 2])
    for mode, expected in (("sum", [4, 0, 2]), ("mean", [2, 0, 2]), ("max", [3, 0, 2])):
        assert F.embedding_bag(flat, weight, offsets, mode=mode).ravel().tolist() == expected
    out = F.embedding_bag(flat, weight, [0, 2, 3], mode="sum", include_last_offset=True)
    assert out.ravel().tolist() == [4, 2]
    weights = Tensor(np.array([[0.5, 2.0]]), requires_grad=True)
    out = F.embedding_bag([[1, 2]], weight, mode="sum", per_sample_weights=weights)
    out.sum().backward()
    assert out.tolist() == [[7.0]]
    assert weights.grad.tolist() == [[2, 3]]
    assert F.embedding_bag(np.zeros((2, 0), int), weight).tolist() == [[0], [0]]
    padded = F.embedding_bag(np.array([[0, 1], [1, 1]]), weight, padding_idx=1)
    assert padded.tolist() == [[1], [0]]


def test_reprs():
    assert repr(nn.Embedding(5, 3)) == "Embedding(5, 3)"
    m = nn.Embedding(5, 3, -1, 1.0, 1.0, True)
    assert repr(m) == "Embedding(5, 3, padding_idx=4, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)"
    assert repr(nn.EmbeddingBag(5, 3, mode="sum")) == "EmbeddingBag(5, 3, mode='sum')"


def test_initial_values_are_normal_and_drawn_from_the_generator():
    a, b = (nn.Embedding(300, 40, generator=4).weight.value for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert a.dtype == "float32"
    assert abs(a.std() - 1) < 0.02
    assert abs(a.mean()) < 0.02


def test_errors():
    weight = np.eye(3)
    with pytest.raises(IndexError, match=r"index 3 at \(1, 0\) is outside 0 .. 2: the table has 3 rows"):
        F.embedding([[0, 1], [3, 4]], weight)
    with pytest.raises(IndexError, match=r"index -1 at \(\) is outside"):
        F.embedding(-1, weight)
    with pytest.raises(TypeError, match=r"takes integers, the numbers of rows; got float64 \(2,\)"):
        F.embedding(np.ones(2), weight)
    with pytest.raises(ValueError, match=r"padding_idx 3 is outside -3 .. 2"):
        nn.Embedding(3, 2, padding_idx=3)
    with pytest.raises(ValueError, match=r"a table \(rows, features\)"):
        F.embedding([0], np.ones(3))
    with pytest.raises(ValueError, match='mode is "sum", "mean" or "max", got \'min\''):
        nn.EmbeddingBag(3, 2, mode="min")


def test_errors_of_bags():
    weight, flat = np.eye(3), np.array([0, 1, 2])
    cases = [
        ({}, r"takes \(bags, n\), or \(n,\) with offsets; got int64 \(3,\) and offsets None"),
        ({"offsets": [1, 2]}, r"offsets rise from 0 to 3 at most, got \[1, 2\]"),
        ({"offsets": [0, 2, 1]}, "offsets rise from 0"),
        ({"offsets": [0, 4]}, "offsets rise from 0"),
        ({"offsets": [0.0]}, r"offsets are integers \(bags,\), got float64"),
        ({"offsets": np.zeros(0, int)}, "there are 3 rows and no bag"),
        ({"offsets": [0, 2], "include_last_offset": True}, r"where the last bag ends, 3; got \[0, 2\]"),
        ({"offsets": [0], "per_sample_weights": np.ones(3)}, "for mode \"sum\", got mode 'mean'"),
        ({"offsets": [0], "mode": "sum", "per_sample_weights": np.ones(2)}, r"the input's shape \(3,\)"),
        ({"offsets": [0], "mode": "max", "scale_grad_by_freq": True}, 'mode "max" has no scale_grad_by_freq'),
        ({"offsets": [0], "mode": "min"}, 'mode is "sum", "mean" or "max"'),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=message):
            F.embedding_bag(flat, weight, **options)
    with pytest.raises(ValueError, match="takes no offsets"):
        F.embedding_bag(flat[None], weight, [0])


def test_one_hot():
    assert F.one_hot(np.array([[1], [0]]), 2).tolist() == [[[0, 1]], [[1, 0]]]
    assert F.one_hot(Tensor([2])).tolist() == [[0, 0, 1]]
    assert F.one_hot(np.array([0])).dtype == "int64"
    with pytest.raises(ValueError, match="pass num_classes"):
        F.one_hot(np.zeros(0, int))
    with pytest.raises(ValueError, match=r"labels of 2 classes are 0 .. 1"):
        F.one_hot(np.array([3]), 2)
    with pytest.raises(TypeError):
        F.one_hot(np.array([0.5]))


def test_sparse_gradients_stay_rows_until_they_are_asked_for():
    table, dense = nn.Embedding(50, 3, sparse=True, generator=0), nn.Embedding(50, 3, generator=0)
    for layer in (table, dense):
        for rows in ([[4, 7], [4, 1]], [7, 7, 0]):  # two passes add up
            (layer(rows) ** 2).sum().backward()
    rows = table.weight.notes().rows
    assert sum(map(len, rows.numbers)) == 7
    numbers, values = rows.summed()
    assert numbers.tolist() == [0, 1, 4, 7]
    np.testing.assert_array_equal(values, dense.weight.grad.value[numbers])
    np.testing.assert_array_equal(table.weight.grad.value, dense.weight.grad.value)
    assert table.weight.notes().rows == ()  # now it is an array, and adds up as one
    table([4]).sum().backward()
    dense([4]).sum().backward()
    np.testing.assert_array_equal(table.weight.grad.value, dense.weight.grad.value)
    table.weight.grad = None
    table([4]).sum().backward()
    assert table.weight.notes().rows
    table.zero_grad()
    assert table.weight.grad is None
    assert table.weight.notes().rows == ()


@pytest.mark.parametrize("other", ["transpose", "hook", "gradients", "double", "vmap", "debug"])
def test_sparse_gradients_become_arrays_where_they_must(other):
    import autodiff as ad

    found = []
    for sparse in (True, False):
        table = nn.Embedding(6, 3, sparse=sparse, dtype=float, generator=0)
        w = table.weight
        rows = np.array([4, 1, 4])

        def loss(table=table, rows=rows):
            return (table(rows) ** 3).sum()

        if other == "transpose":  # as with a tied output layer
            (loss() + (table([5]) @ w.T).sum()).backward()
            found.append(w.grad.value)
        elif other == "hook":
            w.register_hook(lambda g: 2 * g)
            loss().backward()
            found.append(w.grad.value)
        elif other == "gradients":
            found.append(ad.gradients(loss(), w).value)
        elif other == "double":
            (g,) = ad.gradients(loss(), [w], create_graph=True)
            (g * g).sum().backward()
            found.append(w.grad.value)
        elif other == "vmap":
            ad.vmap(lambda row, table=table: (table(row) ** 3).sum())(rows).sum().backward()
            found.append(w.grad.value)
        else:
            with ad.debug():
                loss().backward()
            found.append(w.grad.value)
    np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("most", [0.0, -1.0, np.nan])
def test_a_largest_norm_is_positive(most):
    with pytest.raises(ValueError, match=f"max_norm is above 0, got {most}"):
        nn.Embedding(3, 2, max_norm=most)(np.array([0]))
