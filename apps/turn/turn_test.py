#!/usr/bin/env python3
"""Starts parley_turn at a port the system gives, asks it for our address as STUN has it (RFC 8489),
and ends it with a signal. Usage: turn_test.py PROGRAM"""

import re
import signal
import socket
import struct
import subprocess
import sys

COOKIE = 0x2112A442
PATIENCE = 30  # seconds until a silent server counts as broken


def ask(port):
    """The address that a Binding request is seen from, and the socket's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", port))
        client.send(struct.pack("!HHI", 0x0001, 0, COOKIE) + b"parley tests")
        answer = client.recv(2048)
        kind, length, cookie = struct.unpack("!HHI", answer[:8])
        assert (kind, length, cookie) == (0x0101, 12, COOKIE), answer.hex()
        assert answer[8:20] == b"parley tests", answer.hex()
        name, size, family, seen, ip = struct.unpack("!HHHHI", answer[20:32])
        assert (name, size, family) == (0x0020, 8, 1), answer.hex()
        address = socket.inet_ntoa(struct.pack("!I", ip ^ COOKIE))
        return (address, seen ^ COOKIE >> 16), client.getsockname()


def main():
    with subprocess.Popen([sys.argv[1], "--port", "0"], stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            line = server.stdout.readline()
            port = int(re.fullmatch(r"listening at 127\.0\.0\.1:(\d+), realm parley\n", line)[1])
            seen, own = ask(port)
            assert seen == own, (seen, own)
            server.send_signal(signal.SIGINT)
            report, _ = server.communicate(timeout=PATIENCE)
            assert server.returncode == 0, server.returncode
            assert report.startswith("1 requests (1 bindings), 0 errors"), report
        finally:
            server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
