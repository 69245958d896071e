"""The checkers that others wrote: clang-format, shellcheck, cppcheck, clang-tidy."""

import json
import os
import pathlib
import py_compile
import subprocess
import tempfile
from collections import Counter

from sources import ROOT, c_files, scripts, tracked


def _run(*command):
    """The lines it wrote, where it failed."""
    done = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return [line for line in (done.stdout + done.stderr).split("\n") if line.strip()]


def formatted():
    """.c files only: headers line their comments up by hand, in columns that clang-format does not know."""
    paths = [p for p in c_files() if p.suffix == ".c"]
    wrong = _run("clang-format", "--dry-run", "--Werror", *paths)
    counts = Counter(line.split(":")[0] for line in wrong if "code should be clang-formatted" in line)
    return [f"{os.path.relpath(path, ROOT)}: {count} places; clang-format -i mends them" for path, count in counts.items()]


def shellcheck():
    paths = scripts()
    return _run("shellcheck", "-x", *paths) if paths else []


def python_compiles():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for path in tracked():
            if path.suffix == ".py":
                try:
                    py_compile.compile(str(path), cfile=os.path.join(folder, "x"), doraise=True)
                except py_compile.PyCompileError as error:
                    wrong.append(str(error))
    return wrong


def cppcheck(build):
    del build
    product = [p for p in c_files("common", "orchestrator", "services") if p.suffix == ".c"]
    lists = [f"--include={path}" for path in pathlib.Path("/usr/include").glob("*/sys/queue.h")]     # its macros
    return _run("cppcheck", *lists, "-j2", "--quiet", "--error-exitcode=1", "--std=c11", "--inline-suppr",
                "--enable=warning,portability,performance", "--suppressions-list=tests/lint/cppcheck.suppress",
                f"-I{ROOT}", "-D_GNU_SOURCE", *product)


# The analyser follows so many states of a function and then goes on to the next; 225,000 as it comes: four times the time.
SHALLOW = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-config", "--extra-arg=-Xclang", "--extra-arg=max-nodes=50000"]


def clang_tidy(build, deep=False):
    database = build / "compile_commands.json"
    if not database.exists():
        return [f"{database} is missing: configure first"]
    with open(database, encoding="utf-8") as file:
        known = {os.path.realpath(os.path.join(e["directory"], e["file"])) for e in json.load(file)}
    product = [str(p) for p in c_files("common", "orchestrator", "services") if p.suffix == ".c" and str(p) in known]
    commands = [["clang-tidy", "-p", str(build), "--quiet", "--warnings-as-errors=*", *([] if deep else SHALLOW), *product[i::2]]
                for i in range(2)]
    running = [subprocess.Popen(c, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
               for c in commands if c[-1].endswith(".c")]
    wrong = []
    for process in running:
        out = process.communicate()[0]
        if process.returncode != 0:
            wrong += [line for line in out.split("\n") if "error:" in line or "warning:" in line] or [out[-500:]]
    return [line.replace(str(ROOT) + "/", "") for line in sorted(set(wrong))]


QUICK = [
    ("clang-format", formatted),
    ("shellcheck", shellcheck),
    ("python files compile", python_compiles),
]
def slow(build, deep):
    return [("cppcheck", lambda: cppcheck(build)), ("clang-tidy", lambda: clang_tidy(build, deep))]
