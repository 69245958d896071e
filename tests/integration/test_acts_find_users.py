"""An act can be posted at any time after acts serve: they find users whatever has become of either one's network."""

import itertools

import pytest

from harness.faults import docker_kill, docker_pause, docker_remove
from harness.wait import wait_until

_acts = itertools.count(1)


@pytest.fixture(name="app", params=[True, False], ids=["late_network", "network"])
def an_application(application, request):
    app = application(late_network=request.param)
    app.add_user("ann")
    app.add_category("cats")
    return app


def add_act(app):
    app.add_act(next(_acts), "ann", "cats")


def serving(app, service):
    return app.orchestrator.ids(service)[0]


@pytest.mark.parametrize("hurt", [docker_kill, docker_remove, docker_pause])
def test_replaced(app, hurt):
    add_act(app)
    for service in (app.acts, app.users):
        before = serving(app, service)
        hurt(app.orchestrator, service, 0, before)
        wait_until(lambda s=service, b=before: app.orchestrator.ids(s).get(0) not in (None, b), 30, "another container")
        app.orchestrator.wait_slots(service, 1)
        add_act(app)


def test_out_of_the_network_and_back(app):
    docker, network = app.orchestrator.docker, app.orchestrator.name
    add_act(app)
    for service in (app.acts, app.users):
        container = serving(app, service)
        for tried in (True, False):
            docker.disconnect_network(network, container)
            if tried:
                assert app.call("POST", "/acts", app.act(1000, "ann", "cats")).status == 503
            docker.connect_network(network, container, [service])
            add_act(app)
        assert serving(app, service) == container
