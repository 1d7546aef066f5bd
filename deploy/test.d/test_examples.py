"""The annotated settings hold every setting that the programs read."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(
    r"\.(?:string|strings|namedStrings|integer|double|bool|duration|byteCount|choice|section|sections|namedSections|secret|secrets"
    r'|isPresent)\(\s*"([a-z0-9_]+)"'
)
# Keys of documents that settings name, not of settings: OpenAPI descriptions and the published catalogue.
OF_DOCUMENTS = {"servers", "paths", "basePath", "format", "version", "farwatch", "settings"}


def keys(folders: list[str]) -> dict[str, str]:
    """What is read, by the file that reads it."""
    found = {}
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.swift")):
            text = file.read_text(encoding="utf-8")
            if "SettingsSection" in text:
                found |= {key: file.name for key in READ.findall(text)}
    return found


class Examples(unittest.TestCase):
    def compare(self, example: str, folders: list[str], count_min: int):
        read = keys(folders)
        self.assertGreater(len(read), count_min, "they are found at all")
        text = (ROOT / "deploy" / example).read_text(encoding="utf-8")
        # A key at the beginning of a line, of a list item or of a flow mapping, commented out or not.
        told = set(re.findall(r"(?:^|[\s{,#-])([a-z0-9_]+)`?:(?=\s|$)", text, re.MULTILINE)) | set(re.findall(r"`([a-z0-9_]+)`", text))
        missing = {key: file for key, file in read.items() if key not in told | OF_DOCUMENTS}
        self.assertEqual(missing, {}, f"settings that {example} does not tell of")

    def test_the_agent_s(self):
        self.compare("agent.yaml", ["agent", "Sources/CatalogueSettings"], 80)

    def test_the_aggregator_s(self):
        self.compare("aggregator.yaml", ["aggregator"], 80)


if __name__ == "__main__":
    unittest.main()
