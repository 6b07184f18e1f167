# SPDX-License-Identifier: ISC
"""One end of a link (bh-link(5)), for programs that play a sibling."""
import fcntl
import mmap
import os
import socket
import struct

HELLO = struct.Struct("=4sHBBQ")
FRAME = struct.Struct("=IHB3sBBHHHH")
VERSION = 5
HEAD, WRAP, TAIL, NAPS, DATA = 0, 16, 64, 128, 4096
BYTES, ALIGN = 4 << 20, 64
THIN, THIN_BYTES = 8, 128 << 10    # is added to HEAD, WRAP and TAIL
NOWHERE = (1 << 64) - 1
WHOLE = DATA + BYTES + THIN_BYTES
LARGEST = (FRAME.size + 65535 + ALIGN - 1) // ALIGN * ALIGN
SEALS = 0x1 | 0x2 | 0x4 | 0x10     # seal, shrink, grow, future write


def frame(peer, cls, packet, vnet=(0, 0, 0, 0, 0)):
    flags, gso, size, start, offset = vnet
    return FRAME.pack(len(packet), peer, cls, b"\0\0\0",
                      flags, gso, 0, size, start, offset) + packet


class Ring:
    """A socket after the hello, and both areas."""

    def __init__(self, sock):
        self.sock = sock
        self.fd = os.memfd_create("link", os.MFD_CLOEXEC |
                                  os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, WHOLE)
        self.mine = mmap.mmap(self.fd, WHOLE)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, SEALS)
        self.theirs = None
        self.bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.ear = -1               # their bell
        self.head = self.tail = self.thin_tail = 0
        self._set(WRAP, NOWHERE)
        self._set(WRAP + THIN, NOWHERE)

    def send_hello(self, magic, version, role, features, generation):
        socket.send_fds(self.sock, [HELLO.pack(magic, version, role, features,
                                               generation)],
                        [self.fd, self.bell])

    def recv_hello(self):
        """The five values; maps what came with them, if anything did."""
        data, passed, _, _ = socket.recv_fds(self.sock, 64, 2)
        if passed:
            self.theirs = mmap.mmap(passed[0], WHOLE,
                                    prot=mmap.PROT_READ)
            self.ear = passed[1]
        return HELLO.unpack(data)

    def put(self, data):
        """A frame, or anything else, where the next frame goes."""
        at = self.head % BYTES
        if BYTES - at < LARGEST:
            self._set(WRAP, self.head)
            self.head += BYTES - at
            at = 0
        self.mine[DATA + at:DATA + at + len(data)] = data
        self.head += (len(data) + ALIGN - 1) // ALIGN * ALIGN
        self._set(HEAD, self.head)
        os.eventfd_write(self.bell, 1)      # it may be asleep

    def take(self):
        """All frames that have come: [(header, packet)]."""
        got, bulk = [], self._get(HEAD)
        self.thin_tail = self._take(got, THIN, DATA + BYTES, THIN_BYTES,
                                    self.thin_tail, self._get(HEAD + THIN))
        self.tail = self._take(got, 0, DATA, BYTES, self.tail, bulk)
        self._set(TAIL, self.tail)
        self._set(TAIL + THIN, self.thin_tail)
        return got

    def _take(self, got, which, lane, size, tail, head):
        """Those of a lane that begins there; the new tail."""
        wrap = self._get(WRAP + which)
        while tail != head:
            at = tail % size
            if tail == wrap:
                tail += size - at
                continue
            frame = FRAME.unpack_from(self.theirs, lane + at)
            start = lane + at + FRAME.size
            got.append((frame, self.theirs[start:start + frame[0]]))
            tail += (FRAME.size + frame[0] + ALIGN - 1) // ALIGN * ALIGN
        return tail

    def sleep(self):
        """From now on each frame rings the bell, to be read from ear."""
        self._set(NAPS, self._mine(NAPS) + (2 if self._mine(NAPS) % 2 else 1))

    def _mine(self, at):
        return struct.unpack_from("=Q", self.mine, at)[0]

    def _get(self, at):
        return struct.unpack_from("=Q", self.theirs, at)[0]

    def _set(self, at, value):
        struct.pack_into("=Q", self.mine, at, value)
