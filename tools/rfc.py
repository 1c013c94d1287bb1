#!/usr/bin/env python3
"""Writes docs/rfc.md: which clause of which document lives in which file, from the citations in
the comments of src/, include/, sim/ and the Node binding. With --check it only says whether the
page is true."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/rfc.md"
FOLDERS = ("src", "include", "sim", "bindings/node/src")
CITATION = re.compile(r"RFC (\d{4})(?:,? (?:section )?(\d+(?:\.\d+)*|appendix [A-Z](?:\.\d+)*))?"
                      r"((?:,? (?:and )?\d+(?:\.\d+)+)*)")
TITLES = {
    768: "UDP", 791: "IPv4", 1035: "DNS messages", 1071: "Computing the Internet checksum",
    1122: "Host requirements", 1123: "Host requirements, applications",
    1918: "Private IPv4 addresses", 1928: "SOCKS 5", 1929: "User names and passwords for SOCKS 5",
    1982: "Serial number arithmetic", 2104: "HMAC",
    3551: "RTP profile for audio and video", 3605: "RTCP attribute in SDP", 4585: "RTP feedback",
    2181: "Clarifications to the DNS", 2818: "HTTPS",
    2915: "NAPTR", 3056: "6to4", 3168: "ECN", 3264: "Offer/answer with SDP",
    3309: "SCTP checksum change", 3489: "STUN, the first", 3550: "RTP", 3629: "UTF-8", 3711: "SRTP",
    3758: "SCTP partial reliability", 3879: "Site-local addresses",
    3927: "Link-local IPv4 addresses", 3986: "URI syntax", 4007: "IPv6 scoped addresses",
    4571: "Framing for connection-oriented transport", 5681: "TCP congestion control",
    6066: "TLS extensions",
    9525: "Service identity in TLS",
    4145: "Connection-oriented media in SDP", 4193: "Unique local IPv6 addresses",
    4291: "IPv6 addressing", 4303: "ESP", 4347: "DTLS 1.0", 4380: "Teredo", 4443: "ICMPv6",
    4492: "Elliptic curves for TLS, the first", 4572: "Fingerprints in SDP, the first",
    4648: "Base 16, 32 and 64", 4787: "NAT behaviour for UDP",
    4820: "SCTP padding chunk", 4821: "Path MTU discovery",
    4862: "IPv6 autoconfiguration", 4895: "SCTP authentication",
    5061: "SCTP address reconfiguration", 5116: "Authenticated encryption", 5124: "RTP/SAVPF",
    5208: "PKCS #8", 5234: "ABNF", 5245: "ICE, the first", 5246: "TLS 1.2",
    5280: "X.509 certificates", 5288: "AES-GCM for TLS", 5289: "ECDHE with AES-GCM for TLS",
    5382: "NAT behaviour for TCP", 5389: "STUN, the second", 5480: "Elliptic curve keys",
    5576: "Source-specific attributes in SDP", 5705: "Keying material exporters for TLS",
    5746: "TLS renegotiation indication", 5761: "RTP and RTCP on one port",
    5763: "DTLS-SRTP with SIP", 5764: "DTLS-SRTP", 5769: "Test vectors for STUN",
    5780: "NAT behaviour discovery", 5869: "HKDF", 5888: "Grouping in SDP",
    5952: "IPv6 address text", 5958: "Asymmetric key packages", 6056: "Port randomisation",
    6092: "Simple security in IPv6 routers",
    6052: "IPv4 addresses inside IPv6 ones",
    6062: "TURN for TCP", 6125: "Service identity in TLS", 6234: "SHA",
    6298: "Retransmission timer", 6335: "Port number registry", 6347: "DTLS 1.2", 6455: "WebSocket",
    6458: "SCTP sockets", 6520: "TLS heartbeat", 6525: "SCTP stream reconfiguration",
    6544: "ICE TCP", 6598: "Shared address space", 6724: "Address selection", 6762: "Multicast DNS",
    7053: "SCTP SACK-IMMEDIATELY", 7064: "stun URIs", 7065: "turn URIs", 7202: "RTP security",
    7301: "ALPN", 7350: "STUN over DTLS", 7366: "Encrypt-then-MAC for TLS",
    7443: "ALPN labels for STUN", 7468: "PEM texts", 7496: "SCTP more partial reliability",
    7617: "Basic authentication for HTTP", 7627: "Extended master secret",
    7635: "Third-party authorization for STUN",
    7675: "Consent freshness", 7714: "AES-GCM for SRTP", 7905: "ChaCha20-Poly1305 for TLS",
    7982: "Round trip and loss by STUN", 7983: "Demultiplexing by first byte",
    8085: "UDP usage guidelines", 8122: "Fingerprints in SDP", 8174: "Requirement words",
    8200: "IPv6", 8201: "IPv6 path MTU discovery", 8259: "JSON", 8260: "SCTP interleaving",
    8261: "SCTP over DTLS", 8265: "User names and passwords", 8285: "RTP header extensions",
    8305: "Happy eyeballs", 8421: "ICE dual stack", 8422: "Elliptic curves for TLS",
    8439: "ChaCha20 and Poly1305", 8445: "ICE", 8446: "TLS 1.3", 8449: "TLS record size limit",
    8489: "STUN", 8656: "TURN", 8825: "WebRTC overview", 8826: "WebRTC security considerations",
    8827: "WebRTC security architecture", 8828: "WebRTC address handling", 8829: "JSEP, the first",
    8830: "msid in SDP", 8831: "Data channels", 8832: "DCEP", 8834: "RTP in WebRTC",
    8835: "Transports for WebRTC", 8838: "Trickle ICE", 8839: "ICE in SDP",
    8840: "Trickle ICE with SIP", 8841: "SCTP over DTLS in SDP", 8842: "DTLS in SDP",
    8843: "BUNDLE, the first", 8844: "Unknown key share attacks", 8851: "RID in SDP",
    8852: "RID in RTCP", 8853: "Simulcast in SDP", 8858: "Exclusive RTP and RTCP multiplexing",
    8859: "Multiplexing of SDP attributes", 8863: "ICE patiently awaiting connectivity",
    8864: "Data channels in SDP", 8866: "SDP", 8899: "Datagram path MTU discovery",
    8996: "Deprecating TLS 1.0 and 1.1", 9000: "QUIC", 9143: "BUNDLE",
    9110: "HTTP", 9112: "HTTP/1.1",
    9146: "DTLS connection identifiers", 9147: "DTLS 1.3", 9260: "SCTP", 9429: "JSEP",
    9438: "CUBIC", 9653: "SCTP zero checksum", 9725: "WHIP",
    9562: "UUIDs",
}


def order(clause):
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in clause.split(".")]


def cited():
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".h", ".cc") or "_test" in path.name:
                continue
            name = str(path.relative_to(ROOT))
            for number, clause, more in CITATION.findall(path.read_text(encoding="utf-8")):
                clauses = [clause] + re.findall(r"\d+(?:\.\d+)+", more)
                for each in clauses:
                    found.setdefault(int(number), {}).setdefault(each, set()).add(name)
    return found


def page():
    lines = ["# Where the documents live", "",
             "Written by `tools/rfc.py` from the citations in the comments; `./dev lint --fix`",
             "renews it. The W3C text (webrtc-pc) is cited in `include/parley` and `src/peer`.", ""]
    for number, clauses in sorted(cited().items()):
        if number not in TITLES:
            raise SystemExit(f"tools/rfc.py: RFC {number} has no title in TITLES")
        lines += [f"## RFC {number}: {TITLES[number]}", "", "| Clause | Files |", "| --- | --- |"]
        for clause in sorted(clauses, key=lambda each: order(each) if each else []):
            files = ", ".join(f"`{name}`" for name in sorted(clauses[clause]))
            lines.append(f"| {clause or 'as a whole'} | {files} |")
        lines.append("")
    return "\n".join(lines)


def main():
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/rfc.md is not what the citations say; tools/rfc.py writes it")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
