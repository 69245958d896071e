"""--export and --import of acts and users: all there is, from one store to another of any kind, while services run."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import pytest

import stores
from harness import postgresql
from harness.images import build_dir
from harness.wait import wait_until
from services_native import PASSWORD, Api, Native


def run(process, *arguments, text=None):
    """(exit code, stdout, stderr) of a command on the store of that process."""
    env = dict(os.environ, DATA_DIR=str(process.folder), **{key: value for key, value in process.env.items() if key == "STORE_URL"})
    done = subprocess.run([process.program, *map(str, arguments)], env=env, input=text, timeout=300, capture_output=True, text=True, check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(name="on")
def _on(request, tmp_path):
    """`on("postgresql")`: the application on a store of that kind, empty."""
    made = []

    def make(kind):
        if kind == "postgresql" and not postgresql.is_there():
            pytest.skip("needs Debian's package postgresql-15")
        with stores.use(kind, lambda: request.getfixturevalue("postgresql_server")):
            made.append(Native(tmp_path / str(len(made))))
        return Api(made[-1].start())

    yield make
    for mode in made:
        mode.stop()


NAMES = ["ann", "Zoë \U0001f333", "'; DROP TABLE acts; --", "\\x41", "a\"b"]


def fill(api):
    for name in NAMES:
        api.add_user(name)
        api.add_category(name)
    api.add_category("empty")
    for number in range(40):
        api.add_act(number, username=NAMES[number % 5], categoryName=NAMES[number % 3], caption=f"a\x00b\n{number}\t\u2028",
                    imgB64="QUJD" * (1 + number * 37), timestamp=f"{1 + number % 28:02}-02-2023:03-04-05")
    api.add_act(2**63 - 1, categoryName="ann", imgB64="QUJD" * 500000)
    for number in range(60):
        api.expect(200, "POST", "/acts/upvote", [number % 7])


def everything(api):
    """What clients see of it."""
    categories = api.expect(200, "GET", "/categories")
    return (categories, api.expect(200, "GET", "/users"),
            {name: api.acts(name) if count else [] for name, count in categories.items()})


@pytest.mark.parametrize("there, back", [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_there_and_back(on, there, back, tmp_path):
    """The same again, byte for byte; what is imported twice is there once; passwords and upvotes come along."""
    first, second = on(there), on(back)
    fill(first)
    for name in ("acts", "users"):
        file = tmp_path / f"{name}.jsonl"
        code, _, err = run(getattr(first.mode, name), "--export", file)
        assert code == 0, err
        lines = len(file.read_text(encoding="utf-8").split("\n")) - 3
        assert f"exported: {lines}" in err
        for added in (lines, 0):
            code, out, err = run(getattr(second.mode, name), "--import", file)
            assert (code, out) == (0, f"{name}: imported: {added}, there already: {lines - added}\n"), err
        assert run(getattr(second.mode, name), "--check")[0] == 0
        again = run(getattr(second.mode, name), "--export", "-")[1]
        assert sorted(again.split("\n")) == sorted(file.read_text(encoding="utf-8").split("\n"))
    assert everything(first) == everything(second)
    second.expect(400, "POST", "/users", {"username": "ann", "password": PASSWORD})
    second.expect(200, "POST", "/acts/upvote", [3])
    second.expect(200, "DELETE", "/acts/3")


@pytest.mark.parametrize("kind", stores.KINDS)
def test_while_it_is_used(on, kind, tmp_path):
    """An export is of one moment: with an act, its category; of each client what it had done up to then. What serves goes on."""
    api, stop = on(kind), threading.Event()
    api.stage()

    def write(client):
        number = client * 10**6
        while not stop.is_set():
            api.add_act(number)
            number += 1
    clients = [threading.Thread(target=write, args=(client,)) for client in range(1, 4)]
    for client in clients:
        client.start()
    try:
        for number in range(3):
            wait_until(lambda least=number * 20: api.expect(200, "GET", "/acts/count")[0] > least, 30, "acts are posted")
            before = api.expect(200, "GET", "/acts/count")[0]
            file = tmp_path / f"export-{number}"
            assert run(api.mode.acts, "--export", file)[0] == 0
            lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            ids = [line["actId"] for line in lines[2:-1]]
            assert lines[-1] == {"lines": len(ids) + 1} and len(ids) >= before
            for client in range(1, 4):
                mine = [act - client * 10**6 for act in ids if act // 10**6 == client]
                assert mine == list(range(len(mine)))
        code, out, _ = run(api.mode.acts, "--import", file)
        assert code == 0 and "imported: 0," in out
    finally:
        stop.set()
        for client in clients:
            client.join()


ACT = {"actId": 1, "username": "ann", "timestamp": "01-02-2024:03-04-05", "caption": "", "categoryName": "garden", "upvotes": 0, "imgB64": "QUJD"}
HEAD = {"export": "acts", "format": 1}


@pytest.mark.parametrize("lines, words", [
    ([], "its end is missing"),
    (["nonsense"], "line 1"),
    ([{"export": "users", "format": 1}], "no export of acts"),
    ([{"export": "acts", "format": 2}], "format must be 1"),
    ([HEAD, {"category": "garden"}, ACT], "its end is missing"),
    ([HEAD, {"category": "garden"}, ACT, {"lines": 3}], "there should be 3 lines"),
    ([HEAD, ACT, {"lines": 1}], "line 2: what it belongs to is not there"),
    ([HEAD, {"category": "garden"}, {**ACT, "imgB64": "?"}, {"lines": 2}], "line 3: imgB64"),
    ([HEAD, {"category": "garden"}, {**ACT, "more": 1}, {"lines": 2}], "line 3: more"),
    ([HEAD, {"category": "garden"}, {**ACT, "timestamp": "31-02-2024:03-04-05"}, {"lines": 2}], "line 3: timestamp"),
    ([HEAD, {"category": "garden"}, {**ACT, "upvotes": -1}, {"lines": 2}], "line 3: upvotes: must be a whole number from 0 to 9007199254740992"),
    ([HEAD, {"category": "garden"}, ACT, {**ACT, "actId": 2, "upvotes": 2**53 + 1}, {"lines": 3}], "line 4: upvotes: "),
    ([HEAD, {"category": "a\0b"}, {"lines": 1}], "line 2: category"),
    ([HEAD, {"lines": 0}, {"category": "garden"}], "line 3: something comes behind"),
])
@pytest.mark.parametrize("kind", stores.KINDS)
def test_what_is_no_export(on, kind, lines, words):
    api = on(kind)
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    code, _, err = run(api.mode.acts, "--import", "-", text=text)
    assert code == 1 and words in err, err
    assert run(api.mode.acts, "--check")[0] == 0


def test_a_pipe_that_is_read_slowly(on):
    """Longer than a session of the services may rest in the middle of a transaction."""
    api = on("postgresql")
    api.stage()
    for number in range(8):
        api.add_act(number, imgB64="QUJD" * 100000)
    env = dict(os.environ, STORE_URL=api.mode.acts.env["STORE_URL"])
    with subprocess.Popen([api.mode.acts.program, "--export", "-"], env=env, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        time.sleep(12)
        rest = process.stdout.readlines()
    assert process.returncode == 0 and json.loads(first) == HEAD and json.loads(rest[-1]) == {"lines": 9}


def test_files_that_cannot_be(on, tmp_path):
    api = on("sqlite")
    (tmp_path / "taken").write_text("precious")
    for arguments, words in ((["--export", tmp_path / "taken"], "--force"), (["--export", tmp_path / "no" / "such"], "cannot be made"),
                             (["--import", tmp_path / "none"], "cannot be read")):
        code, _, err = run(api.mode.acts, *arguments)
        assert code == 1 and words in err, err
    assert (tmp_path / "taken").read_text() == "precious"
    os.mkfifo(tmp_path / "fifo")
    code, _, err = run(api.mode.acts, "--export", tmp_path / "fifo", "--force")
    assert code == 1 and "is there, and is not a file" in err and (tmp_path / "fifo").is_fifo(), err
    assert run(api.mode.acts, "--export", tmp_path / "taken", "--force")[0] == 0
    assert run(api.mode.acts, "--export")[0] == 2 and run(api.mode.acts, "--backup", "-")[0] == 2
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([api.mode.acts.program, "--export", "-"], env=dict(os.environ, DATA_DIR=str(api.mode.acts.folder)),
                              stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr
    assert not list(tmp_path.glob("*.??????"))


def peak_kb(api, *arguments):
    """The most memory that the command had, with what sanitizers take."""
    env = dict(os.environ, DATA_DIR=str(api.mode.acts.folder), ASAN_OPTIONS="quarantine_size_mb=1:detect_leaks=0",
               **{key: value for key, value in api.mode.acts.env.items() if key == "STORE_URL"})
    done = subprocess.run(["/usr/bin/env", "time", "--format=%M", build_dir() / "services" / "acts" / "acts", *arguments], env=env,
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


@pytest.mark.parametrize("kind", stores.KINDS)
def test_a_large_store_takes_little_memory(on, kind, tmp_path):
    """200 MB of pictures, with some lines of them in memory in either direction."""
    api = on(kind)
    picture, count = "QUJD" * 262144, 200
    with open(tmp_path / "large", "w", encoding="utf-8") as file:
        for line in [HEAD, {"category": "garden"}, *({**ACT, "actId": number, "imgB64": picture} for number in range(count)), {"lines": count + 1}]:
            file.write(json.dumps(line) + "\n")
    for arguments in (["--import", tmp_path / "large"], ["--export", tmp_path / "out"]):
        assert peak_kb(api, *arguments) < 60000
    assert (tmp_path / "out").stat().st_size > count * len(picture)


@pytest.mark.parametrize("kind", stores.KINDS)
def test_many_categories_take_little_memory(on, kind, tmp_path):
    """PostgreSQL's whole answer would be in memory at once."""
    api, count = on(kind), 100000
    with open(tmp_path / "many", "w", encoding="utf-8") as file:
        for line in [HEAD, *({"category": f"{number:06}" + "x" * 250} for number in range(count)), {"lines": count}]:
            file.write(json.dumps(line) + "\n")
    assert run(api.mode.acts, "--import", tmp_path / "many")[0] == 0
    assert peak_kb(api, "--export", tmp_path / "out") < 60000
    assert (tmp_path / "out").read_bytes() == (tmp_path / "many").read_bytes().replace(b'": ', b'":').replace(b', "', b',"')


def test_a_line_without_an_end(on):
    """As of a file that is none of ours: told, and not kept in memory."""
    api = on("sqlite")
    env = dict(os.environ, DATA_DIR=str(api.mode.acts.folder))
    with subprocess.Popen([api.mode.acts.program, "--import", "-"], env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as process:
        process.stdin.write(json.dumps(HEAD).encode() + b"\n")
        with pytest.raises(BrokenPipeError):
            for _ in range(320):
                process.stdin.write(b" " * 2**20)
        err = process.stderr.read().decode()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    assert process.returncode == 1 and "line 2: is longer than 256 MiB" in err, err


@pytest.mark.parametrize("kind", stores.KINDS)
@pytest.mark.parametrize("whole, more, words", [
    (0, 12, "line 1: is cut"), (1, 0, "its end is missing: it was cut behind line 1"), (2, 5, "line 3: is cut"), (100, 30, "line 101: is cut"),
    (100, 0, "its end is missing: it was cut behind line 100"), (257, 30, "line 258: is cut"), (290, -1, "line 291: is cut"),
    (302, 5, "line 303: is cut"), (302, -2, "line 303: is cut")])
def test_what_was_cut_is_there_as_far_as_it_goes(on, kind, whole, more, words, tmp_path):
    """As by a full disk or a connection that broke: all lines that came whole are kept, and which one did not is said. more: bytes of
    the line behind them; below 0: all but so many."""
    api = on(kind)
    lines = [json.dumps(line) + "\n" for line in
             [HEAD, {"category": "garden"}, *({**ACT, "actId": number} for number in range(300)), {"lines": 301}]]
    for name, text in (("cut", "".join(lines[:whole]) + lines[whole][:more]), ("all", "".join(lines))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    there = max(0, whole - 1)
    code, out, err = run(api.mode.acts, "--import", tmp_path / "cut")
    assert (code, out) == (1, f"acts: imported: {there}, there already: 0\n") and f"{tmp_path}/cut: {words}" in err, (out, err)
    assert "imported" in err and api.expect(200, "GET", "/acts/count") == [max(0, there - 1)]
    assert run(api.mode.acts, "--import", tmp_path / "all")[:2] == (0, f"acts: imported: {301 - there}, there already: {there}\n")


def test_the_last_line_need_not_end(on):
    text = "".join(json.dumps(line) + "\n" for line in [HEAD, {"category": "garden"}, ACT, {"lines": 2}])
    assert run(on("sqlite").mode.acts, "--import", "-", text=text[:-1])[:2] == (0, "acts: imported: 2, there already: 0\n")


@pytest.mark.parametrize("kind", stores.KINDS)
def test_an_import_that_is_killed_is_begun_again(on, kind, tmp_path):
    api, count = on(kind), 3000
    with open(tmp_path / "many", "w", encoding="utf-8") as file:
        for line in [HEAD, {"category": "garden"}, *({**ACT, "actId": number, "upvotes": 2} for number in range(count)), {"lines": count + 1}]:
            file.write(json.dumps(line) + "\n")
    env = dict(os.environ, DATA_DIR=str(api.mode.acts.folder), **{key: value for key, value in api.mode.acts.env.items() if key == "STORE_URL"})
    with subprocess.Popen([api.mode.acts.program, "--import", tmp_path / "many"], env=env, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: api.expect(200, "GET", "/acts/count")[0] > 0, 60, "it has begun")
        process.send_signal(signal.SIGKILL)
    assert run(api.mode.acts, "--import", tmp_path / "many")[0] == 0
    assert api.expect(200, "GET", "/acts/count") == [count]
    assert {act["upvotes"] for act in api.acts("garden", "?start=1&end=100")} == {2}
    assert run(api.mode.acts, "--check")[0] == 0
