"""One dialect over the whole tree: what a formatter does not see."""

import re

from sources import c_files, relative

KEYWORDS = {"return", "goto", "else", "case", "break", "continue", "typedef", "do", "while", "if", "for", "switch", "default"}
DECLARATION = re.compile(
    r"^\t(?:(?:const|static|struct|enum|union|unsigned|volatile|_Alignas\(\w+\)) )*([A-Za-z_]\w*)(?: \**| ?\*+ ?)(?:const )?"
    r"[A-Za-z_]\w*(?:\[[^\]]*\])*(?: =|;|,)")
POINTER_TO_FUNCTION = re.compile(r"^\t[\w \*]+\(\*\w+\)\(.*\)( =|;)")


def _declares(line):
    found = DECLARATION.match(line)
    return bool(found) and found.group(1) not in KEYWORDS or bool(POINTER_TO_FUNCTION.match(line))


def _statement_end(lines, at):
    """Index behind the statement that begins at `at`: it may go on over several lines, and hold a list in braces."""
    depth = 0
    while at < len(lines):
        text = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'|/\*.*?\*/|//.*', "", lines[at])
        depth += text.count("{") + text.count("(") - text.count("}") - text.count(")")
        at += 1
        if depth <= 0 and text.rstrip().endswith(";"):
            return at
    return at


def missing_blank_lines(lines):
    """Indexes of lines that follow a function's declarations at once."""
    found = []
    for i, line in enumerate(lines):
        if line != "{":
            continue
        at = i + 1
        while at < len(lines) and _declares(lines[at]):
            at = _statement_end(lines, at)
        if at > i + 1 and at < len(lines) and lines[at] not in ("", "}"):
            found.append(at)
    return found


def blank_lines():
    return [f"{relative(path)}:{at + 1}: a blank line belongs behind the declarations" for path in c_files()
            for at in missing_blank_lines(path.read_text().split("\n"))]


def sizeof():
    return [f"{relative(path)}:{n}: sizeof has its operand in parentheses" for path in c_files()
            for n, line in enumerate(path.read_text().split("\n"), 1) if re.search(r"\bsizeof [*\w]", line)
            and not line.lstrip().startswith(("*", "/*"))]


CHECKS = [
    ("a blank line behind declarations", blank_lines),
    ("sizeof has parentheses", sizeof),
]
