"""The harness of benchmarks/: our side of each row runs, and a system that lies or is absent is found out.

Whether the peers agree with us is checked by the command itself.
"""

import json
import os
from dataclasses import replace
from functools import partial
from importlib import import_module

import numba
import numpy as np
import pytest

from autodiff import get_num_threads, set_num_threads, use_kernels
from autodiff.kernels.policy import KERNELS
from benchmarks import __main__ as command
from benchmarks import load, report, rows, systems, thresholds
from benchmarks.measure import DisagreementError, compare_numbers, measure, measure_startup
from benchmarks.row import Program, Row, Startup

MEASURE = partial(measure, threads=1, repeats=3, table="tests.test_benchmarks")


def side(gradient):
    """A system that gives this gradient."""
    return Program(lambda n: sum(range(100 * n)), lambda: {"gradient": np.array(gradient)})


TABLE = {
    "truth": Row("a truth", 1.0, {"ours": partial(side, [1.0, 2.0]), "plain": partial(side, [1.0, 2.0])}, peer="plain"),
    "lie": Row("a lie", 1.0, {"ours": partial(side, [1.0, 2.0]), "plain": partial(side, [1.0, 2.1])}, peer="plain"),
    "nan": Row("nothing", 1.0, {"ours": partial(side, np.nan)}),
    "crash": Row("a crash", 1.0, {"ours": partial(int, "nonsense")}),
}


def row_named(name):
    """Where the workers find these rows."""
    return TABLE[name]


@pytest.mark.parametrize("name", [*rows.ROWS, *rows.MORE])
def test_our_side_of_a_row(name):
    run, numbers = rows.row_named(name).systems["ours"]()
    run(1)
    for value in numbers().values():
        assert np.all(np.isfinite(value))


@pytest.mark.parametrize("name", rows.CURVES)
def test_curves_begin_small(name):
    curve = rows.CURVES[name]
    row = rows.row_named(f"{name}@{curve.sizes[0]}")
    assert row.title == f"{curve.title}, {curve.axis} {curve.sizes[0]}"
    row.systems["ours"]().run(1)


def test_systems_that_agree_are_measured_in_turns():
    result = MEASURE("truth", TABLE["truth"])
    assert {system: len(times) for system, times in result["seconds"].items()} == {"ours": 3, "plain": 3}
    assert all(t > 0 for times in result["seconds"].values() for t in times)
    assert result["missing"] == {}
    (line,) = report.summary(TABLE["truth"], 1, result)
    assert line["reached"] == (line["ratio"][1] <= 1.0)


@pytest.mark.parametrize(("name", "said"), [("lie", "gradient is .* in ours, .* in plain"), ("nan", "not finite")])
def test_a_lie_is_found_out(name, said):
    with pytest.raises(DisagreementError, match=said):
        MEASURE(name, TABLE[name])


def test_a_crash_is_said(capfd):
    with pytest.raises(RuntimeError, match="the worker of ours has stopped"):
        MEASURE("crash", TABLE["crash"])
    assert "nonsense" in capfd.readouterr().err


def test_a_lie_makes_the_command_fail(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "row_named", row_named)
    monkeypatch.setattr(command, "ROWS", TABLE)
    monkeypatch.setattr(command, "measure", partial(measure, table="tests.test_benchmarks"))
    arguments = ["--threads", "1", "--repeats", "3", "--output", str(tmp_path), "--rows"]
    assert command.main([*arguments, "truth"]) == 0
    assert json.loads((tmp_path / "rows.json").read_text())["samples"][0]["row"] == "truth"
    assert (tmp_path / "ratios.svg").exists()
    assert command.main([*arguments, "truth", "lie"]) == 1
    assert "a lie: the systems DISAGREE" in capsys.readouterr().out


def test_a_system_that_is_not_installed_is_said_to_be(monkeypatch):
    absent = replace(systems.SYSTEMS["torch"], package="a-package-that-no-one-has")
    monkeypatch.setitem(systems.SYSTEMS, "torch", absent)
    row = Startup("start", 1.0, {"ours": "pass", "torch": "pass"}, peer="torch")
    result = measure_startup(row, repeats=1)
    assert result["missing"] == {"torch": "not installed"}
    (line,) = report.summary(row, 1, result)
    assert report.cells(line)[3] == "not installed"
    assert not line["reached"]


def test_a_row_without_ours_or_any_system():
    result = MEASURE("truth", TABLE["truth"], systems=["plain"])
    assert list(result["seconds"]) == ["plain"]
    (line,) = report.summary(TABLE["truth"], 1, result)
    assert (line["reached"], report.ratio_of(line), report.value_of(line, "ours")) == (False, "", "")
    assert MEASURE("truth", TABLE["truth"], systems=["jax"])["seconds"] == {}


def test_numbers_are_compared():
    row = Row("one", 1.0, {}, tolerance=1e-12)
    compare_numbers(row, {"ours": {"loss": [1.0, 2.0]}, "torch": {"loss": [1.0, 2.0 + 1e-14]}})
    for wrong in ([1.0, 2.001], [1.0], [1.0, float("nan")]):
        with pytest.raises(DisagreementError, match=r"loss is .* in ours"):
            compare_numbers(row, {"ours": {"loss": [1.0, 2.0]}, "torch": {"loss": wrong}})
    with pytest.raises(DisagreementError, match="ours gives"):
        compare_numbers(row, {"ours": {"loss": 1.0}, "torch": {"cost": 1.0}})


def test_words_and_quartiles():
    assert [report.duration(t) for t in (2.1e-6, 0.0851, 3.25)] == ["2.10 us", "85.1 ms", "3.25 s"]
    assert report.spread([4.0, 1.0, 2.0, 3.0, 5.0]) == (2.0, 3.0, 4.0)
    assert report.spread([1.0]) == (1.0, 1.0, 1.0)


def test_the_readme_is_written_between_its_marks(monkeypatch, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "README", page)
    result = {
        "seconds": {"ours": [1e-3, 1e-3], "torch": [2e-3, 2e-3], "jax": [4e-3, 4e-3]},
        "missing": {"mygrad": "not installed"},
        "peak": {"ours": 2**20, "torch": 2**22}, "growth": {"ours": 2**20, "torch": 2**21},
    }  # fmt: skip
    row = Row("work", 0.6, {}, memory=True)
    for _ in range(2):  # again gives the same
        report.readme(report.machine() | {"busy": True, "others": 1.2, "clock": "wall"}, report.summary(row, 2, result))
    text = page.read_text()
    assert (
        "| work | 2 | 1.00 ms ±0% | 2.00 ms ±0% | 0.50 | 0.6 | yes | 1 / 4 MiB "
        "| JAX jit 4.00 ms (0.25), MyGrad not installed |" in text
    )
    assert "| ... peak memory of all | 2 | 1 MiB | 4 MiB | 0.25 | 1 | yes |  |" in text
    assert "of which other programs used 1.2: only the ratios mean something" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")

    page.write_text("no marks")
    with pytest.raises(SystemExit, match="no place for the table"):
        report.readme(report.machine() | {"busy": False, "others": 0, "clock": "wall"}, [])


# -- whether others used the machine -----------------------------------------------------------------------


def test_what_others_use_is_what_all_cores_did_less_our_own(monkeypatch, tmp_path):
    stat, now, own = tmp_path / "stat", [0.0], [0.0]
    tick = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01
    monkeypatch.setattr(load, "STAT", stat)
    monkeypatch.setattr(load.os, "sysconf", lambda name: round(1 / tick), raising=False)
    monkeypatch.setattr(load.os, "times", lambda: (own[0] / 2, 0.0, own[0] / 2, 0.0, 9.9))
    monkeypatch.setattr(load, "perf_counter", lambda: now[0])

    def at(clock, busy, mine):
        ticks = round(busy / tick)
        stat.write_text(f"cpu  {ticks} 0 0 777 888 0 0 0 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
        now[0], own[0] = clock, mine

    at(0, 100, 5)
    watch = load.Watch()
    at(10, 120, 25)  # both cores at work, for us
    assert watch.lap() == 0
    at(20, 130, 30)  # half a core each
    assert watch.lap() == pytest.approx(0.5)
    assert watch.whole() == pytest.approx(0.25)


def test_where_no_one_counts_the_load_of_before_is_taken(monkeypatch, tmp_path):
    monkeypatch.setattr(load, "STAT", tmp_path / "none")
    loads = [0.75, 5.0]
    monkeypatch.setattr(load.os, "getloadavg", lambda: (loads.pop(0), 0, 0), raising=False)
    watch = load.Watch()
    assert (watch.lap(), watch.whole()) == (0.75, 0.75)
    monkeypatch.delattr(load.os, "getloadavg")
    assert load.Watch().lap() == 0


def test_a_machine_is_busy_when_others_take_cores_from_us(monkeypatch):
    monkeypatch.setattr(load.os, "cpu_count", lambda: 2)
    assert [load.is_busy(others, 2) for others in (0.0, 0.05, 0.2)] == [False, False, True]
    assert [load.is_busy(others, 1) for others in (0.9, 1.2)] == [False, True]


# -- where kernels take turns -------------------------------------------------------------------------------


def test_every_kernel_is_looked_at():
    import_module("autodiff.kernels.optimizer")
    assert thresholds.CASES.keys() == KERNELS.keys(), "what is a new kernel called with? see benchmarks/thresholds.py"


@pytest.mark.parametrize("name", thresholds.CASES)
def test_what_kernels_are_given(name):
    for n in 256, 5000:
        args, options = thresholds.CASES[name](n)
        assert n / 4 <= args[KERNELS[name].by].size <= 4 * n
        with use_kernels("numpy"):
            KERNELS[name].reference(*args, **options)


def test_from_where_on_a_kernel_is_faster():
    assert thresholds.crossing([(16, 1.0, 3.0), (32, 2.0, 3.0), (64, 4.0, 3.0), (128, 8.0, 3.0)]) == 64
    assert thresholds.crossing([(16, 4.0, 3.0), (32, 8.0, 3.0)]) == 16
    assert thresholds.crossing([(16, 1.0, 3.0), (32, 2.0, 3.0)]) == 32


def test_there_is_nothing_to_compare_without_a_compiler(monkeypatch, tmp_path):
    monkeypatch.setattr(thresholds, "compile_kernels", lambda *names: [])
    with pytest.raises(SystemExit, match="none can be compiled: is NUMBA_DISABLE_JIT set"):
        thresholds.main(["--output", str(tmp_path)])


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="draws compiled kernels over NumPy's: see the test above")
def test_pictures_of_where_kernels_take_turns(monkeypatch, tmp_path):
    monkeypatch.setattr(thresholds, "TURNS", 1)
    monkeypatch.setattr(thresholds, "TURN", 1e-5)
    monkeypatch.setattr(thresholds, "SIZES", (64, 512))
    monkeypatch.setattr(thresholds, "KINDS", ((1, 8),))
    monkeypatch.setattr(thresholds, "CHANNELS", (1, 4))
    before = get_num_threads()
    try:
        thresholds.main(["--output", str(tmp_path), "--kernels", "norm.softmax", "pool.max_pool"])
        thresholds.main(["--output", str(tmp_path), "--ways"])
    finally:
        set_num_threads(before)
    assert {path.name for path in tmp_path.iterdir()} == {
        "thresholds.json", "thresholds.png", "ways.json", "ways.png"
    }  # fmt: skip
    found = json.loads((tmp_path / "thresholds.json").read_text())
    assert found["pool.max_pool"]["asked"] == KERNELS["pool.max_pool"].at_least
