"""Orders and splits: what each epoch has, in which shares, and from which seed."""

import numpy as np
import pytest

from autodiff.random import Generator
from nn.data import (
    BatchSampler,
    BucketBatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StratifiedSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    random_split,
)

LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def test_random_orders():
    sampler = RandomSampler(range(20), generator=3)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
    assert first == list(RandomSampler(range(20), generator=Generator(3)))
    assert len(list(RandomSampler(range(3), num_samples=8))) == 8
    assert sorted(list(RandomSampler(range(3), num_samples=7))[:6]) == [0, 0, 1, 1, 2, 2]
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=3000, generator=0))
    assert min(np.bincount(drawn)) > 900
    assert sorted(SubsetRandomSampler([4, 7, 9], generator=0)) == [4, 7, 9]
    for wrong in (np.array([True, False]), [0.5, 1.5]):
        with pytest.raises(TypeError, match=r"integers in one axis, got .*np\.flatnonzero"):
            SubsetRandomSampler(wrong)
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert list(RandomSampler([])) == []
    with pytest.raises(ValueError, match="4 examples cannot be drawn from an empty data set"):
        list(RandomSampler([], num_samples=4))


def test_weights():
    drawn = list(WeightedRandomSampler([1, 0, 3], 4000, generator=0))
    counts = np.bincount(drawn)
    assert counts[1] == 0
    assert 2.6 < counts[2] / counts[0] < 3.4
    assert sorted(WeightedRandomSampler([1e-300, 1e300, 0, 1e300], 2, replacement=False, generator=0)) == [1, 3]
    for weights, message in [
        ([1, -1], "weight 1 is -1"), ([np.nan], "weight 0 is nan"), ([0, 0], "0 of 2 weights are above 0"),
        ([[1.0]], "one axis"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            WeightedRandomSampler(weights, 1)
    with pytest.raises(ValueError, match="without replacement: 2 of 3"):
        WeightedRandomSampler([1, 1, 0], 3, replacement=False)


def test_any_batch_of_a_stratified_order_has_the_shares():
    sampler = StratifiedSampler(LABELS, generator=0)
    orders = [list(sampler) for _ in range(2)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(100))
    assert orders[0] != orders[1]
    for batch in BatchSampler(sampler, 20):
        np.testing.assert_allclose(np.bincount(LABELS[batch], minlength=3), [12, 6, 2], atol=1)


def test_batches():
    assert list(BatchSampler(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(RandomSampler(range(5), generator=0), 2, drop_last=True))[1:][0] != []
    assert len(BatchSampler(range(5), 2, drop_last=True)) == len(list(BatchSampler(iter(range(5)), 2, True))) == 2


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
def test_buckets_have_about_one_length(shuffle, drop_last):
    lengths = np.random.default_rng(0).integers(1, 1000, 107)
    sampler = BucketBatchSampler(lengths, 5, shuffle, drop_last, pool=10, generator=0)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    seen = [i for batch in batches for i in batch]
    assert len(set(seen)) == len(seen) == (105 if drop_last else 107)
    assert np.mean([np.ptp(lengths[batch]) for batch in batches]) < 250
    assert (batches == list(sampler)) == (not shuffle)


def test_random_split():
    parts = random_split(range(10), [7, 3], generator=0)
    assert [len(p) for p in parts] == [7, 3]
    assert sorted(i for p in parts for i in p) == list(range(10))
    assert [len(p) for p in random_split(range(11), [0.5, 0.25, 0.25])] == [6, 3, 2]
    again = random_split(range(10), [7, 3], generator=0)
    assert parts[0].indices.tolist() == again[0].indices.tolist()
    train, test = random_split(LABELS, [0.8, 0.2], generator=0, stratify=LABELS)
    np.testing.assert_allclose(np.bincount(LABELS[test.indices]), [12, 6, 2], atol=1)
    assert sorted([*train.indices, *test.indices]) == list(range(100))
    for lengths, message in [([1, 2], "all 10 examples, or shares that make 1"), ([-1, 11], "not negative")]:
        with pytest.raises(ValueError, match=message):
            random_split(range(10), lengths)
    with pytest.raises(TypeError, match=r"lengths are a list, .*: \[0.8, 0.2\]; got 0.8"):
        random_split(range(10), 0.8)
    with pytest.raises(ValueError, match="the class of each of the 10 examples"):
        random_split(range(10), [0.5, 0.5], stratify=[1, 2])


def test_a_sampler_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="Sampler needs __len__"):
        len(Sampler())
    with pytest.raises(NotImplementedError, match="Sampler needs __iter__"):
        iter(Sampler())
