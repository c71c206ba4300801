"""Second derivatives of what PyTorch differentiates only once, against finite differences."""

import numpy as np
import pytest

import nn
import nn.functional as F
from autodiff.testing import check_grads
from nn.utils import spectral_norm, weight_norm

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(3, 4))
CLASSES = np.array([1, 0, 3])
LABELS = np.array([[0, 2, -1, 0], [3, -1, 0, 0], [-1, 0, 0, 0]])
TABLE = RNG.normal(size=(5, 3))
WORDS = np.array([[0, 2, 2], [4, 1, 0]])
FACTORS = RNG.normal(size=(2, 3))
IMAGE = RNG.normal(size=(1, 2, 5, 4))


def through(layer, x):
    """A function of a layer's parameters."""
    layer = layer.eval().astype("float64")
    names = [name for name, _ in layer.named_parameters()]
    values = [p.value.copy() for p in layer.parameters()]
    return (lambda *parameters: nn.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))), values


CASES = {
    "multi_margin_loss p=1": (lambda x: F.multi_margin_loss(x, CLASSES), [SCORES]),
    "multi_margin_loss p=2": (lambda x: F.multi_margin_loss(x, CLASSES, 2, weight=[1.0, 0.5, 2.0, 1.5]), [SCORES]),
    "multilabel_margin_loss": (lambda x: F.multilabel_margin_loss(x, LABELS), [SCORES]),
    "linear_cross_entropy": (lambda x, w, b: F.linear_cross_entropy(x, w, CLASSES, linear_bias=b, label_smoothing=0.1),
                             [SCORES, RNG.normal(size=(4, 4)), RNG.normal(size=4)]),
    "ctc_loss": (lambda x: F.ctc_loss(F.log_softmax(x, -1), [[1, 1], [2, 1]], [5, 3], [2, 1]),
                 [RNG.normal(size=(5, 2, 3))]),
    "ctc_loss one sequence": (lambda x: F.ctc_loss(x, [2, 1], 4, 2), [RNG.normal(size=(4, 3))]),
    "embedding": (lambda w: F.embedding(WORDS, w) ** 3, [TABLE]),
    **{f"embedding_bag {mode}": (lambda w, mode=mode: F.embedding_bag(WORDS, w, mode=mode) ** 3, [TABLE])
       for mode in ("sum", "mean", "max")},
    "embedding_bag weights": (lambda w, f: F.embedding_bag(WORDS, w, mode="sum", per_sample_weights=f) ** 2,
                              [TABLE, FACTORS]),
    "fractional_max_pool2d": (lambda x: F.fractional_max_pool2d(x, 2, 3, generator=0) ** 2, [IMAGE]),
    "max_unpool2d": (lambda x: F.max_unpool2d(x, np.array([[[[0, 3], [9, 12]]]]), 2) ** 3,
                     [RNG.normal(size=(1, 1, 2, 2))]),
    "pdist": (lambda x: F.pdist(x, 3.0), [SCORES]),
    "grid_sample": (F.grid_sample, [IMAGE, RNG.uniform(-0.8, 0.8, size=(1, 2, 3, 2))]),
    "scaled_dot_product_attention": (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
                                     [RNG.normal(size=(2, 3, 2)) for _ in range(3)]),
    "weight_norm": through(weight_norm(nn.Linear(3, 2, generator=0)), TABLE),
    "weight_norm Conv2d": through(weight_norm(nn.Conv2d(2, 2, 3, generator=0), dim=1), IMAGE),
    "spectral_norm": through(spectral_norm(nn.Linear(3, 2, generator=0), generator=1), TABLE),
    "Transformer layers": through(nn.TransformerEncoder(
        nn.TransformerEncoderLayer(2, 1, 3, 0.0, "gelu", generator=0), 2), RNG.normal(size=(2, 1, 2))),
    "LSTM with projections": through(nn.LSTM(2, 3, 2, bidirectional=True, proj_size=1, generator=0),
                                     RNG.normal(size=(3, 1, 2))),
    "dropout": (lambda x: F.dropout(x, 0.5, generator=0) ** 3, [SCORES]),
    "alpha_dropout": (lambda x: F.alpha_dropout(x, 0.5, True, generator=0) ** 3, [SCORES]),
    "rrelu": (lambda x: F.rrelu(x, training=True, generator=0) ** 3, [SCORES]),
    "gumbel_softmax": (lambda x: F.gumbel_softmax(x, generator=0), [SCORES]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_second_order(name):
    f, args = CASES[name]
    check_grads(lambda *a: first(f(*a)), args, order=2, rtol=1e-5, atol=1e-6)


def first(out):
    return out[0] if isinstance(out, tuple) else out
