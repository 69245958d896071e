#!/usr/bin/python3
"""One dialect over the whole tree: what a formatter does not see.

usage: tests/lint/dialect.py   writes those titles and section rules anew that are not in the one form
"""

import re
import textwrap

from sources import c_files, relative, tracked

COLUMNS = 140       # of comments and of CMake; code has clang-format
WRAPPED = 124       # where a comment is broken that is written anew here
RULE_COLUMNS = 117

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


# --- comments ---

COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(/\*.*?\*/|//[^\n]*)', re.DOTALL)
PRONOUN = re.compile(r"(?:^|[.!?:]\s+)One that\b")


def _comments(text):
    """(line number, comment) of each."""
    for found in COMMENT.finditer(text):
        if found[1]:
            yield text.count("\n", 0, found.start()) + 1, found[1]


def _prose(comment):
    return re.sub(r"\s*\n\s*\*?\s*", " ", comment.strip("/* \n"))


def subjects():
    return [f"{relative(path)}:{line}: a sentence begins with \"One that\": name what it is about" for path in c_files()
            for line, comment in _comments(path.read_text()) if PRONOUN.search(_prose(comment))]


def _width(line):
    return len(line.expandtabs(8))


def long_lines():
    wrong = []
    for path in c_files():
        lines = path.read_text().split("\n")
        for first, comment in _comments("\n".join(lines)):
            last = first + comment.count("\n")
            wrong += [(path, n) for n in range(first, last + 1) if _width(lines[n - 1]) > COLUMNS]
    for path in tracked():
        if path.name == "CMakeLists.txt" or path.suffix == ".cmake":
            wrong += [(path, n) for n, line in enumerate(path.read_text().split("\n"), 1) if _width(line) > COLUMNS]
    return [f"{relative(path)}:{n}: more than {COLUMNS} columns" for path, n in wrong]


# --- titles: "/* name: job" ---

TITLED = ("common", "orchestrator", "services")


def _titles(path):
    """What a file may be called in its first line."""
    return {path.stem, path.parent.name} if path.stem == "main" else {path.stem}


def _has_title(path, text):
    found = re.match(r"/\* ([\w-]+): ", text)
    return bool(found) and found[1] in _titles(path)


def titles():
    return [f"{relative(path)}:1: begins with \"/* {path.stem}: its job\"" for path in c_files(*TITLED)
            if not _has_title(path, path.read_text())]


def _uncapital(text):
    word = re.match(r"\w+", text)
    plain = word and (word[0] == "A" or re.fullmatch(r"[A-Z][a-z]+", word[0]))
    return text[0].lower() + text[1:] if plain else text


def titled(path, text):
    """The text with a title, and its first paragraph broken anew where that makes it too long."""
    body = re.sub(r"^/\* (?:[\w-]+(?:\.c)?: )?", "", text, count=1)
    lines = body.split("\n")
    end = next(i for i, line in enumerate(lines) if "*/" in line or line.rstrip() == " *" or not line.startswith(" *") and i > 0)
    end += "*/" in lines[end] and lines[end].strip() != "*/"
    paragraph = " ".join(re.sub(r"^ \* ?", "", line) for line in lines[:end])
    wrapped = textwrap.wrap(f"{path.stem}: {_uncapital(paragraph)}", WRAPPED - 3, break_on_hyphens=False, break_long_words=False)
    return "/* " + "\n * ".join(wrapped) + "\n" + "\n".join(lines[end:])


# --- section rules: "/* --- name ---...--- */" ---

RULE = re.compile(r"^/\* -{3,} (.*?) -{3,} \*/$", re.MULTILINE)


def _rule(found):
    start = f"/* --- {found[1]} "
    return start + "-" * (RULE_COLUMNS - len(start) - 3) + " */"


def rules():
    return [f"{relative(path)}:{text.count(chr(10), 0, found.start()) + 1}: a section's rule is {RULE_COLUMNS} columns wide"
            for path in c_files() for text in [path.read_text()] for found in RULE.finditer(text) if _rule(found) != found[0]]


def mend():
    for path in c_files():
        text = old = path.read_text()
        if relative(path).parts[0] in TITLED and not _has_title(path, text):
            text = titled(path, text)
        text = RULE.sub(_rule, text)
        if text != old:
            path.write_text(text)
            print(relative(path))


CHECKS = [
    ("a blank line behind declarations", blank_lines),
    ("sizeof has parentheses", sizeof),
    ("a comment names its subject", subjects),
    (f"comments and CMake within {COLUMNS} columns", long_lines),
    ("files say their name and job first", titles),
    ("section rules of one length", rules),
]

if __name__ == "__main__":
    mend()

