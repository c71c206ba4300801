"""Execute the notebooks of this folder top to bottom, with the interpreter that runs this script.

`python notebooks/execute.py` writes the outputs back, without what differs from run to run and
from machine to machine. `--fast` works on a copy of the folder, sets AUTODIFF_FAST=1 (notebooks
then train for a shorter time) and writes nothing back. Notebooks can be named; the default is all.
The exit code is 1 if any cell raised, unless the cell carries the tag `raises-exception`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

FOLDER = Path(__file__).resolve().parent
SECONDS_PER_CELL = 900

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class OwnKernel(AsyncKernelManager):
    """Starts the ipykernel beside this interpreter, whatever Jupyter knows as "python3"."""

    @default("kernel_spec_manager")
    def _no_folders_to_look_in(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook with fresh outputs."""
    notebook = nbformat.read(path, as_version=4)
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")  # required since format 4.5
    NotebookClient(
        notebook,
        kernel_manager_class=OwnKernel,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        timeout=SECONDS_PER_CELL,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    return notebook


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Remove what would differ on another machine or in another run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for key in ("execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = [_without_places(output) for output in cell.outputs]


def _places() -> list[tuple[re.Pattern[str], str]]:
    """Paths of this machine and what stands for them, the longest first."""
    paths = {
        str(FOLDER): "notebooks",
        str(FOLDER.parent): ".",
        sys.base_prefix: "<python>",
        str(Path.home()): "~",
    }
    found = [(re.compile(re.escape(path) + r"(?![\w-])"), name) for path, name in paths.items() if len(path) > 1]
    return [
        *found,
        (re.compile(r"/[\w/.+-]*/ipykernel_\d+/\d+\.py"), "<cell>"),
        (re.compile(r"\bat 0x[0-9a-fA-F]{6,}"), "at 0x..."),
    ]


PLACES = _places()


def _without_places(value: Any, key: str = "") -> Any:
    """Rewrite every text inside an output; pictures in base64 are left alone."""
    if isinstance(value, str) and key not in ("image/png", "image/jpeg", "application/pdf"):
        for pattern, name in PLACES:
            value = pattern.sub(escape(name) if key == "text/html" else name, value)
    elif isinstance(value, list):
        value = [_without_places(item) for item in value]
    elif isinstance(value, dict):
        value = nbformat.from_dict({k: _without_places(v, k) for k, v in value.items()})
    return value


def main() -> int:
    """Execute the notebooks that the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(description="Execute the notebooks of this folder.")
    parser.add_argument("--fast", action="store_true", help="shorter, on a copy, nothing written")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    options = parser.parse_args()

    names = sorted(path.name for path in options.notebooks or FOLDER.glob("*.ipynb"))
    failed = []
    with tempfile.TemporaryDirectory(prefix="notebooks-") as scratch:
        # Neither the settings of this user's IPython nor files of a running Jupyter take part.
        os.environ["IPYTHONDIR"] = os.environ["JUPYTER_CONFIG_DIR"] = f"{scratch}/config"
        os.environ["JUPYTER_RUNTIME_DIR"] = f"{scratch}/runtime"
        folder = FOLDER
        if options.fast:
            os.environ["AUTODIFF_FAST"] = "1"
            folder = Path(scratch, "notebooks")
            shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for name in names:
            start = time.perf_counter()
            try:
                notebook = execute(folder / name)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                failed.append(name)
                print(f"notebooks/{name}: FAILED\n{error}", file=sys.stderr, flush=True)
                continue
            if not options.fast:
                normalise(notebook)
                nbformat.write(notebook, folder / name)
            print(f"notebooks/{name}: {time.perf_counter() - start:.1f} s", flush=True)
    print(f"{len(names) - len(failed)} of {len(names)} notebooks executed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
