"""The two services in containers, for the test_api_* scenarios: each on its own port, or behind the orchestrator."""

import itertools
import os

import pytest

import stores
from harness import images, sanitizer
from harness.application import Application
from harness.client import request
from harness.docker import Docker
from harness.orchestrator import PREFIX, Orchestrator
from harness.ports import free_ports
from harness.wait import wait_until

_numbers = itertools.count(1)


class Contained:
    """Plain containers, as the README shows them with docker run; nobody replaces them."""

    private = True

    def __init__(self, folder):
        del folder
        self.docker, self.name = Docker(), f"{PREFIX}{os.getpid()}x0c{next(_numbers)}"
        self.labels = {"selfless.name": self.name}
        self.users_port, self.acts_port = free_ports(), free_ports()
        self.containers = {}

    def start(self):
        self.docker.create_network(self.name, self.labels)
        self._run("users", self.users_port)
        self._run("acts", self.acts_port, f"USERS_URL=http://{self.name}-users:8000")
        return self

    def _run(self, service, port, *env):
        volume = f"{self.name}-{service}"
        env += tuple(f"{key}={value}" for key, value in stores.current.environment(service, True).items())
        self.docker.create_volume(volume, self.labels)
        self.containers[service] = self.docker.run(
            f"{self.name}-{service}", images.service_images()[service], host_port=port, labels=self.labels, env=env,
            binds=[f"{volume}:/static", *stores.current.binds()], network=self.name)
        self._wait_healthy(port)

    def _wait_healthy(self, port):
        wait_until(lambda: request(port, "/api/v1/_health", timeout=5).status == 200, 60, "the container serves")

    def restart_crashed(self):
        for service, port in (("users", self.users_port), ("acts", self.acts_port)):
            if request(port, "/api/v1/_count").status == 500:
                self.docker.stop(self.containers[service])
                self.docker.start(self.containers[service])
                self._wait_healthy(port)

    def stop(self):
        logs = [self.docker.logs(container) for container in self.containers.values()]
        self.docker.remove_labelled(f"selfless.name={self.name}")
        for log in logs:
            sanitizer.assert_none(log, "a service")


class Orchestrated:
    """The whole application; clients see the orchestrator's port, where private paths are refused."""

    private = False

    def __init__(self, folder):
        self.orchestrator = Orchestrator(Docker(), folder, f"0o{next(_numbers)}")
        self.application = Application(self.orchestrator, images.service_images(), acts=2)
        for service in self.orchestrator.config["services"] if stores.current.binds() else []:
            service.setdefault("env", {}).update(stores.current.environment(service["name"], True))
            service["volumes"] = service.get("volumes", []) + stores.current.binds()

    def start(self):
        self.application.start()
        return self

    @property
    def users_port(self):
        return self.orchestrator.port

    acts_port = users_port

    def stop(self):
        self.orchestrator.close()


MODES = {"container": Contained, "orchestrator": Orchestrated}

# Scenarios about what the services themselves say to malformed HTTP, which never gets past the orchestrator.
ON_OWN_PORT = {"test_api_http", "test_api_control"}


def skip_if_not_for(mode, module):
    if mode == "orchestrator" and module in ON_OWN_PORT:
        pytest.skip("about the services' own ports")
