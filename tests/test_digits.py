"""The main job, in short and in full."""

import re
import sys

import numpy as np
import pytest

from optim import digits

FILES = ["lecture.png", "lecture.svg", "loss-curve.png", "loss-graph.png", "loss-graph.svg", "weights.npz"]


def test_one_epoch_learns_and_leaves_its_files(tmp_path, capsys):
    accuracies = digits.main(["--epochs", "1", "--out", str(tmp_path / "a" / "b")])
    assert 0.7 < accuracies["test"] <= 1
    assert 0.7 < accuracies["train"] <= 1
    folder = tmp_path / "a" / "b"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())
    assert "0.weight" in (folder / "loss-graph.svg").read_text()
    printed = capsys.readouterr().out
    assert re.search(r"epoch 1/1  loss \S+  accuracy \S+  val_loss \S+  val_accuracy", printed)
    assert f"{accuracies['test']:.2%}" in printed
    assert all(f"wrote {folder / name}" in printed for name in FILES)


def test_the_same_seed_gives_the_same_weights(tmp_path, capsys):
    weights = []
    for i, seed in enumerate("001"):
        out = tmp_path / str(i)
        digits.main(["--epochs", "1", "--batch-size", "256", "--quiet", "--seed", seed, "--out", str(out)])
        with np.load(out / "weights.npz") as state:
            weights.append(state["7.weight"])
    np.testing.assert_array_equal(weights[0], weights[1])
    assert (weights[0] != weights[2]).any()
    assert capsys.readouterr().out == ""


def test_the_split_is_stratified_and_fixed_by_the_seed():
    (train, test), (_, again) = digits.load(0), digits.load(0)
    assert (len(train), len(test)) == (1438, 359)
    np.testing.assert_array_equal(test[:][0].value, again[:][0].value)
    assert set(np.bincount(test[:][1].value)) <= {34, 35, 36, 37}


@pytest.mark.parametrize(("module", "name"), [("sklearn", "scikit-learn"), *[(m, m) for m in ("matplotlib", "tqdm")]])
def test_what_is_missing_is_said_before_training(monkeypatch, module, name):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match=f"{name} is missing.*make run"):
        digits.main(["--quiet"])


def test_options_are_checked(capsys):
    with pytest.raises(SystemExit):
        digits.main(["--epochs", "0"])
    assert "--epochs is at least 1" in capsys.readouterr().err


@pytest.mark.slow
def test_the_full_run_reaches_its_accuracy(tmp_path):
    assert digits.main(["--quiet", "--out", str(tmp_path)])["test"] >= 0.985
