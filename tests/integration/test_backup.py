"""--backup and --check of acts and users: copies of a database in use are whole, and what is not whole is found."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from harness.docker import Docker
from harness.images import build_dir
from harness.mounts import small_disk
from harness.wait import wait_until
from services_contained import Contained
from services_native import PASSWORD


def command(name, folder, *arguments):
    return [build_dir() / "services" / name / name, *map(str, arguments)], dict(os.environ, DATA_DIR=str(folder))


def run(name, folder, *arguments):
    """(exit code, stdout, stderr)"""
    words, env = command(name, folder, *arguments)
    done = subprocess.run(words, env=env, timeout=120, capture_output=True, text=True, check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def fill(path, acts, size):
    """Acts put into the file itself, numbered from 10^9; the service must have made it."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            "INSERT INTO acts SELECT ?, id, 0, 0, 'ann', '01-01-2024:00-00-00', '', ? FROM categories WHERE name = 'garden'",
            ((10**9 + number, "QUJD" * (size // 4)) for number in range(acts)))


def rows(path, sql):
    with contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as database:
        return database.execute(sql).fetchall()


class Writers:
    """Clients that post acts one after the other; who waited longest."""

    def __init__(self, api, ports):
        self.api, self.stop, self.longest = api, threading.Event(), 0
        self.done = {}
        self.threads = [threading.Thread(target=self._write, args=(client, port)) for client, port in enumerate(ports)]

    def _write(self, client, port):
        self.done[client] = 0
        while not self.stop.is_set():
            begin = time.monotonic()
            self.api.add_act(client * 10**6 + self.done[client], port)
            self.longest = max(self.longest, time.monotonic() - begin)
            self.done[client] += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_until(lambda: len(self.done) == len(self.threads) and min(self.done.values()) > 3, 20, "all clients write")
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_backup_under_write_load(native, tmp_path):
    """What was acknowledged before the backup began is in it, and of each client what it did up to some moment; nobody
    waits for it."""
    api = native()
    api.stage()
    folder = api.mode.acts.folder
    fill(folder / "acts.db", 400, 100000)
    ports = [api.mode.acts_port, api.mode.more_acts().port] * 2
    copy = tmp_path / "copy.db"
    with Writers(api, ports) as writers:
        for backup in range(2):
            before = dict(writers.done)
            code, out, err = run("acts", folder, "--backup", copy, *(["--force"] if backup else []))
            assert code == 0 and str(copy) in out, err
            assert run("acts", folder, "--check", copy)[0] == 0
            for client, least in before.items():
                found = [n for n, in rows(copy, f"SELECT act_id - {client * 10**6} FROM acts WHERE act_id / 1000000 = {client} ORDER BY 1")]
                assert found == list(range(len(found))) and len(found) >= least, (client, least, found)
        assert run("acts", folder, "--check")[:2] == (0, f"acts: {folder}/acts.db is whole\n")
    assert writers.longest < 5
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]


def test_backup_of_a_service_that_does_not_run(native, tmp_path):
    """Nothing new stays beside the database."""
    api = native()
    api.stage().add_act(1)
    api.mode.acts.stop()
    before = sorted(os.listdir(api.mode.acts.folder))
    assert run("acts", api.mode.acts.folder, "--backup", tmp_path / "copy.db")[0] == 0
    assert run("acts", api.mode.acts.folder, "--check")[0] == 0
    assert sorted(os.listdir(api.mode.acts.folder)) == before
    api.mode.acts.start()


def test_restore(native, tmp_path):
    """As the README says: stop, put the copy in the database's place, start. users likewise."""
    api = native()
    api.stage().add_act(1)
    for name in ("acts", "users"):
        assert run(name, getattr(api.mode, name).folder, "--backup", tmp_path / f"{name}.db")[0] == 0
    api.expect(200, "DELETE", "/acts/1")
    api.expect(200, "DELETE", "/users/ann")
    for name in ("acts", "users"):
        process = getattr(api.mode, name)
        process.stop(signal.SIGKILL)        # a log is left, which belongs to the old file
        for path in process.folder.glob(f"{name}.db*"):
            path.unlink()
        shutil.copy(tmp_path / f"{name}.db", process.folder / f"{name}.db")
        process.start()
    assert api.ids("garden") == [1] and api.expect(200, "GET", "/users") == ["ann"]
    api.add_act(2)


def test_in_a_container(docker, tmp_path):
    """In the image, which has nothing but the binary in it: docker exec acts_0 /acts --backup /static/backup.db"""
    mode = Contained(tmp_path).start()
    try:
        container = f"{mode.name}-acts"
        for arguments in (["--backup", "/static/backup.db"], ["--check"], ["--check", "/static/backup.db"]):
            done = subprocess.run(["docker", "exec", container, "/acts", *arguments], capture_output=True, text=True, check=False)
            assert done.returncode == 0 and "whole" in done.stdout, done
        subprocess.run(["docker", "cp", f"{container}:/static/backup.db", tmp_path / "b.db"], check=True, capture_output=True)
        assert run("acts", tmp_path, "--check", tmp_path / "b.db")[0] == 0
    finally:
        mode.stop()
    assert isinstance(docker, Docker)


# --- what is refused --------------------------------------------------------------------------------------------------

@pytest.fixture(name="stopped", params=["acts", "users"])
def _stopped(request, native):
    """(name, folder): a service that has run, with something in it."""
    api = native()
    api.stage().add_act(1)
    process = getattr(api.mode, request.param)
    process.stop()
    yield request.param, process.folder
    process.process = None


def refused(name, folder, *arguments, word, code=1):
    result, out, err = run(name, folder, *arguments)
    assert result == code and word in err, (result, out, err)


def test_targets_that_cannot_be(stopped, tmp_path):
    name, folder = stopped
    taken = tmp_path / "taken"
    taken.write_text("precious")
    refused(name, folder, "--backup", taken, word="--force")
    refused(name, folder, "--backup", folder / f"{name}.db", "--force", word="itself")
    refused(name, folder, "--backup", tmp_path, "--force", word="not a file")
    refused(name, folder, "--backup", tmp_path / "no" / "such", word=str(tmp_path / "no" / "such"))
    refused(name, folder, "--backup", word="usage", code=2)
    refused(name, folder, "--check", "--force", word="usage", code=2)
    refused(name, folder, "--check", tmp_path / "absent", word="absent")
    refused(name, tmp_path, "--backup", tmp_path / "x", word=f"{name}.db")
    assert taken.read_text() == "precious"
    assert not list(tmp_path.glob("*.??????")) and not list(folder.glob(f"{name}.db.*"))
    assert run(name, folder, "--backup", "--force", taken)[0] == 0
    assert run(name, folder, "--check", taken)[0] == 0


def test_target_disk_is_full(native, tmp_path):
    api = native()
    api.stage()
    fill(api.mode.acts.folder / "acts.db", 30, 100000)
    with small_disk(tmp_path / "disk", "1m") as disk:
        refused("acts", api.mode.acts.folder, "--backup", disk / "copy.db", word="full")
        assert not os.listdir(disk)
        (disk / "copy.db").write_text("the one of yesterday")
        refused("acts", api.mode.acts.folder, "--backup", disk / "copy.db", "--force", word="full")
        assert (disk / "copy.db").read_text() == "the one of yesterday" and os.listdir(disk) == ["copy.db"]


def test_stopped_half_way(native, tmp_path):
    api = native()
    api.stage()
    fill(api.mode.acts.folder / "acts.db", 3000, 100000)
    words, env = command("acts", api.mode.acts.folder, "--backup", tmp_path / "copy.db")
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: list(tmp_path.glob("copy.db.*")), 10, "it has begun")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "stopped" in err, err
    assert not list(tmp_path.glob("copy.db*"))


# --- what is found ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sql, word", [
    ("UPDATE categories SET acts = 7", 'category "garden" says 7 acts, and has 1'),
    ("UPDATE votes SET added = -1", "act 1 has -1 upvotes"),
    ("DELETE FROM votes", "act 1 has no row for its upvotes"),
    ("INSERT INTO votes VALUES (7, 0)", "there are upvotes for act 7, and no such act"),
    ("UPDATE acts SET img = ''", "not base64"),
    ("PRAGMA foreign_keys = OFF; INSERT INTO acts SELECT 2, 99, 0, 0, 'a', 'b', 'c', 'd'", "refers to nothing"),
    ("DELETE FROM health", "health has 0 rows")])
def test_broken_rules_of_acts(native, sql, word):
    api = native()
    api.stage().add_act(1)
    with contextlib.closing(sqlite3.connect(api.mode.acts.folder / "acts.db")) as database, database:
        database.executescript(sql)
    code, out, _ = run("acts", api.mode.acts.folder, "--check")
    assert code == 1 and word in out and "NOT whole" in out, out


def test_broken_rules_of_users(native):
    api = native()
    api.add_user("bob")
    with contextlib.closing(sqlite3.connect(api.mode.users.folder / "users.db")) as database, database:
        database.execute("UPDATE users SET password = ?", [PASSWORD])
    code, out, _ = run("users", api.mode.users.folder, "--check")
    assert code == 1 and 'user "bob" has no hashed password' in out, out


def test_a_few_are_told_of_many(native):
    """Of each rule the first ten that break it, and how many there are."""
    api = native()
    api.stage()
    fill(api.mode.acts.folder / "acts.db", 250, 20)
    with contextlib.closing(sqlite3.connect(api.mode.acts.folder / "acts.db")) as database, database:
        database.executescript("UPDATE acts SET img = ''; DELETE FROM health")
    code, out, _ = run("acts", api.mode.acts.folder, "--check")
    lines = out.splitlines()
    assert code == 1 and len(lines) == 13 and all("not base64" in line for line in lines[:10]), out
    assert lines[10:12] == ["acts: and 240 more like this", "acts: health has 0 rows"]
    assert lines[12].endswith("is NOT whole: problems found: 251")


def damage(path, offset):
    """Overwrites bytes in twenty pages of the file."""
    pages = path.stat().st_size // 4096
    with open(path, "r+b") as file:
        for page in range(3, pages, pages // 20):
            file.seek(page * 4096 + offset)
            file.write(b"\xff" * 64)


@pytest.mark.parametrize("offset", [0, 2000], ids=["the head of pages", "pictures"])
def test_damaged_pages(native, tmp_path, offset):
    """Found; and no copy is made of them, nor is an older one lost."""
    api = native()
    api.stage()
    fill(api.mode.acts.folder / "acts.db", 50, 20000)
    api.mode.acts.stop()
    damage(api.mode.acts.folder / "acts.db", offset)
    code, out, err = run("acts", api.mode.acts.folder, "--check")
    assert code == 1 and "NOT whole" in out, (out, err)
    (tmp_path / "copy.db").write_text("the one of yesterday")
    code, out, err = run("acts", api.mode.acts.folder, "--backup", tmp_path / "copy.db", "--force")
    assert code == 1 and "not whole" in err, err
    assert (tmp_path / "copy.db").read_text() == "the one of yesterday" and len(list(tmp_path.glob("copy.db*"))) == 1


@pytest.mark.parametrize("version, word", [(1000, "schema 1000"), (0, "schema 0")])
def test_another_schema(stopped, version, word):
    name, folder = stopped
    with contextlib.closing(sqlite3.connect(folder / f"{name}.db")) as database, database:
        database.execute(f"PRAGMA user_version = {version}")
    refused(name, folder, "--check", word=word)
