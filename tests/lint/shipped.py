"""What is shipped is what is tested: each shipped configuration is run by a scenario, and whoever runs acts and users otherwise
has their settings from there."""

import re
import sys

from sources import ROOT, relative, tracked

SCENARIOS = ROOT / "tests" / "integration"
sys.path.insert(0, str(SCENARIOS))

# pylint: disable=wrong-import-position
import documents
from harness import builtin

BUILT_IN = "test_shipped_docker.py"     # runs docker/up with no -c
BY_HAND = re.compile(r"""["'](?:actscontainer|usercontainer)["']|add_service\(\s*["'](?:acts|users)["']""")
MAY_NAME_THEM = {"harness/images.py", "test_packages.py", "test_config_print.py"}


def _configurations():
    """Names of the files that hold one: configurations themselves, and documents."""
    found = [path for path in tracked() if path.suffix in (".json", ".in") and relative(path).parts[0] != "tests"
             and '"services": [' in path.read_text(errors="replace")]
    found += [path for path in documents.DOCUMENTS
              if documents.configurations(path) or documents.shell_configurations(path)]
    return [path.name for path in found]


def run_by_a_scenario():
    scenarios = {path.name: path.read_text(encoding="utf-8") for path in SCENARIOS.glob("test_*.py")}
    wrong = [] if ".up(" in scenarios.get(BUILT_IN, "") else [f"{BUILT_IN} does not run docker/up any more"]
    names = _configurations()
    if len(names) < 5:
        wrong.append(f"only {names} hold configurations?")
    for name in names:
        if name == builtin.PROCESSES.name:
            if '"--engine", "process"' not in scenarios.get("test_shipped_process.py", ""):
                wrong.append(f"{name}: no scenario calls docker/up --engine process")
        elif not any(f'"{name}"' in text for text in scenarios.values()):
            wrong.append(f"{name} holds a configuration, and no tests/integration/test_*.py names it")
    return wrong


def _same(service, config, kept):
    """kept: what a scenario sets."""
    wrong = [f"{service['name']}: {key} is shipped, and scenarios leave it out" for key in service
             if key not in kept and key not in ("name", "image", "command", "first_port")]
    return wrong + [f"{service['name']}: {key} is {kept[key]} in scenarios" for key in builtin.settings(service["name"], config)
                    if kept.get(key) != service[key]]


def derived():
    wrong = []
    for config in (builtin.configuration(), builtin.processes()):
        for service in config["services"]:
            name = service["name"]
            wrong += _same(service, config, {**builtin.settings(name, config), **builtin.place(name, "x", "y", config)})
    for name in ("harness/application.py", "web_site.py"):
        if "builtin.settings(" not in (SCENARIOS / name).read_text(encoding="utf-8"):
            wrong.append(f"{name} has its settings of acts and users from somewhere else than harness/builtin")
    for path in tracked():
        parts = relative(path).parts
        if parts[0] != "tests" or parts[1] not in ("integration", "chaos", "bench") or "/".join(parts[2:]) in MAY_NAME_THEM:
            continue
        for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
            if BY_HAND.search(line):
                wrong.append(f"{relative(path)}:{number}: acts or users set by hand: take harness/builtin's settings")
    return wrong


CHECKS = [
    ("each shipped configuration is run by a scenario", run_by_a_scenario),
    ("acts and users are tested as they are shipped", derived),
]
