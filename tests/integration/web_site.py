"""The whole application at one address, as a browser needs it: acts and users as processes behind an orchestrator."""

import itertools

import pytest

from harness import builtin
from harness.images import build_dir
from harness.ports import free_ports
from harness.processes import ProcessOrchestrator
from services_native import Api

_numbers = itertools.count(200000)


class Site(Api):
    """The API, at the orchestrator's port, and the page's address."""

    private = False

    def __init__(self, folder):
        super().__init__(self)
        self.orchestrator = ProcessOrchestrator(folder, next(_numbers))
        users_port = free_ports(4)
        self._add("users", first_port=users_port)
        self.acts_service = self._add("acts", f"http://127.0.0.1:{users_port}")

    def _add(self, service, users_url=None, **place):
        shipped = builtin.processes()
        settings = {**builtin.settings(service, shipped), **builtin.place(service, "", users_url, shipped), **place}
        program = build_dir() / "services" / service / service
        return self.orchestrator.add_service(service, "", 1, command=[str(program)], **settings)

    def start(self):
        self.orchestrator.start()
        return self

    def stop(self):
        self.orchestrator.close()

    @property
    def users_port(self):
        return self.orchestrator.port

    acts_port = users_port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.orchestrator.port}/"


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture
def site(shared_site):
    """With nothing in it."""
    shared_site.clear()
    return shared_site
