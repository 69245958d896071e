"""What SPDX 2.3 requires of a document in JSON, and that it tells the truth about the files given."""

import hashlib
import re

DOCUMENT = ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages", "files",
            "relationships")
PACKAGE = ("SPDXID", "name", "versionInfo", "downloadLocation", "filesAnalyzed", "licenseConcluded", "licenseDeclared",
           "copyrightText")
FILE = ("SPDXID", "fileName", "checksums", "licenseConcluded", "licenseInfoInFiles", "copyrightText")
RELATION = ("spdxElementId", "relationshipType", "relatedSpdxElement")
EXTRACTED = ("licenseId", "extractedText")
LICENCES = {"ISC", "Zlib", "curl", "MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "OpenSSL", "X11", "CC0-1.0",
            "OLDAP-2.8", "PSF-2.0", "BSL-1.0", "NOASSERTION",
            *(f"{name}-{which}" for which in ("only", "or-later")
              for name in ("GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0", "AGPL-3.0"))}


def _assert_fields(thing, names):
    assert [name for name in names if thing.get(name) in (None, "", [])] == [], thing


def _assert_licences(document):
    """Each is of SPDX's list (those that Debian's libraries have) or is explained in the document."""
    explained = {licence["licenseId"] for licence in document.get("hasExtractedLicensingInfos", [])}
    for package in document["packages"]:
        for name in re.split(r" AND | OR ", package["licenseDeclared"]):
            assert name in LICENCES | explained, package


def _assert_files(document, originals):
    files = {entry["fileName"]: {c["algorithm"]: c["checksumValue"] for c in entry["checksums"]} for entry in document["files"]}
    for sums in files.values():
        assert re.fullmatch("[0-9a-f]{40}", sums["SHA1"]) and re.fullmatch("[0-9a-f]{64}", sums["SHA256"])
    for name, path in originals.items():
        assert files[f"./{name}"]["SHA256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def assert_valid_spdx(document, originals):
    """originals: {path in the image: the file that it must be}"""
    _assert_fields(document, DOCUMENT)
    assert (document["spdxVersion"], document["dataLicense"], document["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    assert re.fullmatch(r"https://[^#\s]+", document["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
    assert all(re.match("(Tool|Organization|Person): ", creator) for creator in document["creationInfo"]["creators"])
    for names, things in ((PACKAGE, "packages"), (FILE, "files"), (RELATION, "relationships"),
                          (EXTRACTED, "hasExtractedLicensingInfos")):
        for thing in document.get(things, []):
            _assert_fields({**thing, "filesAnalyzed": True}, names)
    ids = [thing["SPDXID"] for thing in document["packages"] + document["files"]]
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in ids)
    related = {relation["relatedSpdxElement"] for relation in document["relationships"]}
    assert related == set(ids)
    assert {relation["spdxElementId"] for relation in document["relationships"]} <= set(ids) | {"SPDXRef-DOCUMENT"}
    _assert_licences(document)
    _assert_files(document, originals)
