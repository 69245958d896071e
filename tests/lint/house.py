"""The house in figures: circles between the files of a folder, long files and functions, parameters, process-wide variables.
Printed; what has a bar of 0 and has reached it, fails where it is above.

A room is a .c file with its header; x_private.h belongs to x. An arrow goes from room A to room B where A includes B's header
or uses a name that B alone defines. A circle is a set of rooms of one folder each of which leads to each other.
"""

import collections
import dataclasses
import functools
import re

from sources import c_files, code, relative

TOPS = ("common", "orchestrator", "services")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
TEST_FILE_LINES_MAX = 500
# Folders that still have circles: in every other folder one fails. Take a folder out when its last circle is gone.
CIRCULAR = ("common", "services", "services/store")

# What a process may have once: what says the time (http_date keeps the text of this second), what writes the log, the count of what
# the process has tried again (backoff.h), and memory kept for later: free lists are called spares, with spare_count. What a signal's
# handler sets (sig_atomic_t) can be nowhere else.
PROCESS_WIDE_FILES = ("common/clock.c", "common/http_date.c", "common/log.c", "orchestrator/base/backoff.c")
FREE_LIST = re.compile(r"spares?(_count)?$")

# The bars that the tree has reached: above one of them lint fails. The others are printed with what is above them; a name is
# added here as soon as its list is empty.
FAILING = ("circles in folders that had none", f"files over {FILE_LINES_MAX} lines", f"functions over {FUNCTION_LINES_MAX} lines",
           "process-wide variables that are no clock, log or free list")


@dataclasses.dataclass
class Function:
    name: str
    static: bool
    lines: int
    parameters: int
    text: str       # head and body


@dataclasses.dataclass
class Variable:
    name: str
    static: bool
    constant: bool
    of_a_signal: bool


@dataclasses.dataclass
class Source:
    path: str
    lines: int
    includes: list
    functions: list
    variables: list     # of file scope, and static ones of functions


# --- reading ---

_INCLUDE = re.compile(r'^#include\s+"([^"]+)"', re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_NAME_AT_END = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$")
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)|\b(?:MUST_CHECK|NORETURN|_Thread_local)\b", re.DOTALL)


def _directives_blanked(text):
    return _DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def _items(text):
    """What stands at file scope, one after the other: (text with its braces, offset of the first brace or -1)."""
    start, depth, brace = 0, 0, -1
    for at, char in enumerate(text):
        if char in "{(":
            if char == "{" and depth == 0 and brace == -1:
                brace = at
            depth += 1
        elif char in "})":
            depth -= 1
            if char == "}" and depth == 0 and _is_function(text[start:brace]):
                yield text[start:at + 1], brace - start
                start, brace = at + 1, -1
        elif char == ";" and depth == 0:
            yield text[start:at], brace - start if brace != -1 else -1
            start, brace = at + 1, -1


def _is_function(head):
    head = _ATTRIBUTE.sub("", head).strip()
    return head.endswith(")") and "=" not in head


def _parameters(head):
    """How many parameters the function with this head has: those in its last pair of parentheses."""
    depth, at = 0, len(head) - 1
    while at >= 0:
        depth += {")": 1, "(": -1}.get(head[at], 0)
        if depth == 0:
            break
        at -= 1
    inner = head[at + 1:-1].strip()
    if inner in ("", "void"):
        return head[:at], 0
    flat, depth = "", 0
    for char in inner:
        depth += {"(": 1, ")": -1}.get(char, 0)
        flat += char if depth == 0 else " "
    return head[:at], flat.count(",") + 1


def _function(item, brace):
    head = _ATTRIBUTE.sub("", item[:brace]).strip()
    before, parameters = _parameters(head)
    name = _NAME_AT_END.search(before)
    return Function(name[1] if name else "?", bool(re.search(r"\bstatic\b", head)), item.strip().count("\n") + 1, parameters, item)


def _variable(declaration):
    """The variable that is defined here, or None. No initialiser, no braces."""
    text = _ATTRIBUTE.sub("", declaration).strip()
    if not text or re.match(r"(typedef|extern)\b", text) or re.fullmatch(r"(static\s+)?(struct|enum|union)\s+\w+\s*", text):
        return None
    pointer_to_function = re.search(r"\(\*\s*(const\s+)?(\w+)", text)
    if text.endswith(")") and not pointer_to_function:
        return None     # a prototype, or a macro that makes something
    if pointer_to_function:
        name, constant = pointer_to_function[2], bool(pointer_to_function[1])
    else:
        named = _NAME_AT_END.search(text)
        if not named or " " not in text[:named.end(1)].replace("\n", " ").replace("}", " ").replace("*", " "):
            return None
        name, before = named[1], text[:named.start(1)]
        constant = "const" in re.findall(r"\w+", before.rpartition("*")[2] if "*" in before else before)
    return Variable(name, bool(re.match(r"static\b", text)), constant, "sig_atomic_t" in text)


def _variables_of(item, brace):
    text = item
    if brace != -1:     # a struct with a variable behind it, or an initialiser
        before = item[:brace]
        if "=" in before:
            text = before.partition("=")[0]
        else:
            text = re.sub(r"\{[^{}]*\}", " ", _flattened(item)).partition("=")[0]
            if re.match(r"\s*(typedef\b|(static\s+)?(const\s+)?(struct|enum|union)\s+\w*\s*$)", text):
                return []
    else:
        text = item.partition("=")[0]
    found = _variable(text)
    return [found] if found else []


def _flattened(text):
    """Braces within braces emptied, so that one pattern finds the outer pair."""
    while True:
        shorter = re.sub(r"(\{[^{}]*)\{[^{}]*\}", r"\1 ", text)
        if shorter == text:
            return text
        text = shorter


def _static_locals(function):
    body = function.text
    found = []
    for match in re.finditer(r"^\t+(static\b[^;={]*(?:\{[^}]*\}[^;={]*)?)", body, re.MULTILINE):
        variable = _variable(re.sub(r"\{[^}]*\}", " ", match[1]))
        if variable:
            found.append(variable)
    return found


def read(path):
    whole = path.read_text(errors="replace")
    text = _directives_blanked(code(path))
    functions, variables = [], []
    for item, brace in _items(text):
        if brace != -1 and _is_function(item[:brace]):
            functions.append(_function(item, brace))
            variables += _static_locals(functions[-1])
        else:
            variables += _variables_of(item, brace)
    names = {f.name for f in functions}     # a function may be declared by the name of its type, as a variable is
    variables = [v for v in variables if v.name not in names]
    return Source(str(relative(path)), whole.count("\n"), _INCLUDE.findall(whole), functions, variables)


@functools.cache
def product():
    return [read(path) for path in c_files(*TOPS)]


# --- rooms and arrows ---


def room(path):
    return re.sub(r"(_private)?\.[ch]$", "", path)


def folder(path):
    return path.rpartition("/")[0]


def _homes():
    """name -> the room that alone defines it, for functions and variables that others can see."""
    homes = collections.defaultdict(set)
    for source in product():
        if source.path.endswith(".c"):
            for thing in source.functions + source.variables:
                if not thing.static:
                    homes[thing.name].add(room(source.path))
    return {name: next(iter(rooms)) for name, rooms in homes.items() if len(rooms) == 1}


@functools.cache
def arrows():
    """(room, room) -> why: the headers and names."""
    homes = _homes()
    found = collections.defaultdict(set)
    for source in product():
        here = room(source.path)
        for name in source.includes:
            there = room(name if "/" in name else f"{folder(source.path)}/{name}")
            if there != here:
                found[here, there].add(name.rpartition("/")[2])
        own = {f.name for f in source.functions if f.static} | {v.name for v in source.variables if v.static}
        for function in source.functions:
            for word in set(re.findall(r"(?<![.>\w])[A-Za-z_]\w*", function.text)) - own:
                if homes.get(word, here) != here:
                    found[here, homes[word]].add(word)
    return found


def circles(rooms, edges):
    """Strongly connected sets of more than one room (Tarjan), largest first."""
    after = collections.defaultdict(list)
    for one, other in edges:
        if one in rooms and other in rooms:
            after[one].append(other)
    index, low, stack, found = {}, {}, [], []

    def visit(one):
        index[one] = low[one] = len(index)
        stack.append(one)
        for other in after[one]:
            if other not in index:
                visit(other)
                low[one] = min(low[one], low[other])
            elif other in stack:
                low[one] = min(low[one], index[other])
        if low[one] == index[one]:
            at = stack.index(one)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for one in sorted(rooms):
        if one not in index:
            visit(one)
    return sorted(found, key=len, reverse=True)


def folders():
    """folder -> its rooms"""
    found = collections.defaultdict(set)
    for source in product():
        found[folder(source.path)].add(room(source.path))
    return found


# --- what is counted ---


def in_circles():
    return [f"{name}: {len(circle)} files in a circle: {', '.join(r.rpartition('/')[2] for r in circle)}"
            for name, rooms in sorted(folders().items()) for circle in circles(rooms, arrows())]


def in_new_circles():
    return [text for text in in_circles() if text.partition(":")[0] not in CIRCULAR]


def long_files():
    return [f"{s.path} has {s.lines} lines" for s in product() if s.lines > FILE_LINES_MAX]


def long_functions():
    return [f"{s.path}: {f.name} has {f.lines} lines" for s in product() for f in s.functions if f.lines > FUNCTION_LINES_MAX]


def process_wide():
    return [f"{s.path}: {v.name}" for s in product() if s.path.endswith(".c") and s.path not in PROCESS_WIDE_FILES
            for v in s.variables if not v.constant and not v.of_a_signal and not FREE_LIST.match(v.name)]


@functools.cache
def words_of(*tops):
    """path -> the words of its code"""
    return {str(relative(path)): set(re.findall(r"\w+", code(path))) for path in c_files(*tops)}


PASTED = re.compile(r"_on_")    # rows of tables name these by a part of their name


def unused():
    """Public functions that no other file of the product uses: they could be static, or go, or are there for tests alone."""
    users = collections.Counter(word for path, words in words_of(*TOPS).items() if path.endswith(".c") for word in words)
    inline = {word for source in product() if source.path.endswith(".h") for f in source.functions
              for word in re.findall(r"\w+", f.text)}
    tests = set().union(*words_of("tests").values())
    found = []
    for source in product():
        for function in source.functions if source.path.endswith(".c") else ():
            name = function.name
            if function.static or name == "main" or users[name] > 1 or name in inline or PASTED.search(name):
                continue
            if not name.endswith("_fake"):
                found.append(f"{source.path}: {name}{' (by tests)' if name in tests else ''}")
    return found


def long_tests():
    return [f"{relative(path)} has {path.read_text().count(chr(10))} lines" for path in c_files("tests")
            if path.read_text().count("\n") > TEST_FILE_LINES_MAX]


BARS = {
    "circles between the files of a folder": in_circles,
    "circles in folders that had none": in_new_circles,
    f"files over {FILE_LINES_MAX} lines": long_files,
    f"functions over {FUNCTION_LINES_MAX} lines": long_functions,
    "process-wide variables that are no clock, log or free list": process_wide,
    "public functions that no other file of the product uses": unused,
    f"files of tests over {TEST_FILE_LINES_MAX} lines": long_tests,
}


def print_summary():
    inside = collections.Counter(folder(a) for a, b in arrows() if folder(a) == folder(b))
    rooms = set().union(*folders().values())
    print(f"lint: house: {len(product())} files, {sum(s.lines for s in product())} lines, {len(rooms)} rooms, {len(arrows())} arrows, "
          f"{sum(inside.values())} of them within a folder, {len(in_circles())} circles")
    for name, rooms in sorted(folders().items()):
        files = [s for s in product() if folder(s.path) == name]
        rings = circles(rooms, arrows())
        print(f"lint: house: {name}: {len(files)} files, {sum(s.lines for s in files)} lines, {len(rooms)} rooms, "
              f"{inside[name]} arrows, {len(rings)} circles ({sum(map(len, rings))} rooms)")
    most = max((f.parameters, f.name, s.path) for s in product() for f in s.functions)
    print(f"lint: house: the longest parameter list: {most[0]} ({most[1]} in {most[2]})")
    for name, count in BARS.items():
        found = count()
        print(f"lint: house: {name}: {len(found)}")
        if name not in FAILING:
            for text in found:
                print(f"lint:   {text}")


def check():
    print_summary()
    return [text for name in FAILING for text in BARS[name]()]


CHECKS = [("the house keeps its bars", check)]


if __name__ == "__main__":
    print_summary()
