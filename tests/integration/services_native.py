"""The two services as plain processes on 127.0.0.1, for the test_api_* scenarios.

`api` is the application with no data in it; test_api_* know nothing of how it runs. MODES is what it can run as:
"native" here, in containers in services_contained.py; a mode is a class with start, stop and the members of Native that
the scenarios use. What only makes sense for plain processes (killing them, a second one on the same data) uses `native`.
"""

import base64
import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.parse

import pytest

import services_contained
import stores
from harness import sanitizer
from harness.client import RawClient, request
from harness.images import build_dir
from harness.ports import free_ports
from harness.wait import wait_until

PASSWORD = hashlib.sha1(b"secret").hexdigest()
PICTURE = base64.b64encode(b"\x89PNG not really").decode()
MAX_BODY = 16 * 1024 * 1024


class Process:
    """One service process; its output is kept, and must hold no sanitizer report when it is gone."""

    def __init__(self, name, folder, **env):
        self.name, self.folder = name, folder
        self.env = env if "STORE_URL" in env else {**stores.current.environment(name), **env}
        self.port = free_ports()
        self.log = folder / f"{name}-{self.port}.log"
        self.process = None

    @property
    def program(self):
        return build_dir() / "services" / self.name / self.name

    def spawn(self):
        env = dict(os.environ, **sanitizer.ENVIRONMENT, LISTEN=f"127.0.0.1:{self.port}", DATA_DIR=str(self.folder))
        env.update({key: str(value) for key, value in self.env.items()})
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program], env=env, stdout=log, stderr=log)

    def start(self):
        self.spawn()
        wait_until(self._healthy, 20, f"{self.name} serves")
        return self

    def _healthy(self):
        assert self.process.poll() is None, self.log.read_text()
        return request(self.port, "/api/v1/_health", timeout=5).status == 200

    def stop(self, number=signal.SIGTERM):
        """Returns the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(number)
        try:
            code = self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
        self.process = None
        text = self.log.read_text(errors="replace")
        sanitizer.assert_none(text, self.name)
        assert "ODDITY" not in text, "libevhtp was shown more than one request at a time"
        return code

    def restart(self, number=signal.SIGTERM):
        self.stop(number)
        return self.start()


class Native:
    private = True      # _count, _health and _crash are reachable

    def __init__(self, folder, **env):
        (folder / "users").mkdir(parents=True)
        (folder / "acts").mkdir()
        self.folder = folder
        self.users = Process("users", folder / "users", **env)
        self.acts = Process("acts", folder / "acts", USERS_URL=f"http://127.0.0.1:{self.users.port}", **env)
        self.extra = []

    def start(self):
        self.users.start()
        self.acts.start()
        return self

    def more_acts(self):
        """One more acts process on the same data."""
        process = Process("acts", self.acts.folder, **self.acts.env).start()
        self.extra.append(process)
        return process

    def stop(self):
        codes = [process.stop() for process in [self.users, self.acts] + self.extra]
        assert all(code in (0, None) for code in codes), codes

    def restart_crashed(self):
        for process in (self.users, self.acts):
            if process.process is None or request(process.port, "/api/v1/_count").status == 500:
                process.restart()

    @property
    def users_port(self):
        return self.users.port

    @property
    def acts_port(self):
        return self.acts.port


MODES = {"native": Native, **services_contained.MODES}


def quote(name):
    return urllib.parse.quote(name, safe="")


class Api:
    """The API as its clients see it."""

    def __init__(self, mode):
        self.mode = mode

    def port_of(self, path):
        return self.mode.users_port if path.startswith("/api/v1/users") else self.mode.acts_port

    def raw(self, service="acts", timeout=15):
        return RawClient(self.mode.users_port if service == "users" else self.mode.acts_port, timeout=timeout)

    def call(self, method, path, body=None, port=None, text=None, headers=None):
        """body: JSON to be written; text: bytes as they are."""
        path = "/api/v1" + path
        if body is not None:
            text = json.dumps(body).encode()
        return request(port or self.port_of(path), path, method, text, headers, timeout=60)

    def expect(self, status, method, path, body=None, **how):
        """Calls, wants this status, and gives the reply's JSON (None: an empty body)."""
        reply = self.call(method, path, body, **how)
        assert reply.status == status, (method, path, reply)
        assert reply.get("Access-Control-Allow-Origin") == "*", reply
        if status >= 400:
            assert list(reply.json()) == ["error"] and reply.json()["error"], reply
        return reply.json() if reply.body else None

    def add_user(self, name):
        assert self.expect(201, "POST", "/users", {"username": name, "password": PASSWORD}) == {}

    def add_category(self, name):
        assert self.expect(201, "POST", "/categories", [name]) == {}

    def act(self, number=1, **changes):
        act = {"actId": number, "username": "ann", "timestamp": "01-02-2024:03-04-05", "caption": f"act {number}",
               "categoryName": "garden", "imgB64": PICTURE}
        act.update(changes)
        return act

    def add_act(self, number, port=None, **changes):
        assert self.expect(201, "POST", "/acts", self.act(number, **changes), port=port) == {}

    def acts(self, category, query=""):
        return self.expect(200, "GET", f"/categories/{quote(category)}/acts{query}")

    def ids(self, category, query=""):
        return [act["actId"] for act in self.acts(category, query)]

    def stage(self):
        """ann, and the category garden."""
        self.add_user("ann")
        self.add_category("garden")
        return self

    def clear(self):
        for name in self.call("GET", "/categories").json() if self.call("GET", "/categories").body else {}:
            self.expect(200, "DELETE", f"/categories/{quote(name)}")
        for name in self.call("GET", "/users").json() if self.call("GET", "/users").body else []:
            self.expect(200, "DELETE", f"/users/{quote(name)}")


@pytest.fixture(scope="module", params=list(MODES))
def api_mode(request, store, tmp_path_factory):   # pylint: disable=unused-argument
    services_contained.skip_if_not_for(request.param, request.module.__name__)
    mode = MODES[request.param](tmp_path_factory.mktemp("api"))
    try:
        yield mode.start()
    finally:
        mode.stop()


@pytest.fixture
def api(api_mode):
    if api_mode.private:
        api_mode.restart_crashed()
    made = Api(api_mode)
    made.clear()
    return made


@pytest.fixture
def native(store, tmp_path):   # pylint: disable=unused-argument
    """A maker of applications of plain processes that the scenario may hurt: `native(MAX_BODY_BYTES=100)`."""
    made = []

    def make(**env):
        made.append(Native(tmp_path / str(len(made)), **env))
        return Api(made[-1].start())

    yield make
    for mode in made:
        mode.stop()


def wait_reply(call, status, deadline_s=10):
    return wait_until(lambda: call().status == status, deadline_s, f"a reply {status}")


def elapsed(call):
    begin = time.monotonic()
    call()
    return time.monotonic() - begin
