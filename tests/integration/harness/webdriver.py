"""One chromedriver process and its W3C WebDriver protocol, over plain HTTP. What people do is in browser.py."""

import http.client
import json
import re
import subprocess

from .island import COMMAND, Island

START_S = 30
_PORT = re.compile(rb"successfully on port (\d+)")


class WebDriverError(AssertionError):
    """What the driver answered instead of a value: its error code, then its words."""

    def __init__(self, error, message):
        super().__init__(f"{error}: {message}")
        self.error = error


class WebDriver:
    def __init__(self, log_path):
        """Started on a port that it chooses itself."""
        self._log = open(log_path, "wb")
        self._process = subprocess.Popen([*COMMAND, "chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                         stderr=self._log, stdin=subprocess.DEVNULL)
        self._port = self._read_port()
        self.island = Island(self._process.pid)
        self._session = None

    def _read_port(self):
        for line in self._process.stdout:
            self._log.write(line)
            if found := _PORT.search(line):
                return int(found[1])
        raise AssertionError("chromedriver ended before it listened; is chromium-driver whole?")

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        try:
            connection.sock = self.island.connect(self._port)
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(value["error"], value["message"].split("\n")[0])
        return value

    def open_session(self, options):
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options,
                        "goog:loggingPrefs": {"browser": "ALL"}}
        self._session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]

    def get(self, path):
        return self._ask("GET", f"/session/{self._session}/{path}")

    def post(self, path, **body):
        return self._ask("POST", f"/session/{self._session}/{path}", body)

    def devtools(self, command, **params):
        """A command of the Chrome DevTools Protocol."""
        return self.post("goog/cdp/execute", cmd=command, params=params)

    def close(self):
        try:
            if self._session is not None:
                self._ask("DELETE", f"/session/{self._session}")     # ends the browser
        finally:
            self.island.close()
            self._process.terminate()
            self._process.wait(START_S)
            self._process.stdout.close()
            self._log.close()
