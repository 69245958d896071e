"""Kinds of load on a proxy. Each is an object: load(port, seconds, core, scheme) gives requests, per_second, p50_ms, p99_ms, failures."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import types

import measure

HERE = pathlib.Path(__file__).resolve().parent


def _pinned(command, core):
    return ["taskset", "-c", str(core), *command] if core is not None else command


def _outcome(requests, seconds, took_ms, failures):
    took_ms = sorted(took_ms) or [float("nan")]
    return types.SimpleNamespace(requests=requests, per_second=requests / seconds, failures=failures,
                                 p50_ms=took_ms[len(took_ms) // 2], p99_ms=took_ms[len(took_ms) * 99 // 100])


class Wrk:
    def __init__(self, path, connections, script=None):
        self.path, self.connections, self.script = path, connections, script

    @staticmethod
    def available():
        return shutil.which("wrk") is not None

    def __call__(self, port, seconds, core, scheme="http"):
        script = HERE / self.script if self.script else None
        return measure.wrk(f"{scheme}://127.0.0.1:{port}{self.path}", seconds, self.connections, script, core=core)


class H2load:
    """HTTP/1.1 all the same: a second opinion to wrk's. Its latencies are not corrected for anything."""

    def __init__(self, path, connections):
        self.path, self.connections = path, connections

    @staticmethod
    def available():
        return shutil.which("h2load") is not None

    def __call__(self, port, seconds, core, scheme="http"):
        with tempfile.NamedTemporaryFile(prefix="selfless-h2load") as log:
            command = ["h2load", "--h1", "-t1", f"-c{self.connections}", f"--duration={seconds}", f"--log-file={log.name}",
                       f"{scheme}://127.0.0.1:{port}{self.path}"]
            text = subprocess.run(_pinned(command, core), capture_output=True, text=True, check=True).stdout
            took_ms = [int(line.split("\t")[2]) / 1000 for line in log.read().decode().splitlines()]
        counts = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", text)
        done, succeeded = int(counts[1]), int(counts[2])
        return _outcome(succeeded, seconds, took_ms, done - succeeded + int(counts[5]))


class SlowClients:
    def __init__(self, path, connections, bytes_per_second):
        self.path, self.connections, self.rate = path, connections, bytes_per_second

    @staticmethod
    def available():
        return True

    def __call__(self, port, seconds, core, scheme="http"):
        assert scheme == "http"
        command = [str(HERE / "slow_clients"), *map(str, (port, self.path, self.connections, self.rate, seconds))]
        said = json.loads(subprocess.run(_pinned(command, core), capture_output=True, text=True, check=True).stdout)
        return _outcome(said["requests"], seconds, said["took_ms"], said["failures"])
