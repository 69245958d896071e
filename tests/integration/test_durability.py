"""Five acts processes under write load, one or all of them killed with -9 again and again: nothing that was acknowledged
is lost, doubled or torn. tests/durability does the same for hours, and with containers."""

import random

from harness.durability import CATEGORIES, Load, kill_round

ROUNDS = 25
PROCESSES = 5


def test_kill_9_of_one_and_of_all(native):
    api = native()
    api.add_user("ann")
    for name in CATEGORIES:
        api.add_category(name)
    processes = [api.mode.acts] + [api.mode.more_acts() for _ in range(PROCESSES - 1)]
    chance = random.Random(6)
    with Load(10, [process.port for process in processes]) as load:
        for _ in range(ROUNDS):
            kill_round(processes, load, chance)
            assert not load.failures, load.failures
    print(load.summary())
    load.check(api.mode.acts.folder / "acts.db")
    assert load.acknowledged() >= ROUNDS * 20
