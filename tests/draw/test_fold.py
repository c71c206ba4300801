"""Large graphs are folded: what is shown of them, and in which time."""

import cProfile
import pstats
import re
import struct

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.draw import draw
from autodiff.draw.fold import repetitions


def chain(n):
    x = ad.Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(n):
        y = y * 1.0
    return y


def folds(picture):
    return [item for item in picture.scene.items if item.kind == "fold"]


def test_a_long_chain_is_its_ends_and_one_fold():
    y = chain(1000)
    picture = draw(y)
    (fold,) = folds(picture)
    assert (fold.nodes, dict(fold.parts)) == (994, {"mul": 1})
    shown = [item for item in picture.scene.items if item.kind == "op"]
    assert len(shown) == 6
    assert shown[-1].name == "y"
    assert shown[-1].value.text == "1"
    assert picture.text().endswith("1 000 ops and 1 leaves in all")
    assert "mul  x 994" in picture.source


def test_max_nodes_says_when():
    y = chain(50)
    assert not draw(y).scene.folded
    assert draw(y, max_nodes=49).scene.folded
    assert draw(chain(1000), max_nodes=1000).scene.nodes == 1000
    for limit in (1, 2, 3, 10):
        draw(y, max_nodes=limit).text()


def test_an_unrolled_network_is_one_step_repeated():
    rng = np.random.default_rng(0)
    W = ad.Tensor(rng.normal(size=(8, 8)), requires_grad=True)
    U = ad.Tensor(rng.normal(size=(4, 8)), requires_grad=True)
    h = ad.Tensor(np.zeros((2, 8)))
    for _ in range(100):
        h = ad.tanh(rng.normal(size=(2, 4)) @ U + h @ W)
    picture = draw(h)
    (fold,) = folds(picture)
    assert dict(fold.parts) == {"matmul": 2, "add": 1, "tanh": 1}
    assert fold.repeat >= 97
    names = {item.key: item.name for item in picture.scene.items}
    assert {"U", "W"} <= {names[key] for key in fold.inputs}
    assert re.search(rf"{fold.repeat} x \([^)]*2 matmul[^)]*\)", picture.source)


def test_repeated_layers_take_their_parameters_along():
    layers = [layer for _ in range(40) for layer in (nn.Linear(4, 4), nn.Tanh())]
    out = nn.Sequential(*layers)(np.ones((2, 4), np.float32))
    layers = None
    picture = draw(out, max_nodes=20, names=False)
    (fold,) = folds(picture)
    assert fold.leaves >= 70
    assert fold.leaves + sum(item.kind == "parameter" for item in picture.scene.items) == 80


def test_named_tensors_and_roots_stay_visible():
    middle = chain(500)
    y = middle
    for _ in range(500):
        y = y * 1.0
    picture = draw(y)
    assert "middle" in [item.name for item in picture.scene.items]
    picture = draw(y, middle, names=False)
    assert sum(item.root for item in picture.scene.items) == 2
    assert len(folds(picture)) == 2


def test_a_graph_without_repetition_is_cut():
    rng = np.random.default_rng(0)
    pool = [ad.Tensor(float(v), requires_grad=True) for v in rng.normal(size=30)]
    for _ in range(5000):
        i, j = rng.integers(max(0, len(pool) - 30), len(pool), size=2)
        pool.append([ad.tanh(pool[i]), pool[i] - pool[j], pool[i] + pool[j]][rng.integers(3)])
    picture = draw(*pool[-30:], names=False, style="cards")
    shown = picture.scene.items
    assert len(shown) < 150
    assert sum(item.nodes for item in shown if item.kind in ("op", "fold")) == picture.scene.nodes
    places = {item.key: i for i, item in enumerate(shown)}
    assert all(places[key] < places[item.key] for item in shown for key in item.inputs if key)
    assert picture.svg.count('class="node box') == len(shown)


def test_many_leaves_below_one_op_are_folded():
    leaves = [ad.Tensor(float(i), requires_grad=True) for i in range(1000)]
    picture = draw(ad.stack(leaves).sum(), names=False)
    assert len(picture.scene.items) <= 305
    (fold,) = folds(picture)
    assert (fold.nodes, fold.leaves, fold.elements) == (0, 700, 700)
    assert "700 leaves, 700 elements" in picture.text()


def test_long_listings_leave_out_their_middle():
    text = draw(chain(200), max_nodes=200).text()
    assert len(text.splitlines()) == 61
    assert "lines more" in text


def test_wires_across_the_whole_graph_fold_it():
    rng = np.random.default_rng(1)
    pool = [ad.Tensor(1.0, requires_grad=True)]
    for _ in range(290):
        pool.append(ad.tanh(pool[-1]) + pool[rng.integers(len(pool))])
    assert folds(draw(pool[-1], max_nodes=600, names=False))


def test_the_png_of_a_long_picture_has_a_size_that_viewers_take():
    png = draw(chain(250), style="cards", max_nodes=250).png()
    width, height = struct.unpack(">II", png[16:24])
    assert 4_000 < max(width, height) <= 16_100


def test_repetitions_of_all_periods():
    assert repetitions(np.zeros(0, int)) == []
    assert repetitions(np.arange(10)) == []
    assert repetitions(np.array([1, 1, 2, 2, 3])) == []
    block = np.arange(50)
    assert repetitions(np.concatenate([[99], np.tile(block, 7), [98]])) == [(1, 351, 50)]
    nested = np.tile(np.concatenate([np.ones(20, int), np.arange(5, 25)]), 4)
    assert repetitions(nested) == [(0, 160, 40)]


@pytest.mark.slow
def test_a_million_ops():
    y = chain(1_000_000)
    picture = draw(y)
    assert len(picture.svg) < 30_000
    assert folds(picture)[0].nodes == 999_994


def test_calls_per_op_are_flat():
    def calls(n):
        profile = cProfile.Profile()
        profile.runcall(draw, chain(n))
        return pstats.Stats(profile).total_calls

    assert calls(50_000) < 11 * calls(5_000)
