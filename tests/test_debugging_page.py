"""docs/debugging.md says what its programs print. To write the outputs anew: python -m tests.test_debugging_page"""

import contextlib
import io
import re
from pathlib import Path

import numpy as np

import autodiff as ad
from tests.processes import fresh

PAGE = Path(__file__).resolve().parent.parent / "docs" / "debugging.md"
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def output(source: str, scope: dict[str, object]) -> str:
    """What a program of the page prints, run as `train.py`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(source, "train.py", "exec"), scope)
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
    return printed.getvalue()


def rewritten(text: str) -> str:
    """The page with the outputs as they are; each part begins afresh."""
    parts = []
    for part in re.split(r"(?m)^(?=## )", text):
        scope: dict[str, object] = {"__name__": "train", "np": np, "ad": ad}
        parts.append(
            EXAMPLE.sub(lambda m, scope=scope: f"```python\n{m[1]}```\n\n```text\n{output(m[1], scope)}```", part)
        )
    return "".join(parts)


def test_the_page_says_what_happens():
    done = fresh(  # where no other graphs are alive
        "from tests.test_debugging_page import PAGE, rewritten; print(rewritten(PAGE.read_text('utf-8')), end='')"
    )
    assert done.stdout == PAGE.read_text(encoding="utf-8")


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
