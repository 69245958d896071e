#!/usr/bin/python3
"""The acts API as many would write it today: Flask's own threaded server, SQLite in WAL mode with synchronous=FULL.

usage: flask_acts.py PORT FILE

Only what the bench asks for, with the same checks of an upload but for the one that asks the users service. Connections
are kept alive, each thread has one to the database; both are more than the defaults give.
"""

import base64
import binascii
import json
import re
import sqlite3
import sys
import threading

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler

SCHEMA = """
CREATE TABLE IF NOT EXISTS categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS acts (act_id INTEGER PRIMARY KEY, category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    username TEXT NOT NULL, timestamp TEXT NOT NULL, caption TEXT NOT NULL, upvotes INTEGER NOT NULL DEFAULT 0, img TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS acts_of ON acts (category_id, act_id DESC);
"""
KEYS = {"actId", "username", "timestamp", "caption", "categoryName", "imgB64"}
TIME = re.compile(r"\d\d-\d\d-\d{4}:\d\d-\d\d-\d\d")

app = Flask(__name__)
own = threading.local()


def database():
    if not hasattr(own, "database"):
        own.database = sqlite3.connect(sys.argv[2], timeout=5)
        own.database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON")
    return own.database


def reply(value, status=200):
    return Response(json.dumps(value), status, mimetype="application/json")


def change(sql, values):
    """The status: 201 where a row was changed."""
    try:
        with database() as transaction:
            return 201 if transaction.execute(sql, values).rowcount == 1 else 400
    except sqlite3.IntegrityError:
        return 400


@app.get("/api/v1/categories")
def get_categories():
    rows = database().execute("SELECT name, (SELECT count(*) FROM acts WHERE category_id = id) FROM categories").fetchall()
    return reply(dict(rows)) if rows else Response(status=204)


@app.post("/api/v1/categories")
def post_category():
    return reply({}, change("INSERT INTO categories (name) VALUES (?)", request.get_json()))


@app.delete("/api/v1/categories/<name>")
def delete_category(name):
    return reply({}, 200 if change("DELETE FROM categories WHERE name = ?", [name]) == 201 else 400)


@app.get("/api/v1/categories/<name>/acts")
def get_acts(name):
    rows = database().execute(
        "SELECT act_id, username, timestamp, caption, upvotes, img FROM acts WHERE category_id ="
        " (SELECT id FROM categories WHERE name = ?) ORDER BY act_id DESC LIMIT 101", [name]).fetchall()
    if len(rows) > 100:
        return reply({}, 413)
    names = ("actId", "username", "timestamp", "caption", "upvotes", "imgB64")
    return reply([dict(zip(names, row)) for row in rows]) if rows else Response(status=204)


@app.post("/api/v1/acts")
def post_act():
    act = request.get_json()
    try:
        if set(act) != KEYS or not TIME.fullmatch(act["timestamp"]) or not isinstance(act["actId"], int):
            return reply({"error": "not an act"}, 400)
        base64.b64decode(act["imgB64"], validate=True)
    except (TypeError, binascii.Error):
        return reply({"error": "not an act"}, 400)
    return reply({}, change(
        "INSERT INTO acts (act_id, category_id, username, timestamp, caption, img)"
        " SELECT :actId, id, :username, :timestamp, :caption, :imgB64 FROM categories WHERE name = :categoryName", act))


@app.post("/api/v1/acts/upvote")
def post_upvote():
    status = change("UPDATE acts SET upvotes = upvotes + 1 WHERE act_id = ?", request.get_json())
    return reply({}, 200 if status == 201 else 400)


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"       # keep-alive

    def log(self, *_):
        pass


if __name__ == "__main__":
    database().executescript(SCHEMA)
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True, request_handler=Handler)
