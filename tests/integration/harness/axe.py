"""axe-core, the checker of accessibility, as npm's registry has it: fetched once into the build folder, run in the page."""

import hashlib
import io
import json
import pathlib
import tarfile
import urllib.request

import pytest

from .images import build_dir

VERSION = "4.14.1"
URL = f"https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
TIMEOUT_S = 60
FAILING = ("serious", "critical")
# An isolated world: the page's policy, which lets no foreign script run, stays as it is.
_RUN = "axe.run(document, {resultTypes: ['violations']}).then(result => JSON.stringify(result.violations))"


def _fetch():
    try:
        with urllib.request.urlopen(URL, timeout=TIMEOUT_S) as reply:
            package = reply.read()
    except OSError as error:
        pytest.skip(f"npm's registry cannot be reached for axe-core: {error}")
    assert hashlib.sha256(package).hexdigest() == SHA256, f"{URL} is not what it was"
    return io.BytesIO(package)


def _source():
    folder = pathlib.Path(build_dir()) / "axe-core"
    kept = folder / f"axe-{VERSION}.min.js"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=_fetch()) as archive:
            kept.write_bytes(archive.extractfile("package/axe.min.js").read())
    return kept.read_text()


def violations(browser):
    """What axe finds in the page as it is now and counts as serious or critical: one text each."""
    found = json.loads(browser.run_beside(_source(), _RUN))
    return [f"{v['impact']} {v['id']}: {v['help']}: {[n['target'] for n in v['nodes'][:3]]}" for v in found
            if v["impact"] in FAILING]
