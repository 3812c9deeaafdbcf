import unittest
from pathlib import Path

from zoo import descriptor
from zoo.descriptor import DescriptorError

TEXT = """
title = "A broker"
version = ["broker", "--version"]
ports = ["ws"]

[ready]
http = "http://127.0.0.1:{port}/ready"
timeout = 5

[[endpoint]]
name = "tcp"
url = "mqtt://127.0.0.1:{port}"

[[endpoint]]
name = "events"
url = "http://127.0.0.1:{port}/events"
publish_url = "http://127.0.0.1:{port}/publish"
args = ["--jobs", "1"]
"""


class Parse(unittest.TestCase):
    def test_reads_every_part(self):
        target = descriptor.parse("broker", Path("/targets/broker"), TEXT)
        self.assertEqual(target.title, "A broker")
        self.assertEqual(target.version, ("broker", "--version"))
        self.assertEqual(target.ports, ("ws",))
        self.assertEqual(target.ready_timeout, 5.0)
        self.assertEqual([endpoint.name for endpoint in target.endpoints], ["tcp", "events"])
        self.assertIsNone(target.endpoints[0].publish_url)
        self.assertEqual(target.endpoints[1].args, ("--jobs", "1"))

    def test_only_endpoints(self):
        target = descriptor.parse("broker", Path(), TEXT)
        self.assertEqual([e.name for e in descriptor.only_endpoints(target, ["events"]).endpoints], ["events"])
        self.assertEqual(descriptor.only_endpoints(target, ["tls"]).endpoints, ())

    def test_refuses_what_it_does_not_know(self):
        for text, complaint in [
            ("", "at least one"),
            ("tittle = 'x'\n" + TEXT, "unknown tittle"),
            (TEXT.replace("timeout", "timeoutt"), "unknown timeoutt"),
            (TEXT.replace("publish_url", "publish"), "unknown publish"),
            ("[[endpoint]]\nname = 'tcp'", "'url'"),
            ("[[endpoint]]\nname = 'a'\nurl = 'x'\n[[endpoint]]\nname = 'a'\nurl = 'y'", "same name"),
            ("[[endpoint", "broker/target.toml"),
        ]:
            with self.subTest(complaint), self.assertRaisesRegex(DescriptorError, complaint):
                descriptor.parse("broker", Path(), text)


class Fill(unittest.TestCase):
    def test_fills_only_known_names(self):
        values = {"port": 1883, "port_ws": 8080}
        self.assertEqual(descriptor.fill("ws://h:{port_ws}/{port}/{other}", values), "ws://h:8080/1883/{other}")


class Tree(unittest.TestCase):
    """The descriptors in the tree are right and have their scripts."""

    def test_all_targets_are_complete(self):
        root = Path(__file__).resolve().parent.parent
        names = descriptor.names(root)
        self.assertIn("mosquitto", names)
        for name in names:
            with self.subTest(name):
                descriptor.load(root / name)
                for script in ("install", "start"):
                    self.assertTrue((root / name / script).stat().st_mode & 0o111, f"{script} is not executable")
                self.assertTrue((root / name / "README.md").is_file())


if __name__ == "__main__":
    unittest.main()
