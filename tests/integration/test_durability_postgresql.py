"""acts on PostgreSQL under write load, while processes, the server, or the way to it are killed or cut: nothing that was
acknowledged is lost, doubled or torn."""

import contextlib
import random
import threading
import time

import pytest

from harness import postgresql
from harness.durability import CATEGORIES, POSTED, Load, kill_round
from harness.wait import wait_until
from services_native import Api, Native

pytestmark = pytest.mark.skipif(not postgresql.is_there(), reason="needs Debian's package postgresql-15")

PROCESSES = 3
CLIENTS = 8


@pytest.fixture(name="server")
def _server():
    """One that syncs."""
    made = postgresql.Server()
    yield made
    made.remove()


class World:
    """acts processes on one url, and users beside them."""

    def __init__(self, folder, url, processes=PROCESSES):
        self.mode = Native(folder, STORE_URL=url)
        self.api = Api(self.mode.start())
        self.api.add_user("ann")
        for name in CATEGORIES:
            self.api.add_category(name)
        self.processes = [self.mode.acts] + [self.mode.more_acts() for _ in range(processes - 1)]

    def load(self):
        return Load(CLIENTS, [process.port for process in self.processes])

    def said(self, words):
        return sum(process.log.read_text().count(words) for process in self.processes)


@pytest.fixture(name="world")
def _world(tmp_path):
    made = []

    def make(url, **how):
        made.append(World(tmp_path / str(len(made)), url, **how))
        return made[-1]

    yield make
    for world in made:
        world.mode.stop()


def goes_on(load, more=30):
    before = load.acknowledged()
    wait_until(lambda: load.failures or load.acknowledged() > before + more, 60, "acts are acknowledged")
    assert not load.failures, load.failures


def test_kill_9_of_acts(server, world):
    database = server.new_database()
    acts, chance = world(server.url(database)), random.Random(7)
    with acts.load() as load:
        for _ in range(8):
            kill_round(acts.processes, load, chance)
            assert not load.failures, load.failures
    print(load.summary())
    load.check_server(server, database)


def test_kill_9_of_the_server(server, world):
    database = server.new_database()
    acts, chance = world(server.url(database)), random.Random(8)
    with acts.load() as load:
        for _ in range(5):
            goes_on(load)
            time.sleep(chance.uniform(0, 0.3))
            server.kill()
            time.sleep(chance.uniform(0, 1))
            server.start()
        goes_on(load)
    print(load.summary())
    load.check_server(server, database)


def test_a_switch_to_the_standby(server, world):
    """It has all that was acknowledged, since the first one waited for it; and it is found by the same url."""
    database = server.new_database()
    with contextlib.ExitStack() as standbys:
        standby = server.follow("second")
        standbys.callback(standby.remove)
        server.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'second'")
        server.sql("postgres", "SELECT pg_reload_conf()")
        wait_until(lambda: server.sql("postgres", "SELECT sync_state FROM pg_stat_replication") == [["sync"]], 30, "it follows")
        acts = world(f"postgresql://selfless@127.0.0.1:{server.port},127.0.0.1:{standby.port}/{database}")
        with acts.load() as load:
            goes_on(load, 100)
            server.kill()
            standby.promote()
            goes_on(load, 100)
        print(load.summary())
        load.check_server(standby, database)


def test_the_answer_to_a_commit_is_lost(server, world):
    """The next connection asks: nobody is told that it is not known, nothing is done twice."""
    database = server.new_database()
    line = postgresql.Line(server)
    acts = world(line.url(database), processes=1)
    with acts.load() as load:
        for number in range(1, 16):
            goes_on(load, 5)
            line.armed = True
            wait_until(lambda n=number: line.cuts == n, 20, "the line is cut")
        goes_on(load)
    print(load.summary(), f"{acts.said('committed=yes')} of {line.cuts} were committed")
    assert acts.said("committed=yes") > 0
    assert all(outcome == POSTED for client in load.clients for outcome in client.acts.values())
    load.check_server(server, database)
    line.close()


def test_five_start_on_a_new_database(server, tmp_path):
    """All of them make its tables, and none stumbles over another."""
    for number in range(3):
        mode = Native(tmp_path / str(number), STORE_URL=server.url(server.new_database()))
        five = [mode.acts] + [type(mode.acts)("acts", mode.acts.folder, **mode.acts.env) for _ in range(4)]
        try:
            mode.users.start()
            starts = [threading.Thread(target=process.start) for process in five]
            for start in starts:
                start.start()
            for start in starts:
                start.join()
            api = Api(mode).stage()
            for act, process in enumerate(five):
                api.add_act(act, port=process.port)
            assert api.expect(200, "GET", "/categories") == {"garden": 5}
        finally:
            for process in [mode.users, *five]:
                process.stop()
