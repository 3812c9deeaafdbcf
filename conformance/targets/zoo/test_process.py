import socket
import sys
import tempfile
import unittest
from pathlib import Path

from zoo import process
from zoo.process import NotReady, Process

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:4E20 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
"""

SERVE = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()
"""


class Tables(unittest.TestCase):
    def test_only_listening_sockets_of_that_port(self):
        self.assertEqual(process.listening_inodes(TABLE, 20000), {"111"})
        self.assertEqual(process.listening_inodes(TABLE, 80), {"333"})
        self.assertEqual(process.listening_inodes(TABLE, 50000), set())

    def test_group_behind_a_name_with_brackets(self):
        self.assertEqual(process.group_of("42 (a) b ) S 1 37 37 0 -1"), 37)


class Children(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def start(self, *command):
        child = Process([sys.executable, "-c", *command], env={}, cwd=self.directory, log=self.directory / "log")
        self.addCleanup(child.stop)
        return child

    def test_ready_when_it_listens_itself(self):
        (port,) = process.free_ports(1)
        child = self.start(SERVE, str(port))
        child.wait_until_listening([port], 20)
        child.stop()
        self.assertIsNotNone(child.status)

    @unittest.skipUnless(Path("/proc/net/tcp").exists(), "needs /proc")
    def test_not_ready_when_another_process_holds_the_port(self):
        (port,) = process.free_ports(1)
        other = self.start(SERVE, str(port))
        other.wait_until_listening([port], 20)
        child = self.start("import time; time.sleep(60)")
        with self.assertRaisesRegex(NotReady, "not served"):
            child.wait_until_listening([port], 0.2)

    def test_not_ready_when_it_ended(self):
        child = self.start("print('cannot bind'); raise SystemExit(3)")
        with self.assertRaisesRegex(NotReady, "status 3"):
            child.wait_until_listening([1], 20)
        self.assertIn("cannot bind", child.last_lines())

    def test_stop_ends_the_whole_group(self):
        (port,) = process.free_ports(1)
        child = self.start(
            "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "subprocess.run([sys.executable, '-c', *sys.argv[1:]])",
            SERVE,
            str(port),
        )
        child.wait_until_listening([port], 20)
        child.stop(patience=0.2)
        # The port can be bound again only once the grandchild is gone.
        socket.create_server(("127.0.0.1", port)).close()

    def test_free_ports_are_distinct(self):
        ports = process.free_ports(5)
        self.assertEqual(len(set(ports)), 5)


if __name__ == "__main__":
    unittest.main()
