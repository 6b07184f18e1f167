# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# A log that is a pipe, which nobody reads.

# It is full to the last byte.
unread_fill() {	# FIFO
	python3 -c '
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
for size in 4096, 1:
    try:
        while True: os.write(fd, b"-" * (size - 1) + b"\n")
    except BlockingIOError: pass
' "$1"
}

# It is empty.
unread_drain() {	# FIFO
	python3 -c '
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
try:
    while os.read(fd, 65536): pass
except BlockingIOError: pass
' "$1"
}
