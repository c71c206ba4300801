"""The colours of pictures: light for screens and slides, dark, and print, which is readable in grey.

Values are bluish green and gradients vermilion, of Okabe and Ito's palette for colour-blind readers, moved until they
stand out 5 : 1 from what is behind them. Their places, above and below, say the same. Colours that measure something
run from light to dark (in the dark theme from dark to light), so that their order survives a grey printer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

ThemeName = Literal["light", "dark", "print"]


class Theme(NamedTuple):
    """Every colour of a picture, as "#rrggbb"."""

    background: str
    text: str
    faint: str
    wire: str
    value: str
    gradient: str
    fill: Mapping[str, str]  # by an item's kind
    edge: Mapping[str, str]
    frames: tuple[str, str]  # behind modules, by turns
    frame_edge: str
    ramp: tuple[str, ...]  # from little to much
    signs: tuple[str, str, str]  # negative, zero, positive


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        background="#ffffff",
        text="#222222",
        faint="#666666",
        wire="#555555",
        value="#00705a",
        gradient="#b8400e",
        fill={
            "op": "#ffffff",
            "input": "#e6f0fa",
            "parameter": "#fdf1d8",
            "constant": "#f4f4f4",
            "fold": "#f0eef6",
            "module": "#efecf8",
        },
        edge={
            "op": "#555555",
            "input": "#3f6f9f",
            "parameter": "#8f6300",
            "constant": "#8a8a8a",
            "fold": "#6a5d94",
            "module": "#6a5d94",
        },
        frames=("#f7f7fb", "#eeeef6"),
        frame_edge="#b9b5cc",
        ramp=("#f8f4cf", "#bfdc9b", "#57b79c", "#24728f", "#2b2a66"),
        signs=("#2166ac", "#f4f4f4", "#c4590a"),
    ),
    "dark": Theme(
        background="#1c1e24",
        text="#ececf0",
        faint="#a6aab5",
        wire="#8d929f",
        value="#4fd0ac",
        gradient="#ff9c6e",
        fill={
            "op": "#272a32",
            "input": "#1d3347",
            "parameter": "#3d3217",
            "constant": "#2b2d33",
            "fold": "#302c42",
            "module": "#302c42",
        },
        edge={
            "op": "#8d929f",
            "input": "#6fa5d8",
            "parameter": "#d3a33c",
            "constant": "#7d818c",
            "fold": "#9d8fd0",
            "module": "#9d8fd0",
        },
        frames=("#22242c", "#292c36"),
        frame_edge="#5b5778",
        ramp=("#262a55", "#1f6a88", "#3fae93", "#b5d98c", "#fbf3b4"),
        signs=("#5aa9e6", "#2b2d33", "#f2934e"),
    ),
    "print": Theme(
        background="#ffffff",
        text="#000000",
        faint="#404040",
        wire="#000000",
        value="#00352a",
        gradient="#5e1a00",
        fill=dict.fromkeys(("op", "input", "parameter", "constant", "fold", "module"), "#ffffff"),
        edge=dict.fromkeys(("op", "input", "parameter", "constant", "fold", "module"), "#000000"),
        frames=("#f6f6f6", "#ececec"),
        frame_edge="#808080",
        ramp=("#ffffff", "#d5d5d5", "#a5a5a5", "#6c6c6c", "#303030"),
        signs=("#303030", "#ffffff", "#a0a0a0"),
    ),
}


def blend(colours: tuple[str, ...], at: float) -> str:
    """Return the colour at a place between 0 and 1 along evenly spaced ones.

    >>> blend(("#000000", "#ffffff"), 0.5)
    '#808080'
    """
    position = min(max(at, 0.0), 1.0) * (len(colours) - 1)
    i = min(int(position), len(colours) - 2)
    part = position - i
    first, second = _channels(colours[i]), _channels(colours[i + 1])
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(first, second, strict=True))


def ink(colour: str) -> str:
    """Return black or white, whichever is easier to read on a colour.

    >>> ink("#f8f4cf"), ink("#2b2a66")
    ('#000000', '#ffffff')
    """
    return "#000000" if luminance(colour) > 0.179 else "#ffffff"


def luminance(colour: str) -> float:
    """Return the relative luminance, from 0 of black to 1 of white (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 2)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
