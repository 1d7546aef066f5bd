"""A real consistent probability sampler lets most calls go: those it keeps are counted for all, as far as the stored counts."""

import json
import math
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "test.d")]

from earlier import volume  # noqa: E402
from installation import Installation  # noqa: E402
from standin import StandIn  # noqa: E402
from test_clients import run_client  # noqa: E402

PARTNER = "partners:\n  standin:\n    hosts: ['127.0.0.1:{port}']\n"
MADE = 200


class Sampling(unittest.TestCase):
    def test_what_is_kept_counts_for_all(self):
        stand_in = self.enterContext(StandIn())
        installation = self.enterContext(Installation(agent_extra=PARTNER.format(port=stand_in.port)))
        weights = {}
        # A quarter is a threshold of one digit; of a tenth the weight is a rounded one; all is no threshold that matters.
        for share, weight in (("0.25", 4), ("0.1", 10), ("1", 1)):
            kept = run_client("client_sampled.py", installation.receivers, stand_in.url, share, str(MADE))
            self.assertTrue(all(state.startswith("ot=th:") for state in kept.values()), kept)
            # Five standard deviations of what is kept by chance.
            chance = 5 * math.sqrt(MADE * (1 - float(share)) * float(share))
            self.assertAlmostEqual(len(kept), MADE * float(share), delta=chance + 1)
            weights |= {span: weight for span in kept}
        self.assertEqual(len(stand_in.requests), 3 * MADE, "every call was made, kept or not")
        calls = self.installation_calls(installation, len(weights))
        self.assertEqual({call["span_id"]: call["weight"] for call in calls}, weights)
        failed = sum(call["weight"] for call in calls if call["response"]["status"] == 503)
        wanted = (sum(weights.values()), failed)
        installation.wait_for(lambda: volume(installation, "partner").get("standin") == wanted, 60, f"{wanted} are counted")
        metrics = json.loads(installation.command("farwatch-agent", "status", "--json"))
        self.assertEqual(metrics["partners"][0]["id"], "standin")

    def installation_calls(self, installation: Installation, count: int) -> list[dict]:
        installation.wait_for(lambda: len(installation.api.calls(limit=1000)) == count, 60, f"{count} are stored")
        return installation.api.calls(limit=1000)


if __name__ == "__main__":
    unittest.main()
