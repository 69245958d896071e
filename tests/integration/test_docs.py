"""What the documents say is so: the example of one's own image is run as it stands there, files that are named exist, every
configuration is accepted."""

import os
import re
import threading

import pytest

from documents import DOCUMENTS, ROOT, blocks, configurations, shell_configurations
from harness.client import request
from harness.host import Host
from harness.images import build_dir
from harness.orchestrator import run_binary
from harness.wait import wait_until

CONFIGURATIONS = [(path.name, number, text) for path in DOCUMENTS
                  for number, text in enumerate(configurations(path) + shell_configurations(path))]


def test_files_that_are_named_exist():
    named = {word for path in DOCUMENTS for word in re.findall(r"\b(?:tests|orchestrator|services|common|docker|docs)/[\w./-]*\w\.\w+",
                                                               path.read_text(encoding="utf-8"))}
    scenarios = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")))
    assert len(named) > 5 and len(scenarios) > 15
    missing = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    missing += [name for name in scenarios if not (ROOT / "tests" / "integration" / name).exists()]
    assert missing == []


@pytest.mark.parametrize("name,number,text", CONFIGURATIONS, ids=[f"{name}-{number}" for name, number, _ in CONFIGURATIONS])
def test_every_configuration_is_accepted(tmp_path, name, number, text):
    del name, number
    config = tmp_path / "config.json"
    config.write_text(text, encoding="utf-8")
    done = run_binary("--check", "-c", config)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["README.md", "configuration.md"])
def test_what_is_called_the_built_in_configuration_is_that(tmp_path, name):
    path = next(path for path in DOCUMENTS if path.name == name)
    config = tmp_path / "config.json"
    config.write_text(configurations(path)[0], encoding="utf-8")
    assert run_binary("--print-config", "-c", config).stdout == run_binary("--print-config").stdout


class Reader(threading.Thread):
    """Who gets the page again and again; `wrong`: what was not the page."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.host, self.served, self.wrong, self.stopping = host, 0, [], threading.Event()

    def run(self):
        while not self.stopping.wait(0.005):
            try:
                reply = request(8088, "/", connect=lambda: self.host.connect(8088))
            except OSError as error:
                reply = error
            if getattr(reply, "body", b"") == b"Hello from a container.\n":
                self.served += 1
            else:
                self.wrong.append(reply)

    def stop(self):
        self.stopping.set()
        self.join(30)


@pytest.mark.skipif(not os.path.exists("/usr/sbin/nginx"), reason="the example is nginx-light's")
def test_own_image(tmp_path):
    """Every command as it is written, the last one again and again, while somebody else gets the page."""
    page = ROOT / "docs" / "own-image.md"
    make, use = blocks(page, "sh")
    home = tmp_path / "home"
    home.mkdir()
    host = Host(tmp_path / "host")
    try:
        host.start_dockerd()
        host.run(f"set -eu\n{make}", cwd=home, timeout=120)
        (home / "hello.json").write_text(configurations(page)[0], encoding="utf-8")
        *first, hurt = use.strip().splitlines()
        assert hurt.startswith("docker kill hello_0;")
        environment = {"PATH": f"{build_dir() / 'orchestrator'}:{os.environ['PATH']}"}
        host.run("\n".join(["exec >said 2>&1", "set -e", *first]), cwd=home, timeout=60, env=environment)
        assert "Hello from a container.\n" in (home / "said").read_text(encoding="utf-8")
        reader = Reader(host)
        reader.start()
        for _ in range(3):
            before = host.docker.inspect("hello_0")["Id"]
            assert host.run(hurt, cwd=home).stdout.endswith("Hello from a container.\n")
            wait_until(lambda seen=before: host.text("docker ps --quiet --no-trunc --filter name=^hello_0$") not in ("", seen), 30,
                       "another hello_0")
        reader.stop()
        assert reader.wrong == [] and reader.served > 50
        host.run("kill -INT $(pidof orchestrator)")
        wait_until(lambda: host.text("docker ps --all --quiet") == "", 30, "all containers are gone")
    finally:
        host.close()
