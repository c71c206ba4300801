"""Recurrent networks and a transformer."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..row import Row
from ..systems import Arrays, Network
from .images import random_weights

VOCABULARY, STEPS, BATCH, HIDDEN = 65, 64, 32, 128


def character_model(nn: Any, kind: str) -> Any:
    """Characters to vectors, a recurrent layer, and the logits of the next character."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, HIDDEN)
            self.recurrent = getattr(nn, kind)(HIDDEN, HIDDEN)
            self.output = nn.Linear(HIDDEN, VOCABULARY)

        def forward(self, tokens: Any) -> Any:
            states, _ = self.recurrent(self.embedding(tokens))  # (T, B, H)
            return self.output(states).reshape(-1, VOCABULARY)

    return Model()


def character_weights(gates: int) -> Arrays:
    """Where the character models start."""
    rows = gates * HIDDEN
    return random_weights({
        "embedding.weight": (VOCABULARY, HIDDEN),
        "recurrent.weight_ih_l0": (rows, HIDDEN), "recurrent.weight_hh_l0": (rows, HIDDEN),
        "recurrent.bias_ih_l0": (rows,), "recurrent.bias_hh_l0": (rows,),
        "output.weight": (VOCABULARY, HIDDEN), "output.bias": (VOCABULARY,),
    })  # fmt: skip


def text(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Random characters, and the ones that follow."""
    tokens = np.random.default_rng(0).integers(VOCABULARY, size=(steps + 1, BATCH))
    return tokens[:-1].copy(), tokens[1:].reshape(-1).copy()


def character_loss(f: Any, w: Arrays, tokens: Any, t: Any) -> Any:
    """The same in JAX."""
    from jax import lax, nn
    from jax import numpy as jnp

    gates = w["embedding.weight"][tokens] @ w["recurrent.weight_ih_l0"].T
    gates = gates + (w["recurrent.bias_ih_l0"] + w["recurrent.bias_hh_l0"])
    zeros = jnp.zeros((tokens.shape[1], HIDDEN), gates.dtype)

    def rnn(h: Any, a: Any) -> Any:
        h = f.tanh(a + h @ w["recurrent.weight_hh_l0"].T)
        return h, h

    def lstm(state: Any, a: Any) -> Any:
        h, c = state
        i, u, g, o = jnp.split(a + h @ w["recurrent.weight_hh_l0"].T, 4, axis=1)
        c = nn.sigmoid(u) * c + nn.sigmoid(i) * f.tanh(g)
        h = nn.sigmoid(o) * f.tanh(c)
        return (h, c), h

    many = gates.shape[-1] > HIDDEN
    _, states = lax.scan(lstm if many else rnn, (zeros, zeros) if many else zeros, gates)
    scores = states @ w["output.weight"].T + w["output.bias"]
    return f.cross_entropy(scores.reshape(-1, VOCABULARY), t)


def characters(kind: str, steps: int = STEPS) -> Network:
    """A model of text, "LSTM" or "RNN"."""
    return Network(
        model=lambda nn: character_model(nn, kind), criterion="CrossEntropyLoss", optimizer="Adam", lr=1e-3,
        weights=lambda: character_weights(4 if kind == "LSTM" else 1), batch=lambda: text(steps), loss=character_loss,
    )  # fmt: skip


# -- a transformer encoder layer ------------------------------------------------------------------------------

WIDTH, HEADS, INNER = 128, 4, 512


def encoder_weights() -> Arrays:
    """Where the layer starts."""
    dense = {
        "self_attn.in_proj_": (3 * WIDTH, WIDTH), "self_attn.out_proj.": (WIDTH, WIDTH),
        "linear1.": (INNER, WIDTH), "linear2.": (WIDTH, INNER), "norm1.": (WIDTH,), "norm2.": (WIDTH,),
    }  # fmt: skip
    return random_weights(
        {name + part: s for name, shape in dense.items() for part, s in (("weight", shape), ("bias", shape[:1]))}
    )


def vectors() -> tuple[np.ndarray, np.ndarray]:
    """Random sequences, and what is to become of them."""
    x, t = np.random.default_rng(0).normal(size=(2, 16, 64, WIDTH)).astype(np.float32)
    return x, t


def encoder_loss(f: Any, w: Arrays, x: Any, t: Any) -> Any:
    """The same in JAX."""
    from jax import nn

    def normalised(x: Any, name: str) -> Any:
        x = (x - x.mean(-1, keepdims=True)) * (x.var(-1, keepdims=True) + 1e-5) ** -0.5
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(x: Any, name: str) -> Any:
        return x @ w[f"{name}weight"].T + w[f"{name}bias"]

    n, steps, _ = x.shape
    qkv = dense(x, "self_attn.in_proj_").reshape(n, steps, 3, HEADS, -1)
    q, k, v = (qkv[:, :, i].swapaxes(1, 2) for i in range(3))  # (N, heads, T, WIDTH / heads)
    weights = nn.softmax(q @ k.swapaxes(2, 3) * (WIDTH // HEADS) ** -0.5)
    mixed = (weights @ v).swapaxes(1, 2).reshape(x.shape)
    x = normalised(x + dense(mixed, "self_attn.out_proj."), "norm1")
    x = normalised(x + dense(f.relu(dense(x, "linear1.")), "linear2."), "norm2")
    return ((x - t) ** 2).mean()


ENCODER = Network(
    model=lambda nn: nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, dropout=0.0, batch_first=True),
    criterion="MSELoss", optimizer="Adam", lr=1e-3, weights=encoder_weights, batch=vectors, loss=encoder_loss,
)  # fmt: skip

ROWS = {
    "lstm": Row("character LSTM T64 B32 H128, Adam", 0.85, characters("LSTM").programs("jax"), tolerance=1e-3),
    "rnn": Row("character RNN T64 B32 H128, Adam", 0.5, characters("RNN").programs("jax"), tolerance=1e-3),
    "encoder": Row(
        "transformer encoder layer 16x64x128, Adam", 0.8, ENCODER.programs("jax"), tolerance=1e-3
    ),
}  # fmt: skip
