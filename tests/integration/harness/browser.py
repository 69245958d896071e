"""A browser that a person sits at: opens pages, looks, clicks, types. Debian's chromium, without a window.

with Browser(folder) as browser:
    browser.open("http://127.0.0.1:9090/")
    browser.wait_until("document.querySelectorAll('.slot').length == 3", 10)
    browser.click("button", text="Scale")
    browser.type("#wanted", "3")
    assert not browser.console_errors()
"""

import base64
import os
import pathlib
import re
import shutil
import time
import urllib.parse

from .images import build_dir
from .webdriver import WebDriver, WebDriverError

STEP_S = 0.05
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"     # the protocol's name for a reference to an element
_ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server",
              "--no-first-run", "--disable-background-networking", "--disable-extensions", "--hide-scrollbars",
              "--force-color-profile=srgb", "--force-device-scale-factor=1"]

KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Space": " ", "Shift": "\ue008", "Backspace": "\ue003",
        "Delete": "\ue017", "ArrowUp": "\ue013", "ArrowDown": "\ue015", "ArrowLeft": "\ue012", "ArrowRight": "\ue014"}

# Elements of the selector that can be seen and, where `text` is given, hold it: as a person would look for them.
_SEEN = """
const [css, text] = arguments;
return [...document.querySelectorAll(css)].filter(e => e.checkVisibility({visibilityProperty: true})
    && (text === null || (e.innerText || e.value || "").includes(text) || e.ariaLabel?.includes(text)));
"""

# The next frame and what is queued behind it; a page that is not shown has no frames.
_SETTLED = """
const done = arguments[0];
requestAnimationFrame(() => setTimeout(done));
setTimeout(done, 200);
"""


def is_there():
    return shutil.which("chromedriver") is not None and shutil.which("chromium") is not None


def screenshot_dir():
    folder = pathlib.Path(os.environ.get("SELFLESS_SCREENSHOTS", build_dir() / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Browser:
    """Its profile is new, in `folder`, and goes with the folder."""

    def __init__(self, folder, width=1280, height=900):
        folder = pathlib.Path(folder)
        self._driver = WebDriver(folder / "chromedriver.log")
        self._seen_log = []
        self.expected_errors = []       # patterns; the `browser` fixture fails for others
        try:
            self._driver.open_session({"args": _ARGUMENTS + [f"--user-data-dir={folder / 'profile'}"]})
            self.set_size(width, height)
        except BaseException:
            self._driver.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._driver.close()

    # --- how it looks

    def set_size(self, width, height, touch=False):
        """The size of the page itself, in CSS pixels; touch: a phone."""
        self._driver.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                              mobile=touch)
        self._driver.devtools("Emulation.setTouchEmulationEnabled", enabled=touch)

    def set_media(self, dark=False, reduced_motion=False):
        """What the person has asked the system for."""
        self._driver.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"}])

    def set_network(self, offline=False, latency_ms=1, download_bytes_per_s=-1, upload_bytes_per_s=-1):
        """What lies between the person and the server; -1: as fast as it gets. The browser's own island has no network, so
        that it takes itself for offline, until a latency is set."""
        self._driver.devtools("Network.enable")
        self._driver.devtools("Network.emulateNetworkConditions", offline=offline, latency=latency_ms,
                              downloadThroughput=download_bytes_per_s, uploadThroughput=upload_bytes_per_s)

    def forget_files(self):
        """As if no page had ever been opened."""
        self._driver.devtools("Network.enable")
        self._driver.devtools("Network.clearBrowserCache")

    def at_start(self, script):
        """Runs in each page that is opened from now on, before anything of its own."""
        self._driver.devtools("Page.addScriptToEvaluateOnNewDocument", source=script)

    def screenshot(self, name, whole=False):
        """NAME.png in the folder of screenshots; whole: all of the page, not only what is in view."""
        if whole:
            size = self._driver.devtools("Page.getLayoutMetrics")["cssContentSize"]
            data = self._driver.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                                         clip={**size, "scale": 1})["data"]
        else:
            data = self._driver.get("screenshot")
        path = screenshot_dir() / f"{name}.png"
        path.write_bytes(base64.b64decode(data))
        return path

    # --- what a person does

    def open(self, url):
        """Of a server on this machine, by its port; see island.py."""
        port = urllib.parse.urlsplit(url).port
        if port is not None:
            self.bring(port)
        self._driver.post("url", url=url)

    def bring(self, port, connect=None):
        """Makes a port reachable that no opened page is on; connect: see island.py."""
        self._driver.island.bring(port, connect)

    def reload(self):
        self._driver.post("refresh")

    def find(self, css, text=None, deadline_s=10):
        """The first element of the selector that can be seen and holds the text; waits for it."""
        end = time.monotonic() + deadline_s
        while not (found := self.execute(_SEEN, css, text)):
            assert time.monotonic() < end, f"no visible {css} with text {text!r} within {deadline_s} s"
            time.sleep(STEP_S)
        return found[0]

    def sees(self, css, text=None):
        """How many such elements can be seen now."""
        return len(self.execute(_SEEN, css, text))

    def click(self, css, text=None, deadline_s=10):
        """Fails where something else lies over it, as it would for a person. A page may draw the element anew between
        looking and clicking: then it is looked for again."""
        end = time.monotonic() + deadline_s
        while True:
            element = self.find(css, text, deadline_s)
            try:
                self._driver.post(f"element/{element[_ELEMENT]}/click")
                self._settle()
                return
            except WebDriverError as error:
                if error.error not in ("stale element reference", "element click intercepted",
                                       "element not interactable") or time.monotonic() >= end:
                    raise
            time.sleep(STEP_S)

    def type(self, css, text, clear=True):
        """Into a field; or the path into a file field (then with clear=False)."""
        element = self.find(css)[_ELEMENT] if clear else self.execute("return document.querySelector(arguments[0])",
                                                                      css)[_ELEMENT]
        if clear:
            self._driver.post(f"element/{element}/clear")
        self._driver.post(f"element/{element}/value", text=text)

    def press(self, *keys):
        """On the keyboard, to whatever has the focus: names of KEYS, or characters. Those before the last are held."""
        codes = [KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": code} for code in codes]
        actions += [{"type": "keyUp", "value": code} for code in reversed(codes)]
        self._driver.post("actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])
        self._settle()

    def _settle(self):
        """Until the page has had time for what follows from an input at once: its events are queued, some for later ones."""
        try:
            self.execute_async(_SETTLED)
        except WebDriverError as error:
            if error.error not in ("javascript error", "no such window", "stale element reference"):    # another page comes
                raise

    # --- what the page says

    def execute(self, script, *args):
        """The body of a function; `arguments` are the args. What it returns."""
        return self._driver.post("execute/sync", script=script, args=list(args))

    def execute_async(self, script, *args):
        """The same for one that calls its last argument with the result."""
        return self._driver.post("execute/async", script=script, args=list(args))

    def run_beside(self, source, expression):
        """Runs a foreign script in a world of its own, which sees the page but is not bound by its policy; then gives the
        value of the expression, or of the promise that it is."""
        frame = self._driver.devtools("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self._driver.devtools("Page.createIsolatedWorld", frameId=frame)["executionContextId"]
        for text in (source, expression):
            done = self._driver.devtools("Runtime.evaluate", contextId=world, expression=text, awaitPromise=True,
                                         returnByValue=True)
            assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait_until(self, expression, deadline_s, *args):
        """Until the expression in JavaScript is true; returns its value."""
        end = time.monotonic() + deadline_s
        while not (value := self.execute(f"return ({expression});", *args)):
            assert time.monotonic() < end, (f"not within {deadline_s} s: {expression}\nthe page says: "
                                            f"{self.execute('return document.body.innerText')[:2000]}\n"
                                            f"and its console: {self.console_errors()}")
            time.sleep(STEP_S)
        return value

    def console_errors(self, *expected):
        """What the console holds of errors, from the start; those that match an expected pattern left out."""
        self._seen_log += self._driver.post("se/log", type="browser")
        return [entry["message"] for entry in self._seen_log if entry["level"] == "SEVERE"
                and not any(re.search(pattern, entry["message"]) for pattern in expected)]
