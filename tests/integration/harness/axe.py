"""axe-core, the checker of accessibility, as npm's registry has it: fetched once into the build folder, run in the page."""

import json
import pathlib
import shutil
import subprocess
import tarfile

import pytest

from .images import build_dir

PACKAGE = "axe-core@4"
FAILING = ("serious", "critical")
# An isolated world: the page's policy, which lets no foreign script run, stays as it is.
_RUN = "axe.run(document, {resultTypes: ['violations']}).then(result => JSON.stringify(result.violations))"


def _fetch(folder):
    if shutil.which("npm") is None:
        pytest.skip("needs npm to fetch axe-core")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True,
                              timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer: axe-core cannot be fetched")
    if done.returncode != 0:
        pytest.skip(f"npm's registry cannot be reached for axe-core: {done.stderr.strip()[-200:]}")
    return folder / done.stdout.strip().split("\n")[-1]


def _source():
    folder = pathlib.Path(build_dir()) / "axe-core"
    kept = folder / "axe.min.js"
    if not kept.exists():
        with tarfile.open(_fetch(folder)) as archive:
            kept.write_bytes(archive.extractfile("package/axe.min.js").read())
    return kept.read_text()


def violations(browser):
    """What axe finds in the page as it is now and counts as serious or critical: one text each."""
    found = json.loads(browser.run_beside(_source(), _RUN))
    return [f"{v['impact']} {v['id']}: {v['help']}: {[n['target'] for n in v['nodes'][:3]]}" for v in found
            if v["impact"] in FAILING]
