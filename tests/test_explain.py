"""`explain_grad` says what a gradient is made of, or why there is none."""

import copy
import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.diagnose import explain_grad


def leaf(values, name=None, dtype=np.float64):
    return ad.Tensor(np.array(values, dtype=dtype), requires_grad=True, name=name)


def text(explanation):
    return re.sub(re.escape(__file__) + r":\d+", "here", str(explanation))


def test_the_whole_text():
    x, w = leaf([1.0, -2.0, 3.0]), leaf([2.0, 2.0, 2.0])
    loss = (ad.relu(x) * w + x).sum()
    assert text(explain_grad(x, loss)) == "\n".join(
        [
            "x is `x`, float64 (3,), a leaf; the loss is `loss`, float64 10, computed by op 'sum' at here.",
            "The gradient has norm 4.3589.",
            "x.grad is None: no backward pass has run yet, or it was cleared since.",
            "",
            "What it is made of: each op that x goes into, with the norm of its part",
            "    add, as y  here  1.73205",
            "    relu       here  2.82843  1 of 3 inputs at or below 0",
            "",
            "The way from the loss to x, with the norm of the gradient",
            "    sum   here        1",
            "    add   here  1.73205",
            "    mul   here  1.73205",
            "    relu  here   3.4641  1 of 3 inputs at or below 0",
        ]
    )


def test_nothing_is_touched():
    x = leaf([1.0, 2.0])
    seen = []
    y = (x * x).retain_grad()
    y.register_hook(seen.append)
    loss = y.sum()
    explain_grad(x, loss)
    explain_grad(y, loss)
    assert x.grad is None
    assert y.grad is None
    assert seen == []
    loss.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    assert len(seen) == 1


def test_the_parts_add_up_to_the_gradient():
    x = leaf([1.0, 2.0])
    loss = (x * x + 3 * x).sum()
    found = explain_grad(x, loss)
    assert [(part.op, part.norm) for part in found.paths] == [
        ("mul, as y", pytest.approx(np.linalg.norm([3, 3]))),
        ("mul, as x", pytest.approx(np.linalg.norm([1, 2]))),
        ("mul, as y", pytest.approx(np.linalg.norm([1, 2]))),
    ]
    (g,) = ad.gradients(loss, [x])
    assert f"norm {np.linalg.norm(g.value):.6g}" in found.reason


# -- no path ----------------------------------------------------------------------------------------------


def test_the_loss_was_cut():
    x = leaf([1.0])
    found = explain_grad(x, (x * x).detach().sum())
    assert found.kind == "loss cut"
    assert text(found).endswith("The loss does not require grad: `detach()` cut it off the graph, at here.")
    with ad.no_grad():
        loss = (x * x).sum()
    assert "op 'mul' ran under `no_grad()`, at here" in text(explain_grad(x, loss))
    assert "op 'floor' has no derivative, at here" in text(explain_grad(x, ad.floor(x)))
    assert "op 'argmax' gave integers" in text(explain_grad(x, ad.argmax(x)))


def test_x_does_not_require_grad():
    x, w = ad.Tensor([1.0]), leaf([1.0])
    found = explain_grad(x, (x * w).sum())
    assert found.kind == "not required"
    assert "Make it with Tensor(..., requires_grad=True), or call x.requires_grad_() before" in found.reason
    assert "only floating and complex tensors have gradients" in explain_grad(ad.Tensor([1]), (w * w).sum()).reason
    assert "`detach()` cut it off" in explain_grad(w.detach(), (w * w).sum()).reason


def test_x_is_not_used():
    x, w = leaf([1.0]), leaf([2.0])
    found = explain_grad(x, (w * w).sum())
    assert found.kind == "no path"
    assert found.reason == (
        "x is not used in computing the loss: its graph has 2 ops and 1 leaf, and x is not among them."
    )
    assert "inside `with debug():`" in str(found)


def test_a_copy_is_used_instead():
    x = leaf([1.0, 2.0])
    twin = copy.deepcopy(x)
    twin.name = "twin"
    found = explain_grad(x, (twin * twin).sum())
    assert "Another leaf `twin` of the same shape and values is: was x copied, or made again?" in str(found)


def test_the_name_was_given_to_a_newer_tensor():
    w = leaf([1.0])
    h = w * 2
    loss = h.sum()
    h = h + 1
    assert "x was computed later than the loss, at here: was the name given anew, or x written to?" in text(
        explain_grad(h, loss)
    )


def test_x_used_as_a_constant_is_found_without_debug():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    for constant in (x.detach(), x.value, x.value[:]):
        found = explain_grad(x, (constant * w).sum())
        assert found.kind == "cut"
        assert "op 'mul' at here took x's array as a constant, without its gradient" in text(found)
    y = leaf(2.0)
    assert explain_grad(y, y.detach() * leaf(3.0)).kind == "cut"
    late = ad.Tensor([1.0])
    loss = (late * leaf([1.0])).sum()
    assert "and x itself before requires_grad_()" in str(explain_grad(late.requires_grad_(), loss))


def test_debug_knows_the_cuts_in_the_middle():
    x, w = leaf([1.5, 2.5]), leaf([1.0, 1.0])
    with ad.debug():
        rounded = ad.floor(x * 3) + 1
        loss = (rounded * w).sum()
    found = explain_grad(x, loss)
    assert found.kind == "cut"
    assert text(found).endswith(
        "x reaches the loss only where no gradient can follow: op 'floor' has no derivative, at here; "
        "op 'mul' at here used the result as a constant."
    )
    assert explain_grad(leaf([1.0]), loss).kind == "no path"


def test_debug_knows_them_also_after_the_graph_is_gone_and_for_computed_x():
    x, w = leaf([1.0, 2.0]), leaf([1.0, 1.0])

    def forward():
        h = ad.tanh(x)
        return h, (ad.exp(h).detach() * 2 * w).sum()

    with ad.debug():
        h, loss = forward()
    assert "`detach()` cut it off the graph, at here" in text(explain_grad(h, loss))
    del h
    assert "`detach()` cut it off the graph, at here" in text(explain_grad(x, loss))


def test_debug_knows_cuts_of_ops_with_several_outputs():
    halves = ad.define("explain_halves", lambda x: (x, x + 1), lambda g: g[0], outs="a b")
    x, w = leaf([1.0]), leaf([1.0])
    with ad.debug():
        loss = (halves(x)[1].detach() * w).sum()
    assert "`detach()` cut it off" in explain_grad(x, loss).reason


def test_a_cut_beside_a_path_that_carries_a_gradient():
    x = leaf([1.0, 2.0])
    with ad.debug():
        loss = (x * (x * 3).detach()).sum()
    found = explain_grad(x, loss)
    assert found.kind == "found"
    assert "x also goes another way, which carries no gradient: `detach()` cut it off the graph, at here" in text(found)


# -- zero, and nearly -------------------------------------------------------------------------------------

X = leaf([-1.0, -2.0])
ZERO = {
    "relu": (lambda x: ad.relu(x).sum(), "op 'relu' at here lets nothing through: all 2 inputs at or below 0."),
    "where": (lambda x: ad.where(x.value > 0, x * 2, 0.0).sum(), "'where' at here lets nothing through: all 2 inputs"),
    "clip": (lambda x: ad.clip(x, 0.0, 1.0).sum(), "all 2 inputs outside the bounds"),
    "maximum": (lambda x: ad.maximum(x, 0.0).sum(), "all 2 inputs smaller than the other"),
    "mul": (lambda x: (x * 0.0).sum(), "the other factor is 0 for all 2 inputs"),
    "sigmoid": (lambda x: ad.sigmoid(x * 1e4).sum(), "saturated: slope 0 for all 2 inputs"),
    "tanh": (lambda x: ad.tanh(x * 1e4).sum(), "saturated: slope 0 for all 2 inputs"),
    "matmul": (lambda x: (x.reshape(1, 2) @ np.zeros((2, 3))).sum(), "the other factor is all 0"),
    "dropout": (lambda x: ad.dropout(x, 1.0, generator=0).sum(), "all 2 inputs dropped"),
    "cancel": (lambda x: (x - x).sum(), "the parts of 2 uses of x add up to 0."),
    "power": (lambda x: ((x - x.value) ** 2).sum(), "its slope is 0 for all 2 inputs"),
}  # fmt: skip


@pytest.mark.parametrize("name", ZERO)
def test_why_a_gradient_is_zero(name):
    make, why = ZERO[name]
    found = explain_grad(X, make(X))
    assert found.kind == "zero"
    assert why in text(found)
    assert found.reason.startswith("The gradient is zero: ")


def test_cancelling_further_up():
    h = X * 2
    found = explain_grad(X, (h - h).sum())
    assert "at op 'mul' at here what arrives from several ops adds up to 0" in text(found)


def test_partly_zero():
    x = leaf([-1.0, 1.0, 2.0, 3.0])
    found = explain_grad(x, ad.relu(x).sum())
    assert found.kind == "partly zero"
    assert found.reason == "The gradient has norm 1.73205; 1 of 4 elements are 0."
    (part,) = explain_grad(x, x[1:3].sum()).paths
    assert part.note == "reads 2 of 4 elements"
    (part,) = explain_grad(x, ad.max(x)).paths
    assert part.note == "3 of 4 inputs not the largest"


def test_written_over_in_place():
    x = leaf([1.0, 2.0, 3.0])
    t = x * 2
    t[1:] = 0.0
    found = explain_grad(x, t.sum())
    assert found.kind == "partly zero"
    assert "setitem" in str(found)
    assert "2 of 3 inputs written over" in str(found)
    t[...] = 0.0
    assert explain_grad(x, (t + leaf([1.0])).sum()).kind in ("zero", "no path")


def test_two_ops_that_close_the_way_together():
    x = leaf([0.5, -2.0])
    loss = ad.sigmoid(ad.relu(-x) * 1e4).sum()
    assert (
        "relu' at here lets nothing through: 1 of 2 inputs at or below 0 (and at the others nothing arrives)."
        in text(explain_grad(x, loss))
    )


def test_a_broadcast_slope_is_not_summed():
    x = leaf([1.0, 1.0])
    loss = (x * np.array([[1.0, 1.0], [-1.0, -1.0]])).sum()
    found = explain_grad(x, loss)
    assert found.kind == "zero"
    assert "the other factor is 0" not in str(found)


def test_many_dead_units_are_counted_by_line():
    x = leaf([1.0])
    terms = [ad.relu(x * -1.0) for _ in range(5)]
    found = explain_grad(x, ad.stack(terms).sum())
    assert "So do 4 other ops." in found.reason
    assert text(found).endswith(
        "Where it gets lost\n    op 'relu' at here lets nothing through: the only input at or below 0 (5 times)"
    )


def test_vanishing_and_exploding():
    h = x = leaf([3.0])
    for _ in range(60):
        h = ad.sigmoid(h)
    found = explain_grad(x, h.sum())
    (line,) = found.losses
    assert re.search(r"op 'sigmoid' at .*, 4\d ops from x: the gradient has vanished, its norm is [1-9].*e-13 of", line)
    assert len(found.chain) == 61
    assert "... 49 more" in str(found)
    h = x
    for _ in range(50):
        h = h * 10.0
    assert "the gradient has exploded" in str(explain_grad(x, h.sum()))


def test_not_finite():
    x = leaf([0.0, 1.0])
    with np.errstate(all="ignore"):
        found = explain_grad(x, ad.sqrt(ad.relu(x)).sum())
    assert found.kind == "not finite"
    assert "it stops being finite at op 'sqrt' at here." in text(found)


# -- `.grad`, freed graphs, odd graphs --------------------------------------------------------------------


def test_what_grad_holds():
    x = leaf([1.0, 2.0])
    for _ in range(2):
        (x * x).sum().backward()
    loss = (x * x).sum()
    assert "x.grad has norm 8.94427: it is the sum of all passes" in str(explain_grad(x, loss))
    x.grad = None
    loss.backward(retain_graph=True)
    assert explain_grad(x, loss).hints == []
    h = x * 2
    assert "Call x.retain_grad() before backward()" in str(explain_grad(h, (h * h).sum()))


def test_a_freed_graph():
    x = leaf([1.0, 2.0])
    loss = (x * x).sum()
    loss.backward()
    found = explain_grad(x, loss)
    assert found.kind == "freed"
    assert "the graph was freed by an earlier backward pass: op 'mul' at here" in text(found)
    assert [(part.op, part.norm) for part in found.paths] == [("mul", None)]
    x.grad = None
    assert "it was cleared since, or backward(inputs=...) did not name x" in str(explain_grad(x, loss))


def test_a_rule_that_fails():
    def rule(g):
        raise ValueError("no such luck")

    bad = ad.define("explain_bad", lambda x: x + 1, rule)
    x = leaf([1.0])
    assert "the rule of op 'explain_bad' at here failed: ValueError: no such luck" in text(
        explain_grad(x, bad(x).sum())
    )


def test_odd_graphs():
    x = leaf([1.0, 2.0])
    assert explain_grad(x, x).reason == "x is the loss itself: the gradient is 1."
    assert explain_grad(x, x * 2).kind == "found"  # of the sum
    empty = leaf(np.zeros((0, 3)))
    assert explain_grad(empty, (empty * 2).sum()).reason == "x has no elements, and neither has its gradient."
    z = leaf([1 + 1j], dtype=np.complex128)
    assert explain_grad(z, ad.abs(z * 2).sum()).kind == "found"
    pair = ad.define("explain_pair", lambda x: (x, x * x), lambda g, x: sum(
        part * slope for part, slope in zip(g, (1, 2 * x), strict=True) if part is not None
    ), outs="a b")  # fmt: skip
    a, b = pair(x)
    found = explain_grad(x, (a + b + x[0]).sum())
    assert found.kind == "found"
    (g,) = ad.gradients((a + b + x[0]).sum(), [x])
    assert f"norm {np.linalg.norm(g.value):.6g}" in found.reason
    labels = ad.cross_entropy(leaf(np.zeros((2, 3))), np.array([0, 1]))
    assert explain_grad(labels, labels * 2).kind == "found"
    joined = explain_grad(x, ad.concatenate([x, x * 2]).sum())
    assert joined.paths[0].op in ("concatenate, as xs[0]", "mul, as x", "mul, as y")
    with pytest.raises(TypeError, match=r"explain_grad takes two Tensors; loss is float64 \(2,\)"):
        explain_grad(x, x.value)


def test_a_loss_that_is_not_finite():
    x = leaf([1.0, 2.0])
    assert "The loss itself is not finite: run inside `with debug():`" in str(explain_grad(x, (x * np.inf).sum()))


def test_small_and_large_numbers():
    x = leaf([1e-200, 1e-200])
    assert explain_grad(x, (x * x).sum()).kind == "found"
    half = leaf([6e4], dtype=np.float16)
    assert explain_grad(half, (half * np.float16(2e-3)).sum()).kind == "found"


def test_the_table_of_a_notebook():
    x = leaf([1.0], "<x>")
    html = explain_grad(x, (x * x).sum())._repr_html_()
    assert "<table><tr><td>mul, as x</td>" in html
    assert "&lt;x&gt;" in html


def test_a_long_chain_is_told_in_short():
    x = h = leaf(1.0)
    for _ in range(100_000):
        h = h * 1.0000001
    found = explain_grad(x, h)
    assert len(found.chain) == 100_000
    assert len(str(found).splitlines()) < 30


def test_a_cut_is_named_without_debug_while_the_constant_is_there() -> None:
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    with ad.no_grad():
        h = x * 3.0
    hints = " ".join(explain_grad(x, (h * 2.0 * w).sum()).hints)
    assert "may have been computed from x" not in hints  # what went into the product is gone
    found = explain_grad(x, (h * w).sum())
    assert found.kind == "no path"
    assert "took a constant that may have been computed from x: op 'mul' ran under `no_grad()`, at " in found.hints[0]
    assert "test_explain.py" in found.hints[0]
    cut = x.detach() * 2.0
    assert "`detach()` cut it off the graph, at" in explain_grad(x, (cut * w).sum()).hints[0]
