#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""wgpeer SCENE KEY PEER [PSK [FILE]]: a WireGuard endpoint that shares no code with ours.

Written from the whitepaper with hashlib, hmac and python3-cryptography only,
to play one scene with a tunnel at 127.0.0.1 port $TUNNEL_PORT or 1, which has KEY's public
half as a peer with allowed-ips 10.9.0.2/32 at port 7, and is 10.9.0.1 itself.  Prints
nothing and exits 0, or says what was not as it should be.

Nothing here waits for silence: that something is not answered shows by what
is answered next.
"""
import base64, hashlib, hmac, os, socket, struct, sys, time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat)

TUNNEL = ("127.0.0.1", int(os.environ.get("TUNNEL_PORT", 1)))
CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"


def h(*parts):
    return hashlib.blake2s(b"".join(parts)).digest()


def mac(key, *parts):
    return hashlib.blake2s(b"".join(parts), key=key, digest_size=16).digest()


def hm(key, data):
    return hmac.new(key, data, hashlib.blake2s).digest()


def kdf(n, key, data):
    secret, out, last = hm(key, data), [], b""
    for i in range(n):
        last = hm(secret, last + bytes([i + 1]))
        out.append(last)
    return out


def nonce(counter):
    return bytes(4) + struct.pack("<Q", counter)


def public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(private, point):
    return private.exchange(X25519PublicKey.from_public_bytes(point))


# ---- XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) ----

def rotate(v, n):
    return (v << n | v >> 32 - n) & 0xffffffff


def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8),
                       (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xffffffff
        s[z] = rotate(s[z] ^ s[x], n)


def hchacha(key, nonce16):
    s = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))
    for _ in range(10):
        for q in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14),
                  (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12),
                  (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(s, *q)
    return struct.pack("<8I", *s[:4], *s[12:])


def xaead(key, nonce24):
    return (ChaCha20Poly1305(hchacha(key, nonce24[:16])),
            bytes(4) + nonce24[16:])


# ---- the handshake ----

class Session:
    def __init__(self, send, receive, ours, theirs):
        self.send, self.receive = ChaCha20Poly1305(send), ChaCha20Poly1305(
            receive)
        self.ours, self.theirs, self.counter = ours, theirs, 0
        self.got = []

    def seal(self, plain, counter=None):
        if counter is None:
            counter = self.counter
            self.counter += 1
        plain += bytes(-len(plain) % 16)
        return struct.pack("<IIQ", 4, self.theirs, counter) + self.send.encrypt(
            nonce(counter), plain, b"")

    def open(self, msg):
        kind, index, counter = struct.unpack("<IIQ", msg[:16])
        check(kind == 4 and index == self.ours, "data for another session")
        check(counter not in self.got, "a counter twice")
        self.got.append(counter)
        plain = self.receive.decrypt(nonce(counter), msg[16:], b"")
        check(len(plain) % 16 == 0, "data without padding")
        return plain


class Peer:
    def __init__(self, key, remote, psk, source="127.0.0.1", port=0):
        self.s, self.remote, self.psk = key, remote, psk
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((source, port))
        self.sock.settimeout(20)
        self.cookie = None

    def put(self, msg):
        self.sock.sendto(msg, TUNNEL)

    def take(self, size=None):
        msg, _ = self.sock.recvfrom(65536)
        check(size is None or len(msg) == size,
              "%d bytes of type %d came" % (len(msg), msg[0]))
        return msg

    def macs(self, msg):
        m1 = mac(h(b"mac1----", self.remote), msg)
        self.mac1 = m1
        m2 = mac(self.cookie, msg + m1) if self.cookie else bytes(16)
        return msg + m1 + m2

    def initiation(self, stamp=None, ephemeral=None, key=None):
        key = key or self.s
        self.e = ephemeral or X25519PrivateKey.generate()
        self.index = int.from_bytes(os.urandom(4), "little")
        if stamp is None:
            now = time.time_ns()
            stamp = struct.pack(">QI", 2**62 + 10 + now // 10**9, now % 10**9)
        c = h(CONSTRUCTION)
        hh = h(h(c, IDENTIFIER), self.remote)
        e = public(self.e)
        c, = kdf(1, c, e)
        hh = h(hh, e)
        c, k = kdf(2, c, dh(self.e, self.remote))
        static = ChaCha20Poly1305(k).encrypt(nonce(0), public(key), hh)
        hh = h(hh, static)
        c, k = kdf(2, c, dh(key, self.remote))
        sealed = ChaCha20Poly1305(k).encrypt(nonce(0), stamp, hh)
        self.c, self.h, self.stamp = c, h(hh, sealed), stamp
        return self.macs(struct.pack("<II", 1, self.index) + e + static +
                         sealed)

    def response(self, msg):
        kind, theirs, ours = struct.unpack("<III", msg[:12])
        check(kind == 2 and ours == self.index, "not our response")
        check(msg[60:76] == mac(h(b"mac1----", public(self.s)), msg[:60]),
              "the response's mac1")
        e = msg[12:44]
        c, = kdf(1, self.c, e)
        hh = h(self.h, e)
        c, = kdf(1, c, dh(self.e, e))
        c, = kdf(1, c, dh(self.s, e))
        c, t, k = kdf(3, c, self.psk)
        hh = h(hh, t)
        ChaCha20Poly1305(k).decrypt(nonce(0), msg[44:60], hh)
        send, receive = kdf(2, c, b"")
        return Session(send, receive, ours, theirs)

    def connect(self, initiation=None):
        self.put(initiation or self.initiation())
        msg = self.take()
        while msg[0] == 4:      # of a session before
            msg = self.take()
        check(len(msg) == 92, "%d bytes of type %d came" % (len(msg), msg[0]))
        return self.response(msg)

    def read_initiation(self, msg):
        """Their ephemeral, index, stamp; state for respond()."""
        kind, self.theirs = struct.unpack("<II", msg[:8])
        check(kind == 1 and len(msg) == 148, "not an initiation")
        us = public(self.s)
        check(msg[116:132] == mac(h(b"mac1----", us), msg[:116]),
              "the initiation's mac1")
        check(msg[132:] == (mac(self.given, msg[:132])
              if getattr(self, "given", None) else bytes(16)),
              "the initiation's mac2")
        c = h(CONSTRUCTION)
        hh = h(h(c, IDENTIFIER), us)
        e = msg[8:40]
        c, = kdf(1, c, e)
        hh = h(hh, e)
        c, k = kdf(2, c, dh(self.s, e))
        static = ChaCha20Poly1305(k).decrypt(nonce(0), msg[40:88], hh)
        check(static == self.remote, "another's initiation")
        hh = h(hh, msg[40:88])
        c, k = kdf(2, c, dh(self.s, static))
        stamp = ChaCha20Poly1305(k).decrypt(nonce(0), msg[88:116], hh)
        self.c, self.h, self.their_e = c, h(hh, msg[88:116]), e
        return stamp

    def respond(self, psk=None):
        e, ours = X25519PrivateKey.generate(), int.from_bytes(os.urandom(4),
                                                              "little")
        p = public(e)
        c, = kdf(1, self.c, p)
        hh = h(self.h, p)
        c, = kdf(1, c, dh(e, self.their_e))
        c, = kdf(1, c, dh(e, self.remote))
        c, t, k = kdf(3, c, psk or self.psk)
        hh = h(hh, t)
        empty = ChaCha20Poly1305(k).encrypt(nonce(0), b"", hh)
        receive, send = kdf(2, c, b"")
        return (self.macs(struct.pack("<III", 2, ours, self.theirs) + p +
                          empty),
                Session(send, receive, ours, self.theirs))

    def read_cookie(self, msg):
        kind, ours = struct.unpack("<II", msg[:8])
        check(kind == 3 and ours == self.index, "not our cookie")
        a, n = xaead(h(b"cookie--", self.remote), msg[8:32])
        self.cookie = a.decrypt(n, msg[32:], self.mac1)

    def make_cookie(self, msg):
        """For an initiation of theirs."""
        self.given, n24 = os.urandom(16), os.urandom(24)
        a, n = xaead(h(b"cookie--", public(self.s)), n24)
        return struct.pack("<I", 3) + msg[4:8] + n24 + a.encrypt(
            n, self.given, msg[116:132])


# ---- what is inside ----

def checksum(b):
    b += bytes(len(b) % 2)
    s = sum(struct.unpack(">%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s ^ 0xffff


def packet(icmp, source="10.9.0.2"):
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0)
    ip += socket.inet_aton(source) + socket.inet_aton("10.9.0.1")
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + icmp


def echo(kind, ident, seq, data=b"backhaul"):
    e = struct.pack(">BBHHH", kind, 0, 0, ident, seq) + data
    return e[:2] + struct.pack(">H", checksum(e)) + e[4:]


def request(seq, source="10.9.0.2"):
    return packet(echo(8, 77, seq), source)


def check(ok, what):
    if not ok:
        sys.exit("wgpeer: " + what)


def answered(peer, s, seq):
    """The next message is the tunnel's answer to request(seq)."""
    while True:
        plain = s.open(peer.take())
        if plain:
            break               # but for keepalives
    n, = struct.unpack(">H", plain[2:4])
    check(plain[20:n] == echo(0, 77, seq), "not the answer to %d" % seq)
    check(plain[n:] == bytes(len(plain) - n), "padding is not zero")


def ping(peer, s, seq):
    peer.put(s.seal(request(seq)))
    answered(peer, s, seq)


# ---- the scenes ----

def initiator(p):
    """W1, W10, W15, W21: as initiator, then data both ways."""
    s = p.connect()
    p.put(s.seal(b""))
    for seq in range(20):
        ping(p, s, seq)
    check(s.got == list(range(20)), "counters are not 0 to 19")


def responder(p):
    """As responder, for a ping(8) of the tunnel's host: W7, W13, W21."""
    check(len(p.read_initiation(p.take(148))) == 12, "a stamp's size")
    msg, s = p.respond()
    p.put(msg)
    plain = s.open(p.take())
    n, = struct.unpack(">H", plain[2:4])
    check(plain[9] == 1 and plain[20] == 8, "not ping's request")
    p.put(s.seal(packet(b"\0\0" + struct.pack(">H", checksum(
        bytes(4) + plain[24:n])) + plain[24:n])))


def garble(msg, at, bit=1):
    return msg[:at] + bytes([msg[at] ^ bit]) + msg[at + 1:]


def silence(p):
    """W1, W2, W6: what is not answered, and changes nothing."""
    stranger = X25519PrivateKey.generate()
    q, good = p, p.initiation()
    p = Peer(q.s, q.remote, q.psk, "127.0.0.9")
    for bad in (good[:147], good + b"\0", garble(good, 0, 4), garble(good, 2),
                garble(good, 40), garble(good, 120), garble(good, 0, 8), b"",
                b"\1", p.initiation(key=stranger), os.urandom(148),
                os.urandom(92), os.urandom(64), os.urandom(32)):
        p.put(bad)
    # one byte wrong in what mac1 covers, and mac1 right
    for at in (8, 41, 90):
        p.put(p.macs(garble(p.initiation()[:116], at)))
    p, bad = q, p
    s = p.connect()
    used = p.initiation(stamp=p.stamp)
    time.sleep(0.03)            # W6: one in 20 ms is taken at most
    p.put(used)
    p.put(p.initiation(stamp=bytes(12)))
    # what answers is an initiation with a later stamp, and no other
    t = p.connect()
    p.put(garble(t.seal(request(0)), 30))
    p.put(struct.pack("<IIQ", 4, t.theirs ^ 1, 0) + bytes(16))
    p.put(t.seal(b"")[:31])
    p.put(t.seal(request(1, source="10.9.0.3")))
    p.put(t.seal(b"\x45" + bytes(40)))
    ping(p, t, 2)
    check(len(t.got) == 1, "an answer too many")
    check(drain(bad) == 0, "bytes for nothing")


def inner(p):
    """W15: what is inside is as long as it says; else it is no packet."""
    s = p.connect()
    p.put(s.seal(b""))
    four, six = request(1), b"\x60" + bytes(3) + struct.pack(
        ">HBB", 8, 58, 64) + bytes(32) + bytes(8)
    for bad in (bytes(32), b"\x50" + four[1:], b"\xf0" + four[1:],  # version
                b"\x45\0\0\x24", four[:16], six[:32],              # short
                four[:2] + b"\x00\x50" + four[4:],                  # length
                four[:2] + b"\x00\x13" + four[4:],
                b"\x44" + four[1:],
                six[:4] + b"\x00\x40" + six[6:]):
        p.put(s.seal(bad))
    for seq, padding in ((2, b""), (3, bytes(16)), (4, bytes(400)),
                         (5, b"\xff" * 333)):
        p.put(s.seal(request(seq) + padding))
        answered(p, s, seq)     # as long as the request was
    check(s.got == list(range(4)), "an answer too many")


def replay(p):
    """W12: once each, in any order within the window, never below it."""
    s = p.connect()
    p.put(s.seal(b""))
    for counter in (5, 3, 4, 5, 3, 8000, 5, 4, 6):
        p.put(s.seal(request(counter), counter))
    for want in (5, 3, 4, 8000, 6):
        answered(p, s, want)
    # the window is over 8000 wide here; 200,000 on, all of it is too old
    for counter in (200000, 7, 8001, 191000, 199999):
        p.put(s.seal(request(counter & 0xffff), counter))
    answered(p, s, 200000 & 0xffff)
    answered(p, s, 199999 & 0xffff)


def limits(p):
    """W9: no message at or past 2^64 - 1 - window - 1."""
    s = p.connect()
    p.put(s.seal(b""))
    limit = 2**64 - 1 - (2**13 - 64) - 1
    for counter in (limit, limit + 1, 2**64 - 1):
        p.put(s.seal(request(1), counter))
    p.put(s.seal(request(2), limit - 1))
    answered(p, s, 2)


def rekey(p):
    """W10, W11: the old session until the new one is confirmed; then both."""
    s = p.connect()
    ping(p, s, 0)
    time.sleep(0.03)
    t = p.connect()
    ping(p, s, 1)               # theirs still comes in the old one
    p.put(t.seal(request(2)))
    answered(p, t, 2)
    p.put(s.seal(request(3)))   # late
    answered(p, t, 3)


def roam(p):
    """W17: answers go where the last authentic message came from."""
    s = p.connect()
    ping(p, s, 0)
    q = Peer(p.s, p.remote, p.psk, "127.0.0.7")
    q.put(garble(s.seal(request(1)), 40))
    ping(p, s, 2)
    q.put(s.seal(request(3)))
    answered(q, s, 3)


class Flooder(Peer):
    """Cheap initiations: random, but for mac1."""
    def initiation(self, **_):
        return self.macs(struct.pack("<II", 1, 9) + os.urandom(108))


def drain(p):
    """Bytes that have come, not waited for."""
    n = 0
    p.sock.settimeout(0)
    try:
        while True:
            n += len(p.take())
    except BlockingIOError:
        return n


def is_put_off(p, flooders):
    """Floods, more than a network may and less than there are cookies for:
    whether an initiation of ours is answered by a cookie then."""
    time.sleep(0.1)
    for f in flooders:
        for _ in range(4):
            f.put(f.initiation())
    p.put(p.initiation())
    msg = p.take()
    # others F2: never more out than 0.63 of what came in
    for f in flooders:
        check(drain(f) <= 0.63 * 148 * 4, "an amplifier")
    if len(msg) == 64:
        p.read_cookie(msg)
    return len(msg) == 64


def put_off(p, flooders):
    """Two peers of one address and two ports, who came with no cookie and with
    the other's, and both have got one.  Where one was let in nobody is put off
    any more."""
    for i in range(1, 100):
        source = "127.0.2.%d" % i
        first = Peer(p.s, p.remote, p.psk, source)
        second = Peer(p.s, p.remote, p.psk, source)
        if is_put_off(first, flooders):
            second.cookie = first.cookie
            if is_put_off(second, flooders):
                return first, second
    check(False, "no cookie")


def cookie(p):
    """W4, W5: under load only who shows that it receives is answered."""
    f = Flooder(p.s, p.remote, p.psk, "127.0.0.8")
    for _ in range(300):        # one alone puts nobody else under load
        f.put(f.initiation())
    ping(p, p.connect(), 0)
    # but so many of a network do
    flooders = [Flooder(p.s, p.remote, p.psk, "127.0.1.%d" % i)
                for i in range(1, 121)]
    first, second = put_off(p, flooders)
    check(first.cookie != second.cookie, "one cookie for two ports")
    ping(first, first.connect(), 0)
    # where a peer has been nobody is
    check(not is_put_off(p, flooders), "a peer is put off")


def clock(p):
    """others W1: a clock 20 years ahead for a moment does not shut us out."""
    now = time.time_ns()
    ahead = struct.pack(">QI", 2**62 + 10 + now // 10**9 + 20 * 31557600, 0)
    future = p.initiation(stamp=ahead)
    p.put(p.connect(future).seal(b""))
    time.sleep(0.03)
    present = p.initiation()
    p.put(p.connect(present).seal(b""))
    with open(sys.argv[5], "wb") as f:
        f.write(future + present)
    again(p)


def again(p):
    """What was recorded is refused, whatever was started again meanwhile."""
    with open(sys.argv[5], "rb") as f:
        future, present = f.read(148), f.read(148)
    q = Peer(p.s, p.remote, p.psk)
    for used in (future, present):
        time.sleep(0.03)
        q.put(used)
    time.sleep(0.03)
    p.connect()
    check(drain(q) == 0, "an answer to what was recorded")


def given(p):
    """W5, W7, W21: it keeps a cookie for its next try, and is not put off."""
    first = p.take(148)
    stamp = p.read_initiation(first)
    p.put(p.make_cookie(first))
    bad, _ = p.respond(psk=os.urandom(32))      # a wrong psk
    p.put(bad)
    p.put(garble(p.respond()[0], 20))
    began = time.monotonic()
    second = p.take(148)
    check(time.monotonic() - began > 4, "it did not wait")
    check(p.read_initiation(second) > stamp, "stamps do not rise")
    check(second[4:8] != first[4:8] and second[8:40] != first[8:40],
          "the same index or ephemeral")
    msg, s = p.respond()
    p.put(msg)
    s.open(p.take())


def main():
    scene, key, remote = sys.argv[1:4]
    psk = base64.b64decode(sys.argv[4]) if len(sys.argv) > 4 else bytes(32)
    p = Peer(X25519PrivateKey.from_private_bytes(base64.b64decode(key)),
             base64.b64decode(remote), psk, port=7)
    try:
        globals()[scene](p)
    except socket.timeout:
        check(False, "no answer")
    except InvalidTag:
        check(False, "does not open")


if __name__ == "__main__":
    main()
