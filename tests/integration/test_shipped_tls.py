"""docker/up --tls self-signed serves the application by https: the curl lines that it prints are enough to use it, and trust nothing
but the certificate that was made; in clear nobody listens. docker/down ends it."""

import re

import pytest

from harness.host import Host
from harness.shipped import Shipped
from harness.wait import wait_until


@pytest.fixture(name="host")
def _host(tmp_path):
    made = Host(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_the_lines_that_docker_up_prints(host):
    shipped = Shipped(host)
    said = shipped.up("--engine", "process", "--tls", "self-signed")
    assert "serving    https://127.0.0.1:443\n" in said, said
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("curl ")]
    assert len(lines) == 3 and all(re.match(r"curl --cacert \S+\.pem .*https://127\.0\.0\.1:443/", line) for line in lines), lines
    asked = " && ".join(f"{line} -sS -o /dev/null -w '%{{http_code}} '" for line in lines)
    assert host.text(asked) == "201 201 200"
    host.run(f"{lines[2]} -sSf | grep greens")
    untrusted = host.run(re.sub(r"--cacert \S+", "", lines[2]), check=False)
    assert untrusted.returncode == 60, untrusted        # curl: the peer's certificate is not trusted
    assert host.run("curl -s http://127.0.0.1:80/", check=False).returncode == 7
    again = shipped.up("--engine", "process", "--tls", "self-signed")
    assert "already running" in again and [line.strip() for line in again.splitlines() if line.strip().startswith("curl ")] == lines
    shipped.down("--volumes")
    assert host.run("curl -sk https://127.0.0.1:443/", check=False).returncode == 7
    wait_until(lambda: host.run("pidof orchestrator acts users", check=False).stdout.strip() == "", 10, "nothing of it runs")
