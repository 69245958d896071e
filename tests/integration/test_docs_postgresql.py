"""What the README tells to type for PostgreSQL, as it stands there, on a server that lets in whom Debian's does."""

import contextlib
import os
import signal
import subprocess

import pytest

from documents import ROOT, blocks
from harness import postgresql
from harness.client import request
from harness.images import build_dir
from harness.ports import free_ports
from harness.wait import wait_until

pytestmark = pytest.mark.skipif(not postgresql.is_there() or os.geteuid() != 0, reason="needs Debian's package postgresql-15, and root")

DEBIAN_LETS_IN = "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\n"


@pytest.fixture(name="server")
def _server():
    """Its superuser is postgres, and nobody of the name selfless is there."""
    made = postgresql.Server()
    made.sql("postgres", "CREATE ROLE postgres SUPERUSER LOGIN")
    try:
        subprocess.run(["psql", "--no-psqlrc", "--quiet", f"--host={made.folder}", f"--port={made.port}", "--username=postgres", "--dbname=postgres",
                        "--command=ALTER ROLE selfless RENAME TO tests"], check=True, timeout=60)
        (made.folder / "data" / "pg_hba.conf").write_text(DEBIAN_LETS_IN)
        made.stop()
        made.start()
        yield made
    finally:
        made.remove()


def test_from_no_role_to_a_service(server, tmp_path):
    commands = next(text for text in blocks(ROOT / "README.md", "sh") if "runuser" in text)
    port = free_ports()
    for stands, here in (("127.0.0.1/", f"127.0.0.1:{server.port}/"), ("LISTEN=127.0.0.1:8080", f"LISTEN=127.0.0.1:{port}"),
                         ("build/services", str(build_dir() / "services"))):
        assert stands in commands
        commands = commands.replace(stands, here)
    env = dict(os.environ, PGHOST=str(server.folder), PGPORT=str(server.port))
    with open(tmp_path / "said", "wb") as said, \
         subprocess.Popen(["/bin/bash", "-c", "set -e\n" + commands], cwd=tmp_path, env=env, stdout=said, stderr=said, start_new_session=True) as process:
        def serves():
            assert process.poll() is None, (tmp_path / "said").read_text()
            with contextlib.suppress(OSError):
                return request(port, "/api/v1/_health", timeout=5).status == 200
            return False
        try:
            wait_until(serves, 30, "users serves")
            assert (tmp_path / "store-url").stat().st_mode & 0o777 == 0o600
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
