"""The demo's recordings are whole and can be read: traces_test.py <parley_demo>."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile


def check(condition, what):
    if not condition:
        sys.exit(f"demo traces: {what}")


def blocks_of(data):
    """The types and bodies of a pcapng file."""
    while data:
        kind, length = struct.unpack_from("<II", data)
        check(12 <= length <= len(data) and length % 4 == 0, "a block with a bad length")
        check(struct.unpack_from("<I", data, length - 4)[0] == length, "two lengths differ")
        yield kind, data[8 : length - 4]
        data = data[length:]


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = {name: pathlib.Path(folder, name) for name in ("trace", "json", "pcap", "keys")}
        command = [sys.argv[1], "--bulk", "10", "--trace", files["trace"], "--trace-json",
                   files["json"], "--pcap", files["pcap"], "--key-log", files["keys"]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

        text = files["trace"].read_text()
        for word in ("pair_selected", "connected", "established", "trigger=", "tail_ended"):
            check(word in text, f"the text does not tell of {word}")

        header, *events = [json.loads(line) for line in files["json"].read_text().splitlines()]
        check("qlog_version" in header, "JSON without a header")
        check(len(events) == len(text.splitlines()), "JSON and text tell different things")
        check(all({"time", "name", "data"} <= set(event) for event in events), "a bare event")
        owners = {event.get("group_id") for event in events}
        check({"#1", "#2"} <= owners, f"the two peers are not told apart: {owners}")

        blocks = list(blocks_of(files["pcap"].read_bytes()))
        faces = {struct.unpack_from("<I", body)[0] for kind, body in blocks if kind == 6}
        check(faces == {0, 1}, "datagrams and SCTP are not both there")
        check(sum(kind == 10 for kind, _ in blocks) == 2, "not one secret per peer")

        keys = files["keys"].read_text().splitlines()
        check(len(keys) == 2 and all(line.startswith("CLIENT_RANDOM ") for line in keys),
              "the key log is not two lines")
        check(keys[0] == keys[1], "the two ends of one handshake have different keys")


main()
