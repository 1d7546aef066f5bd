"""Services through which people are told, for tests: stand-ins that answer as theirs do, and the real Alertmanager."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import jsonschema
from receivers import Got
from settings import free_port

ROUTING_KEY = "R" * 32
SLACK_TOKEN = "xoxb-s3cret"

# What PagerDuty's public documentation of the Events API v2 says of an event.
EVENT_SCHEMA = {
    "type": "object",
    "required": ["routing_key", "event_action", "dedup_key"],
    "additionalProperties": False,
    "properties": {
        "routing_key": {"type": "string", "minLength": 32, "maxLength": 32},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": "string", "maxLength": 255},
        "payload": {
            "type": "object",
            "required": ["summary", "source", "severity"],
            "additionalProperties": False,
            "properties": {
                "summary": {"type": "string", "minLength": 1, "maxLength": 1024},
                "source": {"type": "string", "minLength": 1},
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {"type": "string", "format": "date-time"},
                "component": {"type": "string"},
                "group": {"type": "string"},
                "class": {"type": "string"},
                "custom_details": {"type": "object"},
            },
        },
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["href"],
                "additionalProperties": False,
                "properties": {"href": {"type": "string", "format": "uri"}, "text": {"type": "string"}},
            },
        },
        "images": {"type": "array"},
        "client": {"type": "string"},
        "client_url": {"type": "string", "format": "uri"},
    },
    "if": {"properties": {"event_action": {"const": "trigger"}}},
    "then": {"required": ["payload"]},
}


def answer_as_pagerduty(got: Got):
    """As PagerDuty does: 202, or 400 for what its schema does not allow; an incident of 400 is refused."""
    try:
        jsonschema.validate(got.json, EVENT_SCHEMA, format_checker=jsonschema.FormatChecker())
    except jsonschema.ValidationError as error:
        return 400, {}, json.dumps({"status": "invalid event", "message": error.message}).encode()
    if got.json["dedup_key"].endswith(":400"):
        return 400, {}, b'{"status":"invalid event","message":"Event object is invalid"}'
    body = {"status": "success", "message": "Event processed", "dedup_key": got.json["dedup_key"]}
    return 202, {}, json.dumps(body).encode()


def answer_as_slack(got: Got):
    """As Slack does: names become ids, and each message has its time."""
    if got.headers.get("authorization") != f"Bearer {SLACK_TOKEN}":
        return 200, {}, b'{"ok":false,"error":"invalid_auth"}'
    ts = got.json.get("ts") or f"{time.time():.6f}"
    return 200, {}, json.dumps({"ok": True, "channel": "C024BE91L", "ts": ts}).encode()


def start_alertmanager(folder: Path, cleanup) -> str:
    """The real one, where a fleet's alert of a partner inhibits its hosts'; its address. `cleanup` takes what ends it."""
    program = shutil.which("prometheus-alertmanager") or str(
        Path(__file__).parents[2] / ".build/tools/prometheus-alertmanager"
    )
    config = folder / "alertmanager.yml"
    config.write_text(
        "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
        "inhibit_rules:\n- source_matchers: [scope=fleet]\n  target_matchers: [scope=host]\n  equal: [partner]\n"
    )
    port = free_port()
    process = subprocess.Popen(
        [program, f"--config.file={config}", f"--storage.path={folder}/alertmanager",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    cleanup(process.wait)
    cleanup(process.terminate)
    return f"http://127.0.0.1:{port}"
