"""api.md rows 10 to 13: single acts, with every status they list."""

import json

import pytest

LARGEST = 2**63 - 1


def test_add_and_read_back(api):
    api.stage()
    api.add_act(5)
    assert api.acts("garden") == [{"actId": 5, "username": "ann", "timestamp": "01-02-2024:03-04-05", "caption": "act 5",
                                   "upvotes": 0, "imgB64": api.act()["imgB64"]}]


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**53 + 1, LARGEST])
@pytest.mark.parametrize("form", [int, str])
def test_act_ids(api, number, form):
    api.stage()
    api.add_act(form(number))
    assert api.ids("garden") == [number]
    assert "actId" in api.expect(400, "POST", "/acts", api.act(number))["error"]
    api.expect(200, "POST", "/acts/upvote", [form(number)])
    assert api.expect(200, "DELETE", f"/acts/{number}") == {}
    api.expect(400, "DELETE", f"/acts/{number}")


BAD_IDS = [-1, LARGEST + 1, 2**64, 10**30, 1.5, 1e3, "", "-1", "+1", "01", " 1", "1 ", "1.0", "1e3", "0x1", "x", "１",
           str(LARGEST + 1), None, True, [1], {"a": 1}, "1\0"]


@pytest.mark.parametrize("number", BAD_IDS, ids=ascii)
def test_bad_act_ids(api, number):
    api.stage()
    assert "actId" in api.expect(400, "POST", "/acts", api.act(number))["error"]
    api.expect(400, "POST", "/acts/upvote", [number])
    assert api.expect(200, "GET", "/acts/count") == [0]


@pytest.mark.parametrize("number", ["-1", "+1", "01", "1.0", "x", str(LARGEST + 1), "1%20", "%31x", "9" * 400])
def test_delete_bad_act_ids(api, number):
    api.stage().add_act(1)
    api.expect(400, "DELETE", f"/acts/{number}")
    assert api.ids("garden") == [1]


def test_act_ids_are_unique_over_categories(api):
    api.stage().add_category("beach")
    api.add_act(1)
    api.expect(400, "POST", "/acts", api.act(1, categoryName="beach"))
    assert api.call("GET", "/categories/beach/acts").status == 204


GOOD_TIMES = ["01-01-0001:00-00-00", "31-12-9999:59-59-23", "29-02-2024:00-00-00", "29-02-2000:00-00-00", "28-02-2023:00-00-00",
              "31-01-2023:00-00-00", "30-04-2023:00-00-00", "31-12-1969:59-59-23"]
BAD_TIMES = ["", "29-02-2023:00-00-00", "29-02-1900:00-00-00", "31-04-2023:00-00-00", "32-01-2023:00-00-00",
             "00-01-2023:00-00-00", "01-00-2023:00-00-00", "01-13-2023:00-00-00", "01-01-0000:00-00-00",
             "01-01-2023:60-00-00", "01-01-2023:00-60-00", "01-01-2023:00-00-24", "1-1-2023:0-0-0", "01-01-23:00-00-00",
             "01/01/2023:00-00-00", "01-01-2023 00-00-00", "01-01-2023:00:00:00", "01-01-2023:00-00-00 ",
             " 01-01-2023:00-00-00", "2023-01-01:00-00-00", "01-01-2023:00-00-0x", "０1-01-2023:00-00-0", "+1-01-2023:00-00-00",
             "01-01-2023:-0-00-00", "01-01-2023:00-00-00\0", 5, None, [], True]


@pytest.mark.parametrize("timestamp", GOOD_TIMES)
def test_good_timestamps(api, timestamp):
    api.stage().add_act(1, timestamp=timestamp)
    assert api.acts("garden")[0]["timestamp"] == timestamp


@pytest.mark.parametrize("timestamp", BAD_TIMES, ids=ascii)
def test_bad_timestamps(api, timestamp):
    api.stage()
    assert "timestamp" in api.expect(400, "POST", "/acts", api.act(1, timestamp=timestamp))["error"]


@pytest.mark.parametrize("image", ["AA", "AAA", "AAAA", "AA==", "AAA=", "+/+/", "AAAAAA", "A" * 100000, "AB=="])
def test_good_images(api, image):
    api.stage().add_act(1, imgB64=image)
    assert api.acts("garden")[0]["imgB64"] == image


@pytest.mark.parametrize("image", ["", "A", "AAAAA", "A===", "=", "====", "AA=", "AAAA=", "AAAA====", "AA=A", "=AAA", "AA A", "AAA\n",
                                   "AA-_", "AAé", "AAAA\0AAA", "data:image/png;base64,AAAA", "A" * 99999 + "*", 5, None, [], True],
                         ids=lambda v: ascii(v)[:30])
def test_bad_images(api, image):
    api.stage()
    assert "imgB64" in api.expect(400, "POST", "/acts", api.act(1, imgB64=image))["error"]


CAPTIONS = ["", " ", "ä 日本 🌱", "\"quoted\" \\ and / and \b\f\n\r\t", "\0", "a\0b", "<script>", "\u2028\ufeff\uffff",
            "'; DROP TABLE acts; --", "x" * 100000, "\x01\x1f\x7f"]


@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda v: ascii(v)[:30])
def test_captions_come_back_exactly(api, caption):
    api.stage().add_act(1, caption=caption)
    assert api.acts("garden")[0]["caption"] == caption


@pytest.mark.parametrize("key", ["actId", "username", "timestamp", "caption", "categoryName", "imgB64"])
def test_each_key_is_needed_and_typed(api, key):
    api.stage()
    body = api.act()
    del body[key]
    assert key in api.expect(400, "POST", "/acts", body)["error"]
    for value in (None, True, 1.5, [], {}, [body.get(key)]):
        assert key in api.expect(400, "POST", "/acts", api.act(**{key: value}))["error"]
    assert api.expect(200, "GET", "/acts/count") == [0]


@pytest.mark.parametrize("extra", ["upvotes", "x", "", "ActId", "id", "__proto__"])
def test_extra_keys(api, extra):
    api.stage()
    api.expect(400, "POST", "/acts", api.act(**{extra: 0}))
    assert api.expect(200, "GET", "/acts/count") == [0]


@pytest.mark.parametrize("name", ["an", "anna", "Ann", "ann ", "nn", "%", "", "x" * 257, "a\0", "bob"])
def test_unknown_user(api, name):
    api.stage()
    assert "username" in api.expect(400, "POST", "/acts", api.act(username=name))["error"]


@pytest.mark.parametrize("name", ["garde", "Garden", "garden ", "", "x" * 257, "garden\0"])
def test_unknown_category(api, name):
    api.stage()
    assert "categoryName" in api.expect(400, "POST", "/acts", api.act(categoryName=name))["error"]


def test_deleted_user_may_not_post_but_acts_stay(api):
    api.stage()
    api.add_act(1)
    api.expect(200, "DELETE", "/users/ann")
    api.expect(400, "POST", "/acts", api.act(2))
    assert api.ids("garden") == [1]
    api.add_user("ann")
    api.add_act(2)


def test_user_list_changes_are_seen_at_once(api):
    api.add_category("garden")
    for number in range(20):
        api.expect(400, "POST", "/acts", api.act(number))
        api.add_user("ann")
        api.add_act(number)
        api.expect(200, "DELETE", "/users/ann")


def test_upvotes(api):
    api.stage().add_act(1)
    for expected in (1, 2, 3):
        assert api.expect(200, "POST", "/acts/upvote", [1]) == {}
        assert api.acts("garden")[0]["upvotes"] == expected
    api.expect(400, "POST", "/acts/upvote", [2])


@pytest.mark.parametrize("body", [[], [1, 2], [1, 1], {}, {"actId": 1}, 1, "1", None, [None], [[1]], [{}], [True]])
def test_upvote_bad_body(api, body):
    api.stage().add_act(1)
    api.expect(400, "POST", "/acts/upvote", text=json.dumps(body).encode())
    assert api.acts("garden")[0]["upvotes"] == 0


def test_count(api):
    assert api.expect(200, "GET", "/acts/count") == [0]
    api.stage().add_category("beach")
    api.add_act(1)
    api.add_act(2, categoryName="beach")
    assert api.expect(200, "GET", "/acts/count") == [2]
    api.expect(200, "DELETE", "/acts/1")
    assert api.expect(200, "GET", "/acts/count") == [1]


@pytest.mark.parametrize("method, path, allow", [
    ("GET", "/acts", "POST, OPTIONS"), ("DELETE", "/acts", "POST, OPTIONS"), ("GET", "/acts/1", "DELETE, OPTIONS"),
    ("POST", "/acts/1", "DELETE, OPTIONS"), ("GET", "/acts/upvote", "POST, OPTIONS"),
    ("DELETE", "/acts/upvote", "POST, OPTIONS"), ("DELETE", "/acts/count", "GET, HEAD, OPTIONS"),
    ("POST", "/acts/count", "GET, HEAD, OPTIONS")])
def test_wrong_method(api, method, path, allow):
    reply = api.call(method, path)
    assert reply.status == 405 and reply.get("Allow") == allow


@pytest.mark.parametrize("path", ["/acts/", "/acts/1/", "/acts/1/2", "/acts/count/", "/act", "/ACTS"])
def test_unknown_path(api, path):
    assert api.call("GET", path).status == 404
