"""The rules of Grafana's dashboard-linter that concern Prometheus, and some of our own.

The linter itself is a Go program whose modules are not in Debian. Each rule is a function from a
dashboard to its violations; dashboards_test.py first tests each rule with a violation.
"""

import re

from promql import selectors

DATASOURCES = {"$datasource", "${datasource}"}
SHOWING = {"stat", "timeseries", "gauge", "table", "state-timeline"}
UNITS = {"none", "string", "short", "percent", "percentunit", "bytes", "Bps", "ops", "reqps", "cps",
         "s", "ms", "dateTimeFromNow", "dateTimeAsIso", "bool", "bool_yes_no", "bool_on_off"}


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard):
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def expressions(dashboard):
    """Expressions of panels and annotations, with their location."""
    yield from targets(dashboard)
    for annotation in dashboard["annotations"]["list"]:
        yield "annotation " + annotation["name"], annotation["expr"]


def _variable(dashboard, name):
    return next((one for one in dashboard["templating"]["list"] if one["name"] == name), None)


def template_datasource(dashboard):
    found = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
    if [(one["name"], one["label"], one["query"]) for one in found] != [
            ("datasource", "Data source", "prometheus")]:
        yield "the data source must be one variable, named datasource and labelled Data source"


def template_job_and_instance(dashboard):
    for name in ("job", "instance"):
        one = _variable(dashboard, name)
        if one is None:
            yield f"there is no variable {name}"
            continue
        if one["datasource"]["uid"] not in DATASOURCES or one["type"] != "query":
            yield f"{name} must be a query of the data source"
        if one["label"] != name.title():
            yield f"{name} must be labelled {name.title()}"
        if not one["multi"] or one.get("allValue") != ".+":
            yield f"{name} must allow several values, with .+ for all"


def template_label_promql(dashboard):
    for one in dashboard["templating"]["list"]:
        if one["type"] != "query":
            continue
        if not re.fullmatch(r"label_values\((.+), [a-z]+\)", one["query"]["query"]):
            yield f"{one['name']} is not label_values(selector, label)"


def template_on_time_change_reload(dashboard):
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query" and one["refresh"] != 2:
            yield f"{one['name']} must be refreshed when the time range changes"


def panel_datasource(dashboard):
    for panel in panels(dashboard):
        for place in (panel, *panel["targets"]):
            if place["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
                yield f"{panel['title']}: does not use the chosen data source"


def panel_title_and_description(dashboard):
    for panel in panels(dashboard):
        if not panel["title"] or not panel["description"]:
            yield f"{panel['id']} {panel['title']!r}: has no title or no description"


def panel_units(dashboard):
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"]
        if not defaults["mappings"] and defaults.get("unit") not in UNITS:
            yield f"{panel['title']}: {defaults.get('unit')!r} is not a known unit"


def panel_has_targets(dashboard):
    for panel in panels(dashboard):
        if panel["type"] not in SHOWING:
            yield f"{panel['title']}: {panel['type']} is an unknown type of panel"
        if not panel["targets"]:
            yield f"{panel['title']}: has no query"


def target_rate_interval(dashboard):
    for where, expression in targets(dashboard):
        for one in selectors(expression):
            if one.function in ("rate", "irate") and one.range != "$__rate_interval":
                yield f"{where}: the range of a rate must be $__rate_interval"
            if one.range == "$__rate_interval" and one.function not in ("rate", "irate",
                                                                        "increase"):
                yield f"{where}: $__rate_interval is for rates"


def target_job_and_instance(dashboard):
    for where, expression in expressions(dashboard):
        for one in selectors(expression):
            for label in ("job", "instance"):
                if (label, "=~", f"${label}") not in one.matchers:
                    yield f"{where}: {one.metric} lacks {label}=~\"${label}\""


def target_counter_agg(dashboard):
    for where, expression in expressions(dashboard):
        for one in selectors(expression):
            if one.metric.endswith("_total") and one.function not in ("rate", "irate", "increase"):
                yield f"{where}: {one.metric} is a counter without rate or increase"


def uneditable(dashboard):
    if dashboard["editable"]:
        yield "a provisioned dashboard must not be editable"


# --- our own rules --------------------------------------------------------------------------------


def identity(dashboard):
    """The file can be imported and provisioned, and links find it by its uid."""
    if dashboard["id"] is not None:
        yield "the id must be null: the server assigns it"
    if not re.fullmatch(r"position-bridge-[a-z]+", dashboard["uid"]):
        yield "the uid must start with position-bridge-"
    if not 39 <= dashboard["schemaVersion"] <= 41:
        yield "the schema version must be one that Grafana 11 reads"
    if "__inputs" in dashboard or "${DS_" in str(dashboard):
        yield "inputs work only on the import page and break provisioning"


def layout(dashboard):
    """Panels have unique ids, stay on the grid, and do not overlap."""
    numbers = [panel["id"] for panel in dashboard["panels"]]
    if len(set(numbers)) != len(numbers):
        yield "two panels have the same id"
    taken = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']}: exceeds the grid"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                if other != panel["title"]:
                    yield f"{panel['title']}: overlaps {other}"
                    return


RULES = [template_datasource, template_job_and_instance, template_label_promql,
         template_on_time_change_reload, panel_datasource, panel_title_and_description,
         panel_units, panel_has_targets, target_rate_interval, target_job_and_instance,
         target_counter_agg, uneditable, identity, layout]
