"""Containers of ours ask a service by its name, through the front: past hosts, routes and the redirect to https, not past private
paths. From everybody else the name is a host as any other."""

import ipaddress
import json
import subprocess
import time

import pytest

from harness.application import Application
from harness.certificates import DAY_S, Authority
from harness.client import RawClient, request
from harness.faults import docker_kill
from harness.ports import free_ports
from harness.wait import wait_until

ACTS, USERS = "example.org", "users.example.org"


@pytest.fixture(name="gateway")
def an_address_of_this_host(docker):
    """That containers reach, whatever their network."""
    config = docker.call_json("GET", "/networks/bridge")["IPAM"]["Config"][0]
    return config.get("Gateway") or str(next(ipaddress.ip_network(config["Subnet"]).hosts()))   # not said where Docker has just made it


@pytest.fixture(name="app", params=["socket", "published", "bridge"])
def an_application(orchestrate, service_images, gateway, tmp_path, request):  # pylint: disable=redefined-outer-name
    """Both services have hosts of their own, one of them a certificate, and acts find the front under the name of users."""
    orchestrator = orchestrate(access_log=str(tmp_path / "access.log"))
    app = Application(orchestrator, service_images, late_network=request.param == "socket", reach=request.param)
    pair = Authority(tmp_path / "authority").make(USERS, ACTS, app.users, begin=time.time() - DAY_S)
    orchestrator.config.update(
        listen=[f"127.0.0.1:{orchestrator.port}", f"{gateway}:{orchestrator.port}"],
        tls={"listen": f"127.0.0.1:{free_ports()}", "certificates": [pair.setting], "redirect": False})
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost\n{gateway} {app.users}\n")
    acts = orchestrator.settings(app.acts)
    acts.update(hosts=[ACTS], volumes=[*acts["volumes"], f"{tmp_path / 'hosts'}:/etc/hosts:ro"])
    acts["env"]["USERS_URL"] = f"http://{app.users}:{orchestrator.port}"
    orchestrator.settings(app.users).update(hosts=[USERS])
    app.start()
    assert ask(app, "POST", "/users", USERS, {"username": "ann", "password": "0" * 40}).status == 201
    assert ask(app, "POST", "/categories", ACTS, ["cats"]).status == 201
    return app


def ask(app, method, path, host, body=None):
    text = None if body is None else json.dumps(body)
    return request(app.orchestrator.port, "/api/v1" + path, method, text, {"Host": host, "Content-Type": "application/json"})


def add_act(app, number, username="ann"):
    return ask(app, "POST", "/acts", ACTS, app.act(number, username, "cats")).status


def curl_from(app, pid, gateway, target, *args):
    """(status, body) as a program sees it in the network of this process."""
    command = ["nsenter", f"--net=/proc/{pid}/ns/net", "curl", "-sS", "--max-time", "10", "-w", "\n%{http_code}", *args,
               f"http://{gateway}:{app.orchestrator.port}{target}"]
    body, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    return int(status), body


def status_by_header(app, source, host):
    """As one that names the peer itself; None: it was refused."""
    with RawClient(app.orchestrator.port) as raw:
        raw.send(f"PROXY TCP4 {source} 127.0.0.1 1 80\r\nGET /api/v1/users HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        status = raw.read_reply().status
    return status if status != 400 else None


def pid_of(app, service):
    return app.orchestrator.docker.inspect(app.orchestrator.ids(service)[0])["State"]["Pid"]


def counted(app):
    return app.orchestrator.metrics()[f'selfless_window_requests{{service="{app.users}"}}']


def lines(app):
    with open(app.orchestrator.config["access_log"], encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def redirect(app):
    app.orchestrator.config["tls"]["redirect"] = True
    app.orchestrator.write_config()
    app.orchestrator.send_signal(1)
    wait_until(lambda: ask(app, "GET", "/users", USERS).status == 308, 10, "strangers are sent to https")


def test_acts_ask_users(app):
    """Also when either was replaced, and while strangers are sent to https."""
    before = counted(app)
    assert add_act(app, 1) == 201
    assert add_act(app, 2, "nobody") == 400
    assert counted(app) > before
    line = wait_until(lambda: [line for line in lines(app) if line["host"] == f"{app.users}:{app.orchestrator.port}"], 5, "its line")[0]
    address = app.orchestrator.docker.inspect(app.orchestrator.ids(app.acts)[0])["NetworkSettings"]["Networks"]
    assert (line["client"], line["service"]) == (address[app.orchestrator.name]["IPAddress"], app.users)
    for number, service in enumerate((app.acts, app.users), 3):
        old = app.orchestrator.ids(service)[0]
        docker_kill(app.orchestrator, service, 0, old)
        wait_until(lambda s=service, o=old: app.orchestrator.ids(s).get(0) not in (None, o), 30, "another container")
        app.orchestrator.wait_slots(service, 1)
        assert add_act(app, number) == 201
    app.orchestrator.stop()         # the next one hears of the containers from the list
    app.orchestrator.start()
    assert add_act(app, 5) == 201
    redirect(app)
    pid = pid_of(app, app.acts)
    gateway = app.orchestrator.config["listen"][1].rpartition(":")[0]
    assert curl_from(app, pid, gateway, "/api/v1/users", "-H", f"Host: {app.users}") == (200, '["ann"]')
    assert curl_from(app, pid, gateway, "/api/v1/users", "-H", f"Host: {USERS}") == (200, '["ann"]')


@pytest.mark.parametrize("app", ["socket"], indirect=True)
def test_what_a_container_may_ask(app, gateway):
    pid = pid_of(app, app.acts)
    by_name = ["-H", f"Host: {app.users.upper()}:8000"]
    assert curl_from(app, pid, gateway, "/api/v1/users", *by_name) == (200, '["ann"]')
    for path in ("/api/v1/_health", "/api/v1/_crash", "/api/v1/x/..;/_crash", "/api/v1/%5fcrash", "/API/v1/_count"):
        assert curl_from(app, pid, gateway, path, "--path-as-is", *by_name)[0] == 403
    assert curl_from(app, pid, gateway, "/nothing", *by_name)[0] == 404     # of the service, not of the front
    wait_until(lambda: [line for line in lines(app) if (line["code"], line["service"]) == (404, app.users)], 5, "its line")
    assert curl_from(app, pid, gateway, "/api/v1/users", "-H", "Host: none.example.org")[0] == 404
    assert curl_from(app, pid, gateway, "/api/v1/categories")[0] == 404


@pytest.mark.parametrize("app", ["bridge"], indirect=True)
def test_a_stranger_who_says_the_name(app, gateway, docker, backend_image):
    """From this host, from a container that is not ours, on our network, and from ours as somebody's proxy."""
    orchestrator = app.orchestrator
    assert ask(app, "GET", "/users", app.users).status == 404
    assert ask(app, "GET", "/users", f"{app.users}:{orchestrator.port}").status == 404
    other = docker.run(f"{orchestrator.name}-other", backend_image, labels={"selfless.name": orchestrator.name + "-other"},
                       network=orchestrator.name)
    try:
        pid = docker.inspect(other)["State"]["Pid"]
        assert curl_from(app, pid, gateway, "/api/v1/users", "-H", f"Host: {app.users}")[0] == 404
    finally:
        docker.remove(other)
    address = docker.inspect(orchestrator.ids(app.acts)[0])["NetworkSettings"]["Networks"][orchestrator.name]["IPAddress"]
    orchestrator.config["trusted_proxies"] = [address]
    orchestrator.write_config()
    orchestrator.send_signal(1)
    for_somebody = ["-H", f"Host: {app.users}", "-H", "X-Forwarded-For: 192.0.2.7"]
    pid = pid_of(app, app.acts)
    wait_until(lambda: curl_from(app, pid, gateway, "/api/v1/users", *for_somebody)[0] == 404, 10, "the reload")
    assert curl_from(app, pid, gateway, "/api/v1/users", "-H", f"Host: {app.users}")[0] == 200
    orchestrator.config["proxy_protocol_from"] = ["127.0.0.1"]
    orchestrator.write_config()
    orchestrator.send_signal(1)
    wait_until(lambda: status_by_header(app, address, USERS) == 200, 10, "the reload")
    assert status_by_header(app, address, app.users) == 404
