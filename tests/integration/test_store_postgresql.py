"""acts and users on PostgreSQL: what they say at their start, what their commands say, who may be away and come back."""

import contextlib
import itertools
import os
import re
import socket
import subprocess
import time

import pytest

from harness import postgresql
from harness.client import request
from harness.images import build_dir
from harness.ports import free_ports
from harness.processes import ProcessOrchestrator
from harness.wait import holds_for, wait_until
from services_native import Api, Native, Process, elapsed

pytestmark = pytest.mark.skipif(not postgresql.is_there(), reason="needs Debian's package postgresql-15")


@pytest.fixture(name="database")
def _database(postgresql_server):
    return postgresql_server.new_database()


def run(name, *arguments, **env):
    done = subprocess.run([build_dir() / "services" / name / name, *map(str, arguments)], env=dict(os.environ, **env), timeout=60,
                          capture_output=True, text=True, check=False)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["acts", "users"])
@pytest.mark.parametrize("url, words", [
    ("postgresql://ann:secret@[::1/acts", "STORE_URL: no url as libpq wants them"),
    ("postgresql:acts", "STORE_URL: no url as libpq wants them"),
    ("postgresql://ann:secret@127.0.0.1/acts?colour=red", "STORE_URL: no url as libpq wants them")])
def test_refuses_to_start(name, url, words):
    code, _, err = run(name, STORE_URL=url, LISTEN=f"127.0.0.1:{free_ports()}")
    assert code == 1 and words in err and "secret" not in err, err


def test_commands_need_a_server(tmp_path):
    url = "postgresql://ann:secret@127.0.0.1:1/acts?connect_timeout=2"
    for words in (["--check"], ["--export", tmp_path / "out"], ["--import", "-"]):
        code, _, err = run("acts", *words, STORE_URL=url)
        assert code == 1 and "postgresql://127.0.0.1:1/acts: " in err and "secret" not in err, err


def test_what_the_server_has_against_us(postgresql_server, database):
    """It answers, and would answer the same again: a start ends."""
    for url, words in ((postgresql_server.url("nowhere"), 'database "nowhere" does not exist'),
                       (postgresql_server.url(database).replace("selfless@", "ann:secret@"), 'role "ann" does not exist')):
        code, _, err = run("acts", STORE_URL=url, LISTEN=f"127.0.0.1:{free_ports()}")
        assert code == 1 and words in err and "secret" not in err, err


def test_newer_schema(postgresql_server, database):
    url = postgresql_server.url(database)
    process = Process("acts", build_dir(), STORE_URL=url).start()
    process.stop()
    postgresql_server.sql(database, "UPDATE acts.store_schema SET version = 1000")
    code, _, err = run("acts", STORE_URL=url, LISTEN=f"127.0.0.1:{free_ports()}")
    assert code == 1 and "newer program (schema 1000" in err, err


def test_the_url_in_a_file(postgresql_server, database, tmp_path):
    (tmp_path / "url").write_text(postgresql_server.url(database) + "\n")
    process = Process("users", tmp_path, STORE_URL="", STORE_URL_FILE=str(tmp_path / "url"), DATA_DIR="/nonexistent")
    process.start()
    assert process.stop() == 0
    assert postgresql_server.sql(database, "SELECT count(*) FROM users.users") == [["0"]]
    (tmp_path / "empty").write_text("\n")
    for env, words in (({"STORE_URL_FILE": str(tmp_path / "empty")}, f"STORE_URL_FILE: {tmp_path}/empty is empty: it must hold what STORE_URL is to be"),
                       ({"STORE_URL": "sqlite:/x"}, "both set"), ({"STORE_URL_FILE": "/nonexistent"}, "STORE_URL_FILE: /nonexistent"),
                       ({"STORE_URL_FILE": "", "MAX_BODY_BYTES_FILE": str(tmp_path / "url")}, "MAX_BODY_BYTES")):
        code, _, err = run("users", **{"STORE_URL_FILE": str(tmp_path / "url"), "LISTEN": "127.0.0.1:1", **env})
        assert code == 1 and words in err, err


def test_commands(postgresql_server, database, tmp_path):
    """--check finds what is not true, --backup says whose work that is; both services may have one database."""
    url = postgresql_server.url(database)
    mode = Native(tmp_path, STORE_URL=url)
    try:
        Api(mode.start()).stage().add_act(1)
        for name in ("acts", "users"):
            shown = f"postgresql://127.0.0.1:{postgresql_server.port}/{database}"
            assert run(name, "--check", STORE_URL=url)[:2] == (0, f"{name}: {shown} is whole\n")
            code, _, err = run(name, "--backup", tmp_path / "copy", STORE_URL=url)
            assert code == 1 and f"pg_dump --format=custom --schema={name} --file={tmp_path}/copy" in err, err
        for sql, words in (("UPDATE acts.category_acts SET acts = 7", 'category "garden" says 7 acts, and has 1'),
                           ("UPDATE acts.acts SET img = ''", "act 1 has a picture that is not base64"),
                           ("UPDATE acts.acts SET category_id = 99", "act 1 is in no category"),
                           ("DELETE FROM acts.requests_zero", "requests_zero has 0 rows")):
            postgresql_server.sql(database, sql)
            code, out, _ = run("acts", "--check", STORE_URL=url)
            assert code == 1 and words in out and "NOT whole" in out, out
    finally:
        mode.stop()


def test_a_check_tells_of_a_few_of_many(postgresql_server, database, tmp_path):
    """Of each rule the first ten that break it, and how many there are: not a line for each act of a large store."""
    url = postgresql_server.url(database)
    mode = Native(tmp_path, STORE_URL=url)
    try:
        Api(mode.start()).stage()
        postgresql_server.sql(database, "INSERT INTO acts.acts (act_id, category_id, time, username, timestamp, caption, img)"
                              " SELECT n, c.id, n, 'ann', '', '', '' FROM generate_series(1, 1234) n, acts.categories c;"
                              "DELETE FROM acts.requests_zero")
        code, out, _ = run("acts", "--check", STORE_URL=url)
        lines = out.splitlines()
        assert code == 1 and len(lines) == 14 and lines[-1].endswith("is NOT whole: problems found: 1236"), out
        assert 'category "garden" says 0 acts, and has 1234' in lines[0]
        assert all("has a picture that is not base64" in line for line in lines[1:11])
        assert lines[11:13] == ["acts: and 1224 more like this", "acts: requests_zero has 0 rows"]
    finally:
        mode.stop()


def test_what_is_prepared_is_used(tmp_path):
    """Each text costs a round trip of each connection, and memory of the server for as long as that lasts."""
    server = postgresql.Server(log_min_duration_statement=0)
    database = server.new_database()
    mode = Native(tmp_path, STORE_URL=server.url(database))
    try:
        api = Api(mode.start()).stage()
        for number in (1, 2):
            api.add_act(number)
        for query in ("", "?pictures=0"):
            assert len(api.acts("garden", query)) == 2
        api.expect(200, "GET", "/categories")
        api.expect(200, "GET", "/acts/count")
        api.expect(200, "POST", "/acts/upvote", [1])
        for path in ("/acts/1", "/categories/garden", "/users/ann"):
            api.expect(200, "DELETE", path)
        for port in (mode.acts_port, mode.users_port):
            for method in ("GET", "DELETE"):
                assert request(port, "/api/v1/_count", method=method).status == 200
        with server.holding(database, "LOCK acts.health, users.health IN EXCLUSIVE MODE"):
            for port in (mode.acts_port, mode.users_port):
                assert request(port, "/api/v1/_health").status == 200
        said = re.findall(r" (parse|execute) s\d+: (.*)$", (server.folder / "log").read_text(errors="replace"), re.MULTILINE)
        prepared, used = ({text for kind, text in said if kind == wanted} for wanted in ("parse", "execute"))
        assert len(prepared) >= 20 and prepared - used == set()
    finally:
        mode.stop()
        server.remove()


def test_two_connections_and_a_slot(postgresql_server, database, tmp_path):
    """Each process has two connections, and the lowest slot that is free."""
    mode = Native(tmp_path, STORE_URL=postgresql_server.url(database))
    try:
        api = Api(mode.start()).stage()
        others = [mode.more_acts() for _ in range(3)]
        assert postgresql_server.sql(database, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'acts %'") == [["8"]]
        for act, process in enumerate([mode.acts, *others]):
            api.add_act(act, port=process.port)
            api.expect(200, "POST", "/acts/upvote", [0], port=process.port)
        others[0].restart()
        api.expect(200, "POST", "/acts/upvote", [0], port=others[0].port)
        assert postgresql_server.sql(database, "SELECT slot, added FROM acts.votes ORDER BY slot") == [["1", "1"], ["2", "2"], ["3", "1"], ["4", "1"]]
        assert api.acts("garden")[-1]["upvotes"] == 5
    finally:
        mode.stop()


def test_a_list_is_a_few_questions(tmp_path):
    """However many acts there are in it, with and without pictures, and some of them gone meanwhile."""
    server = postgresql.Server(log_statement="all")
    database = server.new_database()
    mode = Native(tmp_path, STORE_URL=server.url(database))
    try:
        api = Api(mode.start()).stage()
        for number in range(100):
            api.add_act(number, caption="x" * (number % 7))

        def asked():
            return (server.folder / "log").read_text(errors="replace").count("  execute ")

        for query in ("", "?pictures=0"):
            before = asked()
            acts = api.acts("garden", query)
            assert [act["caption"] for act in acts] == ["x" * (number % 7) for number in range(99, -1, -1)]
            assert 0 < asked() - before < 20
        large = [f"QUJD{number:04}" * 20000 for number in range(6)]
        for number, picture in enumerate(large):
            api.add_act(1000 + number, categoryName="garden", timestamp="01-02-2025:03-04-05", imgB64=picture)
        acts = api.acts("garden", "?start=1&end=100")
        assert [act["imgB64"] for act in acts[:6]] == large[::-1] and len(acts) == 100
    finally:
        mode.stop()
        server.remove()


@pytest.mark.parametrize("count", [999, 1000, 2500])
def test_long_lists_come_in_pages(tmp_path, count):
    """So that the server's answer to all of it is never in memory as a whole; each name is there once, in its order."""
    server = postgresql.Server(log_statement="all")
    database = server.new_database()
    mode = Native(tmp_path, STORE_URL=server.url(database))
    names = sorted(f"n{number}" for number in range(count))
    try:
        api = Api(mode.start())
        for table, column in (("acts.categories (name)", ""), ("users.users", ", '$argon2id$'")):
            server.sql(database, f"SET search_path = users; INSERT INTO {table} SELECT convert_to('n' || n, 'UTF8') {column} FROM generate_series(0, {count - 1}) n")
        assert list(api.expect(200, "GET", "/categories")) == names == api.expect(200, "GET", "/users")
        log = (server.folder / "log").read_text(errors="replace")
        for words in ("SELECT name, coalesce", "SELECT username FROM users"):
            assert log.count(f": {words}") == count // 1000 + 1
        for name in ("acts", "users"):
            code, out, err = run(name, "--export", "-", STORE_URL=server.url(database))
            assert code == 0, err
            assert [line.split('"')[3] for line in out.splitlines()[1:-1]] == names
    finally:
        mode.stop()
        server.remove()


def test_what_the_server_says_is_quoted_in_the_log(postgresql_server, database, tmp_path):
    mode = Native(tmp_path, STORE_URL=postgresql_server.url(database))
    try:
        api = Api(mode.start())
        postgresql_server.sql(database, "ALTER TABLE acts.categories RENAME TO gone")
        api.expect(503, "GET", "/categories")
        api.expect(503, "POST", "/categories", ["beach"])
        for event in ("store-read-failed", "store-write-failed"):
            line = next(line for line in mode.acts.log.read_text().splitlines() if f"event={event} " in line)
            assert re.search(r' error="([^"\\]|\\.)*\\"categories\\"([^"\\]|\\.)*"$', line), line
    finally:
        mode.stop()


def listens(process):
    with contextlib.suppress(OSError):
        return request(process.port, "/api/v1/_health", timeout=5).status == 500
    return False


@contextlib.contextmanager
def started_in_vain(mode):
    """Both services, while nobody serves their store: they listen, say so, and are still there in the end."""
    processes = [mode.users, mode.acts]
    try:
        for process in processes:
            process.spawn()
        for process in processes:
            wait_until(lambda p=process: listens(p), 10, f"{process.name} listens, and tells the truth")
        yield Api(mode)
        assert [process.process.poll() for process in processes] == [None, None]
    finally:
        mode.stop()


def test_started_while_the_server_is_away(tmp_path):
    """It serves as soon as the server does, a new database too; until then 503, and who asks hears when to come again."""
    server = postgresql.Server()
    url = server.url(server.new_database())
    server.stop()
    try:
        with started_in_vain(Native(tmp_path, STORE_URL=url)) as api:
            time.sleep(6)       # longer than a store's patience
            for method, path, body in (("GET", "/users", None), ("GET", "/categories", None), ("POST", "/categories", ["beach"])):
                reply = api.call(method, path, body)
                assert reply.status == 503 and reply.get("Retry-After") == "1", reply
            assert "event=store-lost" in api.mode.acts.log.read_text()
            assert elapsed(lambda: api.call("GET", "/_health")) < 3
            server.start()
            for path in ("/_health", "/users", "/categories"):
                wait_until(lambda p=path: api.call("GET", p).status in (200, 204), 10, path)
            api.stage().add_act(1)
            assert "event=store-connected" in api.mode.acts.log.read_text()
    finally:
        server.remove()


@pytest.mark.parametrize("mode", ["silent", "refuses", "hangs"])
def test_started_while_a_pooler_has_no_server(postgresql_server, database, tmp_path, mode):
    """It is up, and what it says, if anything, is nothing that the server has against us: a start goes on, and it is dialed again."""
    pooler = postgresql.Pooler(postgresql_server, mode)
    try:
        with started_in_vain(Native(tmp_path, STORE_URL=pooler.url(database))) as api:
            assert api.call("GET", "/categories").status == 503
            if mode == "refuses":
                dialed = pooler.dialed
                wait_until(lambda: api.call("GET", "/categories").status == 503 and pooler.dialed > dialed, 15, "a read has dialed in vain")
            pooler.become("passes")
            wait_until(lambda: api.call("GET", "/_health").status == 200, 15, "it serves")
            api.expect(204, "GET", "/categories")
    finally:
        pooler.close()


def test_an_unreachable_server_is_dialed_once_at_a_start(postgresql_server, database, tmp_path):
    """Each dial takes seconds until it is given up, and nobody is served meanwhile."""
    pooler = postgresql.Pooler(postgresql_server, "silent")
    process = Process("acts", tmp_path, STORE_URL=pooler.url(database))

    def listens_now():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", process.port), 1):
            return True
        return False

    try:
        process.spawn()
        wait_until(listens_now, 20, "it listens")
        assert pooler.dialed == 1
    finally:
        pooler.close()
        process.stop()


def test_started_while_nobody_takes_writes(postgresql_server, database, tmp_path):
    """As in the middle of a switch to another server."""
    postgresql_server.sql(database, f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with started_in_vain(Native(tmp_path, STORE_URL=postgresql_server.url(database))) as api:
        postgresql_server.sql("postgres", f"ALTER DATABASE {database} RESET default_transaction_read_only")
        wait_until(lambda: api.call("GET", "/_health").status == 200, 15, "somebody takes writes")
        api.expect(204, "GET", "/categories")


def test_health_tells_at_once_that_the_server_has_gone(tmp_path):
    """Not only when patience is over: whoever dials neither reads nor writes. Later at once, lest it be taken for a hang."""
    server = postgresql.Server()
    mode = Native(tmp_path, STORE_URL=server.url(server.new_database()))
    try:
        api = Api(mode.start())
        server.stop("immediate")
        reply = []
        assert elapsed(lambda: reply.append(api.call("GET", "/_health"))) < 0.39     # before anybody takes it for a hang
        assert reply[0].status == 500
        for _ in range(16):
            time.sleep(0.4)
            reply = []
            assert elapsed(lambda: reply.append(api.call("GET", "/_health"))) < 0.25
            assert reply[0].status == 500
    finally:
        mode.stop()
        server.remove()


def test_an_outage_under_the_orchestrator(tmp_path):
    """At a start and later: nobody is started again and again, somebody answers, and all serve when the server does."""
    server = postgresql.Server()
    orchestrator = ProcessOrchestrator(tmp_path, os.getpid())
    program = build_dir() / "services" / "users" / "users"
    url = server.url(server.new_database())
    service = orchestrator.add_backends("users", 2, command=[str(program)], env={"STORE_URL": url})
    try:
        server.stop()
        orchestrator.spawn()
        wait_until(lambda: len(orchestrator.running(service)) == 2, 20, "both are started")
        before = orchestrator.running(service)
        holds_for(lambda: orchestrator.running(service) == before, 8, "neither ends")
        server.start()
        orchestrator.wait_slots(service, 2, 15)
        assert orchestrator.running(service) == before
        server.stop("immediate")
        time.sleep(8)
        left = orchestrator.running(service)
        assert len(left) == 2 and left.items() & before.items(), "one is kept"
        assert request(orchestrator.port, "/api/v1/users", timeout=10).status == 503
        server.start()
        wait_until(lambda: request(orchestrator.port, "/api/v1/users", timeout=10).status == 204, 15, "it serves")
        orchestrator.wait_slots(service, 2, 15)
        assert left.items() & orchestrator.running(service).items()
    finally:
        orchestrator.close()
        server.remove()


def test_an_outage_that_outlasts_a_start(tmp_path):
    """Who never served is replaced after start_ms, later and later; what is to be waited for is shown; it serves when it can."""
    server = postgresql.Server()
    orchestrator = ProcessOrchestrator(tmp_path, os.getpid())
    program = build_dir() / "services" / "users" / "users"
    service = orchestrator.add_backends("users", 1, command=[str(program)], env={"STORE_URL": server.url(server.new_database())},
                                        health={"path": "/api/v1/_health", "start_ms": 500})
    server.stop()
    try:
        orchestrator.spawn()

        def pauses():
            return [int(ms) for ms in re.findall(r"event=backing-off .* retry_ms=(\d+)", orchestrator.log())]
        wait_until(lambda: len(pauses()) >= 3, 40, "the third pause")
        assert all(after > 1.5 * before for before, after in itertools.pairwise(pauses())), pauses()
        assert "; the last one saw: status 500 on /api/v1/_health" in orchestrator.log()
        server.start()
        orchestrator.wait_slots(service, 1, 30)
        assert request(orchestrator.port, "/api/v1/users", timeout=10).status == 204
    finally:
        orchestrator.close()
        server.remove()


def test_away_and_back(tmp_path):
    """503 and 500 while the server is away, soon; all as before when it is back, without a restart; start by start it is asked less."""
    server = postgresql.Server()
    mode = Native(tmp_path, STORE_URL=server.url(server.new_database()))
    try:
        api = Api(mode.start()).stage()
        server.stop("immediate")
        for method, path, body in (("GET", "/categories", None), ("POST", "/categories", ["beach"]), ("GET", "/_count", None)):
            api.expect(503, method, path, body)
        assert api.call("GET", "/_health").status == 500
        time.sleep(6)
        assert elapsed(lambda: api.expect(503, "GET", "/categories")) < 3
        for _ in range(50):
            api.expect(503, "GET", "/categories")
            api.expect(503, "POST", "/categories", ["beach"])
        told = len(re.findall(r"event=store-(?:read|write)-failed ", mode.acts.log.read_text()))
        assert 2 <= told < 20, "not a line for each request"
        server.start()
        wait_until(lambda: api.call("GET", "/_health").status == 200, 15, "it is back")
        wait_until(lambda: api.call("GET", "/categories").status == 200, 15, "reading, too")
        assert api.expect(200, "GET", "/categories") == {"garden": 0}
        log = mode.acts.log.read_text()
        assert "event=store-lost" in log and "event=store-connected" in log
        api.add_act(1)
    finally:
        mode.stop()
        server.remove()
