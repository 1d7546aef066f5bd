"""The driver of the test files: what it says of files that pass, fail, hold nothing or die, and which run beside others."""

import contextlib
import io
import os
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import run_tests as run

CASE = "import unittest\n\n\nclass Case(unittest.TestCase):\n    def test_it(self):\n        {}\n"
FILES = {
    "file_good": CASE.format("pass"),
    "file_skipped": CASE.format("self.skipTest('not here')"),
    "file_wrong": CASE.format("self.assertEqual(1, 2)"),
    "file_empty": "pass\n",
    "file_dead": CASE.format("__import__('os')._exit(0)"),
}


class Driver(unittest.TestCase):
    def setUp(self):
        self.enterContext(unittest.mock.patch.dict(os.environ))
        os.environ.pop("FARWATCH_TEST_SKIPS", None)  # Set where everything has to run.
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in FILES.items():
            (self.folder / f"{name}.py").write_text(text)

    def run_files(self, *names: str, also: tuple[str, ...] = (), **how) -> list[run.Result]:
        jobs = [run.job_of(self.folder / f"{name}.py") for name in names] + [run.other_job(text) for text in also]
        return run.run(jobs, workers=2, show=lambda _: None, **how)

    def test_what_passes_is_counted(self):
        results = self.run_files("file_good", "file_skipped", also=("greeting=echo hello",))
        line = run.summary(results, 3)
        self.assertEqual(line, "3 files and commands, 2 tests, 0 failures, 1 skipped, 3 s")

    def test_where_everything_has_to_run_what_is_skipped_is_a_failure(self):
        os.environ["FARWATCH_TEST_SKIPS"] = "fail"
        (result,) = self.run_files("file_skipped")
        self.assertIn("FAILED: 1 skipped", result.line())
        self.assertIn("1 failures, 1 skipped", run.summary([result], 0))

    def test_whatever_goes_wrong_is_a_failure_and_named(self):
        results = self.run_files(*FILES, also=("broken=exit 3",))
        self.assertIn("4 failures, 1 skipped", run.summary(results, 0))
        self.assertTrue(run.summary(results, 0).endswith("; FAILED: broken, file_dead, file_empty, file_wrong"))
        lines = {result.job.name: result.line() for result in results}
        self.assertIn("file_empty: held no test (0 tests", lines["file_empty"])
        self.assertIn("ok", lines["file_good"])

    def test_what_does_not_end_is_ended(self):
        wait, run.FILE_WAIT_S = run.FILE_WAIT_S, 0.2
        self.addCleanup(setattr, run, "FILE_WAIT_S", wait)
        (result,) = self.run_files(also=("endless=exec sleep 1000",))
        self.assertIsNone(result.status)
        self.assertIn("did not end in time", result.line())

    def test_files_that_want_to_be_alone_run_after_the_others_and_by_themselves(self):
        (self.folder / "file_alone.py").write_text("ALONE = True  # It measures.\n" + FILES["file_good"])
        results = self.run_files("file_alone", "file_good", "file_skipped")
        self.assertEqual(results[-1].job.name, "file_alone")

    def test_the_longest_start_first(self):
        jobs = [run.other_job(f"{name}=true") for name in ("one", "system_api", "two", "system_key_log")]
        queue = run.Queue(jobs, print)
        named = sorted(("system_api", "system_key_log"), key=run.LONG.get, reverse=True)
        self.assertEqual([job.name for job in queue.waiting], [*named, "one", "two"])

    def test_what_was_printed_is_shown_whole_when_it_ends(self):
        (result,) = self.run_files("file_wrong")
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            run.show(result)
        self.assertTrue(shown.getvalue().startswith("\n==> file_wrong: FAILED (1 tests"))
        self.assertIn("AssertionError: 1 != 2", shown.getvalue())


if __name__ == "__main__":
    unittest.main()
