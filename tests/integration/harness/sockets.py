"""What the kernel holds of the connections to a port of 127.0.0.1: proc(5), /proc/net/tcp."""


def connections():
    """(local port, remote port, bytes not yet acknowledged, bytes not yet read) of each."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in file.readlines()[1:]:
            _, local, remote, _, queues = line.split()[:5]
            unsent, unread = queues.split(":")
            yield int(local.split(":")[1], 16), int(remote.split(":")[1], 16), int(unsent, 16), int(unread, 16)


def unread_bytes(port):
    """On their way to the program that listens at it, which has not read them yet."""
    return sum(unread if local == port else unsent for local, remote, unsent, unread in connections() if port in (local, remote))
