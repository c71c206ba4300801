from itertools import product

import numpy as np
import pytest
from sklearn.datasets import load_digits

import optim
from autodiff import Generator
from autodiff.testing import check_grads
from nn import models

STATES = np.array(list(product([0.0, 1.0], repeat=4)))  # of four visible units
HIDDEN = np.array(list(product([0.0, 1.0], repeat=3)))


@pytest.fixture
def rbm():
    made = models.RBM(4, 3, dtype=float, generator=0)
    rng = np.random.default_rng(0)
    made.load_state_dict({name: rng.normal(size=value.shape) for name, value in made.state_dict().items()})
    return made


def joint(rbm):
    """exp(-E) of every pair of states, (visible states, hidden states)."""
    return np.exp([[-rbm.energy(v[None], h[None]).item() for h in HIDDEN] for v in STATES])


def test_energies_and_probabilities(rbm):
    weights = joint(rbm)
    np.testing.assert_allclose(rbm.free_energy(STATES).value, -np.log(weights.sum(1)), rtol=1e-12)
    hidden = weights @ HIDDEN / weights.sum(1, keepdims=True)  # the mean of h given v
    np.testing.assert_allclose(rbm(STATES).value, hidden, rtol=1e-12)
    visible = weights.T @ STATES / weights.sum(0)[:, None]
    np.testing.assert_allclose(rbm.visible(HIDDEN).value, visible, rtol=1e-12)


def test_gibbs_sampling_reaches_the_distribution(rbm):
    drawn = rbm.gibbs(np.zeros((20_000, 4)), 20, 0).value
    exact = joint(rbm).sum(1)
    exact /= exact.sum()
    found = np.bincount((drawn @ [8, 4, 2, 1]).astype(int), minlength=16) / len(drawn)
    np.testing.assert_allclose(found, exact, atol=0.012)


def test_the_gradient_is_the_learning_rule(rbm):
    v = np.random.default_rng(1).integers(2, size=(7, 4)).astype(float)
    rbm.contrastive_divergence(v, 2, 5).backward()
    after = rbm.gibbs(v, 2, 5).value
    h, h_after = rbm(v).value, rbm(after).value
    np.testing.assert_allclose(rbm.weight.grad.value, -(h.T @ v - h_after.T @ after) / 7, rtol=1e-10)
    np.testing.assert_allclose(rbm.visible_bias.grad.value, -(v - after).mean(0), atol=1e-12)
    np.testing.assert_allclose(rbm.hidden_bias.grad.value, -(h - h_after).mean(0), atol=1e-12)


def test_learning_makes_the_data_likely():
    data = np.repeat([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]], 20, axis=0)
    rbm = models.RBM(4, 3, dtype=float, generator=0)

    def likelihood():
        weights = joint(rbm).sum(1)
        return np.log(np.exp(-rbm.free_energy(data).value) / weights.sum()).mean()

    before, stream = likelihood(), Generator(1)
    optimizer = optim.SGD(rbm.parameters(), lr=0.2)
    for _ in range(300):
        optimizer.zero_grad()
        rbm.contrastive_divergence(data, 1, stream).backward()
        optimizer.step()
    assert before == pytest.approx(np.log(1 / 16), abs=0.1)
    assert likelihood() > -1.1  # at best log(1 / 2)


def test_a_deep_belief_network_is_trained_layer_by_layer():
    digits, labels = load_digits(return_X_y=True)
    digits = (digits[labels < 2][:200] > 7).astype(np.float32)
    model = models.DeepBeliefNetwork([64, 24, 8], generator=0)
    stream = Generator(1)
    for layer, rbm in enumerate(model.layers):
        below = model(digits, layer)
        start = rbm.reconstruction_error(below).item()
        optimizer = optim.Adam(rbm.parameters(), lr=0.02)
        for _ in range(60):
            optimizer.zero_grad()
            model.contrastive_divergence(layer, digits, 1, stream).backward()
            optimizer.step()
        assert rbm.reconstruction_error(below).item() < 0.5 * start
    drawn = model.sample(50, 20, stream).value
    assert drawn.shape == (50, 64)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    # Rows of the drawn pictures are nearer to digits than noise of the same brightness is.
    noise = np.random.default_rng(0).permuted(drawn, axis=1)
    nearest = [np.square(x[:, None] - digits).sum(-1).min(1).mean() for x in (drawn, noise)]
    assert nearest[0] < 0.6 * nearest[1]


def test_the_free_energy_by_finite_differences(rbm):
    check_grads(lambda rbm, v: rbm.free_energy(v), (rbm, np.random.default_rng(0).random((3, 4))))


def test_a_walk_of_no_steps_teaches_nothing(rbm):
    with pytest.raises(ValueError, match="steps is an integer of at least 1, got 0"):
        rbm.contrastive_divergence(STATES, 0)


def test_a_deep_belief_network_needs_two_sizes():
    with pytest.raises(ValueError, match=r"sizes are those of the data and of one or more layers above it, got \[3\]"):
        models.DeepBeliefNetwork([3])
