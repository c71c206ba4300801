"""Recurrent layers: whole sequences through one or more layers, single steps, and the step of the lecture."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional import recurrent
from .functional.arguments import cast, probability
from .module import Module, Parameter, check_sizes
from .utils.rnn import PackedSequence, pad_packed_sequence

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNCell", "VanillaRNN"]


class RNNBase(Module):
    """What RNN, LSTM and GRU share: layers and directions, and the ways in which sequences come.

    Each layer reads the states of the one below it; with two directions the states of both, side by side.
    """

    gates = 1
    states: tuple[str, ...] = ("h",)
    _run: Callable[..., tuple[Any, tuple[Any, ...]]]
    """One layer in one direction: its states, and the last of each kind."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        probability(dropout)
        if not 0 <= proj_size < hidden_size:
            raise ValueError(
                f"proj_size is less than hidden_size {hidden_size}, or 0 for no projection; got {proj_size}"
            )
        if dropout and num_layers == 1:
            warnings.warn("dropout acts between layers, and there is only one", UserWarning, stacklevel=3)
        self.input_size, self.hidden_size, self.num_layers, self.bias = input_size, hidden_size, num_layers, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        self.proj_size = proj_size
        self.generator = None if generator is None else as_generator(generator)
        dtype = dtype or default_dtype()
        rows, width = self.gates * hidden_size, proj_size or hidden_size
        for layer, names in self._runs():
            read = input_size if layer == 0 else width * self.directions
            shapes = [(rows, read), (rows, width), (rows,), (rows,), (proj_size, hidden_size)]
            for name, shape in zip(names, shapes if bias else shapes[:2] + shapes[4:], strict=False):
                parameter = Parameter(np.empty(shape, dtype))
                setattr(self, name, init.uniform_(parameter, -self._bound, self._bound, self.generator))

    @property
    def directions(self) -> int:
        """2 if bidirectional, otherwise 1."""
        return 1 + self.bidirectional

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for _, names in self._runs()]

    def flatten_parameters(self) -> None:
        """Do nothing: there is no other layout to bring the parameters into."""

    @property
    def _bound(self) -> float:
        return 1 / math.sqrt(self.hidden_size)

    def _runs(self) -> Iterator[tuple[int, list[str]]]:
        """Each layer's and direction's number of layer and names of parameters, in PyTorch's order."""
        kinds = ["weight_ih", "weight_hh", *["bias_ih", "bias_hh"] * self.bias, *["weight_hr"] * bool(self.proj_size)]
        for layer in range(self.num_layers):
            for suffix in ("", "_reverse")[: self.directions]:
                yield layer, [f"{kind}_l{layer}{suffix}" for kind in kinds]

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> Any:
        if isinstance(x, PackedSequence):
            return self._packed(x, hx, lengths)
        x = cast(x, self.all_weights[0][0])
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            axes = "(batch, steps, {})" if self.batch_first else "(steps, batch, {})"
            raise ValueError(
                f"{self._label()} takes {axes.format(self.input_size)}, or one sequence (steps, {self.input_size}); "
                f"got {describe(x)}"
            )
        batched = x.ndim == 3
        swap = self.batch_first and batched
        if not batched:
            x = x[:, None]
        out, last = self._layers(
            anp.swapaxes(x, 0, 1) if swap else x, self._first(x.shape[1 - swap], hx, batched), lengths
        )
        if swap:
            out = anp.swapaxes(out, 0, 1)
        if not batched:
            out, last = out[:, 0], tuple([state[:, 0] for state in last])
        return out, last if len(last) > 1 else last[0]

    def _packed(self, x: PackedSequence, hx: Any, lengths: Any) -> tuple[PackedSequence, Any]:
        if lengths is not None:
            raise TypeError("a packed sequence knows its lengths; lengths= is for padded arrays")
        padded, lengths = pad_packed_sequence(x._replace(data=cast(x.data, self.all_weights[0][0])))
        if padded.ndim != 3 or padded.shape[2] != self.input_size:
            raise ValueError(f"{self._label()} takes packed rows of {self.input_size} features, got {describe(x.data)}")
        out, last = self._layers(padded, self._first(len(lengths), hx, True), lengths)
        steps, sequences, _ = x.layout()
        return x._replace(data=out[steps, sequences]), last if len(last) > 1 else last[0]

    def _first(self, batch: int, hx: Any, batched: bool) -> list[Any]:
        """The first states, (layers x directions, B, H) of each kind: zeros unless given."""
        weight, runs = self.all_weights[0][0], self.num_layers * self.directions
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: len(self.states)]
        if hx is None:
            return [np.zeros((runs, batch, n), weight.dtype) for n in sizes]
        given = [hx] if len(sizes) == 1 else hx
        if not isinstance(given, tuple | list) or len(given) != len(sizes):
            raise TypeError(f"{self._label()} takes a pair of states (h, c), got {describe(hx)}")
        states = [cast(state, weight) for state in given]
        for name, state, n in zip(self.states, states, sizes, strict=True):
            needed = (runs, batch, n) if batched else (runs, n)
            if state.shape != needed:
                raise ValueError(f"{self._label()} takes a first state {name} of shape {needed}, got {describe(state)}")
        return states if batched else [state[:, None] for state in states]

    def _layers(self, x: Any, first: list[Any], lengths: Any) -> tuple[Any, tuple[Any, ...]]:
        """Run all layers over (steps, batch, features); `last` is a tuple with one array for each kind of state."""
        last, outs = [], []
        for run, (layer, names) in enumerate(self._runs()):
            weights = {name.partition("_l")[0]: getattr(self, name) for name in names}
            reverse = bool(self.bidirectional and run % 2)
            out, states = self._run(x, [s[run] for s in first], weights, lengths=lengths, reverse=reverse)
            outs.append(out)
            last.append(states)
            if len(outs) == self.directions:
                x = outs[0] if len(outs) == 1 else anp.concatenate(outs, axis=-1)
                outs = []
                if layer < self.num_layers - 1:
                    x = F.dropout(x, self.dropout, self.training, generator=self.generator)
        return x, tuple([anp.stack(states) for states in zip(*last, strict=True)])

    def _label(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
                 "bidirectional": False}  # fmt: skip
        return ", ".join(parts + [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v])


class RNN(RNNBase):
    """A plain recurrent network: `h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)`, or relu of that.

    Args:
        num_layers: how many layers there are, each reading the states of the one below it.
        nonlinearity: "tanh" or "relu".
        bias: whether to add b_ih and b_hh.
        batch_first: whether x is (batch, steps, input_size) and not (steps, batch, input_size).
        dropout: probability with which, in training, a state on its way to the next layer is zeroed.
        bidirectional: whether each layer runs backwards as well; its states then stand beside those forwards.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(hidden_size), and the dropout.

    Call it with x, the first state `hx` (layers x directions, batch, hidden_size), zeros unless given, and, for padded
    sequences, `lengths` (batch,). A single sequence has no batch axis; a PackedSequence gives a PackedSequence. The
    result is the last layer's states, (steps, batch, directions x hidden_size), and each layer's last state.

    Parameters of layer k: weight_ih_lk (hidden_size, input_size), weight_hh_lk (hidden_size, hidden_size), bias_ih_lk
    and bias_hh_lk (hidden_size,); those of the other direction end in "_reverse".

    >>> out, last = RNN(3, 4, generator=0)(np.ones((5, 2, 3)))
    >>> out.shape, last.shape
    ((5, 2, 4), (1, 2, 4))

    Raises ValueError for shapes that do not fit and for lengths out of range. Elman, 1990.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'nonlinearity is "tanh" or "relu", got {nonlinearity!r}')
        self.nonlinearity = nonlinearity
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype, generator
        )

    def _run(self, x: Any, states: list[Any], weights: dict[str, Any], **how: Any) -> tuple[Any, tuple[Any, ...]]:
        out, last = recurrent.rnn(x, states[0], *weights.values(), nonlinearity=self.nonlinearity, **how)
        return out, (last,)


class LSTM(RNNBase):
    """Long short-term memory: a cell that gates keep, fill and read.

        i, f, o = sigmoid, g = tanh of the blocks i, f, g, o of W_ih x_t + b_ih + W_hh h_(t-1) + b_hh
        c_t = f c_(t-1) + i g;  h_t = o tanh(c_t)

    Arguments, input and parameters as of `RNN`, with four blocks of rows in each weight and bias. The states are a
    pair (h, c). With `proj_size` P, `h_t = W_hr (o tanh(c_t))` has P elements, and weight_hr_lk is (P, hidden_size).

    >>> out, (h, c) = LSTM(3, 4, num_layers=2, generator=0)(np.ones((5, 2, 3)))
    >>> out.shape, h.shape, c.shape
    ((5, 2, 4), (2, 2, 4), (2, 2, 4))

    Raises ValueError for shapes that do not fit and for lengths out of range. Hochreiter and Schmidhuber, 1997; Gers
    et al., 2000.
    """

    gates = 4
    states = ("h", "c")

    def _run(self, x: Any, states: list[Any], weights: dict[str, Any], **how: Any) -> tuple[Any, tuple[Any, ...]]:
        w_ih, w_hh, b_ih, b_hh, w_hr = map(weights.get, ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"))
        return recurrent.lstm(x, (states[0], states[1]), w_ih, w_hh, b_ih, b_hh, w_hr, **how)


class GRU(RNNBase):
    """Gated recurrent units.

        r, z = sigmoid of the first two blocks of W_ih x_t + b_ih + W_hh h_(t-1) + b_hh
        n = tanh(W_in x_t + b_in + r (W_hn h_(t-1) + b_hn));  h_t = (1 - z) n + z h_(t-1)

    Arguments, input and parameters as of `RNN`, with three blocks of rows in each weight and bias.

    >>> out, last = GRU(3, 4, bidirectional=True, generator=0)(np.ones((5, 2, 3)))
    >>> out.shape, last.shape
    ((5, 2, 8), (2, 2, 4))

    Raises ValueError for shapes that do not fit and for lengths out of range. Cho et al., 2014.
    """

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, dtype, generator
        )

    def _run(self, x: Any, states: list[Any], weights: dict[str, Any], **how: Any) -> tuple[Any, tuple[Any, ...]]:
        out, last = recurrent.gru(x, states[0], *weights.values(), **how)
        return out, (last,)


# -- one step at a time -----------------------------------------------------------------------------------


class RNNCellBase(Module):
    """What the cells share: the parameters of one layer."""

    gates = 1
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        generator, dtype = as_generator(generator), dtype or default_dtype()
        rows, bound = self.gates * hidden_size, 1 / math.sqrt(hidden_size)

        def parameter(*shape: int) -> Tensor:
            return init.uniform_(Parameter(np.empty(shape, dtype)), -bound, bound, generator)

        self.weight_ih, self.weight_hh = parameter(rows, input_size), parameter(rows, hidden_size)
        self.bias_ih, self.bias_hh = (parameter(rows), parameter(rows)) if bias else (None, None)

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _read(self, x: Any, hx: Any, count: int = 1) -> tuple[Any, list[Any]]:
        """The input, and the states: zeros unless given."""
        x = cast(x, self.weight_ih)
        label = f"{type(self).__name__}({self.extra_repr()})"
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(f"{label} takes (batch, {self.input_size}) or ({self.input_size},), got {describe(x)}")
        shape = (*x.shape[:-1], self.hidden_size)
        if hx is None:
            return x, [np.zeros(shape, self.weight_ih.dtype)] * count
        given = [hx] if count == 1 else hx
        if not isinstance(given, tuple | list) or len(given) != count:
            raise TypeError(f"{label} takes a pair of states (h, c), got {describe(hx)}")
        states = [cast(state, self.weight_ih) for state in given]
        for state in states:
            if state.shape != shape:
                raise ValueError(f"{label} takes states of shape {shape} with {describe(x)}, got {describe(state)}")
        return x, states

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + f", bias={self.bias}" * (not self.bias)


class RNNCell(RNNCellBase):
    """One step of `RNN`: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu of that.

    Takes x (batch, input_size) or (input_size,) and h, zeros unless given.

    Parameters: weight_ih (hidden_size, input_size), weight_hh (hidden_size, hidden_size), bias_ih, bias_hh.

    >>> RNNCell(3, 4, generator=0)(np.ones((2, 3))).shape
    (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'nonlinearity is "tanh" or "relu", got {nonlinearity!r}')
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, dtype, generator)

    def forward(self, x: Any, hx: Any = None) -> Any:
        x, (h,) = self._read(x, hx)
        return recurrent.rnn_cell(x, h, *self._weights(), nonlinearity=self.nonlinearity)

    def extra_repr(self) -> str:
        return super().extra_repr() + f", nonlinearity={self.nonlinearity}" * (self.nonlinearity != "tanh")


class LSTMCell(RNNCellBase):
    """One step of `LSTM`: from x and (h, c), zeros unless given, to the next (h, c).

    Parameters: weight_ih (4 hidden_size, input_size), weight_hh (4 hidden_size, hidden_size), bias_ih, bias_hh.

    >>> h, c = LSTMCell(3, 4, generator=0)(np.ones((2, 3)))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    gates = 4

    def forward(self, x: Any, hx: Any = None) -> tuple[Any, Any]:
        x, (h, c) = self._read(x, hx, count=2)
        return recurrent.lstm_cell(x, (h, c), *self._weights())


class GRUCell(RNNCellBase):
    """One step of `GRU`: from x and h, zeros unless given, to the next h.

    Parameters: weight_ih (3 hidden_size, input_size), weight_hh (3 hidden_size, hidden_size), bias_ih, bias_hh.

    >>> GRUCell(3, 4, generator=0)(np.ones((2, 3))).shape
    (2, 4)
    """

    gates = 3

    def forward(self, x: Any, hx: Any = None) -> Any:
        x, (h,) = self._read(x, hx)
        return recurrent.gru_cell(x, h, *self._weights())


class VanillaRNN(Module):
    """One step of the recurrent network of the lecture: `h' = tanh(W_hh h + W_xh x)`, `y = W_hy h'`.

    Small ops only, so that a picture of the graph shows the network unrolled in time, with the same three weights at
    each step. `RNN` computes the same states of a whole sequence at once.

    Takes x (..., input_size) and h (..., hidden_size), zeros unless given; gives y and the next h.

    Parameters: W_xh (hidden_size, input_size), W_hh (hidden_size, hidden_size), W_hy (output_size, hidden_size).

    >>> net = VanillaRNN(2, 8, 3, generator=0)
    >>> y, h = net(np.array([1.0, 0.0]))
    >>> y, h = net(np.array([0.0, 1.0]), h)
    >>> y.shape, h.shape
    ((3,), (8,))
    """

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int, dtype: Any = None, generator: init.Randomness = None
    ) -> None:
        check_sizes(input_size=input_size, hidden_size=hidden_size, output_size=output_size)
        generator, dtype = as_generator(generator), dtype or default_dtype()
        bound = 1 / math.sqrt(hidden_size)
        self.W_xh = init.uniform_(Parameter(np.empty((hidden_size, input_size), dtype)), -bound, bound, generator)
        self.W_hh = init.uniform_(Parameter(np.empty((hidden_size, hidden_size), dtype)), -bound, bound, generator)
        self.W_hy = init.uniform_(Parameter(np.empty((output_size, hidden_size), dtype)), -bound, bound, generator)

    def forward(self, x: Any, h: Any = None) -> tuple[Any, Any]:
        x = cast(x, self.W_xh)
        h = np.zeros(self.W_hh.shape[0], self.W_hh.dtype) if h is None else cast(h, self.W_hh)
        h = anp.tanh(h @ self.W_hh.T + x @ self.W_xh.T)
        return h @ self.W_hy.T, h
