"""The files of the tree, and C text without its comments and strings."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked():
    """Files under version control, and those not yet added but not ignored either."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], capture_output=True,
                            text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:       # an unpacked archive: everything but builds
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and "build" not in p.parts[0]]
    return sorted(ROOT / name for name in set(names) if (ROOT / name).is_file())


def c_files(*tops):
    tops = tops or ("common", "orchestrator", "services", "tests")
    return [p for p in tracked() if p.suffix in (".c", ".h") and relative(p).parts[0] in tops]


def relative(path):
    return path.relative_to(ROOT)


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def code(path):
    """The text with comments and literals blanked out, so that columns and lines stay. #include lines keep theirs."""
    text = path.read_text(errors="replace")
    includes = {i: line for i, line in enumerate(text.split("\n")) if line.startswith("#include")}
    lines = _NOISE.sub(_blank, text).split("\n")
    for number, line in includes.items():
        lines[number] = line
    return "\n".join(lines)


def scripts():
    """Tracked files whose first line asks for a shell."""
    found = []
    for path in tracked():
        with open(path, "rb") as file:
            first = file.readline(80)
        if path.suffix == ".sh" or (first.startswith(b"#!") and (b"/bash" in first or b"/sh" in first or b"env bash" in first)):
            found.append(path)
    return found
