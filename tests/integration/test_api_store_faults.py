"""What becomes of acts and users when their volume is full, read-only, gone, damaged, of another time, or held by others:
503 and _health 500 while they run, or no start and the reason. See also test_api_faults.py."""

import contextlib
import fcntl
import os
import signal
import sqlite3
import struct
import subprocess
import threading

import pytest

from harness.images import build_dir
from harness.mounts import set_read_only, small_disk
from harness.ports import free_ports
from harness.wait import wait_until
from services_native import Api, Native, elapsed, wait_reply

SERVICES = ["acts", "users"]


def refuses(name, folder, *words):
    """It does not start, says why, and leaves what there is alone."""
    env = dict(os.environ, DATA_DIR=str(folder), LISTEN=f"127.0.0.1:{free_ports()}")
    done = subprocess.run([build_dir() / "services" / name / name], env=env, timeout=20, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Sanitizer" not in done.stderr, done
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.fixture(name="small")
def _small(tmp_path):
    """The application with acts' data on a disk of 4 MB."""
    mode = Native(tmp_path / "app")
    with small_disk(mode.acts.folder, "4m"):
        try:
            yield Api(mode.start()).stage()
        finally:
            mode.stop()


# --- full -------------------------------------------------------------------------------------------------------------

def fill_up(folder):
    """Takes what is left of the disk."""
    with open(folder / "ballast", "ab", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(4096))


def test_disk_gets_full(small):
    """503 and nothing half written; health says so; what is there can be read; as before once there is room."""
    folder, number = small.mode.acts.folder, 1
    picture = "A" * 200000
    (folder / "ballast").write_bytes(bytes(1 << 20))
    while (reply := small.call("POST", "/acts", small.act(number, imgB64=picture))).status == 201:
        number += 1
    assert reply.status == 503 and number < 30
    fill_up(folder)
    wait_reply(lambda: small.call("GET", "/_health"), 500)
    assert small.call("POST", "/acts/upvote", [1]).status == 503
    assert small.expect(200, "GET", "/acts/count") == [number - 1]
    assert [len(act["imgB64"]) for act in small.acts("garden")] == [len(picture)] * (number - 1)
    (folder / "ballast").unlink()
    wait_reply(lambda: small.call("GET", "/_health"), 200)
    small.expect(200, "DELETE", "/acts/1")
    small.add_act(1)
    assert sorted(small.ids("garden")) == list(range(1, number))


def test_no_start_on_a_full_disk(tmp_path):
    for name in SERVICES:
        with small_disk(tmp_path / name, "64k") as disk:
            fill_up(disk)
            refuses(name, disk, str(disk))


# --- read-only, gone, held --------------------------------------------------------------------------------------------

def test_read_only_volume(tmp_path):
    for name in SERVICES:
        with small_disk(tmp_path / name, "4m") as disk:
            set_read_only(disk)
            refuses(name, disk, "DATA_DIR", "Read-only")
            set_read_only(disk, False)


@pytest.mark.parametrize("service", SERVICES)
def test_database_removed_while_running(native, service):
    """What is no longer in the volume takes no writes: they would be gone with the process."""
    api = native()
    api.stage()
    process = getattr(api.mode, service)
    process.folder.joinpath(f"{service}.db").unlink()
    write = {"acts": lambda: api.call("POST", "/categories", ["beach"]), "users": lambda: api.call("DELETE", "/users/ann")}
    assert write[service]().status == 503
    health = lambda: api.call("GET", "/_health", port=process.port)     # pylint: disable=unnecessary-lambda-assignment
    assert health().status == 500
    process.restart()
    assert health().status == 200


def test_another_process_keeps_the_turn(native):
    """Stopped in the middle of a transaction, say: 503 when the time is over, health good and quick, then as before."""
    api = native()
    api.stage()
    with open(api.mode.acts.folder / "acts.db-turn", "r+b") as turn:
        fcntl.fcntl(turn, 37, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 1, 1, 0))        # F_OFD_SETLK
        replies = []
        writer = threading.Thread(target=lambda: replies.append(elapsed(lambda: api.expect(503, "POST", "/categories", ["beach"]))))
        writer.start()
        for _ in range(3):
            assert elapsed(lambda: api.expect(200, "GET", "/_health")) < 3
        assert api.expect(200, "GET", "/categories") == {"garden": 0}
        writer.join()
        assert 3 < replies[0] < 20
    assert elapsed(lambda: api.add_category("beach")) < 3


def test_a_stopped_container_holds_up_nobody_for_long(native):
    """SIGSTOP, as docker pause does it, at any moment of its writing."""
    api = native()
    api.stage()
    other = api.mode.more_acts()
    stop = threading.Event()

    def write():
        number = 1000
        while not stop.is_set():
            with contextlib.suppress(OSError):
                api.call("POST", "/acts", api.act(number), port=other.port)
            number += 1
    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        other.process.send_signal(signal.SIGSTOP)
        wait_until(lambda n=number: api.call("POST", "/acts", api.act(n)).status == 201 or other.process.send_signal(signal.SIGCONT), 20,
                   "written once it goes on, at the latest")
        other.process.send_signal(signal.SIGCONT)
    stop.set()
    writer.join()
    total = api.expect(200, "GET", "/acts/count")[0]
    found = {act for start in range(1, total + 1, 100) for act in api.ids("garden", f"?start={start}&end={min(start + 99, total)}")}
    assert set(range(5)) <= found and len(found) == total


@pytest.mark.parametrize("name", SERVICES)
def test_files_that_cannot_be(tmp_path, name):
    for file in (f"{name}.db", f"{name}.db-turn", f"{name}.count"):
        folder = tmp_path / file
        (folder / file).mkdir(parents=True)
        refuses(name, folder, file)


# --- damaged, of another time -----------------------------------------------------------------------------------------

def test_damaged_while_running(native):
    """No reply but 503 (and 500 from _health): no garbage, no crash, and not a start over with nothing."""
    api = native()
    api.stage()
    for number in range(30):
        api.add_act(number, imgB64="QUJD" * 500)
    api.mode.acts.stop()
    with open(api.mode.acts.folder / "acts.db", "r+b") as file:
        for page in range(1, os.fstat(file.fileno()).st_size // 4096):      # all but the schema
            file.seek(page * 4096)
            file.write(b"\xff" * 100)
    api.mode.acts.spawn()
    wait_reply(lambda: api.call("GET", "/_health"), 500)
    for call in (("GET", "/categories"), ("GET", "/categories/garden/acts"), ("GET", "/acts/count"),
                 ("POST", "/categories", ["beach"]), ("POST", "/acts", api.act(99)), ("POST", "/acts/upvote", [1])):
        assert api.call(*call).status == 503, call
    assert "malformed" in api.mode.acts.log.read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_damaged_schema(native, name):
    api = native()
    process = getattr(api.mode, name)
    process.stop()
    with open(process.folder / f"{name}.db", "r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    before = (process.folder / f"{name}.db").read_bytes()
    refuses(name, process.folder, f"{name}.db", "malformed")
    assert (process.folder / f"{name}.db").read_bytes() == before


@pytest.mark.parametrize("name", SERVICES)
def test_newer_schema(tmp_path, name):
    with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.db")) as database:
        database.execute("PRAGMA user_version = 1000")
    refuses(name, tmp_path, f"{name}.db", "newer program", "1000")


@pytest.mark.parametrize("name", SERVICES)
def test_somebody_elses_database(tmp_path, name):
    """Older than any schema of ours, with a table of that name: refused, and as it was."""
    with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.db")) as database, database:
        database.execute(f"CREATE TABLE {name} (x)")
        database.execute(f"INSERT INTO {name} VALUES (7)")
    refuses(name, tmp_path, f"{name}.db", "migration 1", "already exists")
    with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.db")) as database:
        assert database.execute(f"SELECT x FROM {name}").fetchall() == [(7,)]
        assert database.execute("PRAGMA user_version").fetchall() == [(0,)]


def test_older_schema(tmp_path):
    """A file from before there was anything is brought to the schema there is."""
    with contextlib.closing(sqlite3.connect(tmp_path / "acts.db")) as database:
        database.execute("PRAGMA user_version = 0")
    mode = Native(tmp_path / "app")
    (tmp_path / "acts.db").rename(mode.acts.folder / "acts.db")
    try:
        Api(mode.start()).stage().add_act(1)
    finally:
        mode.stop()
