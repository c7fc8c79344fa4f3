"""The official Python client of OpenMeter against `price serve`, unchanged.

    python client.py URL PLAN.pricec
"""

import datetime
import json
import sys
import urllib.error
import urllib.request

from corehttp.exceptions import HttpResponseError
from openmeter import Client
from openmeter.models import Event

URL, PLAN = sys.argv[1:3]
UTC = datetime.timezone.utc


def own(method, path, body, kind="application/json"):
    request = urllib.request.Request(URL + path, data=body, method=method, headers={"content-type": kind})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


own("POST", "/v1/plans", open(PLAN, "rb").read(), "application/octet-stream")
for account in ("acme", "globex"):
    own("POST", "/v1/subscriptions", json.dumps({"account": account, "plan": "assistant"}).encode())

client = Client(endpoint=URL, token="none is asked for")


def event(id, subject, day, model, tokens):
    time = datetime.datetime(2026, 3, day, 9, 30, tzinfo=UTC)
    return Event(
        id=id, source="python", specversion="1.0", type="prompt", subject=subject, time=time,
        data={"model": model, "tokens": tokens},
    )


client.events.ingest_event(event("1", "acme", 1, "small", 100))
client.events.ingest_events([event("2", "acme", 1, "large", 50), event("3", "globex", 2, "small", 7), event("3", "globex", 2, "small", 7)])
client.events.ingest_events_json([event("4", "acme", 2, "small", 5)])
# What does not fit is taken and listed with its reason.
client.events.ingest_event(event("5", "acme", 2, "huge", 5))
listed = {each.event.id: each for each in client.events.list()}
assert set(listed) == {"1", "2", "3", "4", "5"}, listed
assert "huge" in listed["5"].validation_error and not listed["1"].validation_error

meters = {meter.slug: meter for meter in client.meters.list()}
assert set(meters) == {"tokens", "prompts"} and meters["tokens"].aggregation == "SUM", meters
assert client.meters.get(meters["tokens"].id).slug == "tokens"
span = {"from_parameter": datetime.datetime(2026, 3, 1, tzinfo=UTC), "to": datetime.datetime(2026, 4, 1, tzinfo=UTC)}
assert [row.value for row in client.meters.query_json("tokens", **span).data] == [162]
days = client.meters.query_json("tokens", window_size="DAY", **span).data
assert [(row.window_start.day, row.value) for row in days] == [(1, 150), (2, 12)], days
named = client.meters.query_json("tokens", subject=["acme"], group_by=["model"], **span).data
assert sorted((row.subject, row.group_by["model"], row.value) for row in named) == [("acme", "large", 50), ("acme", "small", 105)]
small = client.meters.query_json("tokens", filter_group_by={"model": "small"}, **span).data
table = client.meters.query_csv("tokens", group_by=["model"], **span)
table = table if isinstance(table, str) else b"".join(table).decode()
assert table.splitlines()[0] == "window_start,window_end,subject,model,value" and len(table.splitlines()) == 3, table
assert [row.value for row in small] == [112], small
assert [row.value for row in client.meters.query_json("prompts", **span).data] == [4]
berlin = client.meters.query_json("tokens", window_size="MONTH", window_time_zone="Europe/Berlin", **span).data
assert [row.window_start for row in berlin] == [datetime.datetime(2026, 2, 28, 23, tzinfo=UTC)], berlin
assert sorted(client.meters.list_subjects("tokens")) == ["acme", "globex"]
assert sorted(client.meters.list_group_by_values("tokens", "model")) == ["large", "small"]

value = client.customer_entitlement.get_customer_entitlement_value("acme", "tokens")
assert value.has_access is True and value.total_available_grant_amount == 1000, value
assert client.customer_entitlement.get_customer_entitlement_value("acme", "sso").has_access is True
access = client.customer.get_customer_access("acme")
assert set(access.entitlements) == {"tokens", "sso", "support"}, access

assert {subject.key for subject in client.subjects.list()} == {"acme", "globex"}
upserted = client.subjects.upsert([{"key": "acme", "displayName": "ACME"}])
assert upserted[0].display_name == "ACME"
customer = client.customers.get("acme")
assert customer.key == "acme" and len(customer.id) == 26
assert client.customers.get(customer.id).key == "acme"
made = client.customers.create({"key": "acme", "name": "ACME", "usageAttribution": {"subjectKeys": ["acme"]}})
assert made.id == customer.id and made.name == "ACME"

token = client.portal.portal_tokens.create({"subject": "globex"})
assert token.subject == "globex" and token.token
request = urllib.request.Request(f"{URL}/api/v1/portal/meters/tokens/query", headers={"authorization": f"Bearer {token.token}"})
with urllib.request.urlopen(request) as answer:
    assert [row["value"] for row in json.loads(answer.read())["data"]] == [7]
client.portal.portal_tokens.invalidate({"subject": "globex"})
try:
    urllib.request.urlopen(request)
    raise SystemExit("a token that was made worthless is taken")
except urllib.error.HTTPError as error:
    assert error.code == 401, error

for wrong in (
    lambda: client.meters.query_json("nothing", **span),
    lambda: client.customers.get("nobody"),
    lambda: client.meters.create({"slug": "other", "aggregation": "SUM", "eventType": "prompt", "valueProperty": "$.tokens"}),
):
    try:
        wrong()
        raise SystemExit("an error was wanted")
    except HttpResponseError as error:
        assert error.status_code in (404, 422), error
print("the Python client works unchanged")
