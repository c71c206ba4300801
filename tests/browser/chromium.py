"""A headless Chromium for the tests of this folder: pages, keys and clicks, and what can be seen and read."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--force-color-profile=srgb", "--lang=en-US", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
SECONDS = 60  # the longest that anything is waited for


def missing() -> str:
    """Say what these tests lack on this machine; "" is nothing."""
    if not program():
        return f"no Chromium was found ({', '.join(NAMES)}); CHROMIUM=/path/to/it names another"
    if not shutil.which("chromedriver"):
        return "there is no chromedriver (Debian: apt install chromium-driver)"
    return "" if find_spec("selenium") else "selenium is not installed (make browser installs it)"


def program() -> str | None:
    """Return the path of the browser."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser with one page. All that a page asks of the network is in `requests()`, and none of it is answered."""

    def __init__(self) -> None:
        from selenium import webdriver

        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = program()
        for flag in (*FLAGS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        self.driver.set_script_timeout(SECONDS)
        self.reset()

    def close(self) -> None:
        self.driver.quit()
        self._profile.cleanup()

    def reset(self) -> None:
        """A light page of usual size, with scripts on."""
        self.driver.get("about:blank")
        self.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.cdp("Emulation.setFocusEmulationEnabled", enabled=True)
        self.look(dark=False)
        self.size(1280, 1000)
        self.messages()
        self.requests()

    def open(self, page: Path | str) -> None:
        """Open a file, or an address."""
        self.driver.get(page.as_uri() if isinstance(page, Path) else page)

    def cdp(self, command: str, **arguments: Any) -> Any:
        """Give a command of Chromium's DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript, also where the page may not; `$(selector)` finds elements, `$.seen` says whether one is."""
        return self.driver.execute_script(_TOOLS + script, *arguments)

    def wait(self, what: str, test: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """Wait until something is true, and return it."""
        from selenium.common.exceptions import JavascriptException, StaleElementReferenceException

        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if found := test():
                    return found
            except (JavascriptException, StaleElementReferenceException):
                pass  # the page is still building
            time.sleep(0.05)
        raise TimeoutError(f"{what}: not within {seconds} s")

    # -- how it is shown ----------------------------------------------------------------------------

    def size(self, width: int, height: int, zoom: float = 1) -> None:
        """Set the window's size in pixels of the screen; at 200 % zoom half as many of the page's."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=int(width / zoom), height=int(height / zoom),
                 deviceScaleFactor=zoom, mobile=False)  # fmt: skip

    def look(self, dark: bool = False, still: bool = True) -> None:
        """Ask for a dark page, and for no motion, as a user's system does."""
        features = {"prefers-color-scheme": "dark" if dark else "light",
                    "prefers-reduced-motion": "reduce" if still else "no-preference"}  # fmt: skip
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in features.items()])

    def shot(self, path: Path | None = None) -> np.ndarray:
        """What is seen: height, width and three colours, one for each pixel of the screen."""
        from PIL import Image

        png = self.driver.get_screenshot_as_png()
        if path is not None:
            path.write_bytes(png)
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    # -- what it does -------------------------------------------------------------------------------

    def keys(self, *keys: str) -> None:
        """Press keys, by their names in selenium ("ARROW_RIGHT"), wherever the focus is."""
        from selenium.webdriver import ActionChains, Keys

        for key in keys:
            ActionChains(self.driver).send_keys(getattr(Keys, key, key)).perform()

    def click(self, selector: str) -> None:
        """Click on the middle of what a selector finds, with the mouse."""
        from selenium.webdriver import ActionChains

        (element,) = self.run("return $(arguments[0]).filter($.seen)", selector)
        self.run("arguments[0].scrollIntoView({block: 'nearest'})", element)
        ActionChains(self.driver).move_to_element(element).click().perform()

    def requests(self) -> list[str]:
        """The addresses that were asked for since this was last called, without what a page has in itself."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                found.append(message["params"]["url"])
        return [url for url in found if not re.match(r"(data|blob|about):", url)]

    def messages(self) -> list[str]:
        """Errors and warnings of pages since this was last called."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def spoken(self) -> list[dict[str, Any]]:
        """What a screen reader is told: role, name and properties of each thing that is not ignored, in order."""
        nodes = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [
            {
                "role": node.get("role", {}).get("value"),
                "name": node.get("name", {}).get("value", ""),
                **{p["name"]: p["value"].get("value") for p in node.get("properties", ())},
            }
            for node in nodes
            if not node.get("ignored")
        ]


_TOOLS = """
const $ = selector => [...document.querySelectorAll(selector)];
$.opacity = e => e && e.nodeType === 1 ? Number(getComputedStyle(e).opacity) * ($.opacity(e.parentNode) ?? 1) : 1;
$.seen = e => e.checkVisibility({visibilityProperty: true}) && $.opacity(e) > 0.5;
$.box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
"""


def shots() -> Path | None:
    """Return the folder that BROWSER_SHOTS names, for screenshots to be looked at."""
    name = os.environ.get("BROWSER_SHOTS")
    if not name:
        return None
    Path(name).mkdir(parents=True, exist_ok=True)
    return Path(name)
