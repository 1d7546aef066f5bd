"""The descriptions of what travels tell of every field that is written."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Formats(unittest.TestCase):
    def compare(self, description: str, source: str, written: str, count_min: int):
        fields = set(re.findall(written, (ROOT / source).read_text(encoding="utf-8")))
        self.assertGreater(len(fields), count_min, "they are found at all")
        text = (ROOT / "docs" / "formats" / description).read_text(encoding="utf-8")
        told = set(re.findall(r"[`\"]([a-z_0-9]+)[`\"]", text))
        self.assertEqual(fields - told, set(), f"fields that {description} does not tell of")

    def test_of_a_heartbeat(self):
        self.compare("heartbeat.md", "agent/AgentApp/Heartbeat.swift", r'writer\.\w+\("([a-z_]+)"', 35)

    def test_of_the_catalogue(self):
        self.compare("catalogue.md", "Sources/CatalogueSettings/WholeCatalogue.swift", r'(?:member|object|array|texts)\("([a-z_]+)"', 15)
        self.compare("catalogue.md", "Sources/CatalogueSettings/CatalogueWriter.swift", r'(?:\\"|write\(")([a-z_]+)\\?"[:,]?', 4)


if __name__ == "__main__":
    unittest.main()
