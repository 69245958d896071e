"""Functions that are not to be used, and text that does not belong into the tree."""

import re

from sources import c_files, code, relative, tracked

BANNED = {
    "strcpy": "unbounded: snprintf or memcpy",
    "strcat": "unbounded: buf_add_text",
    "strncpy": "may leave no NUL: snprintf",
    "sprintf": "unbounded: snprintf",
    "vsprintf": "unbounded: vsnprintf",
    "gets": "unbounded",
    "strtok": "keeps state: strsep or strcspn",
    "atoi": "no errors: strtol with checks, json_int",
    "atol": "no errors: strtol with checks",
    "atof": "no errors: strtod with checks",
    "alloca": "unbounded stack",
    "sleep": "blocks the loop",
    "usleep": "blocks the loop",
    "system": "a shell",
    "popen": "a shell",
    "gethostbyname": "blocks the loop",
    "getaddrinfo": "blocks the loop (allowed with AI_NUMERICHOST, which asks nobody, and in what a worker's thread does)",
    "rand": "predictable: evutil_secure_rng_get_bytes, randombytes",
    "tmpnam": "races: mkstemp",
    "mktemp": "races: mkstemp",
}
_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
_FUNCTION = re.compile(r"^[a-z].*?(\w+)\(")
_ON_A_THREAD = re.compile(r"\.work = (\w+)")

# Paths of the machine the text was written on, and the like.
_PATHS = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/[\w.]")
_BINARY = (".png", ".ico", ".woff2", ".gz", ".jpg")


def banned():
    wrong = []
    for path in c_files("common", "orchestrator", "services", "tests"):
        text = code(path)
        numeric = "AI_NUMERICHOST" in text
        has_no_loop = relative(path).parts[:2] == ("tests", "backend")      # programs that containers of tests run
        on_a_thread, function = _ON_A_THREAD.findall(text), ""
        for number, line in enumerate(text.split("\n"), 1):
            if begins := _FUNCTION.match(line):
                function = begins[1]
            for name in _CALL.findall(line):
                if name == "getaddrinfo" and (numeric or function in on_a_thread) or has_no_loop and "loop" in BANNED[name]:
                    continue
                wrong.append(f"{relative(path)}:{number}: {name}: {BANNED[name]}")
    return wrong


_CONTAINER = re.compile(r"\(char \*\)\w+(?:->\w+)* - offsetof\(")
_TIMEVAL = re.compile(r"\(struct timeval\)\s*{|\bstruct timeval \w+ = {")


def by_hand():
    """What has one function for all: a length of time for libevent, the object around a member."""
    wrong = []
    for path in c_files("common", "orchestrator", "services"):
        for number, line in enumerate(code(path).split("\n"), 1):
            if _TIMEVAL.search(line) and path.name != "clock.c":
                wrong.append(f"{relative(path)}:{number}: a timeval by hand: clock_timeval, or a timer")
            if _CONTAINER.search(line):
                wrong.append(f"{relative(path)}:{number}: by hand: container_of")
    return wrong


def _texts():
    for path in tracked():
        if path.suffix not in _BINARY and "corpus" not in path.parts:
            yield path, path.read_text(errors="replace")


def paths():
    wrong = []
    for path, text in _texts():
        for number, line in enumerate(text.split("\n"), 1):
            if _PATHS.search(line) and path.name != "words.py":
                wrong.append(f"{relative(path)}:{number}: a path of somebody's machine: {line.strip()[:80]}")
    return wrong


def line_ends():
    wrong = []
    for path, text in _texts():
        if "\r\n" in text:
            wrong.append(f"{relative(path)}: CRLF line ends")
        if text and not text.endswith("\n"):
            wrong.append(f"{relative(path)}: no newline at the end")
        trailing = [n for n, line in enumerate(text.split("\n"), 1) if line != line.rstrip() and path.suffix != ".md"]
        wrong += [f"{relative(path)}:{n}: space at the end of the line" for n in trailing[:3]]
    return wrong


CHECKS = [
    ("no banned function", banned),
    ("no timeval and no container_of by hand", by_hand),
    ("no path of a development machine", paths),
    ("line ends", line_ends),
]
