# SPDX-License-Identifier: ISC
"""hostile-stat.py FILE VERDICTS: writes counters as a program that was taken
over would leave them, and goes on: how many peers there are changes as fast as
it can, no name ends, and what is in them a terminal would obey.
"""
import mmap
import struct
import sys

PEERS, LIE = 64, 1370
path, verdicts = sys.argv[1], int(sys.argv[2])

evil = ('\x1b]0;mine\x07\x1b[31m"},{\\\t\u009b31m\u202e' + "A" * 64).encode()
peer = (evil[:64] + bytes(16) + struct.pack("HxxI", 0, 0) + evil[:8] +
        struct.pack("QQQII", 1, 2, 3, 4, 5))
head = (b"bh-stat\n" + struct.pack("II", 4, verdicts) + evil[:16] +
        struct.pack("Q", 1) + struct.pack("Q", 1) * verdicts * 2 +
        struct.pack("QQQQQQ", 0, 0, 0, 0, 0, 0))
at = len(head)
with open(path, "wb") as f:
    f.write(head + struct.pack("II", PEERS, 0) + peer * PEERS)
with open(path, "r+b") as f:
    m = mmap.mmap(f.fileno(), 0)
word = memoryview(m)[at:at + 4].cast("I")
print("there", flush=True)
while True:
    for n in PEERS, LIE, PEERS, 0xffffffff, PEERS, 0:
        word[0] = n
