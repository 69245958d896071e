"""`tests/run smoke`: what is shipped works. docker/up as it is, the whole round trip, with a container killed in between."""

from harness.host import Host
from harness.shipped import Shipped


def test_smoke(tmp_path):
    host = Host(tmp_path)
    try:
        shipped = Shipped(host)
        shipped.up()
        trip = shipped.round_trip()
        trip.all()
        shipped.hurt("acts", lambda: host.docker.kill("acts_0"))
        trip.again(lambda: shipped.connect("acts"))
        trip.end()
        shipped.down("--volumes")
        assert host.text("docker ps --all --quiet; docker volume ls --quiet --filter label=selfless.name") == ""
    finally:
        host.close()
