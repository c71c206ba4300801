import numpy as np
import pytest

import autodiff as ad
import nn


def test_neuron_is_one_row_of_a_layer():
    neuron, layer = nn.Neuron(3, generator=0), nn.Layer(3, 1, generator=0)
    x = np.random.default_rng(0).normal(size=(5, 3))
    assert neuron(x).shape == (5,)
    np.testing.assert_allclose(neuron(x).value, layer(x).value[:, 0], rtol=1e-6)
    assert abs(layer.weight.value).max() < 3**-0.5


def test_mlp_computes_its_layers():
    model = nn.MLP(2, [4, 3, 1], "relu", last="sigmoid", dtype="float64", generator=0)
    x = y = np.random.default_rng(0).normal(size=(7, 2))
    for i, layer in enumerate(model.layers):
        y = y @ layer.weight.value.T + layer.bias.value
        y = np.maximum(y, 0) if i < 2 else 1 / (1 + np.exp(-y))
    np.testing.assert_allclose(model(x).value, y, rtol=1e-13)
    assert model.num_parameters() == 12 + 15 + 4
    assert [n for n, _ in model.named_parameters()][:2] == ["layers.0.weight", "layers.0.bias"]


def test_any_function_is_an_activation():
    model = nn.MLP(1, [2, 1], activation=ad.sin)
    assert "(layers.0): Layer(1, 2, sin)" in repr(model)
    assert model([0.5]).shape == (1,)
    assert repr(nn.Neuron(2, "relu")) == "Neuron(2, relu)"


def test_float32_by_default_and_input_is_cast():
    assert nn.MLP(2, [1])(np.ones((3, 2))).dtype == np.float32


def test_errors():
    with pytest.raises(ValueError, match="activation is one of linear, relu, sigmoid, tanh, or a func"):
        nn.Neuron(2, "gelu")
    with pytest.raises(ValueError, match=r"such as \[16, 16, 1\]; got 3"):
        nn.MLP(2, 3)
    with pytest.raises(ValueError, match="nout is an integer of at least 1, got 0"):
        nn.MLP(2, [0])
    with pytest.raises(ValueError, match=r"this network has weights and biases \[\(\(1, 2\)"):
        nn.MLP(2, [1]).set_weights(nn.MLP(3, [1]).weights())
