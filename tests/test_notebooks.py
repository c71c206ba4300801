"""The notebooks as they are committed: executed in order, without errors, small; and their exercises can be solved."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest

from autodiff import Tensor
from notebooks.checks import check

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 400_000  # bytes
PLACES = re.compile(r"(?<![\w.:/-])(/(home|tmp|root|work|usr|opt|var|Users|mnt|private)/|[A-Z]:\\)")
SOLUTION = re.compile(r"<details>.*?```python\n(.*?)```\n</details>", re.DOTALL)


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def text(lines):
    return "".join(lines)


by_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_they_are_there():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@by_notebook
def test_executed_in_order_without_errors(path):
    code = cells(path, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    kinds = {output["output_type"] for cell in code for output in cell["outputs"]}
    assert kinds <= {"stream", "execute_result", "display_data"}
    assert not [o for cell in code for o in cell["outputs"] if o["output_type"] == "stream" and o["name"] == "stderr"]


@by_notebook
def test_small_and_of_no_one_machine(path):
    assert path.stat().st_size < LARGEST
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            data = output.get("data", {"text/plain": output.get("text", "")})
            for kind, content in data.items():
                if not kind.startswith("image/png"):
                    assert not PLACES.search(text(content)), f"a path in an output of\n{text(cell['source'])}"


@by_notebook
def test_every_output_can_be_seen_without_scripts(path):
    """A code host shows text and pictures, and of HTML what is left without styles and scripts."""
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            if "data" in output:
                assert "text/plain" in output["data"]
                assert set(output["data"]) <= {"text/plain", "image/png", "image/svg+xml", "text/html"}
                assert "<script" not in text(output["data"].get("text/html", ""))


@by_notebook
def test_links_lead_somewhere(path):
    for cell in cells(path, "markdown"):
        for link in re.findall(r"\]\(([^)]*)\)", text(cell["source"])):
            if not urlparse(link).scheme:
                assert (path.parent / link).resolve().exists(), link


def solved(path):
    """The notebook as a program, with the solutions in the place of the exercises."""
    parts, exercises = [], 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = text(cell["source"])
        if cell["cell_type"] == "code":
            if "exercise" in cell["metadata"].get("tags", []):
                exercises += 1
                parts.append(None)
            parts.append(source)
        else:
            for solution in SOLUTION.findall(source):
                place = parts.index(None)
                parts[place + 1] += "\n" + solution
                del parts[place]
    assert exercises >= 3
    assert None not in parts, "an exercise has no solution"
    return "\n".join(parts)


@pytest.mark.slow
@by_notebook
def test_the_solutions_are_right(path):
    program = f"import matplotlib\nmatplotlib.use('Agg')\n{solved(path)}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FOLDER,
        env=os.environ | {"AUTODIFF_FAST": "1", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count(": right!") >= 4
    for wrong in ("still open", "not it", "not yet", "and it should be", "the numbers are not", "None."):
        assert wrong not in done.stdout, done.stdout


# -- the helper that judges -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (..., 3.0, "still open."),
        (3, 3.0, "right!"),
        (0.1 + 0.2, 0.3, "right!"),
        (Tensor([1.0, 2.0]), [1.0, 2.0], "right!"),
        ([1, 2], Tensor([1.0, 2.0], requires_grad=True), "right!"),
        (0.0, 0.0, "right!"),
        ("dead", "dead", "right!"),
        ("cut", "dead", "'cut' is not it."),
        (True, True, "right!"),
        (False, True, "not yet."),
        (None, 3.0, "Did a `return` get lost?"),
        ("three", 3.0, "a number or an array is asked for, this is str."),
        (-3, 3.0, "the sign is wrong"),
        (6, 3.0, "2 times as large"),
        (1.5, 3.0, "0.5 times as large"),
        (np.nan, 3.0, "NaN"),
        (7.5, 3.1, "too large"),
        (2.9, 3.1, "too small"),
        (5.0, 3.0, "The other way round."),
        ([[1, 2, 3]], [[1], [2], [3]], "transposed"),
        ([[1, 2], [3, 4]], [4, 6], "something to sum over"),
        ([1, 2, 3], [1, 2], "its shape is (3,), and it should be (2,)"),
        ([1, 2, 4], [1, 2, 3], "1 of 3 are off, the first at [2]"),
        ([2, 4, 6], [1, 2, 3], "2 times as large"),
    ],
)
def test_what_is_said_of_an_answer(answer, right, said, capsys):
    was_right = check("it", answer, right, {5.0: "The other way round."})
    out = capsys.readouterr().out
    assert out.startswith("it: ")
    assert said in out
    assert was_right == (said == "right!")
