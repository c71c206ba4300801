import numpy as np
import pytest

from nn import models


def signs(*shape, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], size=shape)


def test_hebbs_rule():
    memory = models.Hopfield(4, dtype=float)
    patterns = signs(2, 4)
    for pattern in patterns:  # one after the other is as good as all at once
        memory.store([pattern])
    expected = sum(np.outer(p, p) for p in patterns) / 4
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(memory.weight.value, expected, atol=1e-15)


@pytest.mark.parametrize("generator", [None, 3])
def test_patterns_are_recalled_from_a_part_of_them(generator):
    patterns = signs(5, 100)
    memory = models.Hopfield(100)
    memory.store(patterns)
    np.testing.assert_array_equal(memory(patterns).value, patterns)  # valleys themselves
    spoilt = patterns * np.where(np.random.default_rng(1).random((5, 100)) < 0.2, -1, 1)
    assert (spoilt != patterns).any(1).all()
    np.testing.assert_array_equal(memory(spoilt, generator=generator).value, patterns)
    np.testing.assert_array_equal(memory(-spoilt).value, -patterns)  # mirror images are stored as well


def test_the_energy_only_falls():
    memory = models.Hopfield(30, dtype=float)
    memory.store(signs(4, 30))
    state = signs(20, 30, seed=1)
    energies = [memory.energy(state).value]
    for sweep in range(8):
        state = memory(state, sweeps=1, generator=sweep)
        energies.append(memory.energy(state).value)
    assert (np.diff(energies, axis=0) <= 1e-12).all()
    assert (energies[-1] < energies[0]).all()
    s, w = np.asarray(state.value), memory.weight.value
    np.testing.assert_allclose(energies[-1], [-0.5 * row @ w @ row for row in s])


def test_recall_leaves_its_argument_alone_and_the_memory_is_saved():
    memory, other = models.Hopfield(8), models.Hopfield(8)
    memory.store(signs(1, 8))
    given = signs(1, 8, seed=2)
    kept = given.copy()
    memory(given)
    np.testing.assert_array_equal(given, kept)
    other.load_state_dict(memory.state_dict())
    np.testing.assert_array_equal(other(given).value, memory(given).value)
    assert list(memory.state_dict()) == ["weight"]
    assert list(memory.parameters()) == []


def test_errors():
    memory = models.Hopfield(3)
    with pytest.raises(ValueError, match="states are rows of 3 values, -1 or 1; got"):
        memory([[0.0, 1.0, 1.0]])
    with pytest.raises(ValueError, match="states are rows of 3 values"):
        memory.store([[1.0, 1.0]])
