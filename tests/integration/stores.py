"""Which store the services of a scenario have: a file each (sqlite), or databases of one server (postgresql).

The API is the same on each, so test_api_* run on any. Usually SELECTION runs on PostgreSQL, too, as plain processes; with
`--store postgresql` all that test_api_* hold do, in all modes, and only on it. `stores.current` is what whoever starts a service
asks for its environment.
"""

import contextlib
import sqlite3

KINDS = ["sqlite", "postgresql"]

# of files test_api_*: what takes seconds and touches most of a store
SELECTION = [*(f"test_api_categories.py::test_{name}" for name in ("empty_list", "list_counts", "delete_takes", "no_such")),
             *(f"test_api_users.py::test_{name}" for name in ("empty_list", "list", "names", "etag", "password_is_not")),
             *(f"test_api_acts.py::test_{name}" for name in ("add_and", "count", "deleted_user", "upvotes")),
             *(f"test_api_lists.py::test_{name}" for name in ("order", "ranges_of_three", "large_list_in", "deleted")),
             "test_api_faults.py::test_kill_and_restart", "test_api_faults.py::test_locked_store"]

FILES = "about what a file, or a folder, may do"
EXCUSED = {
    "test_api_faults.py::test_full_store": FILES,
    "test_api_store_faults.py::test_disk_gets_full": FILES,
    "test_api_store_faults.py::test_database_removed_while_running": FILES,
    "test_api_store_faults.py::test_another_process_keeps_the_turn": "nobody takes turns",
    "test_api_store_faults.py::test_damaged": FILES,
}


def kinds_of(nodeid, fixtures, option):
    """fixtures: what the scenario uses, by itself or through others."""
    if "test_api_" not in nodeid or not {"api_mode", "native", "with_fake"} & set(fixtures):
        return ["sqlite"]
    if option is not None:
        return [option]
    return KINDS if any(word in nodeid for word in SELECTION) else ["sqlite"]


def is_left_out(callspec):
    """Of a scenario that runs on both: is it one in containers, on PostgreSQL?"""
    params = callspec.params if callspec else {}
    return params.get("store") == "postgresql" and params.get("api_mode", "native") != "native"


def excuse(kind, nodeid):
    return next((reason for word, reason in EXCUSED.items() if kind == "postgresql" and word in nodeid), None)


class Files:
    """Each service has a file in its own folder."""

    kind = "sqlite"
    seconds_to_count = 0    # until one process knows what another one has counted

    def environment(self, _name, _contained=False):
        return {}

    def binds(self):
        return []

    def acts(self, process):
        """{act: caption}, past the service."""
        with contextlib.closing(sqlite3.connect(f"file:{process.folder}/acts.db?mode=ro", uri=True)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return dict(database.execute("SELECT act_id, caption FROM acts"))

    @contextlib.contextmanager
    def locked(self, process):
        """Nobody can write, as while another container does."""
        with contextlib.closing(sqlite3.connect(process.folder / "acts.db", isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield

    def bytes_of_users(self, process):
        return b"".join(path.read_bytes() for path in process.folder.glob("users.db*"))


class Databases:
    """Each has a database of its own; what may share one is given the environment of the other."""

    kind = "postgresql"
    seconds_to_count = 3
    FOLDER = "/postgresql"      # in containers

    def __init__(self, server):
        self.server = server

    def environment(self, _name, contained=False):
        return {"STORE_URL": self.server.url(self.server.new_database(), self.FOLDER if contained else None)}

    def binds(self):
        return [f"{self.server.folder}:{self.FOLDER}"]

    @staticmethod
    def database(process):
        return process.env["STORE_URL"].rsplit("/", 1)[1]

    def acts(self, process):
        rows = self.server.sql(self.database(process), "SELECT act_id, convert_from(caption, 'UTF8') FROM acts.acts")
        return {int(act): caption for act, caption in rows}

    def locked(self, process):
        return self.server.holding(self.database(process), "LOCK acts.categories, acts.acts, acts.health IN EXCLUSIVE MODE")

    def bytes_of_users(self, process):
        return repr(self.server.sql(self.database(process), "SELECT * FROM users.users")).encode()


current = Files()       # pylint: disable=invalid-name


@contextlib.contextmanager
def use(kind, server):
    """server: gives one, if it is needed."""
    global current      # pylint: disable=global-statement
    current = Databases(server()) if kind == "postgresql" else Files()
    try:
        yield current
    finally:
        current = Files()

