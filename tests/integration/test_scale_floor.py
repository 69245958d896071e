"""With "formula": "floor+1" wanted is the whole part of n / 20, plus one: 19 give 1, 20 give 2, 100 give 6."""

import pytest


@pytest.mark.parametrize("requests, wanted", [(19, 1), (20, 2), (100, 6)])
def test_floor_plus_1(web, requests, wanted):
    orchestrator, service = web(None, scale={"window_s": 60, "min": 1, "max": 10, "formula": "floor+1"})
    for _ in range(requests):
        assert orchestrator.get("/api/v1/fast").status == 200
    orchestrator.wait_slots(service, wanted)
    assert orchestrator.wanted(service) == wanted
