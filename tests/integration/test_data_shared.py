"""What is written through one acts container is read through another, at once."""


def test_written_here_read_there(application):
    app = application(acts=2)
    app.add_user("ann")
    first, second = app.acts_port(0), app.acts_port(1)
    assert app.call("POST", "/categories", ["garden"], first).status == 201
    assert app.call("GET", "/categories", port=second).json() == {"garden": 0}
    app.add_act(1, "ann", "garden", second)
    assert [a["actId"] for a in app.call("GET", "/categories/garden/acts", port=first).json()] == [1]
    assert app.call("POST", "/acts/upvote", [1], first).status == 200
    assert app.call("POST", "/acts/upvote", [1], second).status == 200
    assert app.call("GET", "/categories/garden/acts", port=second).json()[0]["upvotes"] == 2
    assert app.call("DELETE", "/acts/1", port=first).status == 200
    assert app.call("GET", "/categories/garden/acts/size", port=second).json() == [0]


def test_count_is_shared(application):
    """_count is exact over all containers of the service, whichever is asked."""
    app = application(acts=2)
    for port in (app.acts_port(0), app.acts_port(1)):
        assert app.call("DELETE", "/_count", port=port).status == 200
    for number in range(10):
        app.call("GET", "/categories", port=app.acts_port(number % 2))
    assert app.call("GET", "/_count", port=app.acts_port(0)).json() == [10]
    assert app.call("GET", "/_count", port=app.acts_port(1)).json() == [10]
