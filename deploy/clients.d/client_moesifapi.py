"""A small application that reports its own calls with moesifapi, as its README has it. Arguments: the agent's URL, the stand-in's URL.

It really calls the stand-in, and makes each event of what requests sent and got. Prints the events that it handed to the SDK."""

import base64
import json
import os
import sys
from datetime import datetime, timezone

import requests
from moesifapi.configuration import Configuration
from moesifapi.models import (
    CompanyModel,
    EventModel,
    EventRequestModel,
    EventResponseModel,
    UserModel,
)
from moesifapi.moesif_api_client import MoesifAPIClient

agent, partner = sys.argv[1:3]
api = MoesifAPIClient(os.environ.get("MOESIF_APPLICATION_ID", "any-application-id")).api
Configuration.BASE_URI = agent
session = requests.Session()
CALLS = [
    ("POST", "/v1/charges/ch_0?expand=customer", {"amount": 0, "items": [{"sku": "a"}]}),
    ("PUT", "/v1/charges/ch_1", {"amount": 1}),
    ("POST", "/status/503", {"amount": 2}),
    ("GET", "/drop", None),
    ("DELETE", "/status/202?limit=3", None),
]


def now() -> str:
    return datetime.now(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds")


def call(number: int, method: str, path: str, body) -> EventModel:
    """Calls the partner and tells of it what requests knows."""
    wanted = requests.Request(method, partner + path, json=body, headers={"X-Company": f"company-{number}"})
    asked = session.prepare_request(wanted)
    began = now()
    try:
        answer = session.send(asked, timeout=60)
    except requests.ConnectionError:
        answer = None
    ended = now()
    request = EventRequestModel(
        time=began,
        uri=asked.url,
        verb=asked.method,
        api_version="1.1.0",
        ip_address="203.0.113.7",
        headers=dict(asked.headers),
        body=json.loads(asked.body) if asked.body else None,
        transfer_encoding="json" if asked.body else None,
    )
    response = answer is not None and EventResponseModel(
        time=ended,
        status=answer.status_code,
        headers=dict(answer.headers),
        body=base64.b64encode(answer.content).decode(),
        transfer_encoding="base64",
    )
    return EventModel(
        request=request,
        response=response or None,
        user_id="ann@acme.example",
        company_id=f"company-{number}",
        session_token="a-session",
        metadata={"note": "nobody's business"},
        direction="Outgoing",
        weight=number + 1,
    )


events = [call(number, *one) for number, one in enumerate(CALLS)]
headers = [api.create_event(events[0]), api.create_events_batch(events[1:])]
# Sent again, as after a lost answer: the agent knows their ids.
api.create_events_batch(events[1:])
config = api.get_app_config()
rules = api.get_governance_rules()
api.update_user(UserModel(user_id="ann@acme.example", metadata={"email": "ann@acme.example"}))
api.update_users_batch([UserModel(user_id="ann@acme.example")])
api.update_company(CompanyModel(company_id="company-1"))
api.update_companies_batch([CompanyModel(company_id="company-1")])
print(
    json.dumps(
        {
            "events": [one.to_dictionary() for one in events],
            "etags": [one.get("X-Moesif-Config-ETag") for one in headers],
            "config_etag": config.headers.get("X-Moesif-Config-ETag"),
            "config": json.loads(config.raw_body),
            "rules": json.loads(rules.raw_body),
        }
    )
)
