import numpy as np
import pytest

import optim
from autodiff.testing import check_grads
from nn import models
from nn.functional import binary_cross_entropy_with_logits
from nn.models.turing import Head


def test_the_steps_of_a_head():
    memory = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0][None, :5]  # five slots, all different
    last = np.eye(5)[[1]]
    head = Head(2, 6, dtype=float)
    yes, no = 40.0, -40.0

    def look(strength, gate, sharpness, moves):
        said = [*memory[0, 3], strength, gate, sharpness, *moves]  # the key is what slot 3 holds
        head.load_state_dict({"say.weight": np.zeros((12, 2)), "say.bias": said})
        return head(np.zeros((1, 2)), memory, last).value[0]

    back, stay, on = (yes, no, no), (no, yes, no), (no, no, yes)
    np.testing.assert_allclose(look(yes, yes, no, stay), np.eye(5)[3], atol=1e-6)  # by content
    np.testing.assert_allclose(look(yes, yes, no, on), np.eye(5)[4], atol=1e-6)
    np.testing.assert_allclose(look(yes, no, no, stay), np.eye(5)[1], atol=1e-6)  # where it was
    np.testing.assert_allclose(look(yes, no, no, on), np.eye(5)[2], atol=1e-6)
    np.testing.assert_allclose(look(yes, no, no, back), np.eye(5)[0], atol=1e-6)
    vague = look(1.0, yes, no, stay)
    assert vague.argmax() == 3
    assert vague.sum() == pytest.approx(1)
    sharper = look(1.0, yes, 4.0, stay)
    assert sharper[3] > vague[3] + 0.2
    assert sharper.sum() == pytest.approx(1)


def test_gradients():
    model = models.NeuralTuringMachine(2, 2, slots=4, width=3, hidden=4, dtype=float, generator=0)
    x = np.random.default_rng(0).normal(size=(3, 2, 2))
    check_grads(lambda model, x: model(x), (model, x))


def test_the_copy_task():
    # It reads three words of three bits each and an end mark, then has to say them again. The controller itself
    # remembers nothing from step to step, so what it says can only come from the memory.
    rng, length, width = np.random.default_rng(0), 3, 3

    def sample(n):
        bits = rng.integers(2, size=(length, n, width)).astype(np.float32)
        x = np.zeros((2 * length + 1, n, width + 1), np.float32)
        x[:length, :, :width] = bits
        x[length, :, width] = 1
        return x, bits

    model = models.NeuralTuringMachine(width + 1, width, slots=8, width=6, hidden=32, generator=0)
    optimizer = optim.Adam(model.parameters(), lr=0.03)
    losses = []
    for _ in range(90):
        x, bits = sample(12)
        optimizer.zero_grad()
        logits = model(x)[length + 1 :]
        loss = binary_cross_entropy_with_logits(logits, bits)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(2), abs=0.05)
    assert losses[-1] < 0.1
    x, bits = sample(200)
    assert ((model(x).value[length + 1 :] > 0) == bits).mean() > 0.97


def test_errors():
    model = models.NeuralTuringMachine(3, 2, slots=4, width=3, hidden=4)
    with pytest.raises(ValueError, match=r"takes \(steps, n, in_features\) of a step or more, got float32 \(4, 3\)"):
        model(np.zeros((4, 3)))
