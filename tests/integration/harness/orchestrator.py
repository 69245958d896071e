"""One orchestrator under test: its configuration, process, log, and the containers it made."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from . import builtin, certificates, sanitizer, tls
from .client import RawClient, request
from .images import build_dir
from .ports import free_ports
from .wait import wait_until

PREFIX = "slt"
START_S = 60


def binary():
    return build_dir() / "orchestrator" / "orchestrator"


def run_binary(*args, **kwargs):
    """Runs it to its end, for --check and the like."""
    env = dict(os.environ, **sanitizer.ENVIRONMENT)
    done = subprocess.run([str(binary()), *map(str, args)], capture_output=True, text=True, env=env, timeout=30,
                          check=False, **kwargs)
    sanitizer.assert_none(done.stderr, "orchestrator")
    return done


class Orchestrator:
    """Made by the `orchestrate` fixture, which also takes it away with all that carries its name.

    Container names are the service's and a number, on the whole host, so service names carry our name, too.
    """

    http1 = "own"       # the kind of connection for clients, where the scenario does not say; see front_kinds.py

    def __init__(self, docker, folder, number):
        self.docker, self.folder = docker, folder
        self.name = f"{PREFIX}{os.getpid()}x{number}"
        self.port, self.admin_port = free_ports(), free_ports()
        self.socket_dir = f"/tmp/{self.name}"       # short: a unix socket's path has 107 bytes at most
        self.process = None
        self.listener = None                        # a listening socket to hand over
        self.environment = {}                       # beyond our own
        self.program = binary()
        self.prefix = []                            # a command that runs it
        self.arguments = []                         # behind -c FILE
        self.config_path, self.log_path = folder / "config.json", folder / "orchestrator.log"
        self.first_ports = {}
        self.config = {
            "name": self.name,
            "listen": f"127.0.0.1:{self.port}",
            "admin": f"127.0.0.1:{self.admin_port}",
            "docker_socket": docker.path,
            "socket_dir": self.socket_dir,
            "state_dir": str(folder / "state"),
            "services": [],
        }

    def add_service(self, short, image, size=None, **settings):
        """A service called NAME-short; size: so many containers, always."""
        scale = settings.setdefault("scale", {})
        if size is not None:
            scale.update(min=size, max=size)
        ports = scale.get("max", 10) + scale.get("spares", 0) + 1
        service = {"name": f"{self.name}-{short}", "image": image, "first_port": free_ports(ports), "routes": ["/"]}
        for key, value in builtin.manners().items():       # scripted backends keep to the application's paths
            if isinstance(value, dict):
                settings[key] = {**value, **settings.get(key, {})}
            else:
                settings.setdefault(key, value)
        service.update(settings)
        self.config["services"].append(service)
        self.first_ports[service["name"]] = service["first_port"]
        return service["name"]

    def settings(self, service):
        return next(s for s in self.config["services"] if s["name"] == service)

    def image(self, service):
        return self.settings(service)["image"]

    def add_recording(self, service):
        """From now on every request that reaches a scripted backend of this service is noted; see records()."""
        records = self.folder / "records"
        records.mkdir(exist_ok=True)
        settings = self.settings(service)
        settings.setdefault("volumes", []).append(f"{records}:/records")
        settings.setdefault("env", {})["RECORD"] = "/records/requests"

    def records(self):
        """[{"backend", "connection", "request", "head": bytes, "body": bytes}] in the order of arrival."""
        path = self.folder / "records" / "requests"
        merged = {}
        for line in path.read_text().splitlines() if path.exists() else []:
            part = json.loads(line)
            entry = merged.setdefault((part["backend"], part["connection"], part["request"]), {"body": b""})
            for key, value in part.items():
                entry[key] = bytes.fromhex(value) if key in ("head", "body") else value
        return list(merged.values())

    def _speak_tls(self):
        """Where it was to listen in clear, unless the scenario itself says where TLS is spoken. Clients of the harness know, see
        tls.PORTS."""
        listen = self.config["listen"]
        if not listen or self.config.get("tls", {}).get("listen"):
            return
        tls.PORTS.update(int(one.rpartition(":")[2]) for one in ([listen] if isinstance(listen, str) else listen))
        self.config.update(listen=[], tls={"listen": listen, "certificates": [certificates.usual().setting],
                                           "max_handshakes_per_s": 100000})

    def command(self, *args):
        """A command of the binary's that speaks to this one."""
        return run_binary(*args, "-c", self.config_path)

    def status(self, *args):
        return self.command("status", *args).stdout

    def ask(self, head):
        """The reply to this head, without CRLFs at its end; what follows on the connection is read, too."""
        with RawClient(self.port) as client:
            client.send(f"{head}\r\n\r\n".encode())
            return client.read_reply(head.split()[0])

    def listens(self):
        """To clients, since it was last started; whether in clear or not."""
        return re.search(r"event=(tls-)?listening ", self.log().rsplit("event=stopped", 1)[-1]) is not None

    def write_config(self):
        if Orchestrator.http1 == "tls":
            self._speak_tls()
        elif Orchestrator.http1 != "own":
            self.config.setdefault("http1", Orchestrator.http1)
        self.config_path.write_text(json.dumps(self.config, indent=2))

    def spawn(self):
        """Starts the process and does not wait for anything."""
        self.write_config()
        env = {**os.environ, **sanitizer.ENVIRONMENT, **self.environment}
        command, handed = [*self.prefix, str(self.program), "-c", str(self.config_path), *self.arguments], {}
        if self.listener is not None:       # as systemd would: descriptor 3, and LISTEN_PID its own
            command = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command]
            env["LISTEN_FDS"] = "1"
            handed = {"close_fds": False, "preexec_fn": lambda: os.dup2(self.listener.fileno(), 3)}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env, **handed)

    def start(self):
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self, deadline_s=START_S):
        for service in self.config["services"]:
            wanted = service["scale"].get("min", 1)
            self.wait_slots(service["name"], wanted, deadline_s)

    def wait_slots(self, service, count, deadline_s=START_S):
        """Waits until exactly `count` slots are ready and no other is there; gives their ids by slot."""
        def ready():
            assert self.process.poll() is None, f"orchestrator ended, {self.process.returncode}:\n{self.log()[-3000:]}"
            slots = self.slots(service)
            return len(slots) == count and all(s["state"] == "ready" for s in slots)
        try:
            wait_until(ready, deadline_s, f"{count} ready slots of {service}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nlog:\n{self.log()[-3000:]}") from None
        return self.ids(service)

    def fleet(self):
        return request(self.admin_port, "/api/fleet", timeout=5).json()

    def fleet_slots(self, service):
        return next(s for s in self.fleet()["services"] if s["name"] == service)["slots"]

    def slots(self, service):
        """The slots that hold something."""
        return [slot for slot in self.fleet_slots(service) if slot["state"] != "empty"]

    def leaving(self, service):
        """[(slot, state)] of the containers that finish what they have: still in their slot, or out of it already."""
        found = next(s for s in self.fleet()["services"] if s["name"] == service)
        return [(s["slot"], s["state"]) for s in found["slots"] + found["leaving"] if s["state"] in ("draining", "down")]

    def ids(self, service):
        """{slot: container id} of the running containers, as Docker knows them."""
        containers = self.docker.list(f"selfless.name={self.name}", f"selfless.service={service}", every=False)
        running = sorted((c for c in containers if c["State"] == "running"), key=lambda c: c["Created"])
        slots = {int(c["Labels"]["selfless.slot"]): c["Id"] for c in running}
        return {slot: slots[slot] for slot in sorted(slots) if slot >= 0}

    def owner(self):
        """The mark on its containers."""
        return (self.folder / "state" / "owner").read_text().splitlines()[0]

    def wanted(self, service):
        return next(s for s in self.fleet()["services"] if s["name"] == service)["wanted"]

    def scale(self, service, wanted):
        body = json.dumps({"wanted": wanted})
        reply = request(self.admin_port, f"/api/services/{service}/scale", "POST", body)
        assert reply.status in (200, 202, 204), reply

    def slot_port(self, service, slot):
        return self.first_ports[service] + slot

    def get(self, target, **kwargs):
        return request(self.port, target, **kwargs)

    def metrics(self):
        """{'name{labels}': number}"""
        lines = request(self.admin_port, "/metrics").body.decode().splitlines()
        return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def send_signal(self, number):
        """Returns from SIGSTOP once it has stopped: what comes before that may still wake it, alone."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            wait_until(lambda: pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", 10,
                       "it has stopped")

    def stop(self, number=signal.SIGTERM, deadline_s=60):
        """Sends the signal, waits for the end, wants exit code 0."""
        if self.process is None or self.process.poll() is not None:
            return
        self.send_signal(number)
        code = self.process.wait(deadline_s)
        self.process = None
        sanitizer.assert_none(self.log(), self.name)
        assert code == 0, f"exit code {code} after signal {number}:\n{self.log()[-3000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def close(self):
        """The end of the scenario: everything goes, and then the logs are judged."""
        code = None
        try:
            if self.process is not None:
                if self.process.poll() is None:
                    self.send_signal(signal.SIGINT)
                code = self._wait_or_kill()
        finally:
            self.docker.remove_labelled(f"selfless.name={self.name}")
            shutil.rmtree(self.socket_dir, ignore_errors=True)
        sanitizer.assert_none(self.log(), self.name)
        assert code in (None, 0), f"orchestrator's exit code was {code}:\n{self.log()[-3000:]}"

    def _wait_or_kill(self):
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end on SIGINT within 60 s:\n{self.log()[-3000:]}") from None
