"""What a Moesif SDK itself says of its events, kept for the comparison: it hands each to this on its way out."""

from datetime import datetime, timezone

_events: list[dict] = []


def remember(event):
    """For MASK_EVENT_MODEL, which may change an event: this one does not."""
    times = [_moment(part.time) if part is not None else None for part in (event.request, event.response)]
    _events.append({"id": event.transaction_id, "times": times, "uri": event.request.uri, "direction": event.direction})
    return event


def remembered() -> list[dict]:
    return _events


def _moment(time) -> str:
    """RFC 3339 in UTC with milliseconds. The SDKs tell times without a zone, which are UTC, as texts or as moments."""
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
