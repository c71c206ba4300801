"""The lectures' examples, stepped: each intermediate number as the lectures print it (docs/lectures.md lists them)."""

import numpy as np
import pytest

import autodiff as ad
import optim
from autodiff import Tensor


def leaves(*values):
    return [Tensor(v, requires_grad=True) for v in values]


def rows(step):
    return [row.text for row in step.rows]


def test_e1_the_first_graph():
    x, y, z = leaves(-2.0, 5.0, -4.0)
    q = x + y
    f = q * z
    s = ad.stepper(f, forward=True)
    assert [step.phase for step in s] == ["forward"] * 3 + ["backward"] * 4
    assert rows(s[0]) == ["x = -2", "y = 5", "z = -4"]
    assert rows(s[1]) == ["q = -2 + 5 = 3"]
    assert rows(s[2]) == ["f = 3 * -4 = -12"]
    assert rows(s[3]) == ["df/df = 1"]
    assert rows(s[-1]) == ["df/dx = -4", "df/dy = -4", "df/dz = 3"]
    s.goto(-1)
    assert s.gradients() == {"f": 1, "q": -4, "x": -4, "y": -4, "z": 3}
    assert s.value(q) == 3
    assert x.grad is None


def test_e2_one_gate_at_a_time():
    # Upstream gradient times local gradient, gate by gate.
    x, y, z = leaves(-2.0, 5.0, -4.0)
    q = x + y
    f = q * z
    s = ad.stepper(f)
    assert (s.gradient(q), s.gradient(z), s.gradient(x)) == (None, None, None)
    assert rows(s.next()) == ["df/df = 1"]
    assert rows(s.next()) == [
        "g = df/df = 1",
        "df/dq = z = -4",
        "df/dq = df/df * df/dq = 1 * -4 = -4",
        "df/dz = q = 3",
        "df/dz = df/df * df/dz = 1 * 3 = 3",
    ]
    assert (s.gradient(q), s.gradient(z), s.gradient(x)) == (-4, 3, None)
    assert rows(s.next()) == [
        "g = df/dq = -4",
        "dq/dx = 1",
        "df/dx = df/dq * dq/dx = -4 * 1 = -4",
        "dq/dy = 1",
        "df/dy = df/dq * dq/dy = -4 * 1 = -4",
    ]
    assert (s.gradient(x), s.gradient(y)) == (-4, -4)
    s.back()
    assert (s.gradient(q), s.gradient(z), s.gradient(x)) == (-4, 3, None)


def test_e6_the_sigmoid_gate_by_gate_and_as_one():
    w0, x0, w1, x1, w2 = wires = leaves(2.0, -1.0, -3.0, -2.0, -3.0)

    def neuron():
        a = w0 * x0
        b = w1 * x1
        return a, b, a + b + w2

    a, b, z = neuron()
    n = -z
    e = np.exp(n)
    c = 1 + e
    f = 1 / c
    s = ad.stepper(f, forward=True)
    assert rows(s.run_to(c)) == ["c = 1 + 0.367879 = 1.36788"]
    assert rows(s.run_to(f)) == ["f = 1 / 1.36788 = 0.731059"]
    assert (s.value(a), s.value(b), s.value(z)) == (-2, 6, 1)
    found = {step.name: rows(step) for step in s if step.phase == "backward"}
    assert found["f"][-1] == "df/dc = df/df * df/dc = 1 * -0.534447 = -0.534447"
    assert found["c"][-1] == "df/de = df/dc * dc/de = -0.534447 * 1 = -0.534447"
    assert found["e"][1:] == ["de/dn = e = 0.367879", "df/dn = df/de * de/dn = -0.534447 * 0.367879 = -0.196612"]
    assert found["n"][-1] == "df/dz = df/dn * dn/dz = -0.196612 * -1 = 0.196612"
    assert found["a"][1:] == [
        "da/dw0 = x0 = -1", "df/dw0 = df/da * da/dw0 = 0.196612 * -1 = -0.196612",
        "da/dx0 = w0 = 2", "df/dx0 = df/da * da/dx0 = 0.196612 * 2 = 0.393224",
    ]  # fmt: skip
    assert found["b"][-1] == "df/dx1 = df/db * db/dx1 = 0.196612 * -3 = -0.589836"

    # Any group of gates may be one gate, if its own slope is known: that of the sigmoid is s (1 - s).
    z = neuron()[2]
    f = ad.sigmoid(z)
    fused = ad.stepper(f)
    step = fused.run_to("sigmoid")
    assert rows(step) == [
        "g = df/df = 1",
        "df/dz = f * (1 - f) = 0.196612",
        "df/dz = df/df * df/dz = 1 * 0.196612 = 0.196612",
    ]
    s.goto(-1)
    fused.goto(-1)
    assert [fused.gradient(w) for w in wires] == pytest.approx([s.gradient(w) for w in wires], rel=1e-14)


def test_e7_the_delta_rules():
    x1, x2, y = 0.6, -1.1, 0.4
    w1, w2, w3, w4, w5, w6 = leaves(0.3, -0.8, 0.5, 0.9, -1.2, 0.7)
    h1 = w1 * x1 + w2 * x2
    h2 = w3 * x1 + w4 * x2
    z1, z2 = np.tanh(h1), np.tanh(h2)
    f = w5 * z1 + w6 * z2
    E = (f - y) ** 2 / 2
    s = ad.stepper(E)
    values = {"f": f, "z1": z1, "z2": z2, "h1": h1, "h2": h2}
    v = {name: tensor.item() for name, tensor in values.items()}

    delta_1 = v["f"] - y
    delta_2, delta_3 = delta_1 * w5.item(), delta_1 * w6.item()
    delta_4, delta_5 = delta_2 * (1 - v["z1"] ** 2), delta_3 * (1 - v["z2"] ** 2)
    s.run_to(f)
    assert s.gradient(f) == pytest.approx(delta_1, rel=1e-15)
    s.goto(-1)
    deltas = dict(zip(values, [delta_1, delta_2, delta_3, delta_4, delta_5], strict=True))
    assert {name: s.gradient(tensor) for name, tensor in values.items()} == pytest.approx(deltas, rel=1e-14)
    s.reset()
    step = s.run_to(z1)
    assert step.contributions[0].formula == "g * (1 - z1 * z1)"
    assert f"dz1/dh1 = 1 - z1 * z1 = {1 - v['z1'] ** 2:.6g}" in rows(step)
    text = s.text()
    for name, delta in deltas.items():
        assert f"dE/d{name} = " in text
        assert f"{delta:.6g}" in text
    # A weight's slope: the delta where its wire ends times the value where it begins.
    for w, slope in [(w1, delta_4 * x1), (w2, delta_4 * x2), (w3, delta_5 * x1), (w5, delta_1 * v["z1"])]:
        s.goto(-1)
        assert s.gradient(w) == pytest.approx(slope, rel=1e-14)


def test_e8_a_learning_loop():
    x1, x2, y = 2.0, -1.0, 6.0
    w1, w2, w3, b1, b2 = leaves(1.5, 2.0, 2.5, 3.0, -2.0)
    n = w1 * x1 + w2 * x2 + b1
    h = ad.relu(n)
    yhat = w3 * h + b2
    d = yhat - y
    L = d**2
    s = ad.stepper(L, forward=True, optimizer=optim.SGD([w1, b1, w3], lr=0.01))
    assert rows(s.run_to(n))[0].endswith("= 4")
    assert rows(s.run_to(h)) == ["h = relu(4) = 4"]
    assert rows(s.run_to(yhat))[0].endswith("+ -2 = 8")
    assert rows(s.run_to(d)) == ["d = 8 - 6 = 2"]
    assert rows(s.run_to(L)) == ["L = 2**2 = 4"]
    assert rows(s.run_to(L))[1:] == ["dL/dd = 2 * d = 4", "dL/dd = dL/dL * dL/dd = 1 * 4 = 4"]
    assert rows(s.run_to(h))[2] == "dL/dn = dL/dh * dh/dn = 10 * 1 = 10"
    text = s.text()
    for line in (
        "dL/dw3 = dL/dv4 * dv4/dw3 = 4 * 4 = 16",
        "dL/dw1 = dL/dv1 * dv1/dw1 = 10 * 2 = 20",
        "dL/db1 = dL/dn * dn/db1 = 10 * 1 = 10",
        "w1 <- w1 - lr * w1.grad = 1.5 - 0.01 * 20 = 1.3",
        "b1 <- b1 - lr * b1.grad = 3 - 0.01 * 10 = 2.9",
        "w3 <- w3 - lr * w3.grad = 2.5 - 0.01 * 16 = 2.34",
    ):
        assert line in text
    s.goto(-1)
    assert (s.value(w1), s.value(w2)) == (pytest.approx(1.3), 2)
    assert s.back(3).phase == "backward"
    assert (s.value(w1), s.gradient(w1)) == (1.5, 20)
    assert (w1.item(), w1.grad) == (pytest.approx(1.3), None)
    assert (w3 * ad.relu(w1 * x1 + w2 * x2 + b1) + b2).item() == pytest.approx(6.19)
