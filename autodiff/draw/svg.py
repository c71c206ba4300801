"""Graphviz's SVG made ready for pages: classes to find things by, a tooltip for each, ids that do not collide.

What belongs to one item of the scene, with `key` as its `Item.key`, can be selected as

    .item-KEY              its box; in a circuit its gate, its wire and the line between them
    .item-KEY .value       the text of its value
    .item-KEY .gradient    the text of its gradient
    .from-KEY.to-KEY       the line from one item to another
    .to-KEY.at-0           the line that is this item's first input; one line may be several: "at-0 at-1"
    .module-KEY            the frame around a module's ops

A gate or box has the class `box` too, a wire's label `wire`, a line from item to item `use`, and everything Graphviz's
own (`node`, `edge`, `cluster`). In a circuit the lines of a box and its wire are `lead`.
"""

from __future__ import annotations

import re

FONTS = "Arial,Helvetica,sans-serif"

_TIP = re.compile(r'<title>[^<]*</title>\n<g id="a_[^"]*"><a xlink:title="([^"]*)">\n(.*?)</a>\n</g>\n', re.DOTALL)
_CLASS = re.compile(r' class="[^"]*"')
_TEXT = re.compile(r"<text [^>]*>")


def tidy(svg: str, colours: dict[str, str]) -> str:
    """Return what Graphviz wrote as an SVG element for pages.

    Texts of the given colours get the class that goes with it.
    """
    svg = svg[svg.index("<svg") :].replace('"Arial"', f'"{FONTS}"')  # the prolog is for files alone
    svg = _TIP.sub(r"<title>\1</title>\n\2", svg)  # browsers show this one
    svg = _CLASS.sub(lambda found: found[0].replace("&#45;", "-"), svg)

    def classed(found: re.Match[str]) -> str:
        colour = re.search(r'fill="([^"]*)"', found[0])
        name = colours.get(colour[1]) if colour else None
        return f'<text class="{name}"{found[0][5:]}' if name else found[0]

    return _TEXT.sub(classed, svg)


def prefixed(svg: str, prefix: str) -> str:
    """Put a prefix before each id, and where one is referred to, so that two pictures can share a page.

    >>> prefixed('<g id="a" fill="url(#b)"/>', "p1-")
    '<g id="p1-a" fill="url(#p1-b)"/>'
    """
    svg = re.sub(r'(<[^<>]* id=")', rf"\g<1>{prefix}", svg)
    return svg.replace("url(#", f"url(#{prefix}").replace('href="#', f'href="#{prefix}')
