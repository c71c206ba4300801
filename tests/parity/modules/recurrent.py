"""Recurrent layers, cells, and packed sequences."""

from itertools import product

import numpy as np
import torch

import nn
from tests.parity.module_cases import module, normal

_LAYERS = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("LSTM", {"proj_size": 2}), ("GRU", {})]
_HOW = [
    {}, {"bias": False}, {"num_layers": 2}, {"bidirectional": True}, {"batch_first": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
]  # fmt: skip


def with_states(name: str, system: type) -> type:
    """The layer, or cell, taking its first states as inputs one by one."""
    base = getattr(system, name)

    class WithStates(base):
        def forward(self, x, *states):
            return super().forward(x, states if len(states) > 1 else states[0])

    WithStates.__name__ = name
    return WithStates


def packed(name: str, system: type, **how: object) -> type:
    """The layer, given padded sequences and lengths, running on packed ones."""
    base = getattr(system, name)
    library = system.utils.rnn

    class Packed(base):
        def forward(self, x, lengths, *states):
            lengths = lengths.value if hasattr(lengths, "value") else lengths
            hx = (states if len(states) > 1 else states[0]) if states else None
            sequence = library.pack_padded_sequence(x, lengths, self.batch_first, **how)
            out, last = super().forward(sequence, hx)
            return library.pad_packed_sequence(out, self.batch_first)[0], out.data, last

    Packed.__name__ = name
    return Packed


for (_name, _kind), _how in product(_LAYERS, _HOW):
    module(_name, 3, 4, **_kind, **_how, inputs=[normal(5, 2, 3), normal(4, 3)] if len(_how) < 2 else normal(2, 5, 3))
    _runs = _how.get("num_layers", 1) * (1 + _how.get("bidirectional", False))
    _sizes = [_kind.get("proj_size", 4), 4][: 1 + (_name == "LSTM")]
    module(_name, 3, 4, **_kind, **_how, inputs=(normal(2, 2, 3), *(normal(_runs, 2, n) for n in _sizes)),
           ours=with_states(_name, nn), theirs=with_states(_name, torch.nn), modes=(True,))  # fmt: skip

for (_name, _kind), _how in product(_LAYERS, [{}, {"num_layers": 2, "bidirectional": True}, {"batch_first": True}]):
    for _sorted, _lengths in ((True, [5, 3, 3]), (False, [2, 5, 1])):
        module(
            _name, 3, 4, **_kind, **_how, modes=(True,),
            inputs=(normal(*((3, 5) if _how.get("batch_first") else (5, 3)), 3), lambda rng, n=_lengths: np.array(n)),
            ours=packed(_name, nn, enforce_sorted=_sorted), theirs=packed(_name, torch.nn, enforce_sorted=_sorted),
        )  # fmt: skip
_states = [normal(1, 3, 4)]
for _name in ("RNN", "LSTM", "GRU"):
    _given = (normal(5, 3, 3), lambda rng: np.array([2, 5, 1]), *_states * (1 + (_name == "LSTM")))
    _both = {"ours": packed(_name, nn, enforce_sorted=False), "theirs": packed(_name, torch.nn, enforce_sorted=False)}
    module(_name, 3, 4, inputs=_given, **_both)

for _name, _options in (("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {})):
    for _bias in (True, False):
        module(_name, 3, 4, bias=_bias, **_options, inputs=[normal(2, 3), normal(3)])
        for _batch in ((2,), ()):
            module(_name, 3, 4, bias=_bias, **_options, modes=(True,), ours=with_states(_name, nn),
                   theirs=with_states(_name, torch.nn),
                   inputs=(normal(*_batch, 3), *[normal(*_batch, 4)] * (1 + (_name == "LSTMCell"))))  # fmt: skip
