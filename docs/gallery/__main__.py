"""Write docs/gallery.md and docs/pictures/: every style of picture, each below the code that makes it.

python -m docs.gallery              all pictures (make gallery)
python -m docs.gallery gates rnn    some of them
python -m docs.gallery --sizes      print the table of sizes and times instead

A picture is a function of `graphs.py` or `plots.py`: its docstring is the text, its body the code.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from . import graphs, plots
from .sizes import table

DOCS = Path(__file__).resolve().parent.parent
LARGEST = 60_000  # bytes of a picture

HEAD = """# Gallery

Every picture below is written by `make gallery`, which also writes this page. `draw` shows graphs; `nn.plot` shows
networks with matplotlib. The code assumes

```python
import numpy as np
import autodiff as ad, nn, optim
from autodiff import Tensor, draw

rng = np.random.default_rng(0)
```
"""

TAIL = """## Sizes and times

`python -m docs.gallery --sizes` prints this table: random graphs of scalars, chains of layers, unrolled loops; how many
boxes are left to look at, the seconds until the picture is data and until it is an SVG file, and the size of that. The
numbers below are of a machine with two cores that was busy with other work.

"""


def main(names: list[str]) -> None:
    """Write the pictures of these names, or all of them and the page."""
    if names == ["--sizes"]:
        print(table())
        return
    page = [HEAD]
    for title, module in (("Graphs", graphs), ("Networks", plots)):
        page.append(f"## {title}\n")
        for name, function in pictures(module).items():
            path = DOCS / "pictures" / f"{name}{module.SUFFIX}"
            if not names or name in names:
                write(function(), path)
            page.append(entry(name, function, path))
    if not names:
        sizes = DOCS / "pictures" / "sizes.md"
        page.append(TAIL + sizes.read_text(encoding="utf-8"))
        (DOCS / "gallery.md").write_text("\n".join(page), encoding="utf-8")


def pictures(module: ModuleType) -> dict[str, Callable[[], Any]]:
    """The functions of a file, in its order."""
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


def write(picture: Any, path: Path) -> None:
    """Save a picture or a figure, and say how large it is."""
    if hasattr(picture, "savefig"):
        picture.savefig(path, dpi=90)
    else:
        picture.save(path)
    size = path.stat().st_size
    print(f"{path.name:24} {size:7} bytes{'  TOO LARGE' * (size > LARGEST)}")


def entry(name: str, function: Callable[[], Any], path: Path) -> str:
    """The part of the page for one picture: its text, its code, itself."""
    source = inspect.getsource(function)
    body = source[source.index('"""', source.index('"""') + 3) + 3 :]
    code = re.sub("^return ", "", textwrap.dedent(body.strip("\n")).strip(), flags=re.MULTILINE)
    code = re.sub(r"\n\n(?=def )|(?<=\n)    (return .*)\n\n", lambda found: f"{found[0]}\n", code)  # as ruff formats it
    text = inspect.getdoc(function) or ""
    alternative = text.splitlines()[0].rstrip(".")
    return f"### {name}\n\n{text}\n\n```python\n{code}\n```\n\n![{alternative}](pictures/{path.name})\n"


if __name__ == "__main__":
    main(sys.argv[1:])
