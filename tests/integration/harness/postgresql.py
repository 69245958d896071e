"""PostgreSQL servers of the scenarios' own, by tests/postgresql: each in a folder under /tmp, with a socket there and a port on
127.0.0.1."""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading

from .images import ROOT
from .ports import free_ports
from .wait import wait_until

SCRIPT = ROOT / "tests" / "postgresql"

_numbers = itertools.count(1)


def is_there():
    return bool(list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))) and shutil.which("psql") is not None


def _script(*words):
    done = subprocess.run([SCRIPT, *map(str, words)], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.strip()


class Server:
    """settings: of postgresql.conf. Without any it loses nothing by kill -9, nor by a power cut."""

    def __init__(self, folder=None, port=None, **settings):
        self.port = port or free_ports()
        self.folder = pathlib.Path(folder or _script("make", self.port, *(f"{key}={value}" for key, value in settings.items())))
        self.folder.chmod(0o711)        # the socket is for containers, too

    def follow(self, name):
        """A streaming replica."""
        port = free_ports()
        return Server(_script("follow", self.folder, port, name), port)

    def new_database(self):
        name = f"d{os.getpid()}_{next(_numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return name

    def url(self, database, host=None):
        """By the port, or by the folder in which the socket is."""
        if host is None:
            return f"postgresql://selfless@127.0.0.1:{self.port}/{database}"
        return f"postgresql://selfless@/{database}?host={host}&port={self.port}"

    def _psql(self, database):
        return ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t", "--set=ON_ERROR_STOP=1",
                f"--dbname={self.url(database, self.folder)}"]

    def sql(self, database, text):
        """Rows, as lists of texts."""
        done = subprocess.run([*self._psql(database), "--command", text], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (text, done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    @contextlib.contextmanager
    def holding(self, database, text):
        """A transaction that has run this, and stays open."""
        with subprocess.Popen(self._psql(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
            psql.stdin.write(f"BEGIN; {text};\n\\echo held\n")
            psql.stdin.flush()
            assert psql.stdout.readline() == "held\n"
            try:
                yield
            finally:
                psql.stdin.close()
                psql.wait(20)

    # --- its life

    def _pids(self):
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "--parent", str(first)], capture_output=True, text=True, check=False).stdout.split()
        return [first, *map(int, children)]

    def kill(self):
        """kill -9 of all its processes, the first one first."""
        pids = self._pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 20, "all of it is dead")

    def start(self):
        _script("start", self.folder)

    def stop(self, mode="fast"):
        _script("stop", self.folder, mode)

    def promote(self):
        _script("promote", self.folder)

    def remove(self):
        _script("remove", self.folder)


class Line:
    """A TCP connection to a server that a scenario can cut: between a COMMIT and its answer, at the worst moment there is."""

    def __init__(self, server):
        self.server, self.armed, self.cuts = server, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database):
        return f"postgresql://selfless@127.0.0.1:{self.port}/{database}"

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.server.port))
            except OSError:
                return
            state = {"writes": False, "cut": False}
            for source, sink, look in ((near, far, self._look), (far, near, lambda data, state: None)):
                threading.Thread(target=self._pass_on, args=(source, sink, look, state), daemon=True).start()

    def _look(self, data, state):
        state["writes"] |= b"store_writers" in data
        if self.armed and state["writes"] and b"COMMIT" in data:
            self.armed, state["cut"] = False, True

    def _pass_on(self, source, sink, look, state):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                look(data, state)
                if state["cut"] and source.getpeername()[1] == self.server.port:
                    self.cuts += 1
                    break           # the answer
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


def _message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


class Pooler:
    """What stands between services and a server, and is up while the server may be away. `mode`, also of the connections that there
    are: "passes" on; "silent": a dial gets no answer; "refuses": each dial is told that the server cannot be reached; "hangs": lets
    in, and says nothing to what is asked then."""

    LET_IN = (_message(b"R", struct.pack("!i", 0)) + _message(b"S", b"server_version\00015.0\0") +
              _message(b"S", b"default_transaction_read_only\0off\0") + _message(b"S", b"in_hot_standby\0off\0") +
              _message(b"K", struct.pack("!ii", 1, 1)) + _message(b"Z", b"I"))
    REFUSAL = _message(b"E", b"SFATAL\0VFATAL\0C08P01\0Mserver login has been failing, try again later (server_login_retry)\0\0")

    def __init__(self, server, mode="passes"):
        self.server, self.mode, self.dialed = server, mode, 0
        self._open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database):
        return f"postgresql://selfless@127.0.0.1:{self.port}/{database}"

    def become(self, mode):
        self.mode = mode
        self._cut()

    def _cut(self):
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                self.dialed += 1
                self._open.append(near)
                threading.Thread(target=self._serve, args=(near, self.mode), daemon=True).start()

    def _serve(self, near, mode):
        with near, contextlib.suppress(OSError):
            if mode == "passes":
                self._pass_on(near)
            elif mode != "silent":
                self._start(near)
                near.sendall(self.REFUSAL if mode == "refuses" else self.LET_IN)
            while mode in ("silent", "hangs") and near.recv(65536):
                pass

    @staticmethod
    def _start(near):
        """Reads the startup message; there is no encryption."""
        while (size := struct.unpack("!i", near.recv(4, socket.MSG_WAITALL))[0]) == 8:
            near.recv(4, socket.MSG_WAITALL)
            near.sendall(b"N")
        near.recv(size - 4, socket.MSG_WAITALL)

    def _pass_on(self, near):
        with socket.create_connection(("127.0.0.1", self.server.port)) as far:
            self._open.append(far)
            back = threading.Thread(target=self._copy, args=(far, near), daemon=True)
            back.start()
            self._copy(near, far)
            back.join()

    @staticmethod
    def _copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._cut()
