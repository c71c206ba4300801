"""Preprocessing finds its numbers in the training data only, and can be undone and saved."""

import copy

import numpy as np
import pytest

from autodiff import io
from autodiff.tensor import Tensor
from nn.data import Chain, Log1p, Preprocessing, Rescale, Standardize, TensorDataset

RNG = np.random.default_rng(0)
X, TEST = RNG.gamma(2.0, 30.0, (50, 3, 4, 5)), RNG.gamma(2.0, 30.0, (7, 3, 4, 5))
ALL = [
    Standardize(), Standardize((0, 2, 3)), Standardize(None), Rescale(), Rescale((0, 2, 3)), Rescale(None), Log1p(),
    Chain(Log1p(), Standardize((0, 2, 3))), Chain(Log1p(), Chain(Rescale(None), Standardize())),
]  # fmt: skip


@pytest.mark.parametrize("prepare", ALL, ids=lambda p: type(p).__name__)
def test_undone_saved_and_differentiable(prepare, tmp_path):
    y = prepare.fit_transform(X)
    assert (y.shape, y.dtype) == (X.shape, np.float64)
    np.testing.assert_allclose(prepare.inverse(y), X)
    before = prepare.transform(TEST)
    np.testing.assert_allclose(prepare.inverse(before), TEST)
    assert prepare.transform(TEST.astype(np.float32)).dtype == np.float32
    io.save(prepare.state_dict(), tmp_path / "prepare.safetensors")
    fresh = copy.deepcopy(prepare).fit(X * 2 + 1)
    fresh.load_state_dict(io.load(tmp_path / "prepare.safetensors"))
    np.testing.assert_array_equal(fresh(TEST), before)
    t = Tensor(TEST, requires_grad=True)
    prepare(t).sum().backward()
    np.testing.assert_array_equal(prepare(t).detach().value, before)
    assert (t.grad.value > 0).all()


def test_what_is_found():
    np.testing.assert_allclose(Standardize().fit_transform(X).mean(axis=0), 0, atol=1e-12)
    y = Standardize((0, 2, 3)).fit_transform(X)
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=(0, 2, 3)), 1)
    y = Rescale((0, 2, 3)).fit_transform(X)
    assert (y.min(axis=(0, 2, 3)) == 0).all()
    assert (y.max(axis=(0, 2, 3)) == 1).all()
    shifted = Standardize().fit(X).transform(X + 1)
    assert (shifted.mean(axis=0) > 0).all()  # the training data's mean, not its own
    for n in (4, 7, 1000):
        same = np.full((n, 2), [0.1, 1e8 + 0.1])
        assert (Standardize().fit_transform(same) == 0).all()
        assert (Rescale().fit_transform(same) == 0).all()


@pytest.mark.parametrize("prepare", ALL, ids=lambda p: type(p).__name__)
def test_a_single_example_is_prepared_as_in_a_batch(prepare):
    batch = prepare.fit(X)(TEST)
    np.testing.assert_allclose(prepare(TEST[2]), batch[2], rtol=1e-12)
    np.testing.assert_allclose(prepare.inverse(batch[2]), TEST[2])
    data = TensorDataset(TEST, transform=prepare)
    np.testing.assert_allclose(data[2][0].value, data[:][0].value[2], rtol=1e-12)


def test_mistakes():
    with pytest.raises(RuntimeError, match=r"Standardize has not seen the training data: call fit\(x_train\) first"):
        Standardize().transform(X)
    bad = X.copy()
    bad[[3, 8], 0, 0, 0] = np.nan, np.inf
    for prepare in (Standardize(), Chain(Log1p(), Rescale())):
        with pytest.raises(ValueError, match="examples 3, 8 have NaN or infinity"):
            prepare.fit(bad)
    with pytest.raises(ValueError, match=r"fitted to examples of shape \(3, 4, 5\), got float64 \(7, 2\)"):
        Standardize().fit(X).transform(np.ones((7, 2)))
    with pytest.raises(ValueError, match=r"needs numbers above -1; 1 are not, the first is -1.0 at \(1,\)"):
        Log1p()(np.array([0.0, -1.0]))
    with pytest.raises(ValueError, match=r"has the numbers \['mean', 'std'\], got \['low', 'width'\]"):
        Standardize().load_state_dict(Rescale().fit(X).state_dict())
    with pytest.raises(ValueError, match=r"the chain has the numbers \['0.mean', '0.std'\]"):
        Chain(Standardize()).load_state_dict({})
    with pytest.raises(TypeError, match="made of preprocessings such as"):
        Chain(np.log1p)
    with pytest.raises(ValueError, match="examples along its first axis, got float64 \\(0, 2\\)"):
        Rescale().fit(np.ones((0, 2)))
    with pytest.raises(ValueError, match=r"fitted to examples of shape \(3, 4, 5\), got float64 \(3, 4, 6\)"):
        Standardize().fit(X).transform(np.ones((3, 4, 6)))
    for wrong in (np.ones((2, 2), complex), np.array([["a"]])):
        with pytest.raises(TypeError, match="training data are real numbers"):
            Standardize().fit(wrong)
    with pytest.raises(TypeError, match="abstract"):
        Preprocessing()
