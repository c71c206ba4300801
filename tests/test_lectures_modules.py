"""Worked examples of the lectures that are about layers: what they hold and what they cost (docs/lectures.md)."""

import numpy as np

import nn


def test_n3_counting_the_parameters_of_a_small_network():
    # Two inputs, a hidden layer of three neurons, one output: a weight for each line of the drawing, a bias for
    # each neuron. 2 x 3 and 3, then 3 x 1 and 1.
    network = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1))
    assert [p.size for p in network.parameters()] == [6, 3, 3, 1]
    assert network.num_parameters() == 13

    hidden, activation, output = nn.summary(network, (1, 2)).rows[1:]
    assert (hidden.parameters, activation.parameters, output.parameters) == (6 + 3, 0, 3 + 1)
    assert nn.MLP(2, [3, 1]).num_parameters() == 13  # the same network by another name


def test_c2_what_sharing_weights_saves():
    # Thirty filters of 5 x 5 on a colour image of 32 x 32, at its edges too: each filter is 5 x 5 x 3 weights,
    # and the same for all places.
    filters = nn.Conv2d(3, 30, kernel_size=5, padding=2, bias=False)
    table = nn.summary(filters, (1, 3, 32, 32)).total
    assert table.output == "(1, 30, 32, 32)"
    assert table.parameters == 2_250

    # Every output multiplies with a filter once. A locally connected layer has a filter of its own for each output,
    # hence as many weights as the convolution has multiplications.
    assert table.multiply_adds == 2_304_000
    assert table.multiply_adds // table.parameters == 32 * 32
    own = nn.LocallyConnected2d(3, 30, (32, 32), kernel_size=5, padding=2, bias=False)
    unshared = nn.summary(own, (1, 3, 32, 32))
    assert unshared.total.output == "(1, 30, 32, 32)"
    assert unshared.total.parameters == 30_720 * 75 == 2_304_000
    assert unshared.total.multiply_adds == table.multiply_adds  # each weight is used once
    assert "2 304 000 parameters" in str(unshared)


def test_c3_the_layers_of_a_cnn():
    # Convolution (filters, size, stride), ReLU, pooling, flatten, fully connected, softmax.
    network = nn.Sequential(
        nn.Conv2d(1, 8, kernel_size=3, stride=1, generator=0), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, kernel_size=3, stride=2, generator=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 3 * 3, 10, generator=2), nn.Softmax(dim=1),
    )  # fmt: skip
    table = nn.summary(network, (4, 1, 28, 28))
    assert [row.output for row in table.rows[1:]] == [
        "(4, 8, 26, 26)", "(4, 8, 26, 26)", "(4, 8, 13, 13)",
        "(4, 16, 6, 6)", "(4, 16, 6, 6)", "(4, 16, 3, 3)",
        "(4, 144)", "(4, 10)", "(4, 10)",
    ]  # fmt: skip
    assert [row.parameters for row in table.rows[1:] if row.parameters] == [8 * (9 + 1), 16 * (8 * 9 + 1), 10 * 145]

    probabilities = network(np.random.default_rng(0).normal(size=(4, 1, 28, 28)))
    np.testing.assert_allclose(probabilities.value.sum(axis=1), np.ones(4), rtol=1e-6)
    assert (probabilities.value > 0).all()

    # Most of the weights are in the fully connected layer, most of the work in the convolutions.
    _, first, *_, dense, _ = table.rows
    assert dense.parameters > table.total.parameters / 2
    assert first.multiply_adds > dense.multiply_adds
