"""Headless Chromium, driven by its own protocol over pipes: no package and no port are needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Commands of Chromium, the smallest first."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

_KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}


def find() -> str | None:
    """Return the command of Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser with one page. Every event of the protocol is kept in `events`."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._read = b""
        self._number = 0
        self._session: str | None = None
        self.events: deque[dict[str, Any]] = deque()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol, and return its result."""
        self._number += 1
        call: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            call["sessionId"] = self._session
        left = memoryview(json.dumps(call).encode() + b"\0")
        while left:
            left = left[os.write(self._commands, left) :]
        while (message := self._next()).get("id") != self._number:
            self.events.append(message)
        assert "error" not in message, message["error"]
        result: dict[str, Any] = message["result"]
        return result

    def open(self, page: Path, width: int = 1200, height: int = 800, scheme: str = "light") -> None:
        """Show a file in a window of this size, and wait until it is loaded and drawn."""
        self.resize(width, height)
        self.prefer(scheme)
        self.events.clear()
        self.ask("Page.navigate", url=page.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())
        self.settle()

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def prefer(self, scheme: str) -> None:
        """Prefer light or dark pages."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def run(self, script: str) -> Any:
        """Return the value of a script; a promise is awaited."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def settle(self) -> None:
        """Wait until what was changed is drawn."""
        self.run("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))")

    def press(self, *keys: str, shift: bool = False) -> None:
        """Press keys, one after another."""
        for key in keys:
            text = key if len(key) == 1 else "\r" if key == "Enter" else ""
            code = _KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
            fields = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
            self.ask("Input.dispatchKeyEvent", type="keyDown", **fields, **({"text": text} if text else {}))
            self.ask("Input.dispatchKeyEvent", type="keyUp", **fields)
        self.settle()

    def mouse(self, kind: str, x: float, y: float, **fields: Any) -> None:
        """Send one event of the mouse: mouseMoved, mousePressed, mouseReleased or mouseWheel."""
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **fields)

    def click(self, x: float, y: float) -> None:
        """Click on a place of the window."""
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)
        self.settle()

    def picture(self) -> bytes:
        """Return what the window shows, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", optimizeForSpeed=True)["data"])

    def said(self) -> list[str]:
        """Return what the page wrote to the console or complained of: also breaches of its policy."""
        self.settle()
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in kinds]

    def refused(self) -> list[str]:
        """Return the reason for each request that the browser refused since the page was opened."""
        self.settle()
        return [
            event["params"].get("blockedReason", "")
            for event in self.events
            if event.get("method") == "Network.loadingFailed"
        ]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the page was opened."""
        self.settle()
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        """End the browser, and wait until it has written its profile."""
        self._session = None
        self.ask("Browser.close")
        while os.read(self._answers, 1 << 20):
            pass

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            piece = os.read(self._answers, 1 << 20)
            assert piece, "the browser ended"
            self._read += piece
        message, _, self._read = self._read.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded


@contextmanager
def browsing(command: str, profile: Path) -> Iterator[Browser]:
    """Run Chromium with a profile of its own; it ends when its pipes close."""
    from_us, commands = os.pipe()
    answers, to_us = os.pipe()
    arguments = [command, *FLAGS, f"--user-data-dir={profile}"]
    script = f'exec "$0" "$@" 3<&{from_us} 4>&{to_us}'
    process = subprocess.Popen(
        ["/bin/bash", "-c", script, *arguments],
        pass_fds=(from_us, to_us),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us)
    os.close(to_us)
    try:
        browser = Browser(commands, answers)
        yield browser
        browser.close()
    finally:
        os.close(commands)
        process.wait(timeout=60)
        os.close(answers)
