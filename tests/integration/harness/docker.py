"""The Docker Engine through its socket: what a scenario does behind the orchestrator's back."""

import http.client
import io
import json
import os
import socket
import tarfile
import urllib.parse

from .wait import wait_until

SOCKET = os.environ.get("DOCKER_SOCKET", "/var/run/docker.sock")


class DockerError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.unix_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.unix_path)


class Docker:
    """Every call is one request on a connection of its own, so threads may share one object."""

    def __init__(self, path=SOCKET):
        self.path = path

    def call(self, method, target, body=None, headers=None):
        connection = UnixConnection(self.path)
        try:
            connection.request(method, target, body, headers or {})
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        if reply.status >= 400:
            raise DockerError(reply.status, text.decode(errors="replace").strip())
        return text

    def call_json(self, method, target, body=None):
        headers = {"Content-Type": "application/json"}
        text = self.call(method, target, None if body is None else json.dumps(body), headers)
        return json.loads(text) if text.strip() else None

    def list(self, *labels, every=True):
        filters = urllib.parse.quote(json.dumps({"label": list(labels)}))
        return self.call_json("GET", f"/containers/json?all={int(every)}&filters={filters}")

    def inspect(self, container):
        return self.call_json("GET", f"/containers/{container}/json")

    def exists(self, container):
        try:
            return bool(self.inspect(container))
        except DockerError as error:
            if error.status == 404:
                return False
            raise

    def kill(self, container, signal="KILL"):
        self.call("POST", f"/containers/{container}/kill?signal={signal}")

    def pause(self, container):
        self.call("POST", f"/containers/{container}/pause")

    def unpause(self, container):
        self.call("POST", f"/containers/{container}/unpause")

    def stop(self, container, seconds=1):
        self.call("POST", f"/containers/{container}/stop?t={seconds}")

    def restart(self, container, seconds=1):
        """False: it was taken away meanwhile."""
        try:
            self.call("POST", f"/containers/{container}/restart?t={seconds}")
            return True
        except DockerError as error:
            if error.status not in (404, 409, 500):     # 500: "marked for removal"
                raise
            return False

    def start(self, container):
        self.call("POST", f"/containers/{container}/start")

    def remove(self, container):
        """Gone afterwards, however it was before; false if there was none."""
        try:
            self.call("DELETE", f"/containers/{container}?force=1&v=1")
            return True
        except DockerError as error:
            if error.status not in (404, 409):      # 409: another removal is under way
                raise
            return False

    def create(self, name, image, host_port=None, port=8000, labels=None, env=(), binds=(), network=None):
        settings = {"Image": image, "Env": list(env), "Labels": labels or {}, "HostConfig": {"Binds": list(binds)}}
        if host_port is not None:
            key = f"{port}/tcp"
            settings["ExposedPorts"] = {key: {}}
            settings["HostConfig"]["PortBindings"] = {key: [{"HostIp": "127.0.0.1", "HostPort": str(host_port)}]}
        if network is not None:
            settings["HostConfig"]["NetworkMode"] = network
        return self.call_json("POST", f"/containers/create?name={name}", settings)["Id"]

    def run(self, *args, **kwargs):
        container = self.create(*args, **kwargs)
        self.start(container)
        return container

    def create_network(self, name, labels):
        return self.call_json("POST", "/networks/create", {"Name": name, "Labels": labels})["Id"]

    def connect_network(self, network, container, aliases=()):
        self.call_json("POST", f"/networks/{network}/connect",
                       {"Container": container, "EndpointConfig": {"Aliases": list(aliases)}})

    def disconnect_network(self, network, container):
        self.call_json("POST", f"/networks/{network}/disconnect", {"Container": container})

    def create_volume(self, name, labels):
        self.call_json("POST", "/volumes/create", {"Name": name, "Labels": labels})

    def logs(self, container):
        """Both streams, as text; the frames' headers are left in."""
        return self.call("GET", f"/containers/{container}/logs?stdout=1&stderr=1").decode(errors="replace")

    def has_image(self, name):
        try:
            return bool(self.call_json("GET", f"/images/{name}/json"))
        except DockerError as error:
            if error.status == 404:
                return False
            raise

    def import_image(self, name, files, changes):
        """An image FROM scratch: files is {path inside: (bytes, mode)}."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path, (content, mode) in files.items():
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.size, entry.mode = len(content), mode
                tar.addfile(entry, io.BytesIO(content))
        repo, _, tag = name.partition(":")
        query = [("fromSrc", "-"), ("repo", repo), ("tag", tag or "latest")] + [("changes", c) for c in changes]
        self.call("POST", "/images/create?" + urllib.parse.urlencode(query), packed.getvalue(),
                  {"Content-Type": "application/x-tar"})

    def _labelled(self, label):
        """What has this label, each as what to DELETE: containers and volumes, and networks."""
        filters = urllib.parse.quote(json.dumps({"label": [label]}))
        things = [f"/containers/{c['Id']}?force=1&v=1" for c in self.list(label)]
        things += [f"/volumes/{v['Name']}" for v in self.call_json("GET", f"/volumes?filters={filters}")["Volumes"] or []]
        return things, [f"/networks/{n['Id']}" for n in self.call_json("GET", f"/networks?filters={filters}")]

    def remove_labelled(self, label, deadline_s=60):
        """None of them is left afterwards. A container may be going already, so it may take some rounds; networks last.

        A network is not insisted on: Docker 20.10 now and then believes in an endpoint whose container is long gone.
        """
        def gone():
            things, _ = self._labelled(label)
            for thing in things:
                self._try_delete(thing)
            return not things
        wait_until(gone, deadline_s, f"everything labelled {label} is gone")
        for network in self._labelled(label)[1]:
            self._try_delete(network)

    def _try_delete(self, target):
        try:
            self.call("DELETE", target)
        except DockerError as error:
            if error.status not in (403, 404, 409, 500):    # 500: somebody else is at it, too
                raise

    def names_of_label(self, key):
        """The values that label `key` has on containers, networks and volumes."""
        filters = urllib.parse.quote(json.dumps({"label": [key]}))
        things = list(self.list(key))
        things += self.call_json("GET", f"/networks?filters={filters}")
        things += self.call_json("GET", f"/volumes?filters={filters}")["Volumes"] or []
        return {(thing.get("Labels") or {}).get(key) for thing in things} - {None}
