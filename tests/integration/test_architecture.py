"""docs/architecture.md says where a key, a metric, a command, an engine, a kind of connection and a store are added: each is
added there and nowhere else, builds, and passes the fast lint. And its folders are those that there are."""

import re

import pytest

from harness import scratch
from harness.images import ROOT, build_dir

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

KEY = [
    ("orchestrator/config/config.h", "\tint half_close; ", "\tint64_t greeting_ms;\n\tint half_close; "),
    ("orchestrator/config/config_tables.c", '        {"hold_ms", OPTION_INT',
     '        {"greeting_ms", OPTION_INT, AT(greeting_ms), 0, HOUR_MS, "0", .reloadable = true, .unit = "ms",\n'
     '         .help = "How long it greets."},\n        {"hold_ms", OPTION_INT'),
]

METRIC = [
    ("orchestrator/admin/metrics.c", "\tX(build_info, ",
     '\tX(greetings, "selfless_greetings_total", COUNTER, ONCE, "", "Greetings so far.") \\\n\tX(build_info, '),
    ("orchestrator/admin/metrics.c", " build_info;", " build_info, greetings;"),
    ("orchestrator/admin/metrics.c", "/* --- the whole ---",
     "static void greetings(struct exposition *out, const struct source *source)\n{\n\t(void)source;\n"
     "\texposition_whole(out, NULL, 0, 1);\n}\n\n/* --- the whole ---"),
]

COMMAND = [
    ("orchestrator/cli/command.h", "\tCOMMAND_DRAIN,\n", "\tCOMMAND_DRAIN,\n\tCOMMAND_GREET,\n"),
    ("orchestrator/cli/command_table.c", '        {"completion", COMMAND_COMPLETION,',
     '        {"greet", COMMAND_GREET, "say hello", "Nothing else.", .options = help_options, .examples = help_examples},\n'
     '        {"completion", COMMAND_COMPLETION,'),
    ("orchestrator/cli/cli.c", "\tcase COMMAND_VERSION:\n",
     '\tcase COMMAND_GREET:\n\t\tputs("hello");\n\t\tbreak;\n\tcase COMMAND_VERSION:\n'),
]

ENGINE = [
    ("orchestrator/engine/greeter/greeter.h", "",
     '/* greeter: an engine that only says why there is none. */\n#pragma once\n\n#include "orchestrator/engine/engine.h"\n\n'
     "engine_new greeter_engine_new;\n"),
    ("orchestrator/engine/greeter/greeter.c", "",
     '/* greeter: one sentence. */\n#include "orchestrator/engine/greeter/greeter.h"\n\n'
     "bool greeter_engine_new(const struct engine_settings *settings, struct engine **engine, struct err *err)\n{\n"
     '\t*engine = NULL;\n\treturn err_set(err, "hello, %s", settings->name);\n}\n'),
    ("orchestrator/engine/greeter/CMakeLists.txt", "",
     "# An engine that only says why there is none.\nadd_library(selfless_engine_greeter STATIC greeter.c)\n"
     "target_link_libraries(selfless_engine_greeter PUBLIC selfless_engine_common)\n"),
    ("orchestrator/engine/engines.c", "        {.name = NULL},\n",
     '        {.name = "greeter", .make = greeter_engine_new},\n        {.name = NULL},\n'),
    ("orchestrator/engine/engines.c", '#include "orchestrator/engine/process/process_engine.h',
     '#include "orchestrator/engine/greeter/greeter.h"\n#include "orchestrator/engine/process/process_engine.h'),
    ("orchestrator/engine/CMakeLists.txt", "add_subdirectory(process)\n", "add_subdirectory(greeter)\nadd_subdirectory(process)\n"),
    ("orchestrator/engine/CMakeLists.txt", "PUBLIC selfless_engine_docker ", "PUBLIC selfless_engine_docker selfless_engine_greeter "),
]

KIND = [
    ("orchestrator/proxy/greeter.h", "",
     '/* greeter: a kind of connection that says when one comes. */\n#pragma once\n\n#include "orchestrator/proxy/http1.h"\n\n'
     "void greeter_open(struct conns *conns, const struct conn_socket *socket);\n"),
    ("orchestrator/proxy/greeter.c", "",
     '/* greeter: one line, and then as http1. */\n#include "orchestrator/proxy/greeter.h"\n\n#include "common/log.h"\n\n'
     "void greeter_open(struct conns *conns, const struct conn_socket *socket)\n{\n"
     '\tlog_info("event=hello");\n\thttp1_open(conns, socket);\n}\n'),
    ("orchestrator/proxy/front.c", "\thttp1_open(front->conns, socket", "\tgreeter_open(front->conns, socket"),
    ("orchestrator/proxy/front.c", '#include "orchestrator/proxy/greeting.h"\n',
     '#include "orchestrator/proxy/greeter.h"\n#include "orchestrator/proxy/greeting.h"\n'),
    ("orchestrator/proxy/CMakeLists.txt", " hop.c ", " greeter.c hop.c "),
]

STORE = [
    ("services/store/greeting.h", "",
     '/* greeting: a driver for what has no database. */\n#pragma once\n\n#include "services/store/store_driver.h"\n\n'
     "extern const struct store_driver greeting_driver;\n"),
    ("services/store/greeting.c", "",
     '/* greeting: it opens nothing, and says so. */\n#include "services/store/greeting.h"\n\n'
     "static bool greeting_open(const struct store_options *options, const struct store_texts *texts, struct store **store,\n"
     "                          struct err *err)\n{\n\t(void)texts;\n\t*store = NULL;\n"
     '\treturn err_set(err, "hello, %s", options->url);\n}\n\n'
     'const struct store_driver greeting_driver = {.name = "greeting", .url_form = "greeting:NAME", .open = greeting_open};\n'),
    ("services/store/store.c", "DRIVERS[] = {&sqlite_driver, ", "DRIVERS[] = {&sqlite_driver, &greeting_driver, "),
    ("services/store/store.c", '#include "services/store/postgres.h"\n',
     '#include "services/store/greeting.h"\n#include "services/store/postgres.h"\n'),
    ("services/store/CMakeLists.txt", " store_url.c ", " store_url.c greeting.c "),
]

RECIPES = {"A key": KEY, "A metric": METRIC, "A command": COMMAND, "An engine": ENGINE, "A kind of connection": KIND, "A store": STORE}


@pytest.mark.parametrize("what", RECIPES)
def test_the_page_names_every_file_that_is_touched(what):
    words = re.search(rf"\*\*{what}\.\*\*(.*?)(?:\n\n|\Z)", PAGE, re.DOTALL)[1]
    named = re.findall(r"`([\w./]+)`", words)
    touched = {path for path, _, _ in RECIPES[what]}
    for path in touched:
        general = re.sub(r"gree\w+\.h$", "NAME.c", path)         # a header goes with its file
        general = re.sub(r"gree\w+(?=[./])", "NAME", general)
        assert any(general == name or name.endswith("/") and general.startswith(name) for name in named), (path, named)
    assert {name for name in named if "/" in name and "NAME" not in name and name.startswith(("orchestrator/", "services/"))} <= touched


@pytest.mark.skipif(not scratch.possible(), reason="needs root, to lay a scratch copy over the tree")
def test_each_is_added_by_the_page(tmp_path):
    def build(*targets):
        return ["cmake", "--build", str(build_dir()), "--parallel", "2", "--target", *targets]
    most = METRIC + COMMAND + ENGINE + KIND + STORE
    scratch.run(tmp_path / "layer", [
        (most, build("selfless_admin", "selfless_cli", "selfless_engine", "selfless_proxy", "selfless_store")),
        (KEY, build("selfless_config")),
        ([], ["python3", "tests/lint/run", "--fast"]),
    ])


def test_every_folder_is_on_the_page():
    rows = set(re.findall(r"^\| `([\w/]+/)` \|", PAGE, re.MULTILINE))
    folders = {f"{path.relative_to(ROOT)}/" for path in [*ROOT.glob("orchestrator/*")] if (path / "CMakeLists.txt").exists()}
    assert folders <= rows, folders - rows
    assert all((ROOT / row).is_dir() for row in rows)
    assert len(PAGE.splitlines()) < 100, "one page"
