#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""wgknown: t/data/wireguard-messages.txt, by wgpeer's code, not by ours."""
import struct

from wgpeer import *

KEYS = {name: bytes((i * 32 + j) & 0xff for j in range(32)) for i, name in
        enumerate(("a-private", "b-private", "psk", "a-random", "b-random"), 1)}
STAMP = struct.pack(">QI", 2**62 + 10 + 1234567890, 123456789)
COOKIE, NONCE = bytes(range(100, 116)), bytes(range(200, 224))


def key(name):
    return X25519PrivateKey.from_private_bytes(KEYS[name])


def macs(msg, to, cookie=None):
    msg += mac(h(b"mac1----", to), msg)
    return msg + (mac(cookie, msg) if cookie else bytes(16))


a, b, ea, eb = map(key, ("a-private", "b-private", "a-random", "b-random"))
# the initiation, 5.4.2
c = h(CONSTRUCTION)
hh = h(h(c, IDENTIFIER), public(b))
e = public(ea)
c, = kdf(1, c, e)
hh = h(hh, e)
c, k = kdf(2, c, dh(ea, public(b)))
static = ChaCha20Poly1305(k).encrypt(nonce(0), public(a), hh)
hh = h(hh, static)
c, k = kdf(2, c, dh(a, public(b)))
stamp = ChaCha20Poly1305(k).encrypt(nonce(0), STAMP, hh)
hh = h(hh, stamp)
first = struct.pack("<II", 1, 0xa1a2a3a4) + e + static + stamp
# the response, 5.4.3
e = public(eb)
c, = kdf(1, c, e)
hh = h(hh, e)
c, = kdf(1, c, dh(eb, public(ea)))
c, = kdf(1, c, dh(eb, public(a)))
c, t, k = kdf(3, c, KEYS["psk"])
hh = h(hh, t)
empty = ChaCha20Poly1305(k).encrypt(nonce(0), b"", hh)
second = struct.pack("<III", 2, 0xb1b2b3b4, 0xa1a2a3a4) + e + empty
send, receive = kdf(2, c, b"")
# the cookie reply to the initiation, 5.4.7
first = macs(first, public(b))
box, short = xaead(h(b"cookie--", public(b)), NONCE)
reply = struct.pack("<II", 3, 0xa1a2a3a4) + NONCE + box.encrypt(
    short, COOKIE, first[116:132])

print("""# The messages of one handshake between a and b, and b's cookie reply to the
# first: made by t/lib/wgknown.py from the whitepaper, hashlib and
# python3-cryptography, which share no code with ours.  Indices a1a2a3a4 and
# b1b2b3b4; the keys are a's; `again' is the first with mac2.""")
for name, value in list(KEYS.items()) + [
        ("stamp", STAMP), ("initiation", first),
        ("response", macs(second, public(a))), ("send", send),
        ("receive", receive), ("cookie", COOKIE), ("reply", reply),
        ("again", macs(first[:116], public(b), COOKIE))]:
    print(name, value.hex())
