"""Which way includes may point (see the layout in the README): a table, and the two libraries that stay in their corner."""

import re

from sources import c_files, code, relative

# folder -> folders of ours it may include; the longest folder that fits a file counts
MAY_INCLUDE = {
    "common": {"common"},
    "orchestrator/engine": {"common", "orchestrator/engine", "orchestrator"},
    "orchestrator/fleet": {"common", "orchestrator/engine", "orchestrator/fleet", "orchestrator"},
    "orchestrator/proxy": {"common", "orchestrator/engine", "orchestrator/fleet", "orchestrator/proxy", "orchestrator"},
    "orchestrator/admin": {"common", "orchestrator/engine", "orchestrator/fleet", "orchestrator/admin", "orchestrator"},
    "orchestrator/simulate": {"common", "orchestrator/fleet", "orchestrator/simulate", "orchestrator"},
    "orchestrator/systemd": {"common", "orchestrator/systemd", "orchestrator"},
    "orchestrator/manual": {"common", "orchestrator/manual", "orchestrator"},
    "orchestrator/client": {"common", "orchestrator/client", "orchestrator"},
    "orchestrator": {"common", "orchestrator/engine", "orchestrator/fleet", "orchestrator/proxy", "orchestrator/admin",
                     "orchestrator/simulate", "orchestrator/systemd", "orchestrator/manual", "orchestrator/client",
                     "orchestrator"},
    "services/users": {"common", "services", "services/users"},
    "services/acts": {"common", "services", "services/acts"},
    "services": {"common", "services"},
}

# Files in orchestrator/ itself that anybody there may include: they know nothing of fleet, proxy and admin.
SHARED = re.compile(r"orchestrator/(config|config_\w+|command|command_table|address|token|backoff|identity|defer\w*|loop|stats)\.h")

# header of a library -> files that may know it
CORNERED = {
    "evhtp": re.compile(r"services/rest\w*\.[ch]"),
    "event2/http": re.compile(r"orchestrator/(proxy/seats|admin/\w+)\.[ch]|services/acts/acts_users\w*\.[ch]"),
    "curl/": re.compile(r"orchestrator/(engine|client)/\w+\.[ch]"),
    "sqlite3": re.compile(r"common/store\w*\.[ch]|tests/.*"),
    "yajl": re.compile(r"common/json\w*\.[ch]|tests/.*"),
}

INCLUDE = re.compile(r'^#include\s+(["<])([^">]+)[">]', re.MULTILINE)


def folder(path_text):
    fitting = [f for f in MAY_INCLUDE if path_text.startswith(f + "/")]
    return max(fitting, key=len, default=None)


def _included(path):
    for kind, name in INCLUDE.findall(code(path)):
        if kind == '"' and "/" not in name:
            name = f"{relative(path).parent}/{name}"
        yield kind, name


def direction():
    wrong = []
    for path in c_files("common", "orchestrator", "services"):
        here = folder(str(relative(path)))
        for kind, name in _included(path):
            there = folder(name)
            if kind != '"' or there is None:
                continue
            lower = here not in (None, "orchestrator") and there == "orchestrator"
            if there not in MAY_INCLUDE[here] or (lower and not SHARED.match(name)):
                wrong.append(f"{relative(path)} includes {name}")
    return wrong


def corners():
    wrong = []
    for path in c_files("common", "orchestrator", "services", "tests"):
        text = str(relative(path))
        for _, name in _included(path):
            for library, allowed in CORNERED.items():
                if name.startswith(library) and not allowed.match(text) and not text.startswith("tests/"):
                    wrong.append(f"{text} includes <{name}>")
    return wrong


# How libevent makes an event: without a priority.
BARE_EVENT = re.compile(r"\b(event_new|event_assign|evtimer_new|evtimer_assign|evsignal_new|evsignal_assign)\(")


def priorities():
    return [f"{relative(path)} makes an event with {found}: use loop_event_new or loop_event_assign, which want its priority"
            for path in c_files("orchestrator") if path.name != "loop.c"
            for found in sorted(set(BARE_EVENT.findall(code(path))))]


def once():
    wrong = []
    for path in c_files():
        if path.suffix == ".h" and "#pragma once" not in path.read_text():
            wrong.append(f"{relative(path)} has no #pragma once")
    return wrong


def opening_comment():
    return [f"{relative(path)} does not open with a comment that says its job" for path in c_files()
            if not path.read_text().startswith("/*")]


CHECKS = [
    ("includes point in the right direction", direction),
    ("libraries stay in their corner", corners),
    ("every event has a priority", priorities),
    ("headers have #pragma once", once),
    ("files open with a comment", opening_comment),
]
