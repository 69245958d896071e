"""What lasts, and is over: of one node of a swarm, or of two at once, which is most of three."""

import time

from harness.wait import wait_until
from swarm_world import UNKNOWN

BACK_S = 60


def insist(do, deadline_s, what):
    """Until Swarm takes it: one that just elects says no."""
    begin = time.monotonic()
    while True:
        try:
            return do()
        except UNKNOWN as error:
            assert time.monotonic() - begin < deadline_s, f"{what}: {error!r}"
            time.sleep(0.2)


class Trouble:
    """bare: nothing that served was left to those who are."""

    loses = False           # what runs there may be out of reach, or die with it
    silences = False        # the orchestrators there are out of reach of whoever is left, or dead

    def __init__(self, world, numbers):
        self.world, self.numbers, self.bare = world, numbers, False
        self.begin_s, self.dead_s, self.end_s, self.until_s = time.monotonic(), None, float("inf"), 0.0

    def begin(self, may_be_bare):
        """False: it would be, and has not begun."""
        if self.loses:
            self.world.lost |= set(self.numbers)
        if self.silences:
            self.world.silent |= set(self.numbers)
        self.bare = self.loses and not self.world.serving()
        if self.bare and not may_be_bare:
            self._leave()
            return False
        self.begin_s = time.monotonic()
        for number in self.numbers if self.silences else ():
            self.world.down[number].append((self.begin_s, float("inf"), float("inf")))
        for number in self.numbers:
            self.hurt(self.world.swarm.nodes[number], self.world.orchestrators[number])
        return True

    def _leave(self):
        self.world.lost -= set(self.numbers)
        self.world.silent -= set(self.numbers)

    def end(self):
        for number in self.numbers:
            self.mend(self.world.swarm.nodes[number], self.world.orchestrators[number])
        self.end_s = time.monotonic()
        for number in self.numbers if self.silences else ():
            self.world.down[number][-1] = self.begin_s, self.dead_s or self.end_s, self.end_s
        self._leave()

    def hurt(self, node, orchestrator):
        raise NotImplementedError

    def mend(self, node, orchestrator):
        raise NotImplementedError

    def kill_orchestrator(self, orchestrator):
        orchestrator.kill()
        self.dead_s = time.monotonic()

    @staticmethod
    def start_orchestrator(orchestrator):
        orchestrator.spawn()
        wait_until(orchestrator.fleet, BACK_S, "the orchestrator is back")
        wait_until(lambda: orchestrator.get("/fast", timeout=BACK_S).status == 200, BACK_S, "it serves")


class Cut(Trouble):
    """Nobody sees it, and it sees nobody."""

    loses = silences = True

    def hurt(self, node, orchestrator):
        self.world.swarm.lan.cut(node.address)

    def mend(self, node, orchestrator):
        self.world.swarm.lan.mend(node.address)


class Power(Cut):
    """All that runs there is dead at once."""

    def hurt(self, node, orchestrator):
        super().hurt(node, orchestrator)
        self.kill_orchestrator(orchestrator)
        node.power_off()

    def mend(self, node, orchestrator):
        super().mend(node, orchestrator)
        node.start()
        self.start_orchestrator(orchestrator)


class Dockerd(Trouble):
    """kill -9 of it: what it ran dies when it is back, without a word."""

    loses = True

    def hurt(self, node, orchestrator):
        node.kill()

    def mend(self, node, orchestrator):
        node.start()


class Killed(Trouble):
    """kill -9 of the orchestrator; its containers run on."""

    silences = True

    def hurt(self, node, orchestrator):
        self.kill_orchestrator(orchestrator)

    def mend(self, node, orchestrator):
        self.start_orchestrator(orchestrator)


class Drain(Trouble):
    """An operator's; others take the containers' place."""

    def hurt(self, node, orchestrator):
        insist(lambda: self.world.swarm.set_availability(node, "drain"), BACK_S, "drain")

    def mend(self, node, orchestrator):
        insist(lambda: self.world.swarm.set_availability(node, "active"), BACK_S, "active")
