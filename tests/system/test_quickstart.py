"""The README's first command: starts, sends, reads back, is instant the second
time, stops."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from instance import free_ports

QUICKSTART = pathlib.Path(__file__).resolve().parents[2] / "packaging/quickstart"


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="mailcore-quick-")
        self.env = {**os.environ, "MAILCORE_INSTANCE": self.dir, "MAILCORE_PORTS": str(free_ports(10)[0])}

    def tearDown(self):
        self.quickstart("stop")
        shutil.rmtree(self.dir, ignore_errors=True)

    def quickstart(self, *arguments):
        done = subprocess.run([QUICKSTART, *arguments], env=self.env, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def test_both_runs_and_the_end(self):
        for _ in range(2):
            code, text = self.quickstart()
            self.assertEqual(code, 0, text)
            self.assertRegex(text, r"Subject: Hello from Mailcore \d+-\d+")
            self.assertRegex(text, r"POP3S lists:\n(.|\n)*\d+ \d+")
            self.assertIn("Point a mail program at it", text)
        code, text = self.quickstart("status")
        self.assertEqual(len(re.findall(r"monitor", text)), 4, text)
        code, text = self.quickstart("stop")
        self.assertEqual(code, 0, text)
        self.assertEqual([p.read_text() for p in (pathlib.Path(self.dir) / "run").glob("*.pid") if p.read_text()
                          and pathlib.Path(f"/proc/{p.read_text().strip()}").exists()], [])


if __name__ == "__main__":
    unittest.main()
