# SPDX-License-Identifier: ISC
# Usage: memory.py PID KEYFILE: how often the bytes of a private key are found
# in all that a process has mapped, as they are in the file and as X25519 uses
# them (clamped).
import base64, re, sys

pid, keyfile = sys.argv[1:]
key = bytearray(base64.b64decode(open(keyfile).read()))
wanted = {bytes(key)}
key[0] &= 248
key[31] = key[31] & 127 | 64
wanted.add(bytes(key))

found = bytes_read = 0
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
    for line in maps:
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
        if not m or "[v" in line:       # vvar, vsyscall: the kernel's
            continue
        start, end = (int(x, 16) for x in m.groups())
        try:
            mem.seek(start)
            data = mem.read(end - start)
        except OSError:
            continue
        bytes_read += len(data)
        found += sum(data.count(w) for w in wanted)
assert bytes_read > 1000000, bytes_read
print(found)
