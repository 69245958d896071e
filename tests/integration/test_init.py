"""`orchestrator init IMAGE` tries the image once and writes a configuration that heals and scales it, or says in a sentence what is
the matter and what to do. Whatever happens, the container is gone afterwards."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from harness import images
from harness.orchestrator import binary, run_binary
from harness.wait import wait_until

PROGRAM = ['ENTRYPOINT ["/backend"]']


@pytest.fixture(name="image")
def _image(docker):
    """A maker of images of the scripted backend that say of themselves what they are told to."""
    return lambda *changes: images.made_image(docker, "init", {"/backend": (images.backend_binary().read_bytes(), 0o755)},
                                              [*PROGRAM, *changes])


@pytest.fixture(autouse=True)
def _nothing_stays(docker):
    """Of this file's trials; somebody else's may be under way."""
    yield
    assert [c["Names"] for c in docker.list("selfless.name=selfless-init") if c["Names"][0].lstrip("/") in _tried] == []


_tried = set()
REMAIN_S = 60   # what is older is no trial under way any more


@pytest.fixture(name="remains", scope="module", autouse=True)
def _remains(docker, backend_image):
    """What trials that were killed have left, made before all others of this file; and when."""
    left = {state: f"selfless-init_left-{state}-{os.getpid()}" for state in ("created", "exited")}
    for state, name in left.items():
        container = docker.create(name, backend_image, labels={"selfless.name": "selfless-init", "selfless.service": "trial"},
                                         env=["LISTEN=nonsense"])
        if state == "exited":
            docker.start(container)
    yield list(left.values()), time.monotonic()
    for name in left.values():
        docker.remove(name)


def init(*arguments):
    done = run_binary("init", *arguments)
    _tried.update(re.findall(r"as container (\S+)", done.stderr))
    return done


def drafted(done):
    """Without its comments."""
    assert done.returncode == 0, done.stderr
    return json.loads(re.sub(r"^\s*//.*$", "", done.stdout, flags=re.M))


def test_what_it_makes_heals_and_scales(orchestrate, image):
    done = init(image("EXPOSE 8000"), "--health", "/_health", "--name", "tried")
    config = drafted(done)
    assert "answered well on port 8000 at /_health" in done.stderr
    service = config["services"][0]
    assert (service["name"], service["port"], service["health"]["path"]) == ("tried", 8000, "/_health")
    orchestrator = orchestrate()
    service["name"] = name = f"{orchestrator.name}-tried"
    service["scale"]["requests_per_container"] = 20
    orchestrator.config["services"].append(service)
    orchestrator.start()
    first = orchestrator.ids(name)[0]
    orchestrator.docker.kill(first)
    assert orchestrator.get("/fast").status == 200
    wait_until(lambda: orchestrator.ids(name).get(0) not in (None, first), 30, "another container")
    for _ in range(30):
        orchestrator.get("/fast")
    orchestrator.wait_slots(name, 2)


def test_what_the_image_says_is_used(image):
    done = init(image("EXPOSE 7000", "EXPOSE 53/udp", "ENV LISTEN=0.0.0.0:7000,0.0.0.0:7001", "USER 10001", "VOLUME /data",
                      "HEALTHCHECK CMD /backend http://localhost:7000/_health"))
    service = drafted(done)["services"][0]
    assert (service["port"], service["health"]["path"]) == (7000, "/_health")
    assert service["volumes"] == [f"{service['name']}_data:/data"]
    assert "exposes 7000, has a HEALTHCHECK, runs as user 10001" in done.stderr


def test_a_port_that_nobody_named_is_found(image):
    service = drafted(init(image("ENV LISTEN=0.0.0.0:7123")))["services"][0]
    assert (service["port"], service["health"]["path"]) == (7123, "/")


def test_variables_reach_the_program_and_the_file(image):
    service = drafted(init(image(), "-e", "LISTEN=0.0.0.0:7321", "--env", "WORDS=a \"b\""))["services"][0]
    assert service["port"] == 7321
    assert service["env"] == {"LISTEN": "0.0.0.0:7321", "WORDS": 'a "b"'}


@pytest.mark.skipif(not os.path.exists("/usr/sbin/nginx"), reason="it needs nginx-light")
def test_who_ends_when_told_to_is_told_apart(docker, image):
    """A first process without a handler for SIGTERM does not hear it."""
    config = drafted(done := init(image("ENV DEAF=1")))
    assert "did not end within 2 s of SIGTERM" in done.stderr and config["stop_ms"] == 2000
    listed = {**images.program_files("/usr/sbin/nginx"), "/etc/passwd": (b"nobody:x:65534:65534::/:/bin/sh\n", 0o644),
              "/etc/group": (b"nogroup:x:65534:\n", 0o644), "/var/lib/nginx/.keep": (b"", 0o644), "/var/log/nginx/.keep": (b"", 0o644),
              "/tmp/.keep": (b"", 0o644),
              "/nginx.conf": (b"daemon off; pid /tmp/pid; error_log stderr; events {} http { access_log off; server { listen 81; "
                              b"location = /health { return 204; } location / { return 404; } } }", 0o644)}
    well = images.made_image(docker, "init-nginx", listed, ['CMD ["/usr/sbin/nginx", "-c", "/nginx.conf"]'])
    config = drafted(done := init(well))
    assert re.search(r"ended [01]\.\d s after SIGTERM", done.stderr), done.stderr
    assert "stop_ms" not in config
    assert (config["services"][0]["port"], config["services"][0]["health"]["path"]) == (81, "/health")


REFUSALS = [
    ("on loopback", ["ENV LISTEN=127.0.0.1:7000"], [], "the program listens on 127.0.0.1 alone (port 7000)"),
    ("two ports", ["ENV LISTEN=0.0.0.0:7000,0.0.0.0:7001"], [], "several ports: say which one is meant, with --port (700"),
    ("another port", ["EXPOSE 7000"], ["--port", "7000"], "nothing listens on port 7000; it does on 8000"),
    ("a path that is not there", [], ["--health", "/status?code=404"], "status 404 on /status?code=404"),
    ("it ends", ["ENV LISTEN=nowhere"], [], "with exit code 1"),
    ("no such program", ['ENTRYPOINT ["/nothing"]'], [], "/nothing"),
]


@pytest.mark.parametrize("changes,arguments,words", [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_what_is_the_matter_is_said(image, changes, arguments, words):
    done = init(image(*changes), *arguments)
    assert done.returncode == 1 and done.stdout == ""
    assert words in done.stderr.splitlines()[-1], done.stderr


def test_last_words_are_shown(image):
    done = init(image("ENV LISTEN=nowhere"))
    assert "  | backend: LISTEN=nowhere: address:port expected" in done.stderr, done.stderr


def test_an_image_that_is_not_there(image):
    there = image()
    done = init(there.replace("test", "tset"))
    assert done.returncode == 1 and f'did you mean "{there.split(":", maxsplit=1)[0]}' in done.stderr, done.stderr
    done = init("no.example/nothing-of-the-kind:9")
    assert done.returncode == 1 and "docker pull no.example/nothing-of-the-kind:9" in done.stderr, done.stderr


def test_a_file_that_is_there_is_not_touched(image, tmp_path):
    path = tmp_path / "my.json"
    done = init(image(), "-o", path)
    assert done.returncode == 0 and done.stdout == "" and str(path) in done.stderr
    text = path.read_text(encoding="utf-8")
    assert run_binary("--check", "-c", path).returncode == 0
    path.write_text(f"{text}\n// mine\n", encoding="utf-8")
    done = init(image(), "-o", path)
    assert done.returncode == 1 and "not overwritten" in done.stderr and "container" not in done.stderr
    assert path.read_text(encoding="utf-8").endswith("// mine\n")


def test_without_docker(image):
    hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh", str(binary()), "init", image()]
    done = subprocess.run(hidden, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "Docker does not answer" in done.stderr and "/var/run/docker.sock" in done.stderr, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing(docker, image, number):
    with subprocess.Popen([str(binary()), "init", image("ENV LISTEN=127.0.0.1:1")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        name = next(match[1] for match in (re.search(r"as container (\S+)", line) for line in process.stderr) if match)
        _tried.add(name)
        wait_until(lambda: [c for c in docker.list("selfless.name=selfless-init") if c["Names"] == [f"/{name}"] and c["State"] == "running"],
                   20, "the container runs")
        process.send_signal(number)
        said, errors = process.communicate(timeout=30)
    assert process.returncode == 1 and said == "" and "given up" in errors, errors


@pytest.mark.parametrize("arguments,words", [
    ([], "IMAGE is missing"), (["a", "--port", "70000"], "65535"), (["a", "--health", "x"], "must begin with /"),
    (["a", "--name", "a b"], "letters"), (["a", "-e", "x"], "KEY=VALUE"), ([""], "must not be empty")])
def test_usage(arguments, words):
    done = init(*arguments)
    assert done.returncode == 2 and words in done.stderr, done.stderr


@pytest.mark.parametrize("arguments", [["--port", "80"], ["--image", "a", "--check"], ["--image", "a", "-c", "b"], ["--image", "a", "status"]])
def test_options_of_an_image_go_with_one(arguments):
    assert run_binary(*arguments).returncode == 2


def test_what_killed_trials_left_is_removed(docker, image, remains):
    """Last, for what is younger might be another trial's that is under way."""
    names, made = remains
    time.sleep(max(0, made + REMAIN_S + 2 - time.monotonic()))
    assert init(image("EXPOSE 8000"), "--health", "/_health").returncode == 0
    assert [c["Names"] for c in docker.list("selfless.name=selfless-init") if c["Names"][0].lstrip("/") in names] == []
