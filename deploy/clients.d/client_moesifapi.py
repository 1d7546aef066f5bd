"""Sends events with moesifapi, as its README has it. Arguments: the agent's URL, the stand-in's URL. Prints what it sent."""

import json
import os
import sys
from datetime import datetime, timedelta

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


def event(number: int) -> EventModel:
    start = datetime(2026, 11, 24, 5, 0, number, 250_000)
    request = EventRequestModel(
        time=start.isoformat(timespec="milliseconds"),
        uri=f"{partner}/v1/charges/ch_{number}?expand=customer",
        verb="POST",
        api_version="1.1.0",
        ip_address="203.0.113.7",
        headers={"Content-Type": "application/json", "X-Shop": f"shop-{number}"},
        body={"amount": number, "items": [{"sku": "a"}]},
        transfer_encoding="json",
    )
    response = EventResponseModel(
        time=(start + timedelta(milliseconds=125)).isoformat(timespec="milliseconds"),
        status=503 if number == 2 else 200,
        headers={"Content-Type": "text/plain", "Retry-After": "3"},
        body="cGxhaW4gdGV4dA==",
        transfer_encoding="base64",
    )
    return EventModel(
        request=request,
        response=None if number == 3 else response,
        user_id="ann@acme.example",
        company_id=f"company-{number}",
        session_token="a-session",
        metadata={"note": "nobody's business"},
        direction="Outgoing",
        weight=number + 1,
    )


events = [event(number) for number in range(5)]
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
