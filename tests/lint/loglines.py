"""What stands in a log line: a value that others may have given, a path or a server's words, goes through log_quote.

A %s gets log_quote(...), a word of a table (..._text(...)) or a literal; without quotes only behind a key of WORDS, and none between
quotes that the format has itself.
"""

import re

from sources import c_files, relative

# What these keys hold is ours, or kept to characters that need no quotes by whoever takes it in: config_check (services, hosts,
# addresses), the engine's own grammar (names), forward.c (request ids), or is a hash.
WORDS = {"event", "service", "container", "name", "request", "reason", "incident", "host", "address", "spec", "to", "was", "key", "engine",
         "why", "what", "order", "signal", "peer", "version"}

PUT_TOGETHER = {"more", "remedy", "detail", "took"}     # more pairs, made before

_CALL = re.compile(r"\blog_(error|warn|info|debug|line)\(")
_ATOM = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|.', re.DOTALL)
_CONVERSION = re.compile(r"%(?:%|[-+ #0]*(?:\d+|\*)?(?:\.(\d+|\*))?(?:hh|h|ll|l|z|j|t)?([a-zA-Z]))")
_LITERAL = r'(?:"(?:\\.|[^"\\])*"\s*)+'
_SAFE = re.compile(rf"^(?:log_quote\(.*\)|\w+_text\(.*\)|\w*texts\[.*\]|{_LITERAL})$", re.DOTALL)
_OURS = re.compile(rf"^(?:write_fault_remedy\(.*\)|(?:[^?\"]*\?\s*)?{_LITERAL}(?::\s*{_LITERAL})?)$", re.DOTALL)


def calls(text):
    """(offset, [arguments]) of each call that logs."""
    for found in _CALL.finditer(text):
        if text[text.rfind("\n", 0, found.start()) + 1:found.start()].lstrip().startswith(("#", "*", "/*")):
            continue
        arguments, depth = [""], 0
        for atom in _ATOM.finditer(text, found.end()):
            word = atom[0]
            if word == ")" and depth == 0:
                break
            depth += word in ("(", "[", "{")
            depth -= word in (")", "]", "}")
            if word == "," and depth == 0:
                arguments.append("")
            elif not word.startswith("/*"):
                arguments[-1] += word
        yield found.start(), [argument.strip() for argument in arguments[found[1] == "line":]]


def _format_of(arguments):
    """(the format as it is read, arguments behind it); None: it is no literal."""
    if not re.fullmatch(r'(?:"(?:\\.|[^"\\])*"|[A-Z_\d]+|\s)+', arguments[0]):
        return None, []
    return "".join(re.findall(r'"((?:\\.|[^"\\])*)"', arguments[0])).replace('\\"', '"'), arguments[1:]


def _branches(argument):
    """The two values of `condition ? a : b`, or the one."""
    if _SAFE.match(argument):
        return [argument]
    found = re.match(r"^[^?\"]*\?(.*):((?:[^:]|::)*)$", argument, re.DOTALL)
    return [found[1].strip(), found[2].strip()] if found else [argument]


def complaints(arguments):
    form, values = _format_of(arguments)
    if form is None:
        return
    at = 0
    for found in _CONVERSION.finditer(form):
        if found[2] is None:
            continue
        at += found[1] == "*"
        value = values[at] if at < len(values) else ""
        at += 1
        if found[2] != "s":
            continue
        before = form[:found.start()]
        if before.count('"') % 2 == 1:
            if not _OURS.match(value):
                yield f"{value} stands between quotes: key=%s and log_quote"
        elif not all(_SAFE.match(branch) for branch in _branches(value)):
            key = re.search(r"(?:^| )(\w+)=$", before)
            if not (key and key[1] in WORDS or before[-1:] != "=" and value in PUT_TOGETHER):
                yield f"{value} goes through log_quote"


def quoted():
    wrong = []
    for path in c_files("common", "orchestrator", "services"):
        text = path.read_text()
        for offset, arguments in calls(text):
            line = text.count("\n", 0, offset) + 1
            wrong += [f"{relative(path)}:{line}: {complaint}" for complaint in complaints(arguments)]
    return wrong


CHECKS = [("what others say is quoted in log lines", quoted)]
