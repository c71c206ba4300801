"""`graph_report` says what keeps graphs alive and how many bytes they hold."""

import gc
import re
from types import SimpleNamespace

import numpy as np
import pytest

import autodiff as ad
from autodiff.diagnose import graph_report
from autodiff.diagnose.report import Buffers
from autodiff.graph import saved_bytes


def leaf(values, name=None):
    return ad.Tensor(np.array(values, dtype=np.float64), requires_grad=True, name=name)


def text(report):
    return re.sub(re.escape(__file__) + r":\d+", "here", str(report))


def test_the_whole_text():
    x, w = leaf(np.ones((50, 20))), leaf(np.ones((20, 10)))
    loss = (ad.tanh(x @ w) ** 2.0).mean()
    assert text(graph_report(loss)) == "\n".join(
        [
            "4 nodes and 2 leaves keep 13.6 kB for the backward pass, and 8 B of small values to draw.",
            "",
            "     bytes  count  op      line",
            "    9.6 kB      1  matmul  here",
            "      4 kB      1  tanh    here",
            "    ... 2 ops and lines more that keep nothing",
            "",
            "The largest arrays",
            "      8 kB  float64 (50, 20)  x of matmul  here",
            "      4 kB  float64 (50, 10)  out of tanh  here",
            "    1.6 kB  float64 (20, 10)  y of matmul  here",
        ]
    )


def test_rows_are_data():
    x = leaf(np.ones(1000))
    report = graph_report(*[(x * float(i)).sum() for i in range(3)], ad.exp(x))
    assert (report.rows[0].op, report.rows[0].count, report.rows[0].bytes) == ("exp", 1, 8000)
    assert {(row.op, row.count) for row in report.rows} == {("exp", 1), ("mul", 3), ("sum", 3)}
    assert (report.nodes, report.leaves) == (7, 1)


def test_bytes_are_counted_once_and_as_saved_bytes_does():
    x = leaf(np.arange(64.0).reshape(8, 8))
    y = ad.exp(x)
    loss = (y * y[2:5] .sum() + y.T * x).sum() + (x[::2] * x[1::2]).sum()  # fmt: skip
    report = graph_report(loss)
    assert report.bytes == saved_bytes(loss)
    assert sum(row.bytes for row in report.rows) == report.bytes


def test_spans_of_memory():
    a = np.zeros(100)
    buffers = Buffers()
    assert buffers.add(a[10:20]) == 80
    assert buffers.add(a[30:40]) == 80
    assert buffers.add(a[15:35]) == 80
    assert buffers.add(a[10:40]) == 0
    assert buffers.add(a) == 800 - 240
    assert buffers.add(np.zeros(0)) == 0
    one = np.float64(1)
    assert buffers.add(one) == 8
    assert buffers.add(one) == 0


def test_random_spans_agree_with_a_count():
    rng = np.random.default_rng(0)
    a, seen, buffers = np.zeros(300, np.uint8), np.zeros(300, bool), Buffers()
    for _ in range(300):
        low, high = sorted(rng.integers(0, 301, 2))
        new = int((~seen[low:high]).sum())
        seen[low:high] = True
        assert buffers.add(a[low:high]) == new


def test_no_graph_and_wrong_arguments():
    assert str(graph_report(leaf([1.0]))) == "No graph: leaves keep no arrays for a backward pass."
    assert str(graph_report(ad.Tensor([1.0]))) == "No graph is alive."
    with pytest.raises(TypeError, match=r"graph_report takes Tensors, got float64 \(1,\)"):
        graph_report(np.ones(1))


def test_a_freed_graph():
    x = leaf(np.ones(1000))
    loss = (x * x).sum()
    loss.backward()
    report = graph_report(loss)
    assert report.bytes == 0
    assert "A backward pass has freed 1 node of these." in str(report)


def test_odd_graphs():
    z = ad.Tensor(np.ones(3) * 1j, requires_grad=True)
    empty = leaf(np.zeros((0, 3)))
    pair = ad.define("report_pair", lambda x: (x, x + 1), lambda g: g[0], outs="a b")
    logits = leaf(np.zeros((20, 3)))
    report = graph_report((z * z).sum(), (empty * empty).sum(), *pair(leaf([1.0])), ad.cross_entropy(logits, [0] * 20))
    assert report.leaves == 4
    assert {row.op for row in report.rows} == {"mul", "sum", "report_pair", "pick", "cross_entropy"}


def holders(report):
    return {root.holder.split(" in ")[0]: (root.tensors, root.nodes) for root in report.roots if "here_" in root.holder}


def test_all_graphs_of_the_process_and_the_classical_leaks():
    gc.collect()
    w = leaf(np.ones((30, 30)))

    def here_train():
        losses, total, log = [], 0.0, {"val": ()}
        for _ in range(4):
            loss = ad.exp(w).sum()
            losses.append(loss)
            total += loss
            log["val"] += ((w * 2).sum(),)
        state = SimpleNamespace(last=ad.sin(w))
        assert state
        return graph_report()

    report = here_train()
    found = holders(report)
    assert found["`total`"] == (1, 12)
    assert found["`losses`, a list"] == (4, 8)
    assert found["`log['val']`, a tuple"] == (4, 8)
    assert found["`state.last`"] == (1, 1)
    lines = text(report).splitlines()
    assert (
        "`total` has grown 4 times at here, and holds the graph of every term: total += loss.item() adds up numbers "
        "alone." in lines
    )
    assert "`losses` holds 4 numbers, each with its graph: append(loss.item()) keeps the number alone." in lines
    assert any(re.fullmatch(r" +`losses`, a list in here_train +4 tensors +8 nodes  here", line) for line in lines)
    assert holders(graph_report()) == {}


def test_asking_keeps_nothing_alive():
    def here():
        loss = (leaf(np.ones(10)) * 2).sum()
        graph_report()
        number = loss.node.number
        del loss
        return number

    number = here()
    assert not any(type(o).__name__ == "Node" and o.number == number for o in gc.get_objects())


def test_what_nobody_here_holds():
    hidden = [(leaf([1.0]) * 2).sum()]
    keep = iter(hidden)
    del hidden
    report = graph_report()
    assert "something not found from here" in {root.holder for root in report.roots}
    assert next(keep).item() == 2.0


def test_a_large_graph():
    h = leaf(1.0)
    for _ in range(100_000):
        h = h * 1.0
    report = graph_report(h)
    assert report.rows[0].count == 100_000
    assert "100 000 nodes and 1 leaf" in str(report)
    assert len(str(graph_report()).splitlines()) < 80
