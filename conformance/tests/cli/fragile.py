"""A broker of MQTT 3.1.1 that answers CONNECT and PINGREQ. A first packet that is no CONNECT ends it, or
`hangs` it for ever."""

import os
import socket
import sys
import threading

HANGS = "hangs" in sys.argv[2:]
# Who handles a packet, for all connections.
turn = threading.Lock()


def packet(stream):
    """The next packet: its first byte, and its body, which is short."""
    head = stream.read(2)
    return (head[0], stream.read(head[1])) if len(head) == 2 else None


def give_up():
    print("fragile: cannot cope", file=sys.stderr, flush=True)
    if HANGS:
        threading.Event().wait()
    os._exit(7)


def serve(connection):
    with connection, connection.makefile("rb") as stream:
        first = packet(stream)
        if first is None:
            return
        with turn:
            if first[0] != 0x10:
                give_up()
            connection.sendall(b"\x20\x02\x00\x00")
        while (received := packet(stream)) is not None:
            with turn:
                if received[0] == 0xC0:
                    connection.sendall(b"\xd0\x00")
                elif received[0] == 0xE0:
                    return


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
