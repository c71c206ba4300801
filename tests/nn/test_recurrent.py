import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor
from nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

RNG = np.random.default_rng(0)
LAYERS = [nn.RNN, nn.LSTM, nn.GRU]


def parts(last):
    return last if isinstance(last, tuple) else (last,)


def test_a_plain_network_of_one_unit_by_hand():
    net = nn.RNN(1, 1, bias=False, dtype="float64")
    net.load_state_dict({"weight_ih_l0": [[1.0]], "weight_hh_l0": [[0.5]]})
    out, last = net([[[1.0]], [[2.0]]])
    first = np.tanh(1.0)
    np.testing.assert_allclose(out.value.ravel(), [first, np.tanh(2.0 + 0.5 * first)])
    np.testing.assert_array_equal(last.value[0], out.value[-1])


def test_the_lecture_s_step_computes_the_same_states():
    step = nn.VanillaRNN(3, 4, 2, dtype="float64", generator=0)
    net = nn.RNN(3, 4, bias=False, dtype="float64")
    net.load_state_dict({"weight_ih_l0": step.W_xh, "weight_hh_l0": step.W_hh})
    x = RNG.normal(size=(5, 2, 3))
    out, _ = net(x)
    h = None
    for t in range(5):
        y, h = step(x[t], h)
        np.testing.assert_allclose(h.value, out.value[t])
        np.testing.assert_allclose(y.value, h.value @ step.W_hy.value.T)
    assert list(step.state_dict()) == ["W_xh", "W_hh", "W_hy"]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_lengths_give_what_each_sequence_gives_alone(layer, bidirectional):
    net = layer(3, 4, num_layers=2, bidirectional=bidirectional, dtype="float64", generator=0)
    lengths = [3, 5, 1]
    x = RNG.normal(size=(5, 3, 3))
    for i, n in enumerate(lengths):
        x[n:, i] = np.nan  # what is padding is not read
    padded = Tensor(x, requires_grad=True)
    out, last = net(padded, lengths=lengths)
    loss = (out * out).sum() + sum((s**3).sum() for s in parts(last))
    loss.backward()
    assert all(np.isfinite(p.grad.value).all() for p in net.parameters())
    np.testing.assert_array_equal(padded.grad.value == 0, np.isnan(x))
    for i, n in enumerate(lengths):
        alone, its_last = net(x[:n, i])
        np.testing.assert_allclose(out.value[:n, i], alone.value, rtol=1e-12)
        assert not out.value[n:, i].any()
        for a, b in zip(parts(last), parts(its_last), strict=True):
            np.testing.assert_allclose(a.value[:, i], b.value, rtol=1e-12)


@pytest.mark.parametrize("layer", LAYERS)
def test_packed_sequences_give_packed_sequences(layer):
    net = layer(3, 4, dtype="float64", generator=0)
    rows = [RNG.normal(size=(n, 3)) for n in (2, 4, 3)]
    packed, last = net(pack_sequence(rows, enforce_sorted=False))
    assert type(packed) is PackedSequence
    out, lengths = pad_packed_sequence(packed)
    assert lengths.tolist() == [2, 4, 3]
    for i, row in enumerate(rows):
        np.testing.assert_allclose(out.value[: len(row), i], net(row)[0].value)
        np.testing.assert_allclose(parts(last)[0].value[0, i], net(row)[0].value[-1])


@pytest.mark.parametrize("layer", LAYERS)
def test_whole_sequences_are_one_op_a_layer_and_direction(layer):
    net = layer(3, 4, num_layers=2, bidirectional=True, generator=0)
    program = ad.trace(lambda x: net(x)[0])(np.ones((6, 2, 3), "float32"))
    assert str(program).count(f"{layer.__name__.lower()}(") == 4


@pytest.mark.parametrize("layer", LAYERS)
def test_dtypes_follow_the_parameters(layer):
    net = layer(3, 4, generator=0)
    out, last = net(np.ones((2, 1, 3)))
    assert {out.dtype, *(s.dtype for s in parts(last))} == {np.dtype("float32")}
    assert net.astype("float64")(np.ones((2, 1, 3), "float32"))[0].dtype == "float64"
    with pytest.raises(TypeError, match=r'Write x.astype\("float64"\)'):
        net(np.ones((2, 1, 3), int))


def test_dropout_acts_between_layers_in_training_only():
    net = nn.LSTM(3, 4, num_layers=2, dropout=0.5, generator=0)
    x = RNG.normal(size=(5, 2, 3))
    a, b = net(x)[0].value, net(x)[0].value
    assert (a != b).any()
    net.eval()
    np.testing.assert_array_equal(net(x)[0].value, net(x)[0].value)
    with pytest.warns(UserWarning, match="there is only one"):
        nn.RNN(3, 4, dropout=0.5)


def test_initial_values_are_uniform_and_drawn_from_the_generator():
    a, b = (nn.GRU(30, 25, generator=3).state_dict() for _ in range(2))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])
        assert abs(a[name]).max() <= 0.2
    assert abs(a["weight_ih_l0"].std() - 0.2 / 3**0.5) < 0.005


def test_weights_are_found_and_tied():
    net = nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2, generator=0)
    assert [len(run) for run in net.all_weights] == [5] * 4
    assert net.weight_hr_l1_reverse.shape == (2, 4)
    assert net.weight_ih_l1.shape == (16, 4)
    assert net.flatten_parameters() is None
    out, (h, c) = net(np.ones((5, 2, 3)))
    assert (out.shape, h.shape, c.shape) == ((5, 2, 4), (4, 2, 2), (4, 2, 4))


def test_reprs():
    assert repr(nn.RNN(3, 4)) == "RNN(3, 4)"
    layer = nn.LSTM(3, 4, 2, False, True, 0.5, True, 2)
    assert repr(layer) == (
        "LSTM(3, 4, proj_size=2, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)"
    )
    assert repr(nn.RNNCell(3, 4, False, "relu")) == "RNNCell(3, 4, bias=False, nonlinearity=relu)"


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_a_cell_is_a_step_of_its_layer(cell):
    one = cell(3, 4, dtype="float64", generator=0)
    layer = getattr(nn, cell.__name__.removesuffix("Cell"))(3, 4, dtype="float64")
    layer.load_state_dict({f"{name}_l0": value for name, value in one.state_dict().items()})
    x = RNG.normal(size=(3, 2, 3))
    state = None
    for t in range(3):
        state = one(x[t], state)
    np.testing.assert_allclose(parts(state)[0].value, layer(x)[0].value[-1])


def test_errors_of_layers():
    net = nn.LSTM(3, 4, generator=0)
    x = np.ones((5, 2, 3))
    with pytest.raises(ValueError, match=r"LSTM\(3, 4\) takes \(steps, batch, 3\).*got float32 \(5, 2, 4\)"):
        net(np.ones((5, 2, 4), "float32"))
    with pytest.raises(ValueError, match=r"takes \(batch, steps, 3\)"):
        nn.LSTM(3, 4, batch_first=True)(np.ones((1, 1, 5, 2)))
    with pytest.raises(TypeError, match=r"a pair of states \(h, c\), got float64 \(1, 2, 4\)"):
        net(x, np.zeros((1, 2, 4)))
    with pytest.raises(ValueError, match=r"first state c of shape \(1, 2, 4\), got float32 \(1, 4\)"):
        net(x, (np.zeros((1, 2, 4)), np.zeros((1, 4), "float32")))
    with pytest.raises(ValueError, match=r"sequence 1 has length 6; with 5 steps lengths lie in 1 .. 5"):
        net(x, lengths=[5, 6])
    with pytest.raises(ValueError, match="sequence 0 has length 0"):
        net(x, lengths=[0, 5])
    with pytest.raises(ValueError, match=r"one for each of 2 sequences; got int64 \(3,\)"):
        net(x, lengths=[1, 2, 3])
    with pytest.raises(TypeError, match="lengths= is for padded arrays"):
        net(pack_sequence([np.ones((2, 3))]), lengths=[2])
    with pytest.raises(ValueError, match="packed rows of 3 features"):
        net(pack_sequence([np.ones((2, 4))]))
    with pytest.raises(ValueError, match="with a step at least"):
        net(np.ones((0, 2, 3)))
    with pytest.raises(ValueError, match="hidden_size is an integer of at least 1, got 0"):
        nn.GRU(3, 0)
    with pytest.raises(ValueError, match="proj_size is less than hidden_size 4"):
        nn.LSTM(3, 4, proj_size=4)
    with pytest.raises(ValueError, match='nonlinearity is "tanh" or "relu", got \'gelu\''):
        nn.RNN(3, 4, nonlinearity="gelu")
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\], got 2"):
        nn.RNN(3, 4, dropout=2)


def test_errors_of_cells_and_functions():
    with pytest.raises(ValueError, match=r"GRUCell\(3, 4\) takes \(batch, 3\) or \(3,\), got float32 \(2, 4\)"):
        nn.GRUCell(3, 4)(np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match=r"takes states of shape \(2, 4\)"):
        nn.GRUCell(3, 4)(np.ones((2, 3)), np.ones((1, 4)))
    with pytest.raises(TypeError, match="a pair of states"):
        nn.LSTMCell(3, 4)(np.ones((2, 3)), np.ones((2, 4)))
    x, h = np.ones((5, 2, 3)), np.zeros((2, 4))
    with pytest.raises(ValueError, match=r"rnn with a state of 4 takes w_ih \(4, features\) and w_hh \(4, 4\)"):
        F.rnn(x, h, np.ones((8, 3)), np.ones((4, 4)))
    with pytest.raises(ValueError, match=r"gru with a state of 4 takes biases \(12,\)"):
        F.gru(x, h, np.ones((12, 3)), np.ones((12, 4)), np.ones(4))
    with pytest.raises(ValueError, match=r"with 2 sequences takes states \(2, 4\)"):
        F.rnn(x, np.zeros((3, 4)), np.ones((4, 3)), np.ones((4, 4)))
    with pytest.raises(TypeError, match=r"pair of states \(h, c\)"):
        F.lstm(x, h, np.ones((16, 3)), np.ones((16, 4)))
    assert F.rnn_cell(x[0], h, np.ones((4, 3)), np.ones((4, 4))).shape == (2, 4)


def test_saturated_gates_have_finite_gradients():
    net = nn.LSTM(2, 3, dtype="float64", generator=0)
    x = Tensor(np.full((4, 1, 2), 1e4), requires_grad=True)
    net(x)[0].sum().backward()
    assert np.isfinite(x.grad.value).all()


def test_mixed_dtypes_become_the_larger_one_and_complex_numbers_have_no_relu():
    x, h = np.ones((3, 2, 3), "float32"), np.zeros((2, 4))
    w, u = np.ones((4, 3), "float32"), np.eye(4, dtype="float32")
    assert F.rnn(x, h, w, u)[0].dtype == "float64"
    assert F.rnn(x, h.astype("float32"), w, u)[0].dtype == "float32"
    with pytest.raises(TypeError, match='"relu" takes real numbers'):
        F.rnn(x * 1j, h, w, u, nonlinearity="relu")
    net = nn.GRU(3, 4, generator=0).astype("complex128")
    assert net(x * 1j)[0].dtype == "complex128"
