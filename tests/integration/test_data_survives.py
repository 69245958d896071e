"""An acknowledged write survives kill -9 of its container, and the end and new start of everything."""

import signal
import threading

from harness.faults import docker_kill
from harness.wait import wait_until


def numbers(app, category):
    return sorted(a["actId"] for a in app.call("GET", f"/categories/{category}/acts").json())


def prepare(application, **settings):
    app = application(**settings)
    app.add_user("ann")
    app.add_category("garden")
    return app


def test_kill_9_of_the_container(application):
    app = prepare(application, acts=1)
    for number in range(1, 6):
        app.add_act(number, "ann", "garden")
    before = app.orchestrator.ids(app.acts)[0]
    docker_kill(app.orchestrator, app.acts, 0, before)
    wait_until(lambda: numbers(app, "garden") == [1, 2, 3, 4, 5], 15, "all acts are there again")
    assert app.orchestrator.ids(app.acts)[0] != before


def test_killed_while_writing(application):
    """What was answered 201 is there; what was not is there whole or not at all."""
    app = prepare(application, acts=2)
    acknowledged, sent, stop = set(), set(), threading.Event()

    def write(first):
        number = first
        while not stop.is_set():
            sent.add(number)
            try:
                if app.call("POST", "/acts", app.act(number, "ann", "garden")).status == 201:
                    acknowledged.add(number)
            except OSError:
                pass
            number += 2
            if number > 90:
                return

    threads = [threading.Thread(target=write, args=(first,)) for first in (1, 2)]
    for thread in threads:
        thread.start()
    for slot in (0, 1, 0):
        wait_until(lambda: len(acknowledged) > 5, 10, "writes under way")
        docker_kill(app.orchestrator, app.acts, slot, app.orchestrator.wait_slots(app.acts, 2)[slot])
    app.orchestrator.wait_slots(app.acts, 2)
    stop.set()
    for thread in threads:
        thread.join()
    found = set(numbers(app, "garden"))
    assert acknowledged <= found <= sent
    assert app.call("GET", "/categories/garden/acts/size").json() == [len(found)]


def test_end_and_new_start_of_everything(application):
    app = prepare(application, acts=2)
    app.add_act(7, "ann", "garden")
    app.orchestrator.stop(signal.SIGINT)
    assert app.orchestrator.docker.list(f"selfless.name={app.orchestrator.name}") == []
    app.start()
    assert numbers(app, "garden") == [7]
    assert app.call("GET", "/users").json() == ["ann"]
