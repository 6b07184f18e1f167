# SPDX-License-Identifier: ISC
"""What a process that has been taken over may say to those beside it.

evil.py connect PATH ROLE SECONDS
    plays bh-classify (1) or bh-egress (2) to the bh-tunnel that listens at PATH
evil.py serve PATH ROUNDS SECONDS COMMAND...
    plays bh-tunnel to the program of COMMAND, which connects to PATH and ends
    when the link does, and is started as often
evil.py uapi PATH SECONDS
    talks to the configuration socket at PATH, one connection after the other
evil.py channel PID FD SECONDS [calm | notes | names]
    takes descriptor FD of a process, a socket of a pair, and speaks by it; calm:
    only what is a word between the processes of bh-tunnel, as far as its form goes;
    notes: or with the uapi process; names: what the names process may say, or
    bytes

Each says what cannot be and what may not be, with bytes that are random or
nearly right, and prints how much it has done.  What the program that it speaks
to does about it the test sees.  SEED chooses another row of the same.
"""
import ctypes
import ipaddress
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time

import ring

rnd = random.Random(int(os.environ.get("SEED", "1")))
SOURCES4 = ["10.1.0.5", "10.2.0.5", "127.0.0.1", "0.0.0.0", "224.0.0.1",
            "255.255.255.255", "169.254.1.1", "240.0.0.1", "172.16.0.1",
            "10.0.200.1"]
TARGETS4 = ["10.1.0.1", "127.0.0.1", "10.0.0.5", "224.0.0.251", "192.0.2.1",
            "255.255.255.255", "169.254.169.254", "198.51.100.1", "10.1.9.9"]
SOURCES6 = ["::1", "::", "fe80::1", "ff02::1", "::ffff:10.1.0.5",
            "2001:db8:1::5", "2001:db8:2::5", "64:ff9b::1"]


# ---- what may not be ----

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)


def packet():
    """A packet that nobody may send, or bytes."""
    body = os.urandom(rnd.choice([0, 8, 20, 40, 1200]))
    kind = rnd.randrange(4)
    proto = rnd.choice([0, 1, 4, 6, 17, 41, 44, 47, 58, rnd.randrange(256)])
    if kind == 0:
        return os.urandom(rnd.choice([0, 1, 19, 20, 40, 1400]))
    if kind == 1:
        head = struct.pack("!IHBB", 6 << 28, len(body), proto, 64)
        return head + b"".join(ipaddress.ip_address(rnd.choice(SOURCES6)).packed
                               for _ in range(2)) + body
    head = struct.pack("!BBHHHBBH", 0x45, rnd.randrange(256), 20 + len(body),
                       rnd.randrange(65536),
                       rnd.choice([0, 0x4000, 0x2000, 0x1fff, 0x2001]),
                       rnd.choice([0, 1, 64]), proto, 0)
    head += ipaddress.ip_address(rnd.choice(SOURCES4)).packed
    head += ipaddress.ip_address(rnd.choice(TARGETS4)).packed
    return head[:10] + checksum(head) + head[12:] + body


def frame():
    data = packet()
    vnet = rnd.choice([(0, 0, 0, 0, 0), (1, 1, 1448, 20, 16),
                       (1, 4, 1, 40, 6), (rnd.randrange(256),
                        rnd.randrange(256), rnd.randrange(65536),
                        rnd.randrange(65536), rnd.randrange(65536))])
    f = bytearray(ring.frame(rnd.choice([0, 1, 2, 3, 77, 65535]),
                             rnd.randrange(256), data, vnet))
    if rnd.random() < .05:
        struct.pack_into("=I", f, 0, rnd.choice([0xffffffff, 65536, 1 << 31,
                                                 len(data) + 4096]))
    return bytes(f)


# ---- links ----

def mischief(r, until):
    """In the memory that we share, until then or until it hangs up."""
    done = 0
    while time.monotonic() < until and not hung_up(r.sock):
        what = rnd.randrange(8)
        for _ in range(rnd.choice([1, 50, 500]) if what < 4 else 0):
            r.put(frame())
            done += 1
        if what == 4:
            at = rnd.randrange(ring.WHOLE - 64)
            r.mine[at:at + 64] = os.urandom(64)
        elif what == 5:      # indices
            for _ in range(200):
                at = rnd.choice([ring.HEAD, ring.TAIL, ring.WRAP, ring.NAPS])
                at += rnd.choice([0, ring.THIN])
                struct.pack_into("=Q", r.mine, at, rnd.choice(
                    [rnd.getrandbits(64), rnd.getrandbits(22), 0,
                     r.head, r.head + 64, ring.NOWHERE]))
                os.eventfd_write(r.bell, 1)
                done += 1
        elif what == 6:      # words after the hello, with all that fits
            try:
                socket.send_fds(r.sock, [os.urandom(40)], [r.bell] * 253,
                                socket.MSG_DONTWAIT)
            except (BlockingIOError, OSError):
                pass
        elif what == 7:      # it sleeps, and rings all the time
            struct.pack_into("=Q", r.mine, ring.NAPS, rnd.getrandbits(32) | 1)
            for _ in range(100):
                os.eventfd_write(r.bell, 1)
        done += 1
    return done


def hung_up(sock):
    ready, _, _ = select.select([sock], [], [], 0)
    try:
        return bool(ready) and not sock.recv(64, socket.MSG_DONTWAIT)
    except OSError:
        return True


def bad_hello(sock):
    """No hello, or one with what it must not bring."""
    plain = os.memfd_create("evil", 0)
    os.ftruncate(plain, ring.WHOLE)
    pipe = os.pipe()
    mine = [plain, *pipe, sock.fileno()]
    text = rnd.choice([b"", os.urandom(rnd.randrange(1, 64)),
                       ring.HELLO.pack(b"BHLK", ring.VERSION, 1, 1, 0)])
    passed = [rnd.choice(mine) for _ in range(rnd.choice([0, 1, 2, 3, 253]))]
    try:
        socket.send_fds(sock, [text or b"x"], passed)
    except OSError:
        pass
    for fd in (plain, *pipe):
        os.close(fd)


def connect(path, role, seconds):
    end = time.monotonic() + seconds
    generation, done, links = 0, 0, 0
    while time.monotonic() < end:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.settimeout(10)
        try:
            sock.connect(path)
            if rnd.random() < .3:
                bad_hello(sock)
            else:
                r = ring.Ring(sock)
                r.send_hello(b"BHLK", ring.VERSION, role, 1, generation)
                generation = r.recv_hello()[4]
                if r.theirs is not None:
                    links += 1
                    done += mischief(r, min(end, time.monotonic() +
                                            rnd.random() * .3))
                os.close(r.fd)
                os.close(r.bell)
        except (OSError, struct.error):
            pass
        sock.close()
    return f"{links} links, {done} deeds"


def serve(path, rounds, seconds, command):
    bad, links, done = [], 0, 0
    for _ in range(rounds):
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(10)
        child = subprocess.Popen(command)
        try:
            sock, _ = listener.accept()
            r = ring.Ring(sock)
            generation = r.recv_hello()[4]
            if rnd.random() < .2:
                bad_hello(sock)
            else:
                r.send_hello(b"BHLK", ring.VERSION, 3, 1, generation)
                links += 1
                done += mischief(r, time.monotonic() + seconds)
            sock.close()
        except OSError as e:
            bad.append(str(e))
        listener.close()
        status = child.wait(30)
        if status not in (100, 111):     # it says so, and is not killed
            bad.append(f"it ended with {status}")
    if bad:
        sys.exit("\n".join(bad))
    return f"{links} links, {done} deeds"


# ---- channels ----

EVENT = 276     # bytes of struct channel_event: with another number its reader ends
EVENTS = range(64, 69)
ITEM = 40       # bytes of an item for wg(8)


def steal(pid, fd):
    """A descriptor of another process."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    got = libc.syscall(438, pidfd, fd, 0)       # pidfd_getfd(2)
    if got < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    os.close(pidfd)
    return socket.socket(fileno=got)


def word(notes):
    """Its form is right: an event, or a note for wg(8)."""
    if notes or rnd.random() < .3:
        n = rnd.choice([0, 0, 1, 3, 9])
        return struct.pack("=II", rnd.randrange(10), n) + os.urandom(ITEM * n)
    m = bytearray(os.urandom(EVENT) if rnd.random() < .5 else bytes(EVENT))
    struct.pack_into("=IHBBI", m, 0, rnd.choice(EVENTS),
                     rnd.choice([0, 1, 2, 65535]), rnd.randrange(256),
                     rnd.choice([0, 32, 92, 148]), rnd.choice([0, 0, 1]))
    m[-4] = rnd.randrange(2)    # the one truth value
    return bytes(m)


def home():
    """A struct endpoint: where nobody is, or may be."""
    return struct.pack("=16sHHI", rnd.choice([
        os.urandom(16), bytes(16), bytes(10) + b"\xff\xff" + os.urandom(4),
        bytes(10) + b"\xff\xff\x7f\0\0\1"]),
        rnd.choice([0, 51820, rnd.randrange(65536)]), 0,
        rnd.choice([0, 1, rnd.getrandbits(32)]))


def name_word(calm):
    """A struct names_word that means somebody, or nearly one."""
    m = struct.pack("=HH", rnd.choice([0, 1, 1, 1, 2, 65535]),
                    rnd.randrange(5)) + b"".join(home() for _ in range(4))
    if calm or rnd.random() < .99:
        return m
    return rnd.choice([m[:-1], m + b"x", os.urandom(len(m)), b"x",
                       struct.pack("=HH", 1, 5) + m[4:]])


def channel(sock, seconds, how):
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        if "names" in how:
            m = name_word("calm" in how)
        elif how or rnd.random() < .9:
            m = word("notes" in how)
        else:
            m = os.urandom(rnd.choice([1, 7, 8, EVENT - 1, EVENT + 1, 4000]))
        try:
            sock.send(m, socket.MSG_DONTWAIT)
            done += 1
        except BlockingIOError:
            time.sleep(.001)
        except OSError:
            break
    return f"{done} words"


# ---- wg(8) ----

KEYS = ["private_key", "public_key", "preshared_key", "endpoint", "listen_port",
        "fwmark", "allowed_ip", "replace_peers", "replace_allowed_ips",
        "remove", "update_only", "persistent_keepalive_interval",
        "protocol_version", "errno", ""]
VALUES = ["", "true", "0", "1", "-1", "65536", "18446744073709551616", "00" * 32,
          "ff" * 32, "0" * 63, "127.0.0.1:1", "[::1]:0", "0.0.0.0/0", "::/129",
          "10.0.0.0/33", "x" * 5000, "\0", "=", "\x80"]


def request():
    """A request that is one, or bytes."""
    if rnd.random() < .1:
        return os.urandom(rnd.choice([1, 100, 70000]))
    lines = [rnd.choice(["get=1", "set=1", "set=1", "set=2", "get=1\nget=1"])]
    lines += [f"{rnd.choice(KEYS)}={rnd.choice(VALUES)}"
              for _ in range(rnd.choice([0, 1, 5, 300]))]
    return "\n".join(lines + ["", ""]).encode("latin-1")


def uapi(path, seconds):
    end, done, answers = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(10)
        try:
            sock.connect(path)
            sock.sendall(request())
            done += 1
            if rnd.random() < .7:       # or it is gone before the answer
                sock.shutdown(socket.SHUT_WR)
                answers += bool(sock.recv(65536))
        except (BrokenPipeError, ConnectionResetError):
            pass
        sock.close()
    return f"{done} requests, {answers} answers"


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "connect":
        print(connect(args[0], int(args[1]), float(args[2])))
    elif what == "serve":
        print(serve(args[0], int(args[1]), float(args[2]), args[3:]))
    elif what == "uapi":
        print(uapi(args[0], float(args[1])))
    else:
        sock = steal(int(args[0]), int(args[1]))
        print(channel(sock, float(args[2]), args[3:]))


main()
