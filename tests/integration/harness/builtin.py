"""acts and users as they are shipped, as data, for scenarios that run them under other names and on other ports: what else is
set, is set as there."""

import copy
import json
import re

from .images import ROOT

TABLES = ROOT / "orchestrator" / "config" / "config_tables.c"
PROCESSES = ROOT / "docker" / "process.json.in"
PLACE = ("name", "image", "command", "first_port", "volumes", "env")      # what has names, ports and folders in it


def configuration():
    """The built-in one, out of the program's source."""
    literals = re.search(r"const char config_default\[\] =\s(.*?);\n", TABLES.read_text(encoding="utf-8"), re.S)[1]
    return json.loads("".join(json.loads(literal) for literal in re.findall(r'"(?:\\.|[^"\\])*"', literals)))


def processes():
    """What docker/up --engine process runs."""
    lines = PROCESSES.read_text(encoding="utf-8").splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


def settings(name, config=None):
    """Those of the service, but for PLACE."""
    service = next(s for s in (config or configuration())["services"] if s["name"] == name)
    return copy.deepcopy({key: value for key, value in service.items() if key not in PLACE})


def manners():
    """What its paths are for: asked for health, counted, kept from outside."""
    service = settings("acts")
    return {"private": service["private"], "health": {"path": service["health"]["path"]}, "scale": {"count": service["scale"]["count"]}}


def place(name, prefix, users_url=None, config=None):
    """What PLACE holds that is not a name, a port or a program: its volumes under another name, its environment."""
    service = next(s for s in (config or configuration())["services"] if s["name"] == name)
    found = {}
    if "volumes" in service:
        found["volumes"] = [f"{prefix}-{volume}" for volume in service["volumes"]]
    if "env" in service:
        found["env"] = {key: users_url if key == "USERS_URL" else value for key, value in service["env"].items()}
    return found
