import numpy as np
import pytest

import nn
from autodiff.tensor import Tensor
from nn.data import DataLoader, TensorDataset, collate

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


def labels(loader):
    return [y.tolist() for _, y in loader]


def test_batches_in_order_with_the_last_one_partial():
    loader = DataLoader(TensorDataset(X, Y), batch_size=4)
    assert labels(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert labels(loader) == labels(loader)
    assert len(loader) == 3
    x, y = next(iter(loader))
    assert type(x) is type(y) is Tensor
    assert (x.shape, x.dtype, y.dtype) == ((4, 2), np.float64, np.int64)
    assert not x.requires_grad


def test_drop_last():
    loader = DataLoader(TensorDataset(X, Y), batch_size=4, drop_last=True)
    assert labels(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(loader) == 2
    assert len(DataLoader([1], batch_size=2, drop_last=True)) == 0


def test_each_epoch_has_its_order_and_a_seed_repeats_them():
    runs = []
    for seed in (0, 0, 1):
        loader = DataLoader(TensorDataset(X, Y), batch_size=3, shuffle=True, generator=seed)
        runs.append([[y for batch in labels(loader) for y in batch] for _ in range(3)])
    assert runs[0] == runs[1] != runs[2]
    first, second, third = runs[0]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != third != first


def test_examples_stay_together():
    for x, y in DataLoader(TensorDataset(X, Y), batch_size=3, shuffle=True, generator=0):
        np.testing.assert_array_equal(x.value, X[y.value])


def test_a_batch_shares_no_memory_with_the_data():
    data = TensorDataset(X.copy())
    (batch,) = next(iter(DataLoader(data, batch_size=10)))
    batch.value[:] = 0
    np.testing.assert_array_equal(data.arrays[0], X)


def test_any_indexable_will_do():
    pairs = [([i, 2 * i], i) for i in range(5)]
    batches = list(DataLoader(pairs, batch_size=2))
    assert [len(batch) for batch in batches] == [2, 2, 2]
    ([a, b], label) = batches[0]
    assert (a.tolist(), b.tolist(), label.tolist()) == ([0, 1], [0, 2], [0, 1])
    assert [t.tolist() for t in DataLoader(range(5), batch_size=3)] == [[0, 1, 2], [3, 4]]
    custom = DataLoader(TensorDataset(X, Y), batch_size=5, collate_fn=len)
    assert list(custom) == [5, 5]


def test_collate():
    batch = collate([{"x": np.ones(2), "name": "a"}, {"x": Tensor([2.0, 2.0]), "name": "b"}])
    assert batch["x"].tolist() == [[1, 1], [2, 2]]
    assert batch["name"] == ["a", "b"]
    with pytest.raises(ValueError, match=r"one shape, got float64 \(1,\), float64 \(2,\). Pad or crop"):
        collate([np.ones(1), np.ones(2)])
    with pytest.raises(ValueError, match=r"have \[1, 2\] parts"):
        collate([(1,), (1, 2)])


def test_dataset_indexing():
    data = TensorDataset(Tensor(X, requires_grad=True), Y)
    x, y = data[3]
    assert (x.tolist(), y.item()) == ([6.0, 7.0], 3)
    assert data[2:4][1].tolist() == [2, 3]
    assert data[Y > 7][1].tolist() == [8, 9]
    assert len(data) == 10


def test_errors():
    with pytest.raises(ValueError, match=r"equal lengths, .*; got float64 \(10, 2\), int64 \(9,\)"):
        TensorDataset(X, Y[:9])
    with pytest.raises(ValueError, match="one array at least"):
        TensorDataset()
    with pytest.raises(TypeError, match="arrays with a first axis"):
        TensorDataset(3.0)
    with pytest.raises(TypeError, match=r"holds numbers, got <U1 \(3,\)\. Names of classes become numbers"):
        TensorDataset(X[:3], ["a", "b", "a"])
    with pytest.raises(TypeError, match=r"TensorDataset\(x, y\), not TensorDataset\(\(x, y\)\)"):
        TensorDataset((X, Y))
    with pytest.raises(ValueError, match="batch_size is an integer of at least 1, got 0"):
        DataLoader(Y, batch_size=0)
    with pytest.raises(TypeError, match=r"generator has not\. Make a list of it"):
        DataLoader(y for y in Y)
    with pytest.raises(TypeError, match=r"TensorDataset has not\. Make a list of it"):
        DataLoader(TensorDataset)


def test_nn_data_is_where_it_was_promised():
    assert nn.data.DataLoader is DataLoader
