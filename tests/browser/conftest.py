"""Tests in a real browser. They run with `make browser` only, and are skipped where there is no Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autodiff.draw import render
from tests.browser import chromium
from tests.browser.chromium import Browser
from tests.browser.lab import Lab, missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    if lack := chromium.missing() or ("" if render.find() else "no Graphviz renderer is installed"):
        pytest.skip(lack)
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(chrome: Browser) -> Iterator[Browser]:
    """The browser of all tests, with an empty page."""
    chrome.reset()
    yield chrome
    chrome.cdp("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture(scope="session")
def lab(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab server with a folder and settings of its own."""
    if lack := missing():
        pytest.skip(lack)
    with Lab(tmp_path_factory.mktemp("lab")) as server:
        yield server
