"""The pages are seen by a real browser: they show the truth, fetch nothing from elsewhere, run nothing, and fit a phone.

The pictures go to the folder that SCREENSHOTS names; without it they are looked at and let go.
"""

import json
import os
import re
import struct
import subprocess
import tempfile
import threading
import unittest
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from browser import PROGRAM as BROWSER
from browser import Browser
from installation import Installation, as_ndjson, native_call, send

HOSTILE = "<img src=x onerror=alert(1)>"

WORDS = {
    "operational": "Operational", "degraded_performance": "Degraded", "partial_outage": "Partial outage", "major_outage": "Major outage",
}  # fmt: skip
CLASSES = {"operational": "ok", "degraded_performance": "degraded", "partial_outage": "partial", "major_outage": "major"}
CARDS = """[...document.querySelectorAll('.partners .card')].map(card => ({
    id: card.getAttribute('href').replace('/partners/', ''),
    name: card.querySelector('h2').textContent,
    state: card.querySelector('.state').textContent,
    reason: card.querySelector('.reason')?.textContent ?? null,
    facts: Object.fromEntries([...card.querySelectorAll('dl > div')].map(
        fact => [fact.querySelector('dt').textContent, fact.querySelector('dd').textContent])),
    bars: [...card.querySelectorAll('svg.strip rect')].map(bar => bar.getAttribute('class')),
}))"""


def expected_cards(status: dict) -> list[dict]:
    """What `/` should show of the answer of `/api/v1/status`, partners in trouble first."""
    order = ["major_outage", "partial_outage", "degraded_performance", "under_maintenance", "operational", "unknown"]
    return [expected_card(partner) for partner in sorted(status["partners"], key=lambda partner: order.index(partner["status"]))]


def expected_card(partner: dict) -> dict:
    def usually(shown: str, usual: str) -> str:
        return shown + (f"usually {usual}" if usual != "–" else "")

    status = partner["status"]
    facts = {
        "Calls a minute": amount(partner["calls_per_minute"]),
        "Failed": usually(percent(partner["failure_ratio"]), percent(partner["baseline_failure_ratio"])),
        "95% within": usually(milliseconds(partner["p95_ms"]), milliseconds(partner["baseline_p95_ms"])),
        "Customers hit": amount(partner["customers_affected"]),
    }
    reason = partner["reason"] if status in ("major_outage", "partial_outage", "degraded_performance") else None
    state = WORDS.get(status, "Too little seen")
    return {"id": partner["id"], "name": partner["name"], "state": state, "reason": reason, "facts": facts}


def expected_strip(history: dict) -> list[str]:
    def bar(step: dict) -> str:
        name = "none" if step["worst_status"] is None else CLASSES[step["worst_status"]]
        return "ok some" if name == "ok" and step["calls"] and step["calls_failed"] / step["calls"] > 0.02 else name

    return [bar(step) for step in history["quarter_hours"]]


def fixed(value: float, places: int) -> str:
    return str(Decimal(value * 10**places).quantize(Decimal(1), ROUND_HALF_UP).scaleb(-places))


def amount(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 10:
        return fixed(value, 0 if value == int(value) else 1)
    if value < 10_000:
        return f"{int(fixed(value, 0)):,}"
    return fixed(value / 1_000, 1) + "k" if value < 1_000_000 else fixed(value / 1_000_000, 1) + "M"


def percent(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    if 0 < ratio < 0.001:
        return "<0.1%"
    return fixed(ratio * 100, 1 if 0 < ratio < 0.1 else 0) + "%"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return fixed(value / 1_000, 1) + " s" if value >= 10_000 else fixed(value, 1 if value < 100 else 0) + " ms"


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        cls.sent = 0
        cls.send_calls()
        cls.installation.wait_for(lambda: len(cls.installation.api.calls()) >= cls.sent, 60, "the calls are stored")
        cls.make_past()
        is_over = threading.Event()
        traffic = threading.Thread(target=cls.go_on, args=(is_over,))
        traffic.start()
        cls.addClassCleanup(traffic.join)
        cls.addClassCleanup(is_over.set)

        def is_shown() -> bool:
            status, _, page = send(f"{cls.address}/partners/zendesk", None, "GET")
            return status == 200 and b"goes on, so far" in page and b"The last 90 days" in page

        cls.installation.wait_for(is_shown, 180, "the page shows the outage and the history")
        cls.folder = Path(os.environ.get("SCREENSHOTS") or cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def send_calls(cls):
        calls = [native_call(cls.sent + n, customer=f"c{n % 9}", host=f"app-{n % 3}", duration_ms=40 + n % 90) for n in range(60)]
        calls += [native_call(cls.sent + n, partner="twilio", host="app-1") for n in range(60, 90)]
        for n in range(90, 120):
            route, host = (f"GET /{HOSTILE}", "app-1") if n % 3 else ("POST /api/v2/tickets", "app-2")
            calls.append(native_call(cls.sent + n, partner="zendesk", route=route, customer=HOSTILE, host=host,
                                     response={"status": 503}))  # fmt: skip
        cls.sent += len(calls)
        send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")

    @classmethod
    def go_on(cls, is_over: threading.Event):
        while not is_over.wait(2):
            cls.send_calls()

    @classmethod
    def make_past(cls):
        """Ninety days that were: what the drawings are of. Written as the aggregator would have counted it."""
        for unit, period, step in (("hour", "80 days", "1 hour"), ("minute", "23 hours", "1 minute")):
            cls.installation.sql(
                f"""
                INSERT INTO farwatch.{unit}_segments
                SELECT t, n.id, 4, 1000 + o.code, 1, '{{0}}', '{{0}}', '{{0}}', ARRAY[o.code]::int2[], ARRAY[c], ARRAY[c]
                FROM farwatch.names n,
                    generate_series(date_trunc('{unit}', now()) - interval '{period}',
                        date_trunc('{unit}', now()) - interval '1 hour', '{step}') t,
                    (VALUES (0), (4)) o(code),
                    LATERAL (SELECT ((CASE o.code WHEN 0 THEN 900 ELSE 2 END)
                        * (1.2 + sin(extract(epoch FROM t) / 86400 * 2 * pi())))::int8 AS c) v
                WHERE n.kind = 1 AND c > 0
                """
            )
        cls.installation.sql(
            """
            INSERT INTO farwatch.outages SELECT n.id, now() - a, now() - a + b, s, s, r, 4213 FROM farwatch.names n,
                (VALUES (interval '9 hours', interval '50 minutes', 'partial_outage', '31.0 % of 4200 calls failed'),
                    (interval '3 days', interval '2 hours', 'major_outage', '92.0 % of 9800 calls failed'),
                    (interval '20 days', interval '3 hours', 'degraded_performance', '6.0 % of 2800 calls failed'),
                    (interval '41 days', interval '25 minutes', 'partial_outage', '28.0 % of 900 calls failed')) o(a, b, s, r)
            WHERE n.kind = 1 AND n.name = 'zendesk'
            """
        )

    def browse(self, path: str, *options: str) -> subprocess.CompletedProcess:
        with tempfile.TemporaryDirectory() as profile:
            command = [BROWSER, "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
            command += ["--enable-logging=stderr", "--timeout=60000", *options, self.address + path]
            return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

    def picture(self, name: str, path: str, width: int, height: int, *options: str) -> Path:
        file = self.folder / f"{name}.png"
        done = self.browse(path, f"--window-size={width},{height}", f"--screenshot={file}", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(re.search("Refused to|violates the following|SEVERE", done.stderr), done.stderr)
        return file

    def test_it_is_drawn_light_dark_and_on_a_phone(self):
        dark = "--blink-settings=preferredColorScheme=0"
        light = "--blink-settings=preferredColorScheme=1"
        for name, path, width, height, scheme in (
            ("status", "/", 1200, 1000, light),
            ("status-dark", "/", 1200, 1000, dark),
            ("status-phone", "/", 412, 1400, light),
            ("partner", "/partners/zendesk", 1200, 1600, light),
            ("partner-dark-phone", "/partners/zendesk", 412, 2200, dark),
        ):
            with self.subTest(name=name):
                data = self.picture(name, path, width, height, scheme).read_bytes()
                self.assertEqual(struct.unpack(">II", data[16:24]), (width, height))
                # A page without its style sheet, or an empty one, compresses to almost nothing.
                self.assertGreater(len(data), 20_000)

    def test_nothing_is_wider_than_a_phone(self):
        incidents = self.installation.wait_for(
            lambda: json.loads(send(f"{self.address}/api/v1/incidents", None, "GET")[2])["data"], 60, "there is an incident"
        )
        too_wide = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
            && !e.closest('.scroll')).slice(0, 5).map(e => e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 60))"""
        with Browser() as browser:
            for path in ("/", "/partners/zendesk", "/partners/stripe", "/incidents", f"/incidents/{incidents[0]['id']}", "/drift"):
                for width in (320, 412):
                    with self.subTest(path=path, width=width):
                        browser.open(self.address + path, width)
                        self.assertGreater(browser.evaluate("document.body.innerText.length"), 50)
                        self.assertLessEqual(browser.evaluate("document.documentElement.scrollWidth"), width, browser.evaluate(too_wide))

    def test_the_browser_reads_what_the_api_says(self):
        cards, strips = [], []  # What a page should show, by each of the answers that the API gave while it was loaded.

        def listen(is_over: threading.Event):
            while True:
                is_last = is_over.is_set()
                status = self.ask("/api/v1/status")
                cards.append(expected_cards(status))
                ids = [partner["id"] for partner in status["partners"]]
                strips.append({id: expected_strip(self.ask(f"/api/v1/partners/{id}/history")) for id in ids})
                if is_last:
                    return

        def is_told() -> bool:
            cards.clear()
            strips.clear()
            is_over = threading.Event()
            listener = threading.Thread(target=listen, args=(is_over,))
            listener.start()
            try:
                browser.open(self.address + "/", 1200)
                self.shown = browser.evaluate(CARDS)
            finally:
                is_over.set()
                listener.join()
            for card in self.shown:
                self.assertRegex(card["state"], r" for \d" if card["id"] == "zendesk" else r"^[A-Z][a-z ]+$")
                card["state"] = card["state"].partition(" for ")[0]
            self.bars = {card["id"]: card.pop("bars") for card in self.shown}
            return self.shown in cards and self.bars in strips

        with Browser() as browser:
            try:
                self.installation.wait_for(is_told, 30, "the page shows what the API answers")
            except AssertionError:
                self.assertEqual((self.shown, self.bars), (cards[-1], strips[-1]))
                raise
        self.assertEqual({card["id"] for card in self.shown}, {"stripe", "twilio", "zendesk"})
        self.assertEqual((self.shown[0]["id"], self.shown[0]["facts"]["Failed"].partition("%")[0]), ("zendesk", "100"), "worst first")
        for id, bars in self.bars.items():
            with self.subTest(strip_of=id):
                self.assertEqual(len(bars), 96, "a day by quarters of an hour")
                self.assertGreater(sum(bar != "none" for bar in bars), 80)
        self.assertGreaterEqual(self.bars["zendesk"].count("partial"), 3, "the fifty minutes of nine hours ago")

    def ask(self, path: str) -> dict:
        status, _, answer = send(self.address + path, None, "GET")
        self.assertEqual(status, 200, path)
        return json.loads(answer)

    def test_the_outages_of_ninety_days_are_told_on_the_partner_s_page(self):
        with Browser() as browser:
            browser.open(f"{self.address}/partners/zendesk", 1200)
            told = browser.evaluate("[...document.querySelectorAll('.outages li')].map(e => e.innerText.split(/\\s*\\n\\s*/))")
            bars = browser.evaluate("[...document.querySelectorAll('svg.strip rect')].map(e => e.getAttribute('class'))")
        self.assertRegex(" ".join(told[0]), "^(Major|Partial) outage goes on, so far")
        past = [(words[0], words[1], words[2], words[-1].partition(", ")[2]) for words in told]
        past = [outage for outage in past if outage[3] == "4,213 calls failed"]  # Those of `make_past`.
        self.assertEqual(past, [
            ("Partial outage", "lasted 50 min", "31.0 % of 4200 calls failed", "4,213 calls failed"),
            ("Major outage", "lasted 2 h", "92.0 % of 9800 calls failed", "4,213 calls failed"),
            ("Degraded", "lasted 3 h", "6.0 % of 2800 calls failed", "4,213 calls failed"),
            ("Partial outage", "lasted 25 min", "28.0 % of 900 calls failed", "4,213 calls failed"),
        ])  # fmt: skip
        self.assertEqual(len(bars), 90)
        self.assertEqual({"degraded", "partial", "major"} - set(bars), set(), "the strip of ninety days shows them as well")

    def test_what_strangers_named_is_text(self):
        page = self.browse("/partners/zendesk", "--dump-dom").stdout
        self.assertTrue("&lt;img src=x onerror=alert(1)&gt;" in page)
        self.assertFalse("<img" in page)

    def test_the_pages_load_nothing_from_elsewhere_and_may_not(self):
        for path in ("/", "/partners/zendesk"):
            status, headers, page = send(self.address + path, None, "GET")
            self.assertEqual(status, 200)
            self.assertIn("default-src 'none'", headers["content-security-policy"])
            self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
            self.assertFalse(re.findall(rb'(?:src|href)="(?:https?:)?//', page))
            self.assertNotIn(b"<script", page)
            self.assertNotIn(b' style="', page)
        self.assertEqual(send(f"{self.address}/partners/nobody", None, "GET")[0], 404)


if __name__ == "__main__":
    unittest.main()
