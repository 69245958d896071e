"""The examples in README.md and docs, as they stand there."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path, *languages):
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", path.read_text(encoding="utf-8"), re.M | re.S)


def _is_configuration(text):
    return '"services"' in text and '"slots"' not in text        # the latter: what admin answers


def configurations(path):
    """The text of each whole configuration in the document; it may have comments."""
    return [text for text in blocks(path, "json", "jsonc") if _is_configuration(text)]


def shell_configurations(path):
    """Those that a shell command writes: echo '{...}'."""
    found = [match for text in blocks(path, "sh") for match in re.findall(r"echo '(\{.*?\})'", text, re.S)]
    return [text for text in found if _is_configuration(text) and json.loads(text)]
