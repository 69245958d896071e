"""Which way includes may point (see the layout in the README): a table, and the two libraries that stay in their corner."""

import re

from sources import c_files, code, relative

# folder -> folders of ours it may include besides itself; the longest folder that fits a file counts
BASE = {"common", "orchestrator/base"}
WIRE = BASE | {"orchestrator/wire"}
ENGINE = BASE | {"orchestrator/engine"}
FLEET = ENGINE | WIRE | {"orchestrator/config", "orchestrator/fleet"}
PROXY = FLEET | {"orchestrator/proxy"}
MAY_INCLUDE = {
    "common": set(),
    "orchestrator/base": {"common"},
    "orchestrator/wire": WIRE,
    "orchestrator/engine": BASE | {"orchestrator/engine/docker", "orchestrator/engine/process"},
    "orchestrator/engine/docker": ENGINE,
    "orchestrator/engine/process": ENGINE,
    "orchestrator/config": ENGINE,
    "orchestrator/fleet": FLEET,
    "orchestrator/proxy": PROXY,
    "orchestrator/certs": WIRE | {"orchestrator/config"},
    "orchestrator/admin": PROXY | {"orchestrator/certs"},
    "orchestrator/systemd": FLEET,
    "orchestrator/cli/simulate": FLEET,
    "orchestrator/cli/init": FLEET | {"orchestrator/cli"},
    "orchestrator/cli/manual": BASE | {"orchestrator/config", "orchestrator/cli"},
    "orchestrator/cli/client": BASE | {"orchestrator/config", "orchestrator/cli"},
    "orchestrator/cli": PROXY | {"orchestrator/admin", "orchestrator/certs", "orchestrator/cli/simulate", "orchestrator/cli/manual", "orchestrator/cli/client",
                         "orchestrator/cli/init"},
    "orchestrator": PROXY | {"orchestrator/admin", "orchestrator/certs", "orchestrator/systemd", "orchestrator/cli"},
    "services/store": {"common"},
    "services/rest": {"common"},
    "services": {"common", "services/store", "services/rest"},
    "services/users": {"common", "services", "services/store", "services/rest"},
    "services/acts": {"common", "services", "services/store", "services/rest", "services/web"},
    "services/web": {"common", "services", "services/rest"},
}

# header of a library -> files that may know it
CORNERED = {
    "evhtp": re.compile(r"services/rest/\w+\.[ch]"),
    "event2/http": re.compile(r"orchestrator/(admin/\w+|proxy/http1_evhttp\w*)\.[ch]|services/acts/acts_users\w*\.[ch]"),
    "curl/": re.compile(r"orchestrator/(base/(curl_loop|fetch)|(engine/docker|cli/client)/\w+)\.[ch]"),
    "openssl/": re.compile(r"orchestrator/(wire/tls\w*|certs/\w+)\.[ch]"),
    "sqlite3": re.compile(r"services/store/sqlite\w*\.[ch]|tests/.*"),
    "libpq": re.compile(r"services/store/postgres\w*\.[ch]|tests/.*"),
    "idn2": re.compile(r"orchestrator/config/host_name\.c"),
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
            if kind == '"' and there is not None and there != here and there not in MAY_INCLUDE[here]:
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


# What only a driver of a store and the texts of its dialect say.
SQL = re.compile(r'"\s*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE|ALTER|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b')
SPEAKS_SQL = re.compile(r"services/(store/(sqlite|postgres)\w*|\w+/\w+_(sqlite|postgres)|private_(sqlite|postgres))\.[ch]")


def sql():
    return [f"{relative(path)} says {found}: texts are by dialect, see services/store/store.h"
            for path in c_files("common", "services") if not SPEAKS_SQL.fullmatch(str(relative(path)))
            for found in sorted(set(SQL.findall(path.read_text())))]


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
    ("SQL stands in the texts of a dialect", sql),
    ("headers have #pragma once", once),
    ("files open with a comment", opening_comment),
]
