"""Certificates made by the openssl command: an authority, and what it signs."""

import atexit
import functools
import pathlib
import shutil
import subprocess
import tempfile
import time

KEYS = {
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
}
DAY_S = 86400


def openssl(*args, stdin=None):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, input=stdin, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def utc(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


class Pair:
    """A certificate's file (with its chain) and its key's."""

    def __init__(self, cert, key):
        self.cert, self.key = cert, key

    @property
    def setting(self):
        return {"cert": str(self.cert), "key": str(self.key)}

    def replace_by(self, other):
        """As whoever renews one does: each file is moved into its place."""
        for mine, theirs in ((self.key, other.key), (self.cert, other.cert)):
            fresh = mine.with_name(mine.name + ".fresh")
            fresh.write_bytes(theirs.read_bytes())
            fresh.chmod(0o600)
            fresh.rename(mine)


class Authority:
    """Root and intermediate; roots is what clients are to trust."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.roots = folder / "root.pem"
        self._count = 0
        self._key(folder / "root.key", "ec")
        openssl("req", "-x509", "-new", "-key", folder / "root.key", "-subj", "/O=Scenario/CN=Root", "-days", 30,
                "-addext", "basicConstraints=critical,CA:TRUE", "-out", self.roots)
        self._key(folder / "middle.key", "ec")
        self._sign("middle", "/O=Scenario/CN=Middle", "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash", "root", time.time() - DAY_S,
                   time.time() + 20 * DAY_S)

    @staticmethod
    def _key(path, kind):
        openssl("genpkey", *KEYS[kind], "-out", path)
        path.chmod(0o600)

    def _sign(self, name, subject, extension, issuer, begin, end):
        openssl("req", "-new", "-key", self.folder / f"{name}.key", "-subj", subject, "-out", self.folder / f"{name}.csr")
        self._issue(name, extension, issuer, begin, end)

    def _issue(self, name, extension, issuer, begin, end):
        request, ext = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        ext.write_text(extension + "\n")
        database, serial = self.folder / "index.txt", self.folder / "serial"
        database.write_text("")
        self._count += 1
        serial.write_text(f"{self._count:04x}\n")
        config = self.folder / "ca.cnf"
        config.write_text(f"[ca]\ndefault_ca=c\n[c]\ndatabase={database}\nserial={serial}\nnew_certs_dir={self.folder}\n"
                          "default_md=sha256\npolicy=p\nunique_subject=no\nemail_in_dn=no\n[p]\ncommonName=optional\n"
                          "organizationName=optional\n")
        openssl("ca", "-batch", "-config", config, "-cert", self.folder / f"{issuer}.pem", "-keyfile",
                self.folder / f"{issuer}.key", "-in", request, "-out", self.folder / f"{name}.pem", "-notext", "-startdate",
                utc(begin), "-enddate", utc(end), "-extfile", ext)

    def make(self, *names, key="ec", begin=None, end=None, chain=True):
        """A certificate for these names; begin, end: Unix time."""
        now = time.time()
        file = f"made{self._count}"
        self._key(self.folder / f"{file}.key", key)
        said = ",".join(f"IP:{name}" if name.replace(".", "").isdigit() else f"DNS:{name}" for name in names)
        self._sign(file, f"/CN={names[0] if names else 'nameless'}", f"subjectAltName={said}" if names else "keyUsage=digitalSignature",
                   "middle", begin or now - DAY_S, end or now + 15 * DAY_S)
        pair = Pair(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        if chain:
            with open(pair.cert, "a", encoding="ascii") as to:
                to.write((self.folder / "middle.pem").read_text())
        return pair

    def sign(self, csr, name, begin, end):
        """The chain (PEM) for a request (DER) for this name, whoever made it."""
        self._count += 1
        file = f"signed{self._count}"
        request = self.folder / f"{file}.der"
        request.write_bytes(csr)
        openssl("req", "-inform", "DER", "-in", request, "-out", self.folder / f"{file}.csr")
        self._issue(file, f"subjectAltName=DNS:{name}\nauthorityKeyIdentifier=keyid:always", "middle", begin, end)
        return (self.folder / f"{file}.pem").read_text() + (self.folder / "middle.pem").read_text()


def tls_settings(port, *pairs, **more):
    """An orchestrator's `tls`: on this port, with these certificates."""
    return {"listen": f"127.0.0.1:{port}", "certificates": [pair.setting for pair in pairs], **more}


@functools.cache
def usual_authority():
    """For scenarios to which it does not matter which."""
    folder = tempfile.mkdtemp(prefix="slt-certificates")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Authority(pathlib.Path(folder))


@functools.cache
def usual():
    """What it made for this machine."""
    return usual_authority().make("localhost", "127.0.0.1")
