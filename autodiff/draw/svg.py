"""Graphviz's SVG made ready for pages: classes to find things by, a tooltip for each, ids that do not collide.

What belongs to one item of the scene, with `key` as its `Item.key`, can be selected as

    .item-KEY              its box; in a circuit its gate, its wire and the line between them
    .item-KEY .value       the text of its value
    .item-KEY .gradient    the text of its gradient
    .from-KEY.to-KEY       the line from one item to another
    .to-KEY.at-0           the line that is this item's first input; one line may be several: "at-0 at-1"
    .module-KEY            the frame around a module's ops

The rectangle behind all is `background`. A gate or box has the class `box` too, a wire's label `wire`, a line from
item to item `use`, and everything Graphviz's own (`node`, `edge`, `cluster`). In a circuit the lines of a box and its
wire are `lead`.
"""

from __future__ import annotations

import html
import re

FONTS = "Arial,Helvetica,sans-serif"

_TIP = re.compile(r'<title>[^<]*</title>\n<g id="a_[^"]*"><a xlink:title="([^"]*)">\n(.*?)</a>\n</g>\n', re.DOTALL)
_CLASS = re.compile(r' class="[^"]*"')
_RECTANGLE = re.compile(r'<polygon fill="([^"]*)" stroke="(?:none|transparent)" points="([^"]*)"/>')
_COMMENT = re.compile(r"^<!-- .* -->\n", re.MULTILINE)
_WIRE_TITLE = re.compile(r'(<g id="[^"]*" class="edge[^>]*>\n)<title>[^<]*</title>\n')
_RULE = re.compile(r'(<polygon fill="([^"]*)" stroke="\2" points=)"([^"]*)"')
_FILL = re.compile(r'fill="([^"]*)"')
_TEXT = re.compile(r"<text [^>]*>")


def tidy(svg: str, title: str, colours: dict[str, str]) -> str:
    """Return what Graphviz wrote as an SVG element for pages, with a title of its own.

    Texts of the given colours get the class that goes with it.
    """
    svg = svg[svg.index("<svg") :]  # the prolog is for files alone
    svg = svg.replace("<svg ", f'<svg font-family="{FONTS}" xml:space="preserve" ', 1)
    svg = _COMMENT.sub("", svg)
    svg = svg.replace("<title>autodiff</title>", f"<title>{html.escape(title)}</title>", 1)
    svg = _WIRE_TITLE.sub(r"\1", svg)
    svg = _TIP.sub(r"<title>\1</title>\n\2", svg)  # browsers show this one
    svg = svg.replace('<polygon fill="', '<polygon class="background" fill="', 1)
    svg = _RECTANGLE.sub(_shorter, svg)
    svg = _RULE.sub(_longer, svg)
    svg = _CLASS.sub(lambda found: found[0].replace("&#45;", "-"), svg)

    def lighter(found: re.Match[str]) -> str:
        tag = found[0]
        for needless in (' xml:space="preserve"', ' text-anchor="start"', ' font-family="Arial"'):
            tag = tag.replace(needless, "")
        colour = _FILL.search(tag)
        name = colours.get(colour[1]) if colour else None
        return f'<text class="{name}"{tag[5:]}' if name else tag

    return _TEXT.sub(lighter, svg)


def _shorter(found: re.Match[str]) -> str:
    """Write a rectangle without a border, a tile of a heat map say, in half the characters."""
    corners = [point.split(",") for point in found[2].split()]
    if len(corners) != 5 or len({x for x, _ in corners}) != 2 or len({y for _, y in corners}) != 2:
        return found[0]
    (x, y), (right, bottom) = corners[0], corners[2]
    return f'<path fill="{found[1]}" d="M{x},{y}V{bottom}H{right}V{y}z"/>'


def _longer(found: re.Match[str]) -> str:
    """Let a wire's own piece reach a point further, as Graphviz leaves gaps of half a point to the lines beside it."""
    corners = [tuple(map(float, point.split(","))) for point in found[3].split()]
    xs, ys = zip(*corners, strict=True)
    if len(corners) != 5 or (min(xs) < max(xs) and min(ys) < max(ys)):
        return found[0]  # an arrow
    flat = min(ys) == max(ys)
    (left, right), (top, bottom) = (min(xs) - flat, max(xs) + flat), (min(ys) - (not flat), max(ys) + (not flat))
    ends = f"{left:.5g},{top:.5g} {right:.5g},{bottom:.5g}"
    return f'{found[1]}"{ends} {ends}"'


def prefixed(svg: str, prefix: str) -> str:
    """Put a prefix before each id, and where one is referred to, so that two pictures can share a page.

    >>> prefixed('<g id="a" fill="url(#b)"/>', "p1-")
    '<g id="p1-a" fill="url(#p1-b)"/>'
    """
    svg = re.sub(r'(<[^<>]* id=")', rf"\g<1>{prefix}", svg)
    return svg.replace("url(#", f"url(#{prefix}").replace('href="#', f'href="#{prefix}')
