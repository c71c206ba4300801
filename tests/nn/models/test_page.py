"""docs/models.md: every model stands there, and the parameters are counted right."""

import re
from pathlib import Path

import pytest

from nn import init, models

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
COUNTED = re.findall(r"^\|[^|]*\|[^|]*\| `(\w+\([^`]*\))` \| ([\d ]+) \|", PAGE, re.MULTILINE)


def test_every_model_is_listed():
    classes = {name for name in models.__all__ if isinstance(getattr(models, name), type)}
    assert classes <= set(re.findall(r"`(\w+)`", PAGE))
    assert {call.partition("(")[0] for call, _ in COUNTED} == classes - {
        "Inception",
        "BasicBlock",
        "Bottleneck",
        "Capsules",
    }


def test_the_files_hold_what_the_page_says():
    for name, file in re.findall(r"^\| `(\w+)`[^|]* \| `(\w+\.py)`", PAGE, re.MULTILINE):
        assert getattr(models, name).__module__ == f"nn.models.{file[:-3]}"


def test_lectures():
    lectures = (ROOT / "docs" / "lectures.md").read_text(encoding="utf-8")
    for row in re.findall(r"\| ((?:[ACR]\d+(?:, )?)+) \| [^|]* \|$", PAGE, re.MULTILINE):
        for identifier in row.split(", "):
            assert re.search(rf"^\| {identifier} \|.*tests/", lectures, re.MULTILINE), identifier


@pytest.mark.parametrize(("call", "count"), COUNTED, ids=[call for call, _ in COUNTED])
def test_counts(call, count, monkeypatch):
    monkeypatch.setattr(init, "_draw_", lambda tensor, draw: tensor)
    assert eval(f"models.{call}", {"models": models}).num_parameters() == int(count.replace(" ", ""))
