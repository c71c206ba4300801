"""The examples of docs/training.md, one after the other."""

import re

from tests.processes import ROOT


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page, re.DOTALL)):
        exec(compile(block, f"example {number} of docs/training.md", "exec"), names)
    assert names["history"][-1]["val_accuracy"] > 0.85
    assert names["search"].best_score_ > 0.8
    assert (tmp_path / "runs" / "first" / "best.safetensors").exists()
    assert (tmp_path / "runs" / "first" / "curves.png").exists()
    printed = capsys.readouterr().out
    assert re.search(r"epoch  3/20  loss \S+  accuracy \S+  f1 \S+  val_loss \S+ ", printed)
