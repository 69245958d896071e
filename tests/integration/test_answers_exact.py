"""A reply to a read is never older than a write that was acknowledged before it was asked for, whichever container wrote."""

import threading

ROUNDS = 40


def test_every_read_sees_every_write_of_all(native):
    api = native().stage()
    ports = [api.mode.acts_port, api.mode.more_acts().port, api.mode.more_acts().port]

    def seen():
        """Through each of them, twice: the second reply may be one that was kept."""
        for port in ports * 2:
            yield (api.expect(200, "GET", "/categories", port=port)["garden"],
                   api.expect(200, "GET", "/acts/count", port=port)[0],
                   api.expect(200, "GET", "/categories/garden/acts/size", port=port)[0])

    for number in range(ROUNDS):
        api.add_act(number, port=ports[number % 3])
        assert list(seen()) == [(number + 1,) * 3] * 6
    for number in range(ROUNDS):
        api.expect(200, "DELETE", f"/acts/{number}", port=ports[number % 3])
        assert list(seen()) == [(ROUNDS - 1 - number,) * 3] * 6
    api.expect(200, "DELETE", "/categories/garden", port=ports[1])
    for port in ports * 2:
        api.expect(204, "GET", "/categories", port=port)
        api.expect(204, "GET", "/categories/garden/acts/size", port=port)


def test_reads_beside_a_writer_never_go_back(native):
    api = native().stage()
    other = api.mode.more_acts().port
    acknowledged, over, failures = [0], threading.Event(), []

    def read():
        last = 0
        while not over.is_set():
            least = acknowledged[0]
            count = api.expect(200, "GET", "/acts/count", port=other)[0]
            if count < max(least, last):
                failures.append((count, least, last))
            last = count

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for number in range(150):
            api.add_act(number)
            acknowledged[0] = number + 1
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert not failures, failures[:5]


def test_the_list_of_users_and_its_etag(native):
    api = native()
    api.expect(204, "GET", "/users")
    for number in range(20):
        api.add_user(f"u{number}")
        for _ in range(2):
            reply = api.call("GET", "/users")
            assert reply.json() == sorted(f"u{n}" for n in range(number + 1))
        same = {"If-None-Match": reply.get("ETag")}
        for _ in range(2):
            assert api.call("GET", "/users", headers=same).status == 304
            assert api.call("GET", "/users", headers={"If-None-Match": '"other"'}).status == 200
    api.expect(200, "DELETE", "/users/u0")
    assert api.call("GET", "/users", headers=same).status == 200
