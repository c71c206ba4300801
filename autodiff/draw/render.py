"""From Graphviz source to a picture: the system's `dot`, or the one in the wheel graphviz-pure."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

HINT = "pip install graphviz-pure, or your system's graphviz package (which also writes PDF)"


class Renderer(NamedTuple):
    """A program that takes Graphviz source."""

    path: str
    system: bool  # the original `dot`; otherwise graphviz-pure

    @property
    def version(self) -> str:
        """Its version, as it tells it."""
        if not self.system:
            return metadata.version("graphviz-pure")
        told = subprocess.run([self.path, "-V"], capture_output=True, text=True, check=False)
        return (told.stderr or told.stdout).strip().removeprefix("dot - graphviz version ")


def find() -> Renderer | None:
    """Return the renderer in use: a `dot` on the PATH, else graphviz-pure, else None."""
    dot = shutil.which("dot")
    if dot is not None:
        return Renderer(dot, system=True)
    pure = _installed_pure()
    return Renderer(pure, system=False) if pure is not None else None


@cache
def _installed_pure() -> str | None:
    """Return the program of the installed wheel, wherever its scripts went."""
    try:
        files = metadata.files("graphviz-pure") or []
    except metadata.PackageNotFoundError:
        return None
    places = [Path(str(file.locate())) for file in files if file.stem == "graphviz-pure"]
    places.append(Path(sysconfig.get_path("scripts"), "graphviz-pure"))
    for place in places:
        if place.is_file():
            return str(place.resolve())
    return None


def render(source: str, format: str, dpi: int | None = None) -> bytes:
    """Render Graphviz source as "svg", "png" or "pdf".

    Raises RuntimeError if there is no renderer, or it cannot write that format.
    """
    renderer = find()
    if renderer is None:
        raise RuntimeError(f"no Graphviz renderer is installed: {HINT}. The source itself is in `picture.source`.")
    if format == "pdf" and not renderer.system:
        raise RuntimeError(
            "PDF needs Graphviz's own `dot` on the PATH (your system's graphviz package); the wheel "
            "graphviz-pure writes SVG and PNG."
        )
    command = [renderer.path, f"-T{format}"] + ([f"-Gdpi={dpi}"] if dpi is not None else [])
    done = subprocess.run(command, input=source.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()
        raise RuntimeError(f"{Path(renderer.path).name} could not draw the graph: {said}")
    return done.stdout
