"""What the documents say is so: the example of one's own image is run, files that are named exist, configurations are accepted."""

import base64
import calendar
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from harness.images import build_dir
from harness.orchestrator import run_binary
from harness.ports import free_ports
from harness.wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)


def test_files_that_are_named_exist():
    named = {word for path in DOCUMENTS for word in re.findall(r"\b(?:tests|orchestrator|services|common|docker|docs)/[\w./-]*\w\.\w+",
                                                               path.read_text(encoding="utf-8"))}
    scenarios = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")))
    assert len(named) > 5 and len(scenarios) > 15
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [name for name in scenarios if not (ROOT / "tests" / "integration" / name).exists()]
    assert missing == []


@pytest.mark.parametrize("number", range(2))
def test_configurations_of_two_hosts(tmp_path, number):
    config = tmp_path / "config.json"
    config.write_text(blocks(ROOT / "docs" / "operating.md", "json")[number])
    done = run_binary("--check", "-c", config)
    assert done.returncode == 0, done.stderr


def test_an_act_with_a_picture_by_curl(application, tmp_path):
    """docs/api.md from top to bottom: it names every request that the services know, and its lines work as they stand."""
    page = ROOT / "docs" / "api.md"
    site = application()
    lines, = blocks(page, "sh")
    begin = time.time()
    done = subprocess.run(["bash", "-euc", lines], cwd=tmp_path, env=dict(os.environ, SELFLESS_URL=f"http://127.0.0.1:{site.orchestrator.port}"),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    act, = json.loads(done.stdout[done.stdout.index("["):])
    picture = (tmp_path / "tree.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and base64.b64decode(act["imgB64"]) == picture
    assert (act["actId"], act["username"], act["caption"], act["upvotes"]) == (1, "ada", "planted a tree", 1)
    assert abs(calendar.timegm(time.strptime(act["timestamp"], "%d-%m-%Y:%S-%M-%H")) - begin) < 60
    assert set(act) == {"actId", "username", "timestamp", "caption", "upvotes", "imgB64"}


def test_every_request_of_the_services_is_documented():
    """The tables of routes in the sources against the one in docs/api.md."""
    table = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    documented = {(method, re.sub("NAME|ACT-ID", "*", path)) for method, path in
                  re.findall(r"^\| `(GET|POST|DELETE) (/api/v1/[\w/-]+)", table, re.M)}
    routed = {(method, re.sub(r"\{\w+\}", "*", path)) for source in (ROOT / "services").glob("*/*_api.c") for method, path in
              re.findall(r'\{HTTP_(\w+), "(/api/v1/[^"]*)"', source.read_text(encoding="utf-8"))}
    assert len(routed) > 8 and documented == routed


@pytest.mark.skipif(not os.path.exists("/usr/sbin/nginx"), reason="the example is nginx-light's")
def test_own_image(docker, tmp_path):
    """With names and ports of its own, so that whoever follows the document is not in the way."""
    name = f"hello-{os.getpid()}"
    port, admin, first = free_ports(), free_ports(), free_ports(8)
    page = ROOT / "docs" / "own-image.md"
    make, use = (text.replace("hello_0", f"{name}_0").replace("--tag hello ", f"--tag {name} ").replace(":8088", f":{port}")
                 for text in blocks(page, "sh"))
    subprocess.run(["bash", "-euc", make], cwd=tmp_path, check=True, timeout=120)
    config = json.loads(blocks(page, "json")[0])
    config.update(name=name, listen=f"127.0.0.1:{port}", admin=f"127.0.0.1:{admin}")
    config["services"][0].update(name=name, image=name, first_port=first)
    (tmp_path / "hello.json").write_text(json.dumps(config))
    path = f"{build_dir() / 'orchestrator'}:{os.environ['PATH']}"
    script = use + f"curl -s http://127.0.0.1:{port}/ http://127.0.0.1:{port}/; kill -INT %1; wait %1"
    try:
        done = subprocess.run(["bash", "-mc", script], cwd=tmp_path, env=dict(os.environ, PATH=path), capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        assert done.stdout.count("Hello from a container.") == 4, done.stdout
        wait_until(lambda: docker.list(f"selfless.name={name}") == [], 20, "all containers are gone")
    finally:
        docker.remove_labelled(f"selfless.name={name}")
        subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)
        shutil.rmtree(tmp_path / "hello", ignore_errors=True)
