"""--print-config prints all there is, and reading that back gives the same; --help and --version answer."""

import json

from harness.orchestrator import run_binary


def test_round_trip_of_the_default(tmp_path):
    first = run_binary("--print-config")
    assert first.returncode == 0
    path = tmp_path / "printed.json"
    path.write_text(first.stdout)
    assert run_binary("--check", "-c", path).returncode == 0
    assert run_binary("--print-config", "-c", path).stdout == first.stdout


def test_the_default_is_the_application():
    config = json.loads(run_binary("--print-config").stdout)
    assert [s["name"] for s in config["services"]] == ["acts", "users"]
    acts, users = config["services"]
    assert acts["image"] == "actscontainer" and acts["first_port"] == 8000
    assert acts["volumes"] == ["acts_data:/static"]
    assert users["image"] == "usercontainer" and users["first_port"] == 8080
    assert (users["scale"]["min"], users["scale"]["max"]) == (1, 1)
    assert users["routes"] == ["/api/v1/users"]


def test_round_trip_of_odd_values(tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({
        "name": "odd.one", "listen": ["127.0.0.1:81", "[::1]:81"], "trusted_proxies": "10.0.0.0/8",
        "services": [{"name": "a", "image": "i", "env": {"A": "x=\"y\"\\ \u00e9\n"}, "cpus": 0.25,
                      "command": ["run", "", "a b"], "scale": {"formula": "floor+1", "early": False}}]}))
    first = run_binary("--print-config", "-c", path)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["services"][0]["env"] == {"A": "x=\"y\"\\ \u00e9\n"}
    path.write_text(first.stdout)
    assert run_binary("--print-config", "-c", path).stdout == first.stdout


def test_help_and_version():
    helped = run_binary("--help")
    assert helped.returncode == 0
    for word in ["--check", "--print-config", "--version", "-c"]:
        assert word in helped.stdout
    version = run_binary("--version")
    assert version.returncode == 0 and version.stdout.strip()
