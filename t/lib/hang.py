# SPDX-License-Identifier: ISC
# A connection on which a byte is sent now and then; how it ends goes to a file.
# usage: hang.py ADDRESS PORT FILE
import socket
import sys
import time


def end(why):
    out.write("ended %s\n" % why)
    out.flush()
    sys.exit()


out = open(sys.argv[3], "w")
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
out.write("open\n")
out.flush()
began = time.time()
while time.time() - began < 60:
    try:
        s.send(b"x")
    except OSError as e:
        end(type(e).__name__)
    time.sleep(0.3)
end("silent")
