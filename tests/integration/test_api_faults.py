"""What the services do when something else fails: the users service, the store, the process itself; and at their start."""

import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import pytest

from harness.client import request
from harness.images import build_dir
from harness.ports import free_ports
from harness.wait import holds_for, wait_until
from services_native import Process, elapsed, wait_reply


# --- the users service ------------------------------------------------------------------------------------------------

def test_users_down(native):
    """503 within the timeout, nothing written; the rest of the API works; back at once when users are back."""
    api = native(USERS_TIMEOUT_MS=500)
    api.stage().add_act(1)
    api.mode.users.stop(signal.SIGKILL)
    assert 0.4 < elapsed(lambda: api.expect(503, "POST", "/acts", api.act(2))) < 2
    assert api.ids("garden") == [1]
    api.expect(200, "POST", "/acts/upvote", [1])
    api.expect(400, "POST", "/acts", {"no": "act"})
    api.mode.users.start()
    api.add_act(2)


def test_users_down_for_a_moment(native):
    """An upload waits for them as long as its time lasts."""
    api = native(USERS_TIMEOUT_MS=15000)
    api.stage()
    api.mode.users.stop(signal.SIGKILL)
    replies = []
    upload = threading.Thread(target=lambda: replies.append(api.call("POST", "/acts", api.act(1))))
    upload.start()
    time.sleep(0.3)
    api.mode.users.start()
    upload.join()
    assert replies[0].status == 201


def test_users_restarted_between_uploads(native):
    """The kept connection is dead then, which nobody notices."""
    api = native()
    api.stage()
    for number in range(5):
        api.add_act(number)
        api.mode.users.restart(signal.SIGKILL)
    api.add_act(9)


class FakeUsers:
    """Answers with what the scenario says, bytes or (seconds to wait, bytes), and keeps the heads it was sent."""

    def __init__(self, *replies, hang=False):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.replies, self.hang, self.heads = list(replies), hang, []
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        data = b""
        while True:
            part = connection.recv(65536)
            if not part:
                return
            data += part
            while b"\r\n\r\n" in data:
                head, data = data.split(b"\r\n\r\n", 1)
                self.heads.append(head)
                reply = self.replies[min(len(self.heads), len(self.replies)) - 1] if not self.hang else b""
                if isinstance(reply, tuple):
                    time.sleep(reply[0])
                    reply = reply[1]
                connection.sendall(reply)

    def close(self):
        self.listener.close()


def users_reply(names, etag=b'"1"', status=b"200 OK"):
    body = json.dumps(names).encode()
    return b"HTTP/1.1 " + status + b"\r\nETag: " + etag + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"


@pytest.fixture(name="with_fake")
def _with_fake(store, tmp_path):   # pylint: disable=unused-argument
    """An acts process whose users service is scripted."""
    made = []

    def make(*replies, timeout_ms=500, **how):
        fake = FakeUsers(*replies, **how)
        acts = Process("acts", tmp_path, USERS_URL=f"http://127.0.0.1:{fake.port}", USERS_TIMEOUT_MS=timeout_ms).start()
        made.extend([fake.close, acts.stop])
        assert request(acts.port, "/api/v1/categories", "POST", '["garden"]').status == 201
        return fake, acts

    yield make
    for undo in made:
        undo()


def upload(acts, number, name="ann"):
    act = {"actId": number, "username": name, "timestamp": "01-02-2024:03-04-05", "caption": "", "categoryName": "garden", "imgB64": "AAAA"}
    return request(acts.port, "/api/v1/acts", "POST", json.dumps(act)).status


def test_what_acts_asks(with_fake):
    """GET with an Origin; the tag of the last list goes along, and 304 means that it still holds."""
    fake, acts = with_fake(users_reply(["ann"]), NOT_MODIFIED)
    assert [upload(acts, n) for n in range(3)] == [201] * 3
    assert upload(acts, 9, "bob") == 400
    assert len(fake.heads) == 4
    assert all(h.startswith(b"GET /api/v1/users HTTP/1.1\r\n") and b"\r\nOrigin: " in h for h in fake.heads)
    assert b"If-None-Match" not in fake.heads[0]
    assert all(b'If-None-Match: "1"' in h for h in fake.heads[1:])


def test_many_uploads_share_a_question(with_fake):
    fake, acts = with_fake(users_reply(["ann"]), NOT_MODIFIED, timeout_ms=5000)
    clients = [threading.Thread(target=lambda n=n: [upload(acts, n * 100 + k) for k in range(20)]) for n in range(16)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert request(acts.port, "/api/v1/acts/count").json() == [320]
    assert len(fake.heads) < 320


def test_no_answer_older_than_the_upload(with_fake):
    """A question already asked says nothing about a user deleted since: who comes later waits for the next one."""
    fake, acts = with_fake((0.5, users_reply(["ann"])), users_reply([], b'"2"'), timeout_ms=5000)
    early = []
    first = threading.Thread(target=lambda: early.append(upload(acts, 1)))
    first.start()
    wait_until(lambda: fake.heads, 5, "the first question")
    assert upload(acts, 2) == 400
    first.join()
    assert early == [201] and len(fake.heads) == 2


@pytest.mark.parametrize("reply", [
    b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", users_reply({"ann": 1}),
    users_reply("ann"), users_reply([["ann"]]), users_reply([1]), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[\"", b"junk\r\n\r\n", NOT_MODIFIED,
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[\"ann\"]", b""], ids=range(11))
def test_nonsense_from_users(with_fake, reply):
    _, acts = with_fake(reply)
    begin = time.monotonic()
    assert upload(acts, 1) == 503
    assert time.monotonic() - begin < 3
    assert request(acts.port, "/api/v1/acts/count").json() == [0]


def test_users_hang(with_fake):
    """Every upload gets its 503 in its own time; nobody else is held up."""
    _, acts = with_fake(hang=True)
    statuses = []

    def client(n):
        time.sleep(n * 0.1)
        begin = time.monotonic()
        statuses.append((upload(acts, n), time.monotonic() - begin))
    clients = [threading.Thread(target=client, args=(n,)) for n in range(10)]
    for thread in clients:
        thread.start()
    holds_for(lambda: request(acts.port, "/api/v1/acts/count", timeout=1).status == 200, 1, "acts serves meanwhile")
    for thread in clients:
        thread.join()
    assert all(status == 503 and took < 4 for status, took in statuses), statuses


def test_empty_users_list(with_fake):
    _, acts = with_fake(b"HTTP/1.1 204 No Content\r\nETag: \"0\"\r\n\r\n")
    assert upload(acts, 1) == 400


# --- the process ------------------------------------------------------------------------------------------------------

def test_kill_and_restart(native, store):
    """Everything acknowledged is there, whole, after kill -9 in the middle of writing."""
    api = native()
    api.stage()
    acknowledged = []
    for round_number in range(5):
        enough = len(acknowledged) + 5
        stop = threading.Event()

        def write(client, base=round_number * 10000):
            number = base + client * 1000
            while not stop.is_set():
                try:
                    if api.call("POST", "/acts", api.act(number, caption=f"c{number}")).status == 201:
                        acknowledged.append(number)
                except OSError:
                    return
                number += 1
        clients = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for client in clients:
            client.start()
        time.sleep(0.3)
        wait_until(lambda least=enough: len(acknowledged) >= least, 30, "some acts are acknowledged")
        api.mode.acts.stop(signal.SIGKILL)
        stop.set()
        for client in clients:
            client.join()
        api.mode.acts.start()
    stored = store.acts(api.mode.acts)
    assert set(acknowledged) <= set(stored) and all(caption == f"c{number}" for number, caption in stored.items())
    assert api.expect(200, "GET", "/acts/count") == [len(stored)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_graceful_stop(native, number):
    """Requests under way are answered, with Connection: close; no new connections; exit code 0, soon."""
    api = native()
    api.stage()
    head = b"POST /api/v1/categories HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n"
    with api.raw() as busy, api.raw() as idle:
        busy.send(head + b'["beac')
        idle.send(b"GET /api/v1/acts/count HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.read_reply().status == 200
        api.mode.acts.process.send_signal(number)
        wait_until(lambda: _refused(api.mode.acts_port), 5, "no new connections")
        busy.send(b'"]')
        reply = busy.read_reply()
        assert reply.status in (201, 400) and reply.get("Connection") == "close"
        begin = time.monotonic()
        assert api.mode.acts.process.wait(6) == 0
        assert time.monotonic() - begin < 3
    api.mode.acts.stop()


def _refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_stop_does_not_wait_for_ever(native):
    api = native()
    with api.raw() as stuck:
        stuck.send(b"POST /api/v1/categories HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n")
        assert elapsed(api.mode.acts.stop) < 6


# --- the store --------------------------------------------------------------------------------------------------------

def test_locked_store(native, store):
    """Reading goes on, health is good and quick, writes wait; they are done once the lock is free."""
    api = native()
    api.stage()
    replies = []
    writer = threading.Thread(target=lambda: replies.append(api.call("POST", "/categories", ["beach"])))
    with store.locked(api.mode.acts):
        writer.start()
        for _ in range(3):
            assert elapsed(lambda: api.expect(200, "GET", "/categories")) < 3
            assert elapsed(lambda: api.expect(200, "GET", "/_health")) < 3
        assert not replies
    writer.join()
    assert replies[0].status == 201


def test_store_locked_for_long(native, store):
    """After the busy timeout: 503, nothing written; health stays good."""
    api = native()
    api.stage()
    with store.locked(api.mode.acts):
        assert 3 < elapsed(lambda: api.expect(503, "POST", "/categories", ["beach"])) < 10
        assert api.call("GET", "/_health").status == 200
    assert api.expect(200, "GET", "/categories") == {"garden": 0}
    api.add_category("beach")


def test_full_store(native):
    """A full disk, made by a limit on the size of files: 503, health 500, reading goes on, and again as before when
    there is room."""
    api = native()
    api.stage()
    pid = api.mode.acts.process.pid
    size = max(path.stat().st_size for path in api.mode.acts.folder.iterdir())
    subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size}:unlimited"], check=True)
    picture = "A" * (1 << 20)
    wait_reply(lambda: api.call("POST", "/acts", api.act(1, imgB64=picture)), 503)
    wait_reply(lambda: api.call("GET", "/_health"), 500)
    assert api.expect(200, "GET", "/categories") == {"garden": 0}
    subprocess.run(["prlimit", f"--pid={pid}", "--fsize=unlimited:unlimited"], check=True)
    wait_reply(lambda: api.call("GET", "/_health"), 200)
    api.add_act(1, imgB64=picture)
    assert api.ids("garden") == [1]


# --- the start --------------------------------------------------------------------------------------------------------

def run(name, *arguments, **env):
    done = subprocess.run([build_dir() / "services" / name / name, *arguments], env=dict(os.environ, **env), timeout=20,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["acts", "users"])
def test_arguments(name):
    code, out, err = run(name, "--version")
    assert (code, err) == (0, "") and out.startswith(f"{name} ")
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "") and "DATA_DIR" in out and "LISTEN" in out
    for arguments in (["--nonsense"], ["x"], ["--help", "x"]):
        code, out, err = run(name, *arguments)
        assert (code, out) == (2, "") and "usage" in err


@pytest.mark.parametrize("name", ["acts", "users"])
@pytest.mark.parametrize("env, word", [
    ({"DATA_DIR": "/nonexistent"}, "DATA_DIR"), ({"DATA_DIR": "/etc/passwd"}, "DATA_DIR"), ({"DATA_DIR": "/proc"}, "/proc"),
    ({"LISTEN": "nonsense"}, "LISTEN"), ({"LISTEN": "127.0.0.1:"}, "LISTEN"), ({"LISTEN": "127.0.0.1:99999"}, "LISTEN"),
    ({"LISTEN": "unix:/nonexistent/x"}, "LISTEN"), ({"LISTEN": "unix:/" + "x" * 200}, "LISTEN"), ({"LISTEN": "8.8.8.8:80"}, "LISTEN"),
    ({"MAX_BODY_BYTES": "0"}, "MAX_BODY_BYTES"), ({"MAX_BODY_BYTES": "1e3"}, "MAX_BODY_BYTES"),
    ({"MAX_BODY_BYTES": "9" * 40}, "MAX_BODY_BYTES"), ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
    ({"STORE_URL": "/static/acts.db"}, "STORE_URL: must be sqlite:/path/to/file"), ({"STORE_URL": "sqlite:/nonexistent/x"}, "/nonexistent/x"),
    ({"STORE_URL": "mysql://user:word@host/x"}, 'STORE_URL: "mysql:..." is no store that is known: it must be sqlite:/path/to/file')])
def test_refuses_to_start(tmp_path, name, env, word):
    settings = {"DATA_DIR": str(tmp_path), "LISTEN": f"127.0.0.1:{free_ports()}"}
    code, _, err = run(name, **{**settings, **env})
    assert code == 1 and word in err and "Sanitizer" not in err, err


@pytest.mark.parametrize("url", ["users:8000", "https://users", "http://", "nonsense"])
def test_bad_users_url(tmp_path, url):
    code, _, err = run("acts", DATA_DIR=str(tmp_path), LISTEN=f"127.0.0.1:{free_ports()}", USERS_URL=url)
    assert code == 1 and "USERS_URL" in err


def test_address_in_use(native, tmp_path):
    api = native()
    code, _, err = run("acts", DATA_DIR=str(tmp_path), LISTEN=f"127.0.0.1:{api.mode.acts_port}")
    assert code == 1 and "in use" in err


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 100])
def test_corrupt_file(tmp_path, content):
    (tmp_path / "acts.db").write_bytes(content)
    code, _, err = run("acts", DATA_DIR=str(tmp_path), LISTEN=f"127.0.0.1:{free_ports()}")
    assert code == 1 and "acts.db" in err
    assert (tmp_path / "acts.db").read_bytes() == content


def test_newer_schema(tmp_path):
    with sqlite3.connect(tmp_path / "acts.db") as database:
        database.execute("PRAGMA user_version = 1000")
    code, _, err = run("acts", DATA_DIR=str(tmp_path), LISTEN=f"127.0.0.1:{free_ports()}")
    assert code == 1 and "acts.db" in err


def test_store_url(tmp_path):
    """The store is where STORE_URL says, for --check and --backup, too; what else a service keeps is in DATA_DIR."""
    data, other = tmp_path / "data", tmp_path / "other"
    data.mkdir()
    other.mkdir()
    process = Process("users", data, STORE_URL=f"sqlite:{other}/u:1.db")
    process.start()
    process.stop()
    assert sorted(p.name for p in other.iterdir() if "-" not in p.name) == ["u:1.db"]
    assert not list(data.glob("*.db")) and (data / "users.count").exists()
    env = {"DATA_DIR": str(data), "STORE_URL": f"sqlite:{other}/u:1.db"}
    code, out, err = run("users", "--check", **env)
    assert (code, out) == (0, f"users: {other}/u:1.db is whole\n"), err
    code, out, err = run("users", "--backup", str(data / "copy"), **env)
    assert code == 0 and f"a copy of {other}/u:1.db" in out, err
    code, out, err = run("users", "--check", str(data / "copy"), **env)
    assert (code, out) == (0, f"users: {data}/copy is whole\n"), err


def test_unix_socket_and_tcp(tmp_path):
    """Both at once; a stale socket is replaced; everybody may connect."""
    path = tmp_path / "http.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    process = Process("users", tmp_path)
    process.env["LISTEN"] = f"127.0.0.1:{process.port},unix:{path}"
    process.start()
    try:
        assert pathlib.Path(path).stat().st_mode & 0o777 == 0o666
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            client.sendall(b"GET /api/v1/users HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 204 ")
    finally:
        process.stop()

