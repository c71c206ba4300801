import numpy as np
import pytest

import nn
import nn.functional as F

RNG = np.random.default_rng(0)


def test_a_layer_is_what_its_equation_says():
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, dtype="float64", generator=0)
    x = RNG.normal(size=(5, 3, 4))
    h = layer.norm1(x + layer.self_attn(x, x, x)[0])
    expected = layer.norm2(h + layer.linear2(F.relu(layer.linear1(h))))
    np.testing.assert_allclose(layer(x).value, expected.value)


def test_what_comes_later_changes_nothing_before():
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True, generator=0)
    a = RNG.normal(size=(1, 5, 4))
    b = a.copy()
    b[:, 3:] = 9
    mask = nn.generate_square_subsequent_mask(5)
    for options in ({"src_mask": mask}, {"is_causal": True}):
        np.testing.assert_array_equal(layer(a, **options).value[:, :3], layer(b, **options).value[:, :3])
    assert (layer(a).value[:, :3] != layer(b).value[:, :3]).any()


def test_copies_begin_alike_and_draw_their_dropout_in_turn():
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.5, generator=0)
    stack = nn.TransformerEncoder(layer, 2)
    first, second = stack.layers
    np.testing.assert_array_equal(first.linear1.weight.value, second.linear1.weight.value)
    assert first.linear1.weight is not second.linear1.weight
    assert first.dropout.generator is second.dropout.generator
    x = np.ones((5, 3, 4))
    assert (first(x).value != second(x).value).any()
    stack.eval()
    np.testing.assert_array_equal(stack(x).value, stack(x).value)


def test_masks():
    mask = nn.generate_square_subsequent_mask(3)
    assert mask.tolist() == [[0, -np.inf, -np.inf], [0, 0, -np.inf], [0, 0, 0]]
    assert mask.dtype == "float32"
    np.testing.assert_array_equal(nn.Transformer.generate_square_subsequent_mask(3, "float64"), mask)


def test_a_transformer_of_one_s_own_parts():
    class Twice(nn.Module):
        def forward(self, x, *masks, **more):
            return x * 2

    model = nn.Transformer(4, 2, 1, 1, 6, 0.0, custom_encoder=Twice(), generator=0)
    assert type(model.encoder) is Twice
    assert model(np.ones((2, 1, 4)), np.ones((3, 1, 4))).shape == (3, 1, 4)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6), 2, nn.LayerNorm(4))
    assert decoder(np.ones((2, 1, 4)), np.ones((3, 1, 4))).shape == (2, 1, 4)


def test_activation_is_a_word_or_a_function():
    for activation in ("relu", "gelu", F.tanh, nn.Tanh()):
        assert nn.TransformerEncoderLayer(4, 2, 6, 0.0, activation)(np.ones((1, 1, 4))).shape == (1, 1, 4)
    with pytest.raises(ValueError, match='"relu", "gelu" or a function, got \'tanh\''):
        nn.TransformerEncoderLayer(4, 2, activation="tanh")
    with pytest.raises(TypeError, match='"relu", "gelu" or a function, got 3'):
        nn.TransformerDecoderLayer(4, 2, activation=3)


def test_errors():
    with pytest.raises(ValueError, match="embed_dim 5 is not divisible by num_heads 2"):
        nn.TransformerEncoderLayer(5, 2)
    with pytest.raises(ValueError, match="num_layers is an integer of at least 1"):
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 0)
    model = nn.Transformer(4, 2, 1, 1, 6)
    with pytest.raises(ValueError, match="query's batch"):
        model(np.ones((2, 2, 4)), np.ones((3, 1, 4)))
    with pytest.raises(ValueError, match="4, 4 and 4 features"):
        model(np.ones((2, 1, 5)), np.ones((3, 1, 4)))
