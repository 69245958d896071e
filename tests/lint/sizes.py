"""How large files and functions are. Reported; only what is far out fails."""

import re

from sources import c_files, code, relative

FILE_LINES_REPORTED = 500
FILE_LINES_MAX = 1000
FUNCTION_LINES_REPORTED = 70
FUNCTION_LINES_MAX = 150


def functions(path):
    """(name, lines) of each function: from its first line to the brace in column 0."""
    lines = code(path).split("\n")
    found, start = [], None
    for number, line in enumerate(lines):
        if line == "{" and number > 0:
            start = number
        elif line.startswith("}") and start is not None:
            if line.rstrip() == "}":
                found.append((_name_above(lines, start), number - start + 1))
            start = None
    return found


def _name_above(lines, brace):
    at = brace - 1
    while at > 0 and lines[at][:1] in ("\t", " "):      # parameters that went over the line
        at -= 1
    named = re.search(r"(?:START_TEST\()?(\w+)\s*[()]", lines[at])
    return named[1] if named else "?"


def summary(name, values):
    if not values:
        return f"{name}: none"
    values = sorted(values)
    p90 = values[min(len(values) - 1, len(values) * 9 // 10)]
    return f"{name}: {len(values)}, median {values[len(values) // 2]}, p90 {p90}, max {values[-1]} lines"


def _report(title, paths):
    files = {relative(p): len(p.read_text().split("\n")) for p in paths if p.suffix == ".c"}
    sizes = [(lines, name, relative(p)) for p in paths if p.suffix == ".c" for name, lines in functions(p)]
    print(f"lint: sizes of {title}: {summary('files', files.values())}; {summary('functions', [s[0] for s in sizes])}")
    for path, lines in files.items():
        if lines > FILE_LINES_REPORTED:
            print(f"lint:   {path} has {lines} lines")
    for lines, name, path in sorted(sizes, reverse=True):
        if lines > FUNCTION_LINES_REPORTED:
            print(f"lint:   {path}: {name} has {lines} lines")
    return files, sizes


def check():
    wrong = []
    for title, tops in (("the product", ("common", "orchestrator", "services")), ("the tests", ("tests",))):
        files, sizes = _report(title, c_files(*tops))
        wrong += [f"{path} has {lines} lines" for path, lines in files.items() if lines > FILE_LINES_MAX]
        wrong += [f"{path}: {name} has {lines} lines" for lines, name, path in sizes if lines > FUNCTION_LINES_MAX]
    return wrong


CHECKS = [(f"no file over {FILE_LINES_MAX}, no function over {FUNCTION_LINES_MAX} lines", check)]
