"""The gallery's graphs, one function a picture."""

from __future__ import annotations

import numpy as np

import autodiff as ad
import nn
from autodiff import Picture, Tensor, draw

SUFFIX = ".svg"
rng = np.random.default_rng(0)


def gates() -> Picture:
    """The lecture's circuit: values above the wires, gradients below."""
    x, y, z = (Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    with ad.keep_values():
        q = x + y
        f = q * z
        f.backward()
    return draw(f)


def neuron() -> Picture:
    """A neuron, each wire labelled with the chain rule: incoming × local = outgoing."""
    x1, x2, w1, w2 = (Tensor(v, requires_grad=True) for v in (2.0, 0.0, -3.0, 1.0))
    b = Tensor(6.8813735870195432, requires_grad=True)
    with ad.keep_values():
        n = x1 * w1 + x2 * w2 + b
        o = ad.tanh(n)
        o.backward()
    return draw(o, edges=True)


def dark() -> Picture:
    """Top to bottom, in the dark theme."""
    w0, x0, w1, x1, w2 = (Tensor(v, requires_grad=True) for v in (2.0, -1.0, -3.0, -2.0, -3.0))
    with ad.keep_values():
        f = 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))
        f.backward()
    return draw(f, direction="TB", theme="dark")


def printed() -> Picture:
    """For a printer: black on white; what the boxes measure is a scale of grey."""
    x, y = Tensor(3.0, requires_grad=True), Tensor(-4.0, requires_grad=True)
    with ad.keep_values():
        f = (x + ad.sigmoid(y)) / (ad.sigmoid(x) + (x + y) ** 2)
        f.backward()
    return draw(f, theme="print", color="gradient")


def both() -> Picture:
    """The graph and that of its backward pass, as `create_graph=True` records it."""
    x, w = Tensor(3.0, requires_grad=True), Tensor(0.2, requires_grad=True)
    L = ad.tanh(w * x)
    return draw(L, graph="both")


def backward() -> Picture:
    """The backward pass alone, with what it reads of the forward pass."""
    x = Tensor(np.linspace(-1, 1, 12).reshape(3, 4), requires_grad=True)
    W = Tensor(rng.normal(size=(4, 2)), requires_grad=True)
    L = (ad.relu(x @ W) ** 2).sum()
    return draw(L, graph="backward")


def cards() -> Picture:
    """Arrays: a card for each op, in frames for the modules; tiny heat maps of values and gradients."""
    model = nn.Sequential(nn.Linear(4, 8, generator=0), nn.ReLU(), nn.Linear(8, 3, generator=1))
    x, labels = rng.normal(size=(5, 4)).astype(np.float32), [0, 1, 2, 0, 1]

    def loss(x):
        return ad.cross_entropy(model(x), labels)

    return draw(loss, x, modules=model, backward=True)


def lines() -> Picture:
    """The line of code that called each op, and the bytes that it keeps for the backward pass."""
    W = Tensor(rng.normal(size=(64, 32)), requires_grad=True)
    b = Tensor(np.zeros(32), requires_grad=True)
    scores = rng.normal(size=(100, 64)) @ W + b
    loss = ad.log_softmax(scores).mean()
    return draw(loss, lines=True, saved=True)


def vanishing() -> Picture:
    """Colours by the norm of the gradient: it vanishes through four layers of sigmoids."""
    layers = [layer for i in range(4) for layer in (nn.Linear(16, 16, generator=i), nn.Sigmoid())]
    model = nn.Sequential(*layers)
    x = rng.normal(size=(32, 16)).astype(np.float32)
    return draw(model, x, backward=True, color="gradient", depth=1, direction="LR", values=False, thumbnails=False)


def times() -> Picture:
    """Colours by time. A profile is a mapping from node numbers to seconds; here it is made up."""
    model = nn.Sequential(nn.Conv2d(1, 4, 3, generator=0), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10, generator=1))
    out = model(rng.normal(size=(8, 1, 8, 8)).astype(np.float32))
    nodes, _ = ad.graph.history([out.node])
    profile = {node.number: 1e-5 * rng.lognormal(sigma=2) for node in nodes}
    return draw(out, profile=profile, color="time", direction="LR", thumbnails=False, values=False)


def resnet() -> Picture:
    """A network and an example input: modules are blocks, equal ones that follow each other one block. ResNet-50."""
    model = nn.models.resnet50(num_classes=10, generator=0)
    return draw(model, np.zeros((1, 3, 64, 64), np.float32), values=False)


def depth() -> Picture:
    """The same network at `depth=1`: modules inside of one other, the model itself, are boxes."""
    model = nn.models.resnet50(num_classes=10, generator=0)
    return draw(model, np.zeros((1, 3, 64, 64), np.float32), depth=1, direction="LR", values=False)


def unet() -> Picture:
    """A U-Net: connections that skip."""
    model = nn.models.UNet(2, in_channels=1, width=8, generator=0)
    return draw(model, np.zeros((1, 1, 64, 64), np.float32), values=False)


def transformer() -> Picture:
    """Twelve blocks of GPT are one."""
    model = nn.models.GPT(50, context=16, width=16, depth=12, heads=2, generator=0)
    return draw(model, np.array([[1, 2, 3, 4]]), thumbnails=False)


def attention() -> Picture:
    """One of its blocks, opened."""
    block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    return draw(block, np.zeros((1, 4, 16), np.float32), values=False)


def rnn() -> Picture:
    """A loop of 64 steps, unrolled: one step repeated."""
    W, U = (Tensor(0.1 * rng.normal(size=(n, 16)), requires_grad=True) for n in (16, 8))
    h = Tensor(np.zeros((4, 16)))
    for _ in range(64):
        h = np.tanh(rng.normal(size=(4, 8)) @ U + h @ W)
    return draw(h, values=False)


def huge() -> Picture:
    """A hundred thousand ops."""
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(50_000):
        y = np.sin(y) + x
    return draw(y)


def program() -> Picture:
    """A traced program: a training step as data."""
    model = nn.Linear(4, 2, generator=0)

    def loss(x):
        return (model(x) ** 2).mean()

    return draw(ad.trace(loss)(rng.normal(size=(8, 4)).astype(np.float32)))


def names() -> Picture:
    """Any name is shown as it is."""
    a = Tensor(2.0, requires_grad=True, name="<b>bold</b> & \"quoted\" 'too'")
    b = Tensor(3.0, requires_grad=True, name=r"C:\new\table {x|y} %s \N")
    c = Tensor(5.0, requires_grad=True, name="Größe σ² é")
    return draw((a * b + c).named("<script>alert(1)</script>"))
