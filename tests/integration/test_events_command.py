"""orchestrator events prints what happened; with -f it follows what happens, across a restart, each line once; words that are almost right get a hint."""

import json
import re
import signal
import socket
import subprocess

from harness.orchestrator import binary, run_binary
from harness.wait import wait_until


class Follower:
    """`orchestrator events -f`, and what it printed so far."""

    def __init__(self, orchestrator, *args):
        self.path = orchestrator.folder / "events"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen([str(binary()), "events", "-f", "-c", str(orchestrator.config_path), *args], stdout=out,
                                            stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def lines(self):
        return self.path.read_text().splitlines()

    def wait(self, pattern, count=1):
        wait_until(lambda: sum(bool(re.search(pattern, line)) for line in self.lines()) >= count, 30, f"{count} of {pattern!r}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=10)[1].decode(), self.process.returncode


def events(orchestrator, *args):
    done = run_binary("events", "-c", orchestrator.config_path, *args)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.splitlines()


def test_what_happened(processes):
    orchestrator, service = processes(2)
    lines = events(orchestrator)
    assert all(re.match(r"\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (info|warn|error) ", line) for line in lines), lines
    assert sum(f" serving service={service} " in line for line in lines) == 2
    objects = [json.loads(line) for line in events(orchestrator, "--json")]
    assert [o["event"] for o in objects].count("serving") == 2 and all(o["time_ms"] > 0 for o in objects)


def test_follows_across_a_restart(processes):
    orchestrator, service = processes(1)
    with Follower(orchestrator) as follower:
        follower.wait(f" serving service={service} ")
        assert run_binary("scale", service, "1", "-c", orchestrator.config_path).returncode == 0
        follower.wait(f" operator order=scale service={service}")
        orchestrator.stop(signal.SIGTERM)
        orchestrator.start()
        follower.wait(f" serving service={service} .*reason=adopted")
        assert run_binary("scale", service, "1", "-c", orchestrator.config_path).returncode == 0
        follower.wait(" operator order=scale ", 2)
        said, code = follower.stop()
    assert code == 0 and "trying again in" in said
    lines = follower.lines()
    assert len(lines) == len(set(lines)), lines


def story(run, *lines):
    """An event of the stream. lines: (number, time)."""
    told = [{"number": number, "time_ms": time_ms, "level": "info", "event": f"e{run}-{number}"} for number, time_ms in lines]
    return f"event: story\ndata: {json.dumps({'time_ms': 1, 'whole': False, 'run': run, 'lines': told})}\n\n".encode()


def test_a_clock_that_steps_back_loses_no_line():
    """Neither within a stream, nor where it breaks, nor across a restart; and no line comes twice."""
    streams = [[story("a", (1, 9000), (2, 9001)), story("a", (3, 4000))],
               [story("a", (1, 9000), (2, 9001), (3, 4000), (4, 4001)), story("a", (5, 100))],
               [story("b", (1, 50), (2, 9001))]]
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        where = f"127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen([str(binary()), "events", "-f", "--json", "--admin", where], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as follower:
            for stream in streams:
                client, _ = server.accept()
                with client:
                    client.settimeout(10)
                    client.recv(65536)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"".join(stream))
            server.accept()[0].close()
            follower.send_signal(signal.SIGINT)
            lines = [json.loads(line)["event"] for line in follower.communicate(timeout=30)[0].splitlines()]
    assert lines == ["ea-1", "ea-2", "ea-3", "ea-4", "ea-5", "eb-1", "eb-2"]


def test_nobody_answers(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"name": "selfless-test-nobody", "admin": "127.0.0.1:1", "services": [{"name": "a", "image": "a"}]}))
    done = run_binary("events", "-f", "-c", config)
    assert done.returncode == 1 and "no orchestrator answers" in done.stderr and not done.stdout


def test_words_that_are_almost_right(processes, tmp_path):
    orchestrator, service = processes(1)
    done = run_binary("statsu")
    assert done.returncode == 2 and 'there is no command "statsu": did you mean status?' in done.stderr
    typed = service[:-1] + "x"
    done = run_binary("scale", typed, "1", "-c", orchestrator.config_path)
    assert done.returncode == 1 and f'there is no service "{typed}": did you mean {service}?' in done.stderr
    done = run_binary("scale", "nothing-like-it-at-all", "1", "-c", orchestrator.config_path)
    assert done.returncode == 1 and "did you mean" not in done.stderr
    config = tmp_path / "almost.json"
    config.write_text('{"services": [{"name": "a", "image": "a", "heatlh": {}}]}')
    done = run_binary("--check", "-c", config)
    assert done.returncode == 2 and "services[0].heatlh: unknown key: did you mean health?" in done.stderr
