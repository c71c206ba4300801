"""Themes, colours that measure, tiny pictures of arrays, labels on edges."""

import re

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, draw
from autodiff.draw.labels import thumbnail
from autodiff.draw.measure import Scale
from autodiff.draw.quantity import Quantity
from autodiff.draw.theme import THEMES, blend, contrast, ink
from autodiff.draw.thumbnail import COLUMNS, ROWS, Thumbnail

RNG = np.random.default_rng(0)


def neuron():
    x, w, b = (Tensor(v, requires_grad=True) for v in (2.0, -3.0, 6.5))
    with ad.keep_values():
        n = x * w + b
        o = ad.tanh(n)
        o.backward()
    return o


@pytest.mark.parametrize("name", THEMES)
def test_words_can_be_read_in_every_theme(name):
    theme = THEMES[name]
    behind = [theme.background, *theme.fill.values(), *theme.frames]
    for colour in behind:
        assert contrast(theme.text, colour) > 7
        assert contrast(theme.faint, colour) > 4.5
        assert contrast(theme.value, colour) > 4.5
        assert contrast(theme.gradient, colour) > 4
    for at in np.linspace(0, 1, 50):
        shade = blend(theme.ramp, at)
        assert contrast(ink(shade), shade) > 4.5


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_has_colours_of_its_own(name):
    theme = THEMES[name]
    source = draw(neuron(), theme=name, style="cards").source
    assert f'bgcolor="{theme.background}"' in source
    known = {theme.text, theme.faint, theme.value, theme.gradient, theme.wire, theme.background}
    known |= {*theme.fill.values(), *theme.edge.values(), *theme.frames, theme.frame_edge}
    assert set(re.findall(r"#[0-9a-f]{6}", source)) <= known
    assert re.search(r'<text class="value"[^>]*fill="' + theme.value, draw(neuron(), theme=name).svg)


def test_the_ramp_goes_one_way():
    for theme in THEMES.values():
        shades = [contrast(blend(theme.ramp, at), theme.background) for at in np.linspace(0, 1, 9)]
        assert shades == sorted(shades)


@pytest.mark.parametrize("color", ["gradient", "value", "bytes"])
@pytest.mark.parametrize("style", ["circuit", "cards"])
def test_colours_measure(color, style):
    picture = draw(neuron(), color=color, style=style)
    scale = Scale(picture.scene.items, color)
    places = [scale.place(item) for item in picture.scene.items]
    assert any(place is not None for place in places)
    shades = {blend(picture.look.theme.ramp, place) for place in places if place is not None}
    assert all(shade in picture.source for shade in shades)
    assert {"gradient": "norm of the gradient", "value": "root mean square", "bytes": "bytes kept"}[
        color
    ] in picture.svg


def test_a_scale_is_logarithmic_and_knows_what_is_odd():
    x = [Tensor(np.full(4, v), requires_grad=True) for v in (0.0, 0.01, 1.0, 100.0, np.inf)]
    items = draw(x, names=False).scene.items
    scale = Scale(items, "value")
    places = [scale.place(item) for item in items]
    assert places[0] == 0.0
    np.testing.assert_allclose(places[1:4], [0, 0.5, 1])
    assert scale.place(draw(x[4]).scene.items[0]) == 0.0  # no finite element
    assert scale.ticks(3) == pytest.approx([0.01, 1.0, 100.0])
    assert not Scale(items, "gradient").known
    assert "nothing is known" in draw(x, color="gradient").svg


def test_equal_measures_are_one_colour():
    x = Tensor(1.0, requires_grad=True)
    y = x * 1.0
    assert {Scale(draw(y).scene.items, "value").place(item) for item in draw(y).scene.items} == {1.0}


def test_edges_carry_the_chain_rule():
    source = draw(neuron(), edges=True).source
    g = 1 - np.tanh(0.5) ** 2
    assert f"1 × {g:.6g} = {g:.6g}" in source
    assert f"{g:.6g} × -3 = {-3 * g:.6g}" in source
    before = Tensor(2.0, requires_grad=True)
    assert "local 4" in draw(before * before * 1.0 + before * 4.0, edges=True).source


def test_local_gradients_are_known_before_and_after_the_backward_pass():
    x, y = Tensor(3.0, requires_grad=True), Tensor(5.0, requires_grad=True)
    z = x * y
    (before,) = [item.local for item in draw(z, edges=True).scene.items if item.kind == "op"]
    z.backward()
    (after,) = [item.local for item in draw(z, edges=True).scene.items if item.kind == "op"]
    assert [q.text for q in before] == [q.text for q in after] == ["5", "3"]
    a = Tensor(RNG.normal(size=(3, 4)), requires_grad=True)
    local = {item.op: item.local for item in draw(np.exp(a).sum(), edges=True).scene.items}
    assert local["exp"][0].array.shape == (3, 4)
    assert local["sum"] == [None]
    b = a + np.ones((2, 3, 4))
    assert draw(b, edges=True).scene.items[-1].local == [None, None]


def test_statistics_give_norms():
    a = RNG.normal(size=(20, 30))
    assert Quantity.of(a).norm == pytest.approx(np.linalg.norm(a))
    assert Quantity.of(a).scale == pytest.approx(np.sqrt((a**2).mean()))
    assert Quantity.of(np.array([3.0, 4.0, np.nan])).norm == pytest.approx(5)
    assert Quantity.of(np.zeros((0, 3))).norm == 0.0


def test_a_thumbnail_is_a_histogram_or_a_heat_map():
    vector = Thumbnail.of(np.array([0.0, 0.0, 0.0, 1.0]))
    assert vector.bars[0] == 1
    assert vector.bars[-1] == pytest.approx(1 / 3)
    assert vector.tiles == ()
    matrix = Thumbnail.of(np.array([[1.0, -2.0], [0.0, 0.5]]))
    assert matrix.tiles == ((0.5, -1.0), (0.0, 0.25))
    large = Thumbnail.of(RNG.normal(size=(3, 100, 200)))
    assert (len(large.tiles), len(large.tiles[0])) == (ROWS, COLUMNS)
    blocks = np.kron(np.arange(12.0).reshape(6, 2), np.ones((7, 40)))
    np.testing.assert_allclose(np.array(Thumbnail.of(blocks).tiles)[:, [0, -1]] * 11, np.arange(12).reshape(6, 2))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5),
        np.zeros((0, 3)),
        np.array([np.nan] * 5),
        np.array([True, False]),
        np.array([np.inf, 1.0]),
        np.ones(1),
    ],
)
def test_there_may_be_nothing_to_see(array):
    assert Thumbnail.of(array) is None


def test_thumbnails_survive_odd_numbers():
    for array in (np.array([[1e308, -1e308], [1e308, 1.0]]), np.array([[np.nan, 1.0], [2.0, 3.0]]), np.eye(3) * 1j):
        small = Thumbnail.of(array)
        assert small is None or all(np.isfinite(small.bars))


@pytest.mark.parametrize("array", [RNG.normal(size=40), RNG.normal(size=(9, 9))])
def test_thumbnails_are_drawn_in_small_pictures_and_when_asked_for(array):
    x = Tensor(array, requires_grad=True)
    cell = 'FIXEDSIZE="TRUE"'
    assert cell in draw(x * 2.0).source
    assert cell not in draw(x * 2.0, thumbnails=False).source
    y = x
    for i in range(45):
        y = [np.sin, np.cos, np.tanh, np.exp][i % 4](y) if i % 5 else y + x
    assert cell not in draw(y, max_nodes=100).source
    assert cell in draw(y, max_nodes=100, thumbnails=True).source
    assert thumbnail(Thumbnail.of(array), "#000000", THEMES["light"]) in draw(x, style="cards").source.replace(
        THEMES["light"].value, "#000000"
    )
