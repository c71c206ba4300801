"""Comparisons of special functions with PyTorch."""

import numpy as np
import torch

import autodiff as ad
from autodiff import special
from tests.parity.op_cases import away, case, positive

ONE = ((3, 4), (), (0, 3))


def inside(rng, shape):
    return rng.uniform(0.1, 0.9, size=shape)


for name in ("erf", "erfc", "erfcx", "ndtr", "expit"):
    case(name, getattr(special, name), getattr(torch.special, name), *ONE)
for name in ("erfinv", "logit"):
    case(name, getattr(special, name), getattr(torch.special, name), *ONE, samplers=(inside,))
case("ndtri", special.ndtri, torch.special.ndtri, *ONE, samplers=(inside,))
case("log_ndtr", special.log_ndtr, torch.special.log_ndtr, *ONE)
case("log_expit", special.log_expit, torch.nn.functional.logsigmoid, *ONE)
case("softplus", special.softplus, torch.nn.functional.softplus, *ONE)
case("softplus", lambda x: special.softplus(x, 3.0, 1.5),
     lambda x: torch.nn.functional.softplus(x, 3.0, 1.5), (5, 4))  # fmt: skip
for name in ("gammaln", "digamma", "psi", "entr"):
    case(name, getattr(special, name), getattr(torch.special, name), *ONE, samplers=(positive,))
case("polygamma", lambda x: ad.astype(special.polygamma(1, x), x.dtype), lambda x: torch.polygamma(1, x), (3, 4),
     samplers=(positive,))  # fmt: skip
case("multigammaln", lambda x: ad.astype(special.multigammaln(x + 2, 3), x.dtype),
     lambda x: torch.mvlgamma(x + 2, 3), (3, 4), samplers=(positive,))  # fmt: skip
for name in ("xlogy", "xlog1py"):
    case(name, getattr(special, name), getattr(torch.special, name), ((3, 4), (4,)), ((), (2, 3)), samplers=(positive,))
for name in ("i0", "i0e", "i1", "i1e"):
    case(name, getattr(special, name), getattr(torch.special, name), (3, 4), samplers=(away,))
case("gammainc", lambda x: ad.astype(special.gammainc(2.5, x), x.dtype),
     lambda x: torch.special.gammainc(torch.tensor(2.5, dtype=x.dtype), x), (3, 4), samplers=(positive,))  # fmt: skip
case("gammaincc", lambda x: ad.astype(special.gammaincc(2.5, x), x.dtype),
     lambda x: torch.special.gammaincc(torch.tensor(2.5, dtype=x.dtype), x), (3, 4), samplers=(positive,))  # fmt: skip
for axis in (0, -1):
    case("special.softmax", lambda x, a=axis: special.softmax(x, a), lambda x, a=axis: torch.softmax(x, a), (3, 4))
    case("special.log_softmax", lambda x, a=axis: special.log_softmax(x, a), lambda x, a=axis: torch.log_softmax(x, a),
         (3, 4))  # fmt: skip
case("special.logsumexp", special.logsumexp, lambda x: torch.logsumexp(x, (0, 1)), (3, 4))
WEIGHTS = np.array([0.5, 2.0, 1.0, 3.0])
case("special.logsumexp weighted", lambda x: special.logsumexp(x, 1, WEIGHTS.astype(x.dtype)),
     lambda x: torch.logsumexp(x + torch.tensor(WEIGHTS, dtype=x.dtype).log(), 1), (3, 4))  # fmt: skip
