"""The aggregator's query API, as far as the story asks it."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlencode

TIMEOUT_S = 60
PAGE_MAX = 1_000
WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class APIFailed(Exception):
    """The API did not answer, or not with what was asked for."""


class API:
    def __init__(self, address: str):
        self.address = address

    @property
    def status_url(self) -> str:
        return f"{self.address}/api/v1/status"

    def is_ready(self) -> bool:
        return is_ready(self.address)

    def status(self) -> dict:
        return self._get("/api/v1/status", {})

    def calls(self, **filters: str) -> list[dict]:
        """All calls that match, page by page."""
        found, cursor = [], None
        while True:
            page = self._get("/api/v1/calls", {**filters, "limit": PAGE_MAX} | ({"cursor": cursor} if cursor else {}))
            found += page["data"]
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    def _get(self, path: str, parameters: dict) -> dict:
        url = self.address + path + ("?" + urlencode(parameters) if parameters else "")
        try:
            return json.load(WITHOUT_PROXY.open(url, timeout=TIMEOUT_S))
        except urllib.error.HTTPError as error:
            raise APIFailed(f"{url}: {error.code} {error.read(500).decode(errors='replace')}") from error
        except (OSError, ValueError) as error:
            raise APIFailed(f"{url}: {error}") from error


def is_ready(address: str) -> bool:
    try:
        return WITHOUT_PROXY.open(f"{address}/readyz", timeout=TIMEOUT_S).status == 200
    except OSError:
        return False
