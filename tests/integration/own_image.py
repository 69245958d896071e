"""docs/own-image.md typed as it stands there: from an image of somebody's own to one that is served, healed and scaled."""

import contextlib
import http.client
import json
import re
import threading
import time

from harness.client import request
from harness.images import ROOT
from harness.wait import wait_until

HELLO = "Hello from a container.\n"
PORT = 8088
MINUTES = 10
TYPED_S = 300


class Reader(threading.Thread):
    """Who gets the page again and again; `wrong`: what was not the page."""

    def __init__(self, connect):
        super().__init__(daemon=True)
        self.connect, self.served, self.wrong, self.stopping = connect, 0, [], threading.Event()

    def run(self):
        while not self.stopping.wait(0.02):
            try:
                reply = request(PORT, "/", connect=self.connect)
            except (OSError, http.client.HTTPException) as error:
                reply = error
            if getattr(reply, "body", b"") == HELLO.encode():
                self.served += 1
            else:
                self.wrong.append(reply)

    def stop(self):
        self.stopping.set()
        self.join(30)


class Page:
    """One of docs/, for what it has to type."""

    def __init__(self, name):
        self._text = (ROOT / "docs" / name).read_text(encoding="utf-8")

    def blocks(self, language):
        return re.findall(rf"^```{language}\n(.*?)^```$", self._text, re.M | re.S)

    def needed(self):
        """The packages that its lines need: in the middle of a sentence."""
        return re.search(r"`(apt-get install [^`]*)`", self._text)[1]

    def without_a_file(self):
        """In the middle of a sentence, too."""
        return re.search(r"`(orchestrator --image hello [^`]*)`", self._text)[1].replace("\n", " ")


def settings(text):
    """Without comments; `listen` in its long form."""
    config = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
    config["listen"] = [config["listen"]] if isinstance(config["listen"], str) else config["listen"]
    return config


class Typist:
    """Who types on a host (harness.host.Host, or what can be used as it). `home` is a folder by its name there, `seen` by its name here."""

    def __init__(self, host, home, seen, environment=""):
        self.host, self.home, self.seen, self.environment = host, home, seen, environment

    def type_in(self, command, folder=".", check=True):
        """What was to be seen. What is started in the background goes on."""
        strictly = "set -e\n" if check else ""
        done = self.host.run(f"{self.environment}\nexec >{self.home}/said 2>&1\n{strictly}{command}", cwd=f"{self.home}/{folder}",
                             timeout=TYPED_S, check=False)
        text = (self.seen / "said").read_text(encoding="utf-8")
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}{text}"
        return text

    def containers(self):
        return self.host.text("docker ps --quiet --no-trunc --filter label=selfless.service=hello").split()

    def another_serves(self, before):
        """One, and none of those."""
        wait_until(lambda: (now := self.containers()) and not set(now) & set(before), 30, "another container")

    def end(self):
        """As the page's last line has it."""
        self.host.run("kill -INT $(pidof orchestrator)")
        wait_until(lambda: self.host.text("docker ps --all --quiet") == "", 30, "all containers are gone")


@contextlib.contextmanager
def read_by_others(host):
    """Somebody else reads the page meanwhile, and always gets it."""
    reader = Reader(lambda: host.connect(PORT))
    reader.start()
    try:
        yield
    finally:
        reader.stop()
    assert reader.wrong == [] and reader.served >= 3, (reader.served, reader.wrong[:5])


def walk(page, typist):
    """All five steps; the minutes that they took, without the time to read."""
    begin = time.monotonic()
    make, init, serve, heal, scale = page.blocks("sh")
    typist.type_in(make)
    assert "hello.json: written" in typist.type_in(init, "hello")
    written = (typist.seen / "hello" / "hello.json").read_text(encoding="utf-8")
    assert settings(written) == settings(page.blocks("json")[0])
    assert HELLO in typist.type_in(serve, "hello")
    with read_by_others(typist.host):
        for _ in range(3):
            before = typist.containers()
            assert typist.type_in(heal, "hello", check=False).endswith(HELLO)
            typist.another_serves(before)
    typist.type_in(scale, "hello")
    wait_until(lambda: len(typist.containers()) >= 3, 30, "three containers")
    minutes = (time.monotonic() - begin) / 60
    assert minutes < MINUTES
    return minutes
