"""Fixtures of all scenarios. SELFLESS_BUILD names the build directory under test (default: build-debug)."""

import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

# pylint: disable=wrong-import-position
import front_kinds
import stores
from harness import faults, images, postgresql
from harness.application import Application
from harness.browser import Browser, is_there as browser_is_there
from harness.certificates import Authority
from harness.docker import Docker
from harness.orchestrator import PREFIX, Orchestrator
from harness.processes import ProcessOrchestrator
from machines import debs, machine, machine_files  # pylint: disable=unused-import
from services_native import api, api_mode, native  # pylint: disable=unused-import


# A shell that starts pytest in its background has these ignored, and so would everything that is started here.
for _number, _usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler),
                        (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _usual)


def _pid_alive(name):
    pid = name[len(PREFIX):].split("x")[0]
    return pid.isdigit() and os.path.exists(f"/proc/{pid}")


def _sweep(docker, keep):
    """Takes away what test orchestrators that are no more have left behind."""
    for name in docker.names_of_label("selfless.name"):
        if name.startswith(PREFIX) and not keep(name):
            docker.remove_labelled(f"selfless.name={name}")


def pytest_addoption(parser):
    parser.addoption("--http1", choices=[*front_kinds.KINDS, "every"], help="kinds of connection; see front_kinds.py")
    parser.addoption("--store", choices=stores.KINDS, help="where the services of test_api_* keep their data; see stores.py")


def pytest_configure(config):
    config.addinivalue_line("markers", "front: holds for every kind of connection that clients come by")
    front_kinds.check()


def pytest_generate_tests(metafunc):
    nodeid = f"{metafunc.definition.nodeid}"
    marked = metafunc.definition.get_closest_marker("front") is not None
    kinds = front_kinds.kinds_of(nodeid, marked, metafunc.config.getoption("--http1"))
    if kinds != ["own"]:
        metafunc.fixturenames.append("http1")
        metafunc.parametrize("http1", kinds, indirect=True, scope="module")
    kinds = stores.kinds_of(nodeid, metafunc.fixturenames, metafunc.config.getoption("--store"))
    if kinds != ["sqlite"]:
        metafunc.parametrize("store", kinds, indirect=True, scope="module")


def pytest_collection_modifyitems(config, items):
    """On the other store only as plain processes, unless it is asked for."""
    if config.getoption("--store") is None:
        chosen = [item for item in items if not stores.is_left_out(getattr(item, "callspec", None))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(scope="module")
def http1(request):
    """The kind of connection that orchestrators of the scenario have."""
    Orchestrator.http1 = getattr(request, "param", "own")
    yield Orchestrator.http1
    Orchestrator.http1 = "own"


@pytest.fixture(autouse=True)
def _excuse(request):
    if "http1" in request.fixturenames:
        reason = front_kinds.excuse(request.getfixturevalue("http1"), request.node.nodeid)
        if reason is not None:
            pytest.skip(reason)
    if "store" in request.fixturenames:
        reason = stores.excuse(request.getfixturevalue("store").kind, request.node.nodeid)
        if reason is not None:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def postgresql_server():
    """One for all scenarios that do not hurt it; it makes no syncs."""
    if not postgresql.is_there():
        pytest.skip("needs Debian's package postgresql-15")
    server = postgresql.Server(fsync="off", log_lock_waits="on")
    yield server
    server.remove()


@pytest.fixture(scope="module")
def store(request):
    """What the services of the scenario keep their data in."""
    with stores.use(getattr(request, "param", "sqlite"), lambda: request.getfixturevalue("postgresql_server")) as used:
        yield used


@pytest.fixture(scope="session")
def docker():
    connection = Docker()
    _sweep(connection, keep=_pid_alive)
    yield connection
    _sweep(connection, keep=lambda name: not name.startswith(f"{PREFIX}{os.getpid()}x") and _pid_alive(name))


@pytest.fixture(scope="session")
def backend_image(docker):
    return images.backend_image(docker)


@pytest.fixture(scope="session")
def service_images(docker):
    return images.service_images()


_numbers = iter(range(1, 1 << 30))


@pytest.fixture
def orchestrate(http1, docker, tmp_path):  # pylint: disable=unused-argument,redefined-outer-name
    """A maker of orchestrators, not yet started; all of them are taken away at the end of the scenario."""
    made = []

    def make(**settings):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Orchestrator(docker, folder, next(_numbers)))
        made[-1].config.update(settings)
        return made[-1]

    yield make
    problems = []
    for orchestrator in made:
        try:
            orchestrator.close()
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def shared_orchestrate(http1, docker, tmp_path_factory):  # pylint: disable=unused-argument,redefined-outer-name
    """The same for a whole file: for tables of cases that leave the orchestrator as it was."""
    made = []

    def make(**settings):
        made.append(Orchestrator(docker, tmp_path_factory.mktemp("shared"), next(_numbers)))
        made[-1].config.update(settings)
        return made[-1]

    yield make
    for orchestrator in made:
        orchestrator.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority: authority.make("a.example")."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def pace(docker, backend_image):
    """How many times slower than it should be this machine's Engine is just now; 1 at least. For windows and limits."""
    return faults.slowness(docker, backend_image)


@pytest.fixture
def web(orchestrate, backend_image):
    """The common case: `web(3)` is a started orchestrator with three scripted backends, and their service's name."""
    def start(size=1, settings=None, **service):
        orchestrator = orchestrate(**(settings or {}))
        name = orchestrator.add_service("web", backend_image, size, **service)
        return orchestrator.start(), name

    return start


@pytest.fixture
def application(orchestrate, service_images):
    """A maker of the whole application, started: `application(acts=2)`."""
    def start(**settings):
        return Application(orchestrate(), service_images, **settings).start()

    return start


@pytest.fixture
def browser(tmp_path_factory):
    """A browser of its own for each scenario. Errors in its console fail the scenario, except those that match one of
    browser.expected_errors."""
    if not browser_is_there():
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened
        errors = opened.console_errors(*opened.expected_errors)
        assert not errors, "the browser's console:\n" + "\n".join(errors)


_process_numbers = iter(range(100000, 1 << 30))


@pytest.fixture
def processes(tmp_path):
    """`processes(3)` is a started orchestrator with three scripted backends, and their service's name."""
    made = []

    def start(size=1, settings=None, environment=None, **service):
        orchestrator = ProcessOrchestrator(tmp_path, next(_process_numbers))
        made.append(orchestrator)
        orchestrator.environment.update(environment or {})
        orchestrator.config.update(settings(orchestrator.port) if callable(settings) else settings or {})
        name = orchestrator.add_backends("web", size, **service)
        return orchestrator.start(), name

    yield start
    for orchestrator in made:
        orchestrator.close()
