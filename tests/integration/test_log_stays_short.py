"""The write-ahead log stays under 64 MB while five acts processes write without a pause and clients read lists as slowly
as they can."""

import json
import os
import threading
import time

from harness.client import RawClient, request

PROCESSES = 5
LIMIT = 64 << 20
WRITTEN = 128 << 20         # that much goes through the log
PICTURE = "QUJD" * 100000


class SlowReader(threading.Thread):
    """Asks for all acts of a category, 40 MB, and takes 64 KB ten times a second; then again."""

    def __init__(self, port, stop):
        super().__init__(daemon=True)
        self.port, self.stop, self.taken = port, stop, 0

    def run(self):
        while not self.stop.is_set():
            with RawClient(self.port, timeout=60) as client:
                client.send(b"GET /api/v1/categories/garden/acts?start=1&end=100 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                while not self.stop.wait(0.1) and (piece := client.socket.recv(65536)):
                    self.taken += len(piece)


def test_log_stays_short(native):
    api = native()
    api.stage()
    ports = [api.mode.acts_port] + [api.mode.more_acts().port for _ in range(PROCESSES - 1)]
    for number in range(100):
        api.add_act(number, imgB64=PICTURE)
    stop, written, log = threading.Event(), [0] * PROCESSES, api.mode.acts.folder / "acts.db-wal"

    def write(index):
        number = (index + 1) * 10**6
        while not stop.is_set():
            body = json.dumps(api.act(number, imgB64=PICTURE))
            assert request(ports[index], "/api/v1/acts", "POST", body, timeout=60).status == 201
            written[index] += len(PICTURE)
            number += 1
    readers = [SlowReader(port, stop) for port in ports for _ in range(3)]
    threads = readers + [threading.Thread(target=write, args=(index,)) for index in range(PROCESSES)]
    for thread in threads:
        thread.start()
    longest, end = 0, time.monotonic() + 400
    while sum(written) < WRITTEN and time.monotonic() < end:
        longest = max(longest, os.stat(log).st_size)
        time.sleep(0.02)
    stop.set()
    for thread in threads:
        thread.join()
    assert all(written) and sum(written) >= WRITTEN, written
    assert all(reader.taken > 0 for reader in readers)
    assert longest < LIMIT, f"the log got to {longest >> 20} MB"
    print(f"{sum(written) >> 20} MB written, the log got to {longest >> 20} MB")
