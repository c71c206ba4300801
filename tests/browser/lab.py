"""JupyterLab on this machine, with a folder, settings and trust of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError

from tests.browser.chromium import SECONDS, Browser

ROOT = Path(__file__).resolve().parents[2]


def missing() -> str:
    """Say what is not installed; "" is nothing."""
    lacking = [
        name for name in ("jupyterlab", "ipykernel", "nbformat", "nbconvert") if not importlib.util.find_spec(name)
    ]
    return f"{', '.join(lacking)} not installed (make browser installs them)" if lacking else ""


_READY = """
const panel = [...jupyterapp.shell.widgets('main')].find(widget => widget.sessionContext);
const kernel = panel.sessionContext.session?.kernel;
return kernel?.connectionStatus === 'connected' && kernel.status === 'idle' && jupyterapp.shell.currentWidget === panel;
"""


class Lab:
    """A server; `with Lab(folder) as lab` starts and stops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "notebooks"
        self.folder.mkdir()
        own = {name: str(folder / name.lower()) for name in
               ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}  # fmt: skip
        self.environment = os.environ | own | {"PYTHONPATH": str(ROOT), "JUPYTERLAB_SETTINGS_DIR": str(folder / "user")}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Lab:
        options = ("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.port}",
                   f"--ServerApp.root_dir={self.folder}", "--IdentityProvider.token=", "--LabApp.news_url=None",
                   "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                   "--LabApp.extension_manager=readonly", "--expose-app-in-browser",
                   "--ServerApp.terminals_enabled=False")  # fmt: skip
        self._log = open(self.folder.parent / "server.log", "wb")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=self.environment, stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/status", timeout=5).close()
                return self
            except (URLError, OSError):
                if self._server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder.parent / "server.log").read_text()) from None
                time.sleep(0.2)

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self._server.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)  # the kernels too
        self._log.close()

    # -- notebooks ----------------------------------------------------------------------------------

    def notebook(self, name: str, *cells: str) -> Path:
        """Write a notebook with these cells of code."""
        import nbformat

        path = self.folder / name
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        )
        nbformat.write(notebook, path)
        return path

    def execute(self, path: Path) -> None:
        """Run a notebook's cells on the server's side, and save what they show; nobody trusts it by that."""
        self._jupyter("nbconvert", "--to", "notebook", "--execute", "--inplace", str(path))

    def trust(self, path: Path) -> None:
        """Sign a notebook, so that JupyterLab shows its saved HTML as it is."""
        self._jupyter("trust", str(path))

    def export(self, path: Path, *options: str) -> Path:
        """Have nbconvert write a notebook as HTML."""
        self._jupyter("nbconvert", "--to", "html", *options, str(path))
        return path.with_suffix(".html")

    def _jupyter(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "jupyter", *command], env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(done.stderr)

    # -- in the browser -----------------------------------------------------------------------------

    def open(self, browser: Browser, path: Path, dark: bool = False) -> None:
        """Open a notebook in JupyterLab, and wait until its cells are there."""
        self._set("apputils-extension/themes", theme="JupyterLab Dark" if dark else "JupyterLab Light")
        self._set("apputils-extension/notification", fetchNews="false")
        self._set("notebook-extension/tracker", autoStartDefaultKernel=True, windowingMode="none")
        browser.open(f"{self.url}/doc/tree/{path.name}?reset")
        browser.wait("JupyterLab opens the notebook", lambda: browser.run("return $('.jp-CodeCell').length"))
        light = "false" if dark else "true"
        browser.wait("the theme", lambda: browser.run("return document.body.dataset.jpThemeLight") == light)
        browser.wait("the kernel", lambda: browser.run(_READY))

    def _set(self, name: str, **settings: Any) -> None:
        path = self.folder.parent / "user" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))

    def run_all(self, browser: Browser) -> None:
        """Run all cells, as the menu does."""
        browser.run("return jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
        busy = "return $('.jp-InputPrompt').filter(e => e.textContent.includes('*')).length"
        browser.wait("all cells have run", lambda: browser.run(busy) == 0)
