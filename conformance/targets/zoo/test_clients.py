import sys
import unittest
from pathlib import Path

CLIENTS = Path(__file__).resolve().parents[2] / "clients"
sys.path.append(str(CLIENTS))

import driver  # noqa: E402


class Driver(unittest.TestCase):
    def test_only_whole_listening_lines(self):
        text = "a warning\nlistening on mqtt://127.0.0.1:41883\nlistening on ws://127.0.0.1:41884\nnot listening on x\n"
        self.assertEqual(driver.listening(text), ["mqtt://127.0.0.1:41883", "ws://127.0.0.1:41884"])

    def test_mqtt_scripts_run_once_for_each_version(self):
        runs = driver.arguments_for("mqtt://127.0.0.1:1883")
        self.assertEqual(runs, [("mqtt://127.0.0.1:1883", version) for version in ("3.1", "3.1.1", "5.0")])

    def test_sse_scripts_get_both_urls(self):
        for url in ("http://127.0.0.1:80", "http://127.0.0.1:80/events"):
            self.assertEqual(driver.arguments_for(url), [("http://127.0.0.1:80/events", "http://127.0.0.1:80/publish")])

    def test_every_client_has_its_script(self):
        for client in driver.CLIENTS:
            self.assertTrue((CLIENTS / client.script).is_file(), client.script)


if __name__ == "__main__":
    unittest.main()
