"""What a run leaves behind and shows: logs, event files, pictures, progress, and the rate finder."""

import csv
import json
import re
import struct
import sys

import numpy as np
import pytest

import nn
import optim
from optim.events import EventFile, _checksum
from optim.plots import plot_history
from tests.optim.training import make


def test_csv_and_json_lines(tmp_path):
    logs = [optim.CSVLog(tmp_path / "a" / "log.csv"), optim.JSONLog(tmp_path / "log.jsonl")]
    metrics = {"accuracy": optim.metrics.Accuracy(), "confusion": optim.metrics.ConfusionMatrix()}
    trainer, data, test = make(metrics=metrics, callbacks=logs)
    trainer.fit(data, 2, test)
    with open(tmp_path / "a" / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    for record, row, line in zip(trainer.history, rows, lines, strict=True):
        assert line["loss"] == float(row["loss"]) == record["loss"]
        assert json.loads(row["confusion"]) == line["confusion"] == record["confusion"].tolist()
    trainer.history[0]["loss"], trainer.history[1]["confusion"] = np.nan, np.array([np.inf, 1.0])
    logs[1].after_epoch(trainer)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[0]["loss"] is None
    assert lines[1]["confusion"] == [None, 1.0]


def test_a_resumed_run_writes_no_epoch_twice(tmp_path):
    for epochs in (2, 4):
        trainer, data, test = make(tmp_path / "run", callbacks=[optim.CSVLog(tmp_path / "log.csv")])
        trainer.fit(data, epochs, test, resume=True)
    assert [line.split(",")[0] for line in (tmp_path / "log.csv").read_text().splitlines()] == ["epoch", *"1234"]


# -- TensorBoard ------------------------------------------------------------------------------------------


def records(path):
    """The records of an event file, with their checksums looked at."""
    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert data[8:12] == _checksum(data[:8])
        event, data = data[12 : 12 + length], data[12 + length :]
        assert data[:4] == _checksum(event)
        yield fields(event)
        data = data[4:]


def fields(message):
    """The fields of a message of Protocol Buffers, as (number, value)."""
    found, i = [], 0

    def varint():
        nonlocal i
        n = shift = 0
        while True:
            byte = message[i]
            i += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while i < len(message):
        number, kind = divmod(varint(), 8)
        size = {0: 0, 1: 8, 5: 4}.get(kind)
        if kind == 0:
            found.append((number, varint()))
            continue
        size = varint() if kind == 2 else size
        part, i = message[i : i + size], i + size
        found.append((number, part if kind == 2 else struct.unpack("<d" if kind == 1 else "<f", part)[0]))
    return found


def test_checksums_are_those_of_the_standard():
    masked = int.from_bytes(_checksum(b"123456789"), "little")
    rotated = masked - 0xA282EAD8 & 0xFFFFFFFF
    assert (rotated << 15 | rotated >> 17) & 0xFFFFFFFF == 0xE3069283  # CRC-32C's check value


def test_event_files(tmp_path):
    file = EventFile(tmp_path, step=300)
    file.scalar("loss", 0.25, 301)
    file.histogram("weights", np.array([0.0, 1.0, 1.0, np.nan]), 302, bins=2)
    file.close()
    (path,) = tmp_path.glob("events.out.tfevents.*")
    first, start, scalar, histogram = records(path)
    assert first[1] == (3, b"brain.Event:2")
    assert start[1:] == [(2, 300), (7, b"\x08\x01")]
    assert scalar[1] == (2, 301)
    assert fields(fields(scalar[2][1])[0][1]) == [(1, b"loss"), (2, 0.25)]
    value = dict(fields(dict(fields(fields(histogram[2][1])[0][1]))[5]))
    assert [value[i] for i in range(1, 6)] == [0.0, 1.0, 3.0, 2.0, 2.0]
    assert np.frombuffer(value[6]).tolist() == [0.5, 1.0]
    assert np.frombuffer(value[7]).tolist() == [1.0, 2.0]


def test_a_run_for_tensorboard(tmp_path):
    trainer, data, test = make(callbacks=[optim.TensorBoard(tmp_path, every=2)])
    trainer.fit(data, 2, test)
    (path,) = tmp_path.iterdir()
    values = [fields(fields(event[2][1])[0][1]) for event in list(records(path))[2:]]
    names = [value[0][1].decode() for value in values]
    losses = [value[1][1] for value, name in zip(values, names, strict=True) if name == "step/loss"]
    np.testing.assert_allclose(losses, trainer.losses[1::2], rtol=1e-6)
    assert {"epoch/val_accuracy", "weights/0.weight", "gradients/4.bias", "step/lr"} <= set(names)


# -- pictures ---------------------------------------------------------------------------------------------


def test_pictures_of_a_run(tmp_path):
    trainer, data, test = make(callbacks=[optim.LivePlot(tmp_path / "run" / "curve.png", every=2)])
    trainer.fit(data, 3, test)
    assert (tmp_path / "run" / "curve.png").stat().st_size > 10_000
    axes = trainer.plot().axes
    assert [ax.get_title() for ax in axes] == ["loss", "accuracy", "f1"]
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["each step", "training", "validation"]
    assert plot_history([]).axes


@pytest.mark.parametrize(("callback", "error", "message"), [
    (lambda folder: optim.LivePlot(folder / "curve.xyz"), ValueError, r"curve\.xyz is to be a picture .* png"),
    (optim.CSVLog, IsADirectoryError, "is a folder: name a file in it"),
    (optim.JSONLog, IsADirectoryError, "is a folder: name a file in it"),
])  # fmt: skip
def test_files_that_cannot_be_are_an_error_before_training(tmp_path, callback, error, message):
    trainer, data, _ = make(callbacks=[callback(tmp_path)])
    with pytest.raises(error, match=message):
        trainer.fit(data, 1)
    assert trainer.step == 0


def test_a_live_picture_in_a_notebook(monkeypatch):
    shown = []

    class Display:
        def update(self, figure):
            shown.append("again")

    def display(figure, display_id):
        shown.append("new")
        return Display()

    monkeypatch.setattr("optim.plots._in_notebook", lambda: True)
    ipython = type(sys)("IPython.display")
    ipython.display = display
    monkeypatch.setitem(sys.modules, "IPython.display", ipython)
    trainer, data, _ = make(callbacks=[optim.LivePlot()])
    trainer.fit(data, 3)
    assert shown == ["new", "again", "again"]


# -- progress ---------------------------------------------------------------------------------------------


def test_a_line_an_epoch_where_there_is_no_terminal(capsys):
    trainer, data, test = make(progress=True)
    trainer.fit(data, 2, test)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.match(
        r"epoch 1/2  loss \S+  accuracy \S+  f1 \S+  val_loss \S+ .* lr \S+  \([\d.:]+( s)?, [\d.:]+( s)? left\)",
        lines[0],
    )
    assert re.search(r"\([\d.:]+( s)?\)$", lines[1])


def test_a_bar_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("optim.progress._OFTEN", 0.0)
    trainer, data, test = make(progress=True)
    trainer.fit(data, 2, test)
    captured = capsys.readouterr()
    assert "10/10" in captured.err
    assert re.search(r"step/s, epoch 1/2, loss \S+, lr \S+, accuracy", captured.err)
    assert "epoch 2/2  loss" in captured.out


def test_lines_without_tqdm(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("optim.progress.find_spec", lambda name: None)
    trainer, data, _ = make(progress=True)
    trainer.fit(data, 1)
    assert capsys.readouterr().out.startswith("epoch 1/1")


def test_why_it_stopped_is_said(capsys):
    class Enough(optim.Callback):
        def after_epoch(self, trainer):
            trainer.stop("that is enough")

    trainer, data, _ = make(progress="lines", callbacks=[Enough()])
    trainer.fit(data, 5)
    assert capsys.readouterr().out.endswith("stopped: that is enough\n")


# -- the rate ---------------------------------------------------------------------------------------------


def test_the_rate_finder_finds_a_rate_and_leaves_no_trace():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 5)).astype(np.float32)
    y = x @ rng.normal(size=(5, 1)).astype(np.float32)
    data = nn.data.DataLoader(nn.data.TensorDataset(x, y), batch_size=16, shuffle=True, generator=0)
    model = nn.Sequential(nn.Linear(5, 1, generator=0), nn.Dropout(0.1, generator=1))
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.5), progress=False)
    before, state = model.state_dict(), trainer.optimizer.state_dict()
    offsets = [data.generator.offset, model[1].generator.offset]
    found = trainer.find_rate(data, 1e-5, 100.0)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert trainer.optimizer.state_dict() == state
    assert [data.generator.offset, model[1].generator.offset] == offsets
    assert 3e-3 < found.suggestion < 1
    assert len(found.rates) < 100  # it noticed that the loss had exploded
    assert found.plot().get_xlabel() == "step size"
    with pytest.raises(ValueError, match="rates rise"):
        trainer.find_rate(data, 1.0, 0.1)
    with pytest.raises(ValueError, match="no batch"):
        trainer.find_rate([])
    lbfgs = optim.Trainer(model, nn.MSELoss(), optim.LBFGS(model.parameters()), progress=False)
    with pytest.raises(TypeError, match="LBFGS looks for its step lengths itself"):
        lbfgs.find_rate(data)
