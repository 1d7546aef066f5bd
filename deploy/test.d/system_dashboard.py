"""The pages are seen by a real browser: they show the truth, fetch nothing from elsewhere, run nothing, and fit a phone.

The pictures go to the folder that SCREENSHOTS names; without it they are looked at and let go.
"""

import os
import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from installation import Installation, as_ndjson, native_call, send

BROWSER = "chromium-headless-shell"
HOSTILE = "<img src=x onerror=alert(1)>"


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installation = Installation().__enter__()
        cls.addClassCleanup(cls.installation.close)
        cls.address = cls.installation.api.address
        calls = [native_call(number, customer=f"c{number % 9}", host=f"app-{number % 3}") for number in range(300)]
        calls += [
            native_call(number, partner="zendesk", route=f"GET /{HOSTILE}", customer=HOSTILE, response={"status": 503})
            for number in range(300, 380)
        ]
        calls += [native_call(number, partner="twilio", response={"status": 200}) for number in range(400, 500)]
        send(f"{cls.installation.receivers}/v1/calls", as_ndjson(calls), content_type="application/x-ndjson")

        def is_shown() -> bool:
            status, _, page = send(f"{cls.address}/partners/zendesk", None, "GET")
            return status == 200 and b"Outages" in page and b"The last 90 days" in page

        cls.installation.wait_for(is_shown, 120, "the page shows the outage and the history")
        cls.folder = Path(os.environ.get("SCREENSHOTS") or cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.folder.mkdir(parents=True, exist_ok=True)

    def browse(self, path: str, *options: str) -> subprocess.CompletedProcess:
        with tempfile.TemporaryDirectory() as profile:
            command = [BROWSER, "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
            command += ["--enable-logging=stderr", "--timeout=10000", *options, self.address + path]
            return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

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

    def test_the_browser_reads_what_the_api_says(self):
        page = self.browse("/", "--dump-dom").stdout
        self.assertIn("Zendesk", page)
        self.assertRegex(page, r"Zendesk: (major|partial) outage")
        self.assertLess(page.index('href="/partners/zendesk"'), page.index('href="/partners/stripe"'), "worst first")

    def test_what_strangers_named_is_text(self):
        page = self.browse("/partners/zendesk", "--dump-dom").stdout
        self.assertIn("&lt;img src=x onerror=alert(1)&gt;", page)
        self.assertNotIn("<img", page)

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
