"""`python -m autodiff`."""

import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from autodiff import __main__ as main
from autodiff.draw import render

VERSION = "{}.{}.{}".format(*sys.version_info)


def test_it_prints_what_is_installed():
    command = [sys.executable, "-W", "error", "-m", "autodiff"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["numpy"] == np.__version__
    assert lines["graphviz"] == metadata.version("graphviz")
    assert lines["python"].startswith(VERSION)
    assert {"chainrule", "scipy", "numba", "optree", "blas", "cpus", "dot"} <= set(lines)
    assert done.stderr == ""


def test_what_is_missing_is_no_error(monkeypatch, capsys):
    def nothing(name):
        raise metadata.PackageNotFoundError(name)

    def no_module(name):
        raise ImportError(name)

    monkeypatch.setattr(main.metadata, "version", nothing)
    monkeypatch.setattr(main, "import_module", no_module)
    monkeypatch.setattr(render, "find", lambda: None)
    main.main()
    out = capsys.readouterr().out
    assert "numba          not installed" in out
    assert "install threadpoolctl" in out
    assert "none; pip install graphviz-pure" in out


@pytest.mark.parametrize(
    ("renderer", "text"),
    [
        (render.Renderer(sys.executable, system=True), f"{sys.executable} (Graphviz Python {VERSION})"),
        (render.Renderer("gv", system=False), f"gv (graphviz-pure {main.version('graphviz-pure')}, no PDF)"),
    ],
)
def test_which_dot(monkeypatch, renderer, text):
    monkeypatch.setattr(render, "find", lambda: renderer)
    assert main.dot() == text
