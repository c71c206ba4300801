"""docs/data.md says what its programs print. To write the outputs anew: python -m tests.data.test_page"""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def rewritten(text: str) -> str:
    """The page with the outputs as they are; one program goes on where the last one was."""
    scope: dict[str, object] = {}

    def output(match: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(match[1], "page.py", "exec"), scope)
        return f"```python\n{match[1]}```\n\n```text\n{printed.getvalue()}```"

    return EXAMPLE.sub(output, text)


def test_the_page_says_what_happens():
    pytest.importorskip("sklearn")
    text = PAGE.read_text(encoding="utf-8")
    assert rewritten(text) == text


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
