"""`Picture`: what `draw` returns."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..tensor import Tensor
from .look import Look, grouped
from .render import find, render
from .scene import Scene
from .source import digraph
from .svg import prefixed, tidy
from .text import listing

if TYPE_CHECKING:
    import graphviz

PIXELS, AREA = 16_000, 40e6  # the longest side and the most pixels of a PNG: viewers give up beyond
SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".gv")


class Picture:
    """A drawing of a graph as it was when `draw` was called; it keeps no tensor alive.

    A notebook shows it as SVG, `print` as a listing. `graph` is the `graphviz.Digraph`, `source` its text,
    `scene` the same as data.
    """

    def __init__(self, scene: Scene, look: Look) -> None:
        self.scene, self.look = scene, look

    @cached_property
    def graph(self) -> graphviz.Digraph:
        """The graph as an object of the `graphviz` package."""
        return digraph(self.scene, self.look)

    @property
    def source(self) -> str:
        """The graph in Graphviz's language."""
        return str(self.graph.source)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text."""
        title = f"computational graph, {grouped(self.scene.nodes)} ops and {grouped(self.scene.leaves)} leaves"
        theme = self.look.theme
        return tidy(render(self.source, "svg").decode(), title, {theme.value: "value", theme.gradient: "gradient"})

    def svg_element(self, prefix: str) -> str:
        """Return the SVG with a prefix before all its ids, for a page that has several pictures.

        Each item, line and text has classes to find it by, which `autodiff/draw/svg.py` lists. `key_of` tells a
        tensor's key, `scene.node_keys` that of a node by its number.
        """
        return prefixed(self.svg, prefix)

    def key_of(self, tensor: Tensor) -> str | None:
        """Return the key of the item that shows a tensor, or that it is folded into; None if it is not in the graph.

        >>> import autodiff as ad
        >>> x = ad.Tensor(2.0, requires_grad=True)
        >>> y = x * x
        >>> ad.draw(y).key_of(x), ad.draw(y).key_of(y), ad.draw(y).key_of(ad.Tensor(2.0))
        ('input0', 'op1', None)
        """
        if tensor.node is not None:
            return self.scene.node_keys.get(tensor.node.number)
        return self.scene.leaf_keys.get(id(tensor))

    def png(self, dpi: int = 144) -> bytes:
        """Return the picture as a PNG file's content, at a lower resolution where it would be huge."""
        inches = [float(points) / 72 for points in re.findall(r'(?:width|height)="([\d.]+)pt"', self.svg)[:2]]
        limit = min(PIXELS / max(inches), (AREA / (inches[0] * inches[1])) ** 0.5)
        return render(self.source, "png", max(1, min(dpi, int(limit))))

    def text(self) -> str:
        """Return the graph as a listing, a line for each node, in the order of computation."""
        return listing(self.scene, self.look)

    def save(self, path: str | Path, dpi: int = 144) -> Path:
        """Write a file, as SVG, PNG, PDF or Graphviz source, by the path's suffix; returns the path.

        Missing folders are made. `dpi` is for PNG. PDF needs the system's `dot`. Raises ValueError for
        another suffix, RuntimeError where nothing can render.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise ValueError(f"a picture is saved as {known}; {path.name!r} ends in none of these")
        if suffix in (".dot", ".gv"):
            content = self.source.encode()
        elif suffix == ".svg":
            content = f'<?xml version="1.0" encoding="UTF-8"?>\n{self.svg}'.encode()
        elif suffix == ".png":
            content = self.png(dpi)
        else:
            content = render(self.source, "pdf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def __repr__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show itself in a notebook: SVG, and the listing where pictures are not trusted."""
        bundle = {"text/plain": self.text()}
        if find() is not None:
            bundle["image/svg+xml"] = self.svg
        return bundle
