"""Faults of the night: `orchestrator status` shows the one sentence that docs/operating.md lists, with what to do, in 200 characters at most."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from documents import ROOT
from harness.client import request
from harness.docker import DockerError
from harness.mounts import small_disk
from harness.orchestrator import run_binary
from harness.wait import wait_until

MOST = 200
HEADING = "## At night: what `orchestrator status` says"


# what to do is in the words of a probe, of the engine, of the fault behind it
OTHERS_SAY_WHAT_TO_DO = ("wrong port", "wrong health path", "volume gone", "the engine is away", "a roll fails")


def rows():
    """{fault: sentence with {what others say} in it}"""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").split(HEADING, 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE)
    return {fault: sentence for fault, sentence in found if fault not in ("fault", "---")}


ROWS = rows()
DISK_REMEDY = re.compile(r"(?<=cannot be written \(\{words\}\): )[^;]+")      # write_fault.c has them
WORDS_ALONE = ("{name}", "{image}", "{number}")


def sentence_of(fault, text):
    """The row's sentence as it stands in the text; None: it does not."""
    parts = re.split(r"(\{[^}]*\})", ROWS[fault])
    pattern = "".join(r"\S+?" if part in WORDS_ALONE else ".+?" if part[:1] == "{" else re.escape(part) for part in parts)
    found = re.search(pattern, text)
    return found and found[0]


def wait_says(orchestrator, fault, *words):
    """Until status says the row's sentence, with these words in it; gives what it says."""
    def said():
        for line in orchestrator.status("--lately").splitlines():
            sentence = sentence_of(fault, line)
            if sentence and all(word in sentence for word in words):
                return sentence
        return None
    try:
        sentence = wait_until(said, 60, ROWS[fault])
    except AssertionError as error:
        raise AssertionError(f"{error}\n{orchestrator.status()}\n{orchestrator.log()[-3000:]}") from None
    assert len(sentence) <= MOST, sentence
    return sentence


def test_the_table():
    """Eighteen rows, for logs and state have their own; each says what to do."""
    assert len(ROWS) == 18
    causes = (ROOT / "orchestrator" / "fleet" / "cause.h").read_text(encoding="utf-8")
    causes = re.sub(r'"\s*\\\n\s*"', "", causes).replace('\\"', '"')
    for fault, sentence in ROWS.items():
        assert len(sentence) <= MOST and re.search(r"[:;] |\?$", sentence), fault
        if fault not in OTHERS_SAY_WHAT_TO_DO:
            assert f'"{DISK_REMEDY.sub("{remedy}", sentence)}"' in causes, fault


# --- refused, or never ready: one service each, all at once ---

@pytest.fixture(scope="module")
def ill(shared_orchestrate, backend_image, docker, tmp_path_factory):
    """{fault: service}, and the orchestrator."""
    made, health = shared_orchestrate(), {"start_ms": 1500}
    repository = backend_image.partition(":")[0]
    volume = f"{made.name}_gone"
    docker.call_json("POST", "/volumes/create", {"Name": volume, "DriverOpts": {
        "type": "none", "o": "bind", "device": str(tmp_path_factory.mktemp("volume") / "gone")}})
    faults = {
        "wrong image": ("selfless-test-no-such-image", {}),
        "wrong tag": (f"{repository}:no-such-tag", {}),
        "wrong port": (backend_image, {"port": 8001}),
        "wrong health path": (backend_image, {"health": {"path": "/status?code=404", **health}}),
        "the program exits": (backend_image, {"env": {"LISTEN": "nonsense"}}),
        "volume gone": (backend_image, {"volumes": [f"{volume}:/static"]}),
        "name taken": (backend_image, {}),
        "port taken": (backend_image, {}),
    }
    services = {}
    for number, (fault, (image, settings)) in enumerate(faults.items()):
        services[fault] = made.add_service(f"s{number}", image, 1, routes=[f"/{number}"], **{"health": health, **settings})
    stranger = docker.run(f"{services['name taken']}_0", backend_image)
    holder = docker.run(f"{made.name}-holder", backend_image, host_port=made.slot_port(services["port taken"], 0))
    made.spawn()
    try:
        yield made, services
    finally:
        made.close()
        for container in (stranger, holder):
            docker.remove(container)
        docker.call("DELETE", f"/volumes/{volume}")


WORDS = {
    "wrong image": ["selfless-test-no-such-image"],
    "wrong tag": [":no-such-tag"],
    "wrong health path": ["404 on /status"],
    "volume gone": ["_gone"],
    "the program exits": ["code 1", "nonsense"],
}


@pytest.mark.parametrize("fault", ["wrong image", "wrong tag", "wrong port", "wrong health path", "the program exits", "volume gone",
                                   "name taken", "port taken"])
def test_of_a_slot(ill, fault):
    """It stands in the slot's own line, with the tries and the time to the next one, which runs down."""
    orchestrator, services = ill
    service = services[fault]

    def line():
        return next((line for line in orchestrator.status().splitlines()
                     if line.startswith(f"{service} slot 0: ") and sentence_of(fault, line)), "")
    found = wait_until(lambda: sentence_of(fault, line()) and re.search(r"tr(y|ies), the next one in \d+ m?s\)$", line()) and line(),
                       60, f"{fault}: {ROWS[fault]}")
    sentence = sentence_of(fault, found)
    assert len(sentence) <= MOST and all(word in sentence for word in WORDS.get(fault, []))
    assert found.startswith(f"{service} slot 0: {sentence} (")
    retries = set()
    wait_until(lambda: retries.add((slot := orchestrator.slots(service)[0])["retry_in_ms"]) or len(retries - {None}) > 3, 30,
               "the time to the next try runs down")


# --- one that serves is hurt ---

def container_pid(docker, container):
    return docker.inspect(container)["State"]["Pid"]


def test_out_of_memory(web):
    orchestrator, service = web(1, memory_mb=64)
    with contextlib.suppress(OSError, http.client.HTTPException):
        request(orchestrator.slot_port(service, 0), "/eat?mb=200", timeout=10)
    wait_until(lambda: "event=ended" in orchestrator.log(), 30, "how it ended is known")
    if "oom=no" in orchestrator.log():
        pytest.skip("this kernel does not tell Docker; test_supervisor_causes.c has it")
    wait_says(orchestrator, "out of memory", "limit of 64 MB")


def test_killed_and_nobody_says_why(web, docker):
    """Docker tells of the signals that it sends, and of want of memory where it knows; so of this kill nobody tells."""
    orchestrator, service = web(1, memory_mb=64)
    os.kill(container_pid(docker, orchestrator.ids(service)[0]), signal.SIGKILL)
    wait_says(orchestrator, "killed, and Docker does not say why", "64 MB")
    orchestrator.wait_slots(service, 1)


def test_network_gone(web, docker):
    orchestrator, service = web(1)
    container = orchestrator.ids(service)[0]
    docker.call("POST", f"/networks/{orchestrator.name}/disconnect", json.dumps({"Container": container, "Force": True}),
                {"Content-Type": "application/json"})
    docker.call("DELETE", f"/networks/{orchestrator.name}")
    with contextlib.suppress(DockerError):       # no probe gets to it, so it may have been replaced by now
        docker.kill(container)
    wait_says(orchestrator, "network gone")
    orchestrator.wait_slots(service, 1)


def test_hang(web, docker):
    orchestrator, service = web(1, health={"interval_ms": 200, "timeout_ms": 200})
    os.kill(container_pid(docker, orchestrator.ids(service)[0]), signal.SIGSTOP)
    wait_says(orchestrator, "the program hangs", "no answer within")
    orchestrator.wait_slots(service, 1)


def test_reload_and_roll(web):
    orchestrator, service = web(1)
    text = orchestrator.config_path.read_text()
    line = text[:text.index('"services": [')].count("\n") + 1
    orchestrator.config_path.write_text(text.replace('"services": [', '"services": [}', 1))
    assert run_binary("reload", "-c", orchestrator.config_path).returncode == 1
    wait_says(orchestrator, "a bad file is reloaded", f"config.json:{line}:")
    orchestrator.write_config()
    good = orchestrator.image(service)
    orchestrator.settings(service)["image"] = "selfless-test-no-such-image"
    orchestrator.write_config()
    assert run_binary("reload", "-c", orchestrator.config_path).returncode == 0
    line = wait_until(lambda: next((line for line in orchestrator.status().splitlines() if "its last roll failed" in line), None), 30,
                      "the roll fails")
    before = ROWS["a roll fails"].split("{", 1)[0]
    sentence = line.removeprefix(f"{service}: ")
    assert sentence.startswith(before) and len(sentence) <= MOST
    assert sentence_of("wrong image", sentence) == sentence.removeprefix(before)
    assert (f"{service} slot 0: runs {good}, configured is selfless-test-no-such-image: the roll to the configured one failed"
            in orchestrator.status())
    orchestrator.settings(service)["image"] = good
    orchestrator.write_config()
    assert run_binary("reload", "-c", orchestrator.config_path).returncode == 0
    wait_until(lambda: "its last roll failed" not in orchestrator.status() and "configured is" not in orchestrator.status(), 30,
               "what is configured serves: nothing failed that still stands")


# --- the orchestrator's own ---

def test_engine_away(orchestrate, backend_image):
    orchestrator = orchestrate(docker_socket=f"/tmp/selfless-no-docker-{os.getpid()}.sock")
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.spawn()
    wait_until(lambda: "event=engine-down" in orchestrator.log(), 30, "the engine is missed")
    sentence = wait_says(orchestrator, "the engine is away", "selfless-no-docker", "No such file", "systemctl start docker")
    assert "THE ENGINE DOES NOT ANSWER" in orchestrator.status() and f"engine: {sentence}" in orchestrator.status()


def test_disk_full(orchestrate, backend_image):
    orchestrator = orchestrate()
    with small_disk(orchestrator.folder / "state", "64k") as state:
        service = orchestrator.add_service("web", backend_image, 1)
        orchestrator.config["access_log"] = str(state / "access.log")
        orchestrator.start()
        subprocess.run(["dd", "if=/dev/zero", f"of={state}/ballast", "bs=1k"], check=False, capture_output=True)
        orchestrator.docker.kill(orchestrator.ids(service)[0])
        orchestrator.wait_slots(service, 1)

        def asked(fault):
            for _ in range(50):
                orchestrator.get("/fast")
            return wait_says(orchestrator, fault, "No space left on device")
        assert f"state: {asked('disk full: state_dir')}" in orchestrator.status()
        assert "access-log: the access log" in orchestrator.status() and asked("disk full: access log")
        orchestrator.close()


def test_the_folder_of_the_access_log_goes(orchestrate, backend_image):
    """Not for want of room."""
    orchestrator = orchestrate()
    logs = orchestrator.folder / "logs"
    logs.mkdir()
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.config["access_log"] = str(logs / "access.log")
    orchestrator.start()
    shutil.rmtree(logs)

    def asked():
        orchestrator.get("/fast")
        return "access-log: " in orchestrator.status()
    wait_until(asked, 20, "it is told")
    wait_says(orchestrator, "folder gone: access log", "No such file or directory")
    logs.mkdir()
    wait_until(lambda: not asked(), 40, "it is well")
