"""The application itself: acts and users behind an orchestrator, each with a volume of its own."""

import base64
import hashlib
import json

from . import builtin
from .client import request

PASSWORD = hashlib.sha1(b"secret").hexdigest()
PICTURE = base64.b64encode(b"\x89PNG not really").decode()


class Application:
    def __init__(self, orchestrator, images, acts=1, **changed):
        """acts: how many acts containers, always; None: scaled as by default. changed: what is to be set otherwise than it is
        shipped."""
        self.orchestrator = orchestrator
        self.users = self._add("users", images, 1, changed)
        self.acts = self._add("acts", images, acts, changed, f"http://{self.users}:8000")

    def _add(self, service, images, size, changed, users_url=None):
        settings = {**builtin.settings(service), **builtin.place(service, self.orchestrator.name, users_url), **changed}
        return self.orchestrator.add_service(service, images[service], size, **settings)

    def start(self):
        self.orchestrator.start()
        return self

    def call(self, method, path, body=None, port=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        text = None if body is None else json.dumps(body)
        return request(port or self.orchestrator.port, "/api/v1" + path, method, text, headers, timeout=30)

    def acts_port(self, slot):
        return self.orchestrator.slot_port(self.acts, slot)

    def add_user(self, username):
        reply = self.call("POST", "/users", {"username": username, "password": PASSWORD})
        assert reply.status == 201, reply

    def add_category(self, name):
        reply = self.call("POST", "/categories", [name])
        assert reply.status == 201, reply

    def act(self, number, username, category):
        return {"actId": number, "username": username, "timestamp": "01-02-2024:03-04-05", "caption": f"act {number}",
                "categoryName": category, "imgB64": PICTURE}

    def add_act(self, number, username, category, port=None):
        reply = self.call("POST", "/acts", self.act(number, username, category), port)
        assert reply.status == 201, reply
