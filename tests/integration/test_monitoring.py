"""Alert rules and the Grafana dashboard use metrics that exist, and say what they should; the documentation is the table's."""

import json
import re

import pytest

from harness import promtool
from harness.images import ROOT
from harness.orchestrator import run_binary

FOLDER = ROOT / "orchestrator" / "admin" / "monitoring"
ALERTS = FOLDER / "alerts.yml"
GRAFANA = FOLDER / "grafana.json"
OF_PROMETHEUS = {"instance", "job"}     # labels that a scrape adds


def documented():
    """{name: labels} of all metrics, as the table of the code has them; those of a histogram under all their names."""
    found = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w,]*) \|", run_binary("--document-metrics").stdout,
                                         re.MULTILINE):
        labels = set(labels.split(",")) - {""}
        if kind == "histogram":
            found[f"{name}_bucket"] = labels | {"le"}
            found[f"{name}_sum"] = found[f"{name}_count"] = labels
        else:
            found[name] = labels
    return found


def panels():
    return json.loads(GRAFANA.read_text())["panels"]


def expressions():
    """All PromQL of the Grafana dashboard, with its variables filled in."""
    board = json.loads(GRAFANA.read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [annotation["expr"] for annotation in board["annotations"]["list"]]
    return [re.sub(r"\$\w+", ".*", expr.replace("$__rate_interval", "1m")) for expr in found]


def uses(text):
    """(metric, labels of its selector) wherever a metric of ours is named."""
    for name, selector in re.findall(r"\b(selfless_\w+)(\{[^}]*\})?", text):
        yield name, set(re.findall(r"(\w+)\s*[=!]", selector))


@pytest.mark.parametrize("file", [ALERTS, FOLDER / "alerts_test.yml", GRAFANA], ids=lambda file: file.name)
def test_every_metric_used_exists(file):
    known = documented()
    found = list(uses(file.read_text().replace('\\"', '"')))
    assert len(found) > 10
    for name, labels in found:
        assert name in known, f"{file.name} uses {name}, which no row of the table makes"
        assert labels <= known[name] | OF_PROMETHEUS | {"version"}, f"{file.name}: {name} has no labels {labels - known[name]}"


def test_the_rules_are_rules():
    assert "SUCCESS" in promtool.run("check", "rules", ALERTS)


def test_the_rules_fire_when_they_should_and_only_then():
    assert "SUCCESS" in promtool.run("test", "rules", "alerts_test.yml", cwd=FOLDER)


def test_every_rule_is_tested():
    names = re.findall(r"- alert: (\w+)", ALERTS.read_text())
    tested = (FOLDER / "alerts_test.yml").read_text()
    for name in names:
        assert re.search(rf"alertname: {name}\n\s+exp_alerts", tested), f"no test in which {name} fires"
        assert f"alertname: {name}}}" in tested, f"{name} is not among those that must be silent"


def test_grafanas_queries_are_promql(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    assert len(rules) > 15
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "grafana", "rules": rules}]}))      # JSON is YAML, too
    assert f"{len(rules)} rules found" in promtool.run("check", "rules", file)


def test_grafanas_panels_are_whole():
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["title"] and panel["description"] and panel["targets"]
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= 24


@pytest.mark.parametrize("option, file", [("--document-metrics", "metrics.md"), ("--document-admin", "admin.md")])
def test_the_documentation_is_that_of_the_code(option, file):
    assert run_binary(option).stdout == (ROOT / "docs" / file).read_text(), f"make it anew: orchestrator {option} > docs/{file}"
