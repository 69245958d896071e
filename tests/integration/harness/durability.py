"""Clients that remember what they were told, and what must then be in the database; processes that are killed meanwhile.

The three outcomes of a request: acknowledged, refused, unknown (no answer, or a 503 or 502 that may come after the
commit). What was acknowledged is there once, byte for byte; what was refused is not; what is unknown may be either, but
whole.
"""

import contextlib
import hashlib
import http.client
import json
import random
import signal
import sqlite3
import threading
import time

from .wait import wait_until

POSTED, REFUSED, UNKNOWN = "posted", "refused", "unknown"
CATEGORIES = ("garden", "beach")


def picture(number):
    """Its own for each act: 0.1 to 20 KB of base64."""
    seed = hashlib.sha256(str(number).encode()).hexdigest()
    return (seed * 320)[: 4 * (number * 7919 % 5000 + 25)]


def act(number):
    return {"actId": number, "username": "ann", "timestamp": "01-02-2024:03-04-05", "caption": f"act {number}",
            "categoryName": CATEGORIES[number % 2], "imgB64": picture(number)}


class Client(threading.Thread):
    """Posts, upvotes and deletes acts of its own, one after the other, at a port that may change or be closed."""

    def __init__(self, number, port_of):
        super().__init__(daemon=True)
        self.number, self.port_of = number, port_of
        self.acts = {}          # number -> outcome of its POST
        self.deleted = {}       # number -> outcome of its DELETE
        self.upvotes = {}       # number -> [acknowledged, unknown]
        self.longest = 0
        self.stopping = threading.Event()
        self.connection = None
        self.random = random.Random(number)

    def _ask(self, method, path, body=None):
        """The status; None: nobody knows."""
        begin = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port_of(), timeout=60)
            self.connection.request(method, "/api/v1" + path, None if body is None else json.dumps(body))
            reply = self.connection.getresponse()
            reply.read()
            self.longest = max(self.longest, time.monotonic() - begin)
            return None if reply.status in (502, 503, 504) else reply.status
        except (OSError, http.client.HTTPException):
            self.connection = None
            return None

    def _outcome(self, status, good):
        if status is None:
            return UNKNOWN
        assert status in (good, 400), status
        return POSTED if status == good else REFUSED

    def _post(self, number):
        self.acts[number] = self._outcome(self._ask("POST", "/acts", act(number)), 201)

    def _upvote(self, number):
        outcome = self._outcome(self._ask("POST", "/acts/upvote", [number]), 200)
        assert outcome != REFUSED, f"act {number} was acknowledged, and is not there"
        self.upvotes.setdefault(number, [0, 0])[outcome == UNKNOWN] += 1

    def _post_again(self, number):
        assert self._outcome(self._ask("POST", "/acts", act(number)), 201) != POSTED, f"act {number} twice"

    def run(self):
        number = self.number * 10**6
        while not self.stopping.is_set():
            self._post(number)
            known = [n for n in range(max(number - 50, self.number * 10**6), number)
                     if self.acts.get(n) == POSTED and n not in self.deleted]
            if known and number % 3 == 0:
                self._upvote(self.random.choice(known))
            if known and number % 7 == 0:
                victim = self.random.choice(known)
                self.deleted[victim] = self._outcome(self._ask("DELETE", f"/acts/{victim}"), 200)
                assert self.deleted[victim] != REFUSED, f"act {victim} was acknowledged, and is not there"
            elif known and number % 11 == 0:
                self._post_again(self.random.choice(known))
            if self.connection is None:
                self.stopping.wait(0.02)
            number += 1


class Load:
    """So many clients over all processes; a client whose process is gone goes to another one."""

    def __init__(self, count, ports):
        self.ports, self.failures = ports, []
        self.clients = [Client(number, self._port) for number in range(1, count + 1)]
        self.hook = None

    def _port(self):
        return random.choice(self.ports)

    def __enter__(self):
        self.hook, threading.excepthook = threading.excepthook, lambda args: self.failures.append(args.exc_value)
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.stopping.set()
        for client in self.clients:
            client.join(90)
        threading.excepthook = self.hook

    def acknowledged(self):
        return sum(outcome == POSTED for client in self.clients for outcome in list(client.acts.values()))

    def summary(self):
        outcomes = [outcome for client in self.clients for outcome in list(client.acts.values())]
        upvotes = sum(good for client in self.clients for good, _ in list(client.upvotes.values()))
        return (f"{len(outcomes)} acts posted: {outcomes.count(POSTED)} acknowledged, {outcomes.count(UNKNOWN)} unknown; {upvotes} upvotes; "
                f"{sum(len(c.deleted) for c in self.clients)} deletions; longest answer {max(c.longest for c in self.clients):.2f} s")

    def _check_act(self, client, number, outcome, row):
        deleted = client.deleted.get(number)
        if outcome == REFUSED or deleted == POSTED:
            assert row is None, f"act {number}: {outcome}, deleted: {deleted}, and there"
        if outcome == POSTED and deleted is None:
            assert row is not None, f"act {number} was acknowledged, and is lost"
        if row is None:
            return
        wanted = act(number)
        assert row[:3] == (wanted["categoryName"], wanted["caption"], wanted["imgB64"]), f"act {number} is torn"
        sure, unknown = client.upvotes.get(number, (0, 0))
        assert sure <= row[3] <= sure + unknown, f"act {number}: {row[3]} upvotes, acknowledged {sure}, unknown {unknown}"

    def check(self, path):
        """The database of SQLite's in this file is what the clients were told."""
        with contextlib.closing(sqlite3.connect(path)) as database:
            rows = {row[0]: row[1:] for row in database.execute(
                "SELECT act_id, name, caption, img, upvotes + added FROM acts JOIN votes USING (act_id)"
                " JOIN categories ON id = category_id")}
            counts = dict(database.execute("SELECT name, acts FROM categories"))
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        self.check_rows(rows, counts)

    def check_server(self, server, database):
        """The same in PostgreSQL."""
        rows = {int(act): (name, caption, img, int(upvotes)) for act, name, caption, img, upvotes in server.sql(
            database, "SELECT act_id, convert_from(name, 'UTF8'), convert_from(caption, 'UTF8'), convert_from(img, 'UTF8'),"
                      " coalesce((SELECT sum(added) FROM acts.votes v WHERE v.birth = a.birth), 0)"
                      " FROM acts.acts a JOIN acts.categories c ON c.id = category_id")}
        counts = {name: int(acts) for name, acts in server.sql(
            database, "SELECT convert_from(name, 'UTF8'), sum(acts) FROM acts.categories JOIN acts.category_acts ON id = category_id"
                      " GROUP BY name")}
        self.check_rows(rows, counts)

    def check_rows(self, rows, counts):
        """rows: {act: (category, caption, picture, upvotes)}; counts: what categories say of their acts."""
        assert not self.failures, self.failures
        posted = {number for client in self.clients for number in client.acts}
        assert set(rows) <= posted, "acts that nobody posted"
        for client in self.clients:
            for number, outcome in client.acts.items():
                self._check_act(client, number, outcome, rows.get(number))
        assert counts == {name: sum(row[0] == name for row in rows.values()) for name in CATEGORIES}


def kill_round(processes, load, chance):
    """Once the load has got somewhere, one process or all of them die in the middle of it, and are there again."""
    before = load.acknowledged()
    wait_until(lambda: load.failures or load.acknowledged() > before + 20, 60, "acts are acknowledged")
    time.sleep(chance.uniform(0, 0.2))
    victims = processes if chance.random() < 0.3 else [chance.choice(processes)]
    for victim in victims:
        victim.stop(signal.SIGKILL)
    for victim in victims:
        victim.start()
