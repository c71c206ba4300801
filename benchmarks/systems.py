"""The systems that are compared: what each needs before it starts, and what a training step is in it.

A further system is a function here, an entry in `SYSTEMS`, and entries in the rows that it has.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from .row import Program

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NPROC",  # XLA
    "NUM_CPU_THREADS",  # tinygrad
)  # fmt: skip

Arrays = dict[str, Any]


class UnavailableError(Exception):
    """A system cannot run here."""


def environment(threads: int) -> dict[str, str]:
    """The environment of a system: this many threads, whatever library asks, and compiled files kept."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict.fromkeys(THREAD_VARIABLES, str(threads)) | {
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}", "JAX_PLATFORMS": "cpu",
        "DEV": "CPU", "TRAINING": "1",  # tinygrad
    }  # fmt: skip


def _set_up_ours(threads: int) -> None:
    pass


def _set_up_torch(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)


def _set_up_jax(threads: int) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)


def _set_up_tinygrad(threads: int) -> None:
    from shutil import which

    if which("clang") is None:
        raise UnavailableError("tinygrad compiles with clang, and there is none")


@dataclass(frozen=True)
class System:
    """A system: how it is called in the table, the package it is in, what to do before it starts."""

    title: str
    package: str
    set_up: Callable[[int], None] = lambda threads: None

    def version(self) -> str:
        """The version that is installed; raises UnavailableError if there is none."""
        if self.package == "autodiff":
            return "of this checkout"
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            raise UnavailableError("not installed") from None


SYSTEMS = {
    "ours": System("ours", "autodiff", _set_up_ours),
    "plain": System("plain", "autodiff", _set_up_ours),
    "torch": System("PyTorch", "torch", _set_up_torch),
    "jax": System("JAX jit", "jax", _set_up_jax),
    "autograd": System("autograd", "autograd"),
    "mygrad": System("MyGrad", "mygrad"),
    "micrograd": System("micrograd", "micrograd"),
    "tinygrad": System("tinygrad", "tinygrad", _set_up_tinygrad),
    "numpy": System("NumPy", "numpy"),
}
"""By the name that the rows use. `plain` is ours as well, without what the row is about."""


# -- training steps ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """A network, the data that it learns from, and how: the same in all systems.

    `model` and `criterion` are made of a module `nn`, ours or PyTorch's, whose names are the same. `loss` is the
    same as a function of a dict of arrays, for the systems that differentiate functions.
    """

    model: Callable[[Any], Any]
    criterion: str
    optimizer: str
    lr: float
    weights: Callable[[], Arrays]  # by the names of the model's parameters
    batch: Callable[[], tuple[Any, Any]]
    loss: Callable[[Any, Arrays, Any, Any], Any] | None = None  # of Functions, weights, x, target

    def programs(self, *functional: str) -> dict[str, Callable[[], Program]]:
        """The step in our system, in PyTorch, and in these that differentiate functions."""
        steps = {
            "jax": step_in_jax,
            "autograd": step_in_autograd,
            "mygrad": step_in_mygrad,
            "tinygrad": step_in_tinygrad,
        }
        own = {"ours": lambda: step_in_ours(self), "torch": lambda: step_in_torch(self)}
        return own | {name: (lambda step=steps[name]: step(self)) for name in functional}


def three_steps(step: Callable[[], Any], grads: Callable[[], Arrays]) -> Arrays:
    """The losses of the first three steps, and the gradients of the first."""
    losses = [float(step())]
    first = {f"gradient of {name}": np.array(g) for name, g in grads().items()}
    return {"losses": [*losses, float(step()), float(step())], **first}


def _module_step(
    net: Network, nn: Any, optim: Any, tensor: Callable[[Any], Any], fill: Callable[[Any, Any], Any]
) -> Program:
    model = net.model(nn)
    weights = net.weights()
    named = dict(model.named_parameters())
    if named.keys() != weights.keys():
        raise ValueError(f"the parameters are {list(named)}, and there are weights for {list(weights)}")
    for name, parameter in named.items():
        fill(parameter, weights[name])
    x, t = map(tensor, net.batch())
    criterion = getattr(nn, net.criterion)()
    optimizer = getattr(optim, net.optimizer)(model.parameters(), lr=net.lr)

    def step() -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), t)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def run(n: int) -> None:
        for _ in range(n):
            step()

    def grads() -> Arrays:
        return {name: p.grad.detach().numpy() for name, p in named.items()}

    return Program(run, lambda: three_steps(step, grads))


def step_in_ours(net: Network) -> Program:
    """A training step in our system."""
    import nn
    import optim
    from autodiff import Tensor

    def fill(parameter: Any, value: Any) -> None:
        parameter.value[...] = value

    return _module_step(net, nn, optim, Tensor, fill)


def step_in_torch(net: Network) -> Program:
    """A training step in PyTorch."""
    import torch

    def fill(parameter: Any, value: Any) -> None:
        parameter.data.copy_(torch.tensor(value))

    return _module_step(net, torch.nn, torch.optim, torch.tensor, fill)


@dataclass(frozen=True)
class Functions:
    """The functions that a loss is written with, in one system."""

    tanh: Callable[[Any], Any]
    relu: Callable[[Any], Any]
    cross_entropy: Callable[[Any, Any], Any]


def _no_state(params: Arrays) -> Any:
    return ()


def _sgd(lr: float, params: Arrays, grads: Arrays, state: Any) -> tuple[Arrays, Any]:
    return {k: p - lr * grads[k] for k, p in params.items()}, state


def _zero_moments(params: Arrays) -> Any:
    return 0, {k: (0 * p, 0 * p) for k, p in params.items()}


def _adam(lr: float, params: Arrays, grads: Arrays, state: Any) -> tuple[Arrays, Any]:
    t, moments = state[0] + 1, {}
    new = {}
    for k, p in params.items():
        m, v = (
            0.9 * moment + 0.1 * grads[k] if i == 0 else 0.999 * moment + 0.001 * grads[k] ** 2
            for i, moment in enumerate(state[1][k])
        )
        moments[k] = m, v
        new[k] = p - (lr / (1 - 0.9**t) * m / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)).astype(p.dtype)
    return new, (t, moments)


UPDATES = {"SGD": (_no_state, _sgd), "Adam": (_zero_moments, _adam)}


def _function_step(
    net: Network, step: Callable[..., Any], params: Arrays, state: Any, wait: Callable[[Any], Any]
) -> Program:
    """Steps of a function from weights and state to loss, gradients, weights and state."""
    last: list[Any] = [None, None, params, state]

    def run(n: int) -> None:
        for _ in range(n):
            last[:] = step(*last[2:])
        wait(last[0])

    def one() -> Any:
        run(1)
        return last[0]

    return Program(run, lambda: three_steps(one, lambda: last[1]))


def step_in_jax(net: Network) -> Program:
    """A training step in JAX, compiled as a whole."""
    import jax
    from jax import numpy as jnp

    def cross_entropy(scores: Any, t: Any) -> Any:
        return -jnp.take_along_axis(jax.nn.log_softmax(scores), t[..., None], axis=-1).mean()

    functions = Functions(jnp.tanh, jax.nn.relu, cross_entropy)
    batch = tuple(map(jnp.asarray, net.batch()))
    start, update = UPDATES[net.optimizer]

    @jax.jit
    def step(params: Any, state: Any) -> Any:
        loss, grads = jax.value_and_grad(lambda p: net.loss(functions, p, *batch))(params)
        return loss, grads, *update(net.lr, params, grads, state)

    params = {k: jnp.asarray(p) for k, p in net.weights().items()}
    return _function_step(net, step, params, start(params), jax.block_until_ready)


def step_in_autograd(net: Network) -> Program:
    """A training step in autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.special import logsumexp

    def cross_entropy(scores: Any, t: Any) -> Any:
        return anp.mean(logsumexp(scores, axis=1) - scores[np.arange(len(t)), t])

    functions = Functions(anp.tanh, lambda x: anp.maximum(x, 0), cross_entropy)
    batch = net.batch()
    start, update = UPDATES[net.optimizer]
    slopes = value_and_grad(lambda p: net.loss(functions, p, *batch))

    def step(params: Any, state: Any) -> Any:
        loss, grads = slopes(params)
        return loss, grads, *update(net.lr, params, grads, state)

    params = net.weights()
    return _function_step(net, step, params, start(params), lambda loss: None)


def step_in_mygrad(net: Network) -> Program:
    """A training step in MyGrad."""
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    functions = Functions(mg.tanh, relu, softmax_crossentropy)
    batch = net.batch()
    start, update = UPDATES[net.optimizer]

    def step(params: Any, state: Any) -> Any:
        tensors = {k: mg.tensor(p, copy=False) for k, p in params.items()}
        loss = net.loss(functions, tensors, *batch)
        loss.backward()
        grads = {k: t.grad for k, t in tensors.items()}
        return loss.item(), grads, *update(net.lr, params, grads, state)

    params = net.weights()
    return _function_step(net, step, params, start(params), lambda loss: None)


def step_in_tinygrad(net: Network) -> Program:
    """A training step in tinygrad, captured by TinyJit."""
    from tinygrad import Tensor, TinyJit
    from tinygrad.nn import optim

    functions = Functions(Tensor.tanh, Tensor.relu, Tensor.sparse_categorical_crossentropy)
    batch = [Tensor(a.astype(np.int32) if a.dtype.kind == "i" else a).realize() for a in net.batch()]
    params = {k: Tensor(p).realize() for k, p in net.weights().items()}
    optimizer = getattr(optim, net.optimizer)(list(params.values()), lr=net.lr)

    @TinyJit
    def step() -> Any:
        optimizer.zero_grad()
        loss = net.loss(functions, params, *batch).backward()
        return loss.realize(*optimizer.schedule_step())

    def run(n: int) -> None:
        for _ in range(n):
            loss = step()
        loss.item()

    def numbers() -> Arrays:
        net.loss(functions, params, *batch).backward()
        grads = {f"gradient of {k}": p.grad.numpy() for k, p in params.items()}
        return {"losses": [step().item() for _ in range(3)], **grads}

    return Program(run, numbers)
