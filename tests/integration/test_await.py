"""selfless-await starts a program when the network is there, as if the container had begun with it, and ends when told to."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from harness.images import build_dir
from harness.wait import wait_until

AWAIT = build_dir() / "orchestrator" / "engine" / "docker" / "selfless-await"
IMPATIENT = build_dir() / "tests" / "backend" / "await_impatient"       # gives up after 300 ms, not 60 s

ADDRESS = ("ip link add v0 type veth peer name v1", "ip addr add 10.231.0.2/24 dev v0", "ip link set v1 up", "ip link set v0 up")
ROUTE = ("ip route add default via 10.231.0.1",)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes network namespaces")


class Waiting:
    """One in namespaces of its own, where it is process 1 and resolv.conf is a file of ours."""

    def __init__(self, folder, *words, program=AWAIT, given=(), **settings):
        self.conf = folder / "resolv.conf"
        self.conf.write_text("nameserver 192.0.2.1\n")
        script = f"mount --bind {self.conf} /etc/resolv.conf; " + "".join(f"{g} && " for g in given) + 'exec "$0" "$@"'
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script,
             str(program), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)
        wait_until(lambda: self.process.poll() is not None or self.runs() not in ("", "unshare", "sh"), 10, "it runs")

    def pid(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text())

    def runs(self):
        try:
            return pathlib.Path(f"/proc/{self.pid()}/comm").read_text().strip()
        except (OSError, ValueError):
            return ""

    def give(self, commands):
        for command in commands:
            subprocess.run(["nsenter", "--net", "--target", str(self.pid()), *command.split()], check=True)

    def is_waiting(self):
        return self.process.poll() is None and self.runs() == AWAIT.name

    def handles_signals(self):
        status = pathlib.Path(f"/proc/{self.pid()}/status").read_text()
        return int(status.split("SigCgt:")[1].split()[0], 16) != 0

    def end(self, number=None):
        """(exit code, output, errors)."""
        if number is not None:
            wait_until(self.handles_signals, 10, "it handles signals")
            os.kill(self.pid(), number)
        try:
            output, errors = self.process.communicate(timeout=20)
        finally:
            self.process.kill()
        return self.process.returncode, output, errors


@pytest.fixture(name="waiting")
def a_waiting_one(tmp_path):
    made = []

    def make(*words, **settings):
        made.append(Waiting(tmp_path, *words, **settings))
        return made[-1]
    yield make
    for one in made:
        one.process.kill()
        one.process.wait()


def stays_waiting(one, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert one.is_waiting(), one.end()
        time.sleep(0.01)


def test_a_network_that_is_there(waiting):
    one = waiting("echo", "one", "two words", "", given=ADDRESS + ROUTE)
    assert one.end() == (0, "one two words \n", "")


def test_a_network_that_comes(waiting):
    """Not its address, nor its resolv.conf: its route is what is waited for."""
    one = waiting("echo", "it is here")
    stays_waiting(one, 0.3)
    one.give(ADDRESS)
    one.conf.write_text("nameserver 127.0.0.11\n")
    stays_waiting(one, 0.3)
    begin = time.monotonic()
    one.give(ROUTE)
    assert one.end() == (0, "it is here\n", "")
    assert time.monotonic() - begin < 0.15


def test_a_file_that_comes_behind_the_route(waiting):
    """Within 200 ms; where this machine was slower than that, it is tried anew."""
    for _ in range(5):
        one = waiting("cat", "/etc/resolv.conf")
        one.give(ADDRESS)
        begin = time.monotonic()
        one.give(ROUTE)
        waited = one.is_waiting()
        one.conf.write_text("nameserver 127.0.0.11\n")
        in_time = time.monotonic() - begin < 0.15
        code, output, errors = one.end()
        if in_time:
            assert waited and (code, output, errors) == (0, "nameserver 127.0.0.11\n", "")
            return
    pytest.fail("this machine is too slow to tell")


def test_a_file_that_does_not_come(waiting):
    one = waiting("cat", "/etc/resolv.conf")
    one.give(ADDRESS + ROUTE)
    begin = time.monotonic()
    assert one.end() == (0, "nameserver 192.0.2.1\n", "")
    assert 0.1 < time.monotonic() - begin < 1


def test_a_network_that_leads_nowhere(waiting):
    one = waiting("echo", "an address will do")
    one.give(ADDRESS)
    begin = time.monotonic()
    stays_waiting(one, 0.7)
    assert one.end()[:2] == (0, "an address will do\n")
    assert time.monotonic() - begin < 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGRTMIN + 3])
def test_told_to_end(waiting, number):
    one = waiting("echo", "never")
    assert one.end(number) == (128 + number, "", "")


def test_what_ends_no_process_ends_no_waiting(waiting):
    one = waiting("echo", "still here", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    for number in (signal.SIGWINCH, signal.SIGCONT, signal.SIGHUP):
        wait_until(one.handles_signals, 10, "it handles signals")
        os.kill(one.pid(), number)
    stays_waiting(one, 0.2)
    one.give(ADDRESS + ROUTE)
    assert one.end()[:2] == (0, "still here\n")


def test_the_program_has_its_signals(waiting):
    """What was ignored still is; nothing else is."""
    one = waiting("sed", "-n", "/SigIgn\\|SigCgt/p", "/proc/self/status", given=ADDRESS + ROUTE,
                  preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGPIPE, signal.SIGXFSZ)])
    code, output, _ = one.end()
    assert code == 0 and [line.split()[1] for line in output.splitlines()] == ["0" * 16] * 2


def test_no_network(waiting):
    code, output, errors = waiting("/bin/echo", "x", program=IMPATIENT).end()
    assert (code, output) == (125, "") and errors == 'selfless-await: no network within 0 s: "/bin/echo" is not started\n'


@pytest.mark.parametrize("words, path, code, error", [
    (["nosuch"], "/nowhere:/bin", 127, '"nosuch": executable file not found in $PATH'),
    (["/nosuch"], "/bin", 127, '"/nosuch": No such file or directory'),
    (["{folder}"], "/bin", 126, '"{folder}": Permission denied'),
    (["{folder}/denied"], "/bin", 126, '"{folder}/denied": Permission denied'),
    (["denied"], "/nowhere:{folder}:/bin", 126, '"denied": Permission denied'),
    (["{folder}/text"], "/bin", 126, '"{folder}/text": Exec format error'),
    (["text"], "{folder}", 126, '"text": Exec format error'),
])
def test_a_program_that_cannot_be_run(tmp_path, words, path, code, error):
    (tmp_path / "denied").write_text("echo no")
    (tmp_path / "text").write_text("echo nobody said by whom")
    (tmp_path / "text").chmod(0o755)
    filled = [w.format(folder=tmp_path) for w in words]
    done = subprocess.run(["unshare", "--net", "sh", "-c", " && ".join(ADDRESS + ROUTE) + ' && export PATH="$0" && exec "$@"',
                           path.format(folder=tmp_path), str(AWAIT), *filled], capture_output=True, text=True, timeout=20,
                          check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"selfless-await: exec: {error.format(folder=tmp_path)}\n"


def test_found_where_docker_finds_it(tmp_path):
    """The first in PATH that can be run, an empty part being the folder that one is in."""
    for folder, mode in (("first", 0o644), ("second", 0o755), ("third", 0o755)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "program").write_text(f"#!/bin/sh\necho {folder} $*\n")
        (tmp_path / folder / "program").chmod(mode)
    for path, where, said in ((f"{tmp_path}/first:{tmp_path}/second:{tmp_path}/third", "/", "second a b"),
                              ("", tmp_path / "third", "third a b"), ("/nowhere:", tmp_path / "third", "third a b")):
        done = subprocess.run(["unshare", "--net", "sh", "-c", " && ".join(ADDRESS + ROUTE) + ' && export PATH="$0" && exec "$@"',
                               path, str(AWAIT), "program", "a", "b"], cwd=where, capture_output=True, text=True, timeout=20,
                              check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, said + "\n", "")
