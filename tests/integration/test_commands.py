"""orchestrator status, scale, replace, roll, drain: they speak to the one that runs, and say what to do where they cannot."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from harness import sanitizer
from harness.client import request
from harness.orchestrator import binary, run_binary
from harness.ports import free_ports
from harness.processes import is_alive
from harness.terminal import Terminal, plain
from harness.wait import wait_until

TOKEN = "a-token-of-the-tests-0123456789"


def run(orchestrator, *args):
    return run_binary(args[0], "-c", orchestrator.config_path, *args[1:])


def good(orchestrator, *args):
    done = run(orchestrator, *args)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def refused(done, code, *words):
    assert done.returncode == code and not done.stdout, done
    for word in words:
        assert word in done.stderr, done.stderr
    return True


# --- status ---


def test_status_shows_what_the_api_says(processes):
    orchestrator, service = processes(3)
    for _ in range(6):
        orchestrator.get("/fast")
    lines = [line.split() for line in good(orchestrator, "status").splitlines()]
    assert lines[0][:2] == [f"{orchestrator.name}:", "version"]
    about = next(line for line in lines if line[:1] == [service])
    assert about[:4] == [service, "3", "3", "3-3"]
    slots = {line[1]: line for line in lines if line[:1] == [service] and line[2] == "ready"}
    assert {int(slot): line[4] for slot, line in slots.items()} == {
        slot: key[:12] for slot, key in orchestrator.ids(service).items()}
    assert all(line[-6:-4] == ["0", "2"] and line[-3] == "ms" for line in slots.values()), slots


def test_status_as_json(processes):
    orchestrator, service = processes(1)
    shown = json.loads(good(orchestrator, "status", "--json"))
    assert shown["name"] == orchestrator.name and shown["services"][0]["name"] == service


def test_status_where_nothing_is_ready(processes, tmp_path):
    orchestrator, service = processes(1)
    orchestrator.stop(signal.SIGINT)
    orchestrator.settings(service)["command"] = [str(tmp_path / "missing")]
    orchestrator.spawn()
    wait_until(lambda: "reason=no-image" in orchestrator.log(), 10, "the reason")
    done = run(orchestrator, "status")
    assert done.returncode == 3 and f"cannot run {tmp_path}/missing" in done.stdout, done
    assert run(orchestrator, "status", "--json").returncode == 3


def test_nobody_answers():
    port = free_ports()
    assert refused(run_binary("status", "--admin", f"127.0.0.1:{port}"), 1, f"127.0.0.1:{port}", "refused", "--admin", "-c")
    assert refused(run_binary("roll", "x", "--admin", f"127.0.0.1:{port}"), 1, f"127.0.0.1:{port}")


def test_somebody_else_answers(processes):
    orchestrator, _ = processes(1)
    for command in ["status", "drain"]:
        done = run_binary(command, "--admin", f"localhost:{orchestrator.port}")
        assert refused(done, 1, f"localhost:{orchestrator.port}", "address")
    with socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            with server.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        thread = threading.Thread(target=answer)
        thread.start()
        assert refused(run_binary("status", "--admin", f"127.0.0.1:{server.getsockname()[1]}"), 1, "no orchestrator")
        thread.join()


def test_no_proxy_between(processes):
    orchestrator, _ = processes(1)
    env = {**os.environ, **sanitizer.ENVIRONMENT, "http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"}
    done = subprocess.run([binary(), "status", "-c", orchestrator.config_path], env=env, capture_output=True, timeout=30,
                          check=False)
    assert done.returncode == 0, done


def test_output_that_cannot_be_written(processes):
    orchestrator, _ = processes(1)
    with open("/dev/full", "w", encoding="ascii") as full:
        for command in [["status", "-c", orchestrator.config_path], ["man"], ["--help"], ["--print-config"]]:
            done = subprocess.run([binary(), *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30,
                                  check=False)
            assert done.returncode == 1 and "No space left" in done.stderr, (command, done)


# --- status --watch ---


def watch(orchestrator, *args, **settings):
    return Terminal([binary(), "status", "--watch", "-c", orchestrator.config_path, *args], **settings)


def test_watch_is_drawn_again_and_ends_on_interrupt(processes):
    orchestrator, service = processes(2)
    with watch(orchestrator) as terminal:
        terminal.read_until(lambda out: out.count(b"\033[H") >= 3)
        assert plain(terminal.output).count(f"{orchestrator.name}: version") >= 3
        assert b"\033[32mready" in terminal.output and service in plain(terminal.output)
        assert terminal.interrupt() == 0


def test_watch_follows_the_size_of_the_window(processes):
    orchestrator, _ = processes(3)
    with watch(orchestrator, rows=6, columns=40) as terminal:
        output = terminal.read_until(lambda out: out.count(b"\033[J") >= 1)
        frame = plain(output.split(b"\033[J")[0]).replace("\r", "").split("\n")
        assert len(frame) == 6 and frame[-1] == "" and "more lines" in frame[-2]
        assert max(map(len, frame)) < 40
        terminal.output = b""
        terminal.resize(50, 200)
        terminal.read_until(lambda out: b"more lines" not in out.split(b"\033[H")[-1] and b"DECIDES" in out)


def test_watch_without_colour(processes):
    orchestrator, _ = processes(1)
    with watch(orchestrator, env={"NO_COLOR": "1"}) as terminal:
        terminal.read_until(lambda out: out.count(b"\033[J") >= 2)
        assert not any(code in terminal.output for code in [b"\033[1m", b"\033[32m", b"\033[0m"])


def test_watch_goes_on_while_the_orchestrator_is_started_anew(processes):
    orchestrator, _ = processes(1)
    with watch(orchestrator) as terminal:
        terminal.read_until(lambda out: b"ready" in out)
        orchestrator.stop()
        terminal.read_until(lambda out: b"trying again" in out)
        terminal.output = b""
        orchestrator.start()
        terminal.read_until(lambda out: b"ready" in out)
        assert terminal.interrupt() == 0


@pytest.mark.parametrize("args", [[], ["--json"]])
def test_watch_into_a_pipe(processes, args):
    orchestrator, _ = processes(1)
    command = [binary(), "status", "--watch", "-c", orchestrator.config_path, *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        seen = 0
        while seen < 2:
            line = process.stdout.readline()
            assert line and "\033" not in line
            seen += orchestrator.name + ":" in line or f'"name":"{orchestrator.name}"' in line.replace(" ", "")
        process.stdout.close()
        assert process.wait(15) in (1, -13)      # nobody reads any more


# --- orders ---


def test_scale(processes):
    orchestrator, service = processes(None, scale={"min": 1, "max": 4, "window_s": 3600})
    assert "3" in good(orchestrator, "scale", service, "3")
    orchestrator.wait_slots(service, 3, 10)
    good(orchestrator, "scale", service, "1")
    orchestrator.wait_slots(service, 1, 10)
    assert refused(run(orchestrator, "scale", service, "5"), 1, "1..4")
    assert refused(run(orchestrator, "scale", "nobody", "2"), 1, "nobody")
    assert refused(run(orchestrator, "scale", f"{service}/roll?", "2"), 1, "no service")
    assert orchestrator.wanted(service) == 1


def test_replace(processes):
    orchestrator, service = processes(2)
    before = orchestrator.ids(service)
    good(orchestrator, "replace", service, "1")
    orchestrator.wait_replaced(service, 1, before[1], 20)
    assert orchestrator.ids(service)[0] == before[0]
    assert refused(run(orchestrator, "replace", service, "7"), 1, "7")


def test_roll(processes):
    orchestrator, service = processes(2)
    before = orchestrator.ids(service)
    good(orchestrator, "roll", service)
    wait_until(lambda: len(orchestrator.ids(service)) == 2
               and not set(orchestrator.ids(service).values()) & set(before.values()), 30, "two new ones")


def test_drain_finishes_what_is_in_flight(processes):
    orchestrator, service = processes(2)
    before = orchestrator.running(service)
    slow = http.client.HTTPConnection("127.0.0.1", orchestrator.port, timeout=30)
    slow.request("GET", "/slow?ms=5000")
    wait_until(lambda: orchestrator.fleet()["services"][0]["in_flight"] == 1, 5, "a request in flight")
    with subprocess.Popen([binary(), "drain", "-c", orchestrator.config_path], stdout=subprocess.PIPE, text=True) as drain:
        assert drain.stdout.readline() == "draining: 1 request in flight\n"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", orchestrator.port), 5)
        assert request(orchestrator.admin_port, "/api/drain", "POST").status == 202     # again: no more urgent
        reply = slow.getresponse()
        assert reply.status == 200 and reply.read()
        rest = drain.stdout.read()
        assert drain.wait(30) == 0 and "containers run on" in rest
    assert orchestrator.process.wait(10) == 0
    assert all(map(is_alive, before.values()))
    orchestrator.start()
    assert orchestrator.running(service) == before


def test_drain_is_refused_to_pages_of_strangers(processes):
    orchestrator, _ = processes(1)
    reply = request(orchestrator.admin_port, "/api/drain", "POST", headers={"Origin": "http://evil.example"})
    assert reply.status == 403
    assert request(orchestrator.admin_port, "/api/drain").status == 405
    assert orchestrator.get("/fast").status == 200


# --- token ---


@pytest.fixture
def guarded(processes, tmp_path):
    """Admin is on all addresses, so that it asks for the token."""
    orchestrator, _ = processes(1)
    orchestrator.stop()
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    orchestrator.config.update(admin=f"0.0.0.0:{orchestrator.admin_port}", admin_token_file=str(token))
    orchestrator.spawn()
    wait_until(orchestrator.listens, 10, "listens")
    return orchestrator


def test_the_token_of_the_configuration(guarded):
    wait_until(lambda: run(guarded, "status").returncode == 0, 15, "status")


def test_a_token_file(guarded, tmp_path):
    address = ["--admin", f"127.0.0.1:{guarded.admin_port}"]
    assert refused(run_binary("status", *address), 1, "--token-file")
    wrong = tmp_path / "wrong"
    wrong.write_text(TOKEN[:-1] + "x\n")
    wrong.chmod(0o600)
    assert refused(run_binary("status", *address, "--token-file", wrong), 1, "--token-file")
    assert run_binary("status", *address, "--token-file", tmp_path / "token").returncode in (0, 3)
    assert refused(run_binary("status", *address, "--token-file", tmp_path / "none"), 2, "--token-file", "none")
    (tmp_path / "short").write_text("x\n")
    assert run_binary("status", *address, "--token-file", tmp_path / "short").returncode == 2


# --- usage ---


@pytest.mark.parametrize("args, word", [
    (["status", "x"], "x"), (["status", "--colour"], "colour"), (["scale", "a"], "N is missing"),
    (["scale", "a", "-1"], "Try"), (["scale", "a", "1.5"], "1.5"), (["scale", "a", "1", "2"], "2"),
    (["replace", "a"], "SLOT"), (["roll"], "NAME"), (["roll", ""], "NAME"), (["drain", "x"], "x"), (["--check", "status"], "-c"),
    (["completion", "fish"], "bash"), (["help", "nobody"], "nobody"), (["stat"], "stat"),
    (["status", "--admin", "nowhere"], "ADDRESS:PORT"), (["status", "--admin", "a/b:1"], "ADDRESS:PORT"),
    (["status", "-c", "/nonexistent/x.json"], "x.json"),
])
def test_usage(args, word):
    assert refused(run_binary(*args), 2, word)


@pytest.mark.parametrize("args", [["status", "--help"], ["help", "status"], ["status", "-h"], ["-c", "x", "status", "--help"]])
def test_help_of_a_command(args):
    done = run_binary(*args)
    assert done.returncode == 0 and done.stdout.startswith("Usage: orchestrator status") and "--watch" in done.stdout


def test_the_configuration_may_come_first(processes):
    orchestrator, service = processes(1)
    done = run_binary("-c", orchestrator.config_path, "status", "--json")
    assert done.returncode == 0 and service in done.stdout


# --- completion ---


BASH = """
. <("$1" completion bash)
COMP_LINE=$2 COMP_POINT=${#2}
_orchestrator orchestrator "${2##*[ =]}" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(line):
    """What bash offers at the end of this line."""
    line = line.replace("orchestrator", str(binary()), 1)
    done = subprocess.run(["bash", "-c", BASH, "bash", binary(), line], capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr.replace("bash: line 4: compopt: not currently executing completion function\n", "") == "", done
    return done.stdout.split()


def test_completion_in_bash(processes, tmp_path):
    orchestrator, service = processes(2)
    config = f"-c {orchestrator.config_path}"
    assert complete("orchestrator st") == ["status"]
    assert {"status", "scale", "drain"} <= set(complete("orchestrator "))
    assert complete("orchestrator status --wa") == ["--watch"]
    assert complete(f"orchestrator roll {config} ") == [service]
    assert complete(f"orchestrator replace {config} {service} ") == ["0", "1"]
    assert complete(f"orchestrator roll --admin 127.0.0.1:{orchestrator.admin_port} ") == [service]
    assert complete("orchestrator completion ") == ["bash", "zsh"]
    (tmp_path / "some.json").write_text("")
    assert complete(f"orchestrator -c {tmp_path}/so") == [f"{tmp_path}/some.json"]
    orchestrator.stop()
    assert complete(f"orchestrator roll {config} ") == [service]        # from the configuration


def test_completion_script_is_clean_shell():
    script = run_binary("completion", "bash").stdout
    done = subprocess.run(["shellcheck", "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


SHELLS = {
    "bash": (["bash", "--norc", "-i"], ". <(orchestrator completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D; . <(orchestrator completion zsh)"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_typed(tmp_path, shell):
    """In the shell itself: what is typed, and a tab."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    (tmp_path / "orchestrator").symlink_to(binary())
    (tmp_path / "some.json").write_text("")
    command, setup = SHELLS[shell]
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "PS1": "", "TERM": "dumb"}
    with Terminal(command, columns=200, env=env) as terminal:
        terminal.type(f"{setup}; echo rea''dy\n")
        terminal.read_until(lambda out: b"ready" in out)
        for begun, whole in [("orchestrator stat\t--wat\t", b"orchestrator status --watch "),
                             ("orchestrator scale us\t", b"scale users "),
                             (f"orchestrator -c {tmp_path}/so\tstat\t", b"some.json status ")]:
            terminal.output = b""
            terminal.type(begun)
            terminal.read_until(lambda out, whole=whole: whole in out.replace(b" \x08", b""))
            terminal.type("\x15")        # the line away
