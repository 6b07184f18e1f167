#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bh-classify -i: what passes an interface, without a gateway.

bats_require_minimum_version 1.8.0
load lib/gate.bash

DOMAIN=t/data/truth.ini
classify() { "$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 "$@"; }

teardown() {
	if [ -n "${CABLE-}" ]; then ip link del "$CABLE-a"; fi
}

# Frames of a capture onto an interface, as they are and with the two ends
# swapped.
replay() {	# FILE INTERFACE
	python3 - "$@" <<-'PY'
	import socket, struct, sys
	b = open(sys.argv[1], "rb").read()
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind((sys.argv[2], 0))
	at = 24
	while at < len(b):
	    n = struct.unpack("=I", b[at + 8:at + 12])[0]
	    f = b[at + 16:at + 16 + n]
	    at += 16 + n
	    s.send(f.ljust(60, b"\0"))
	    o, k = {0x45: (26, 4), 0x60: (22, 16)}.get(f[14:15] and f[14], (0, 0))
	    if k:
	        f = f[:o] + f[o + k:o + 2 * k] + f[o:o + k] + f[o + 2 * k:]
	        o += 2 * k
	        s.send((f[:o] + f[o + 2:o + 4] + f[o:o + 2] + f[o + 4:])
	            .ljust(60, b"\0"))
	PY
}

watched() {	# OPTION...: one end of a cable, while frames come by the other
	{ cat "$DOMAIN"; printf '[group %s]\nmembers = %s\n' web \
		203.0.113.0/24 other 10.9.0.0/16; } >"$T/d.ini"
	mkfifo "$T/ready"
	"$BH_BIN/bh-classify" -f "$T/d.ini" -l branch1 -i "$CABLE-a" -R 7 "$@" \
		7<>"$T/ready" >"$T/out" 2>"$T/err" 3>&- &
	pid=$!
	read -r -t 10 _ <>"$T/ready"
	replay "$T/ethernet.pcap" "$CABLE-b"
	kill -INT $pid
	wait $pid
}

@test "C40 watches an interface, and adds up both directions" {
	python3 t/lib/captures.py "$T"
	CABLE=bhw$$
	ip link add "$CABLE-a" type veth peer name "$CABLE-b"
	sysctl -qw "net.ipv6.conf.$CABLE-a.disable_ipv6=1" \
		"net.ipv6.conf.$CABLE-b.disable_ipv6=1"
	ip link set "$CABLE-a" up
	ip link set "$CABLE-b" up
	watched -j
	[ ! -s "$T/err" ]
	row() { jq -c --arg t "$1" --arg n "$2" 'select(.table == $t and
		.name == $n) | [.packets, .bytes_out, .bytes_in]' "$T/out"; }
	[ "$(jq -c 'select(.table == "total") |
		[.packets, .bytes_out, .bytes_in, .not_ip, .missed]' \
		"$T/out")" = '[6,116,116,1,0]' ]
	[ "$(row class internet)" = '[6,116,116]' ]
	[ "$(row rule internet)" = '[6,116,116]' ]
	[ "$(row host 10.1.0.5)" = '[4,68,68]' ]
	[ "$(row host 2001:db8:1::5)" = '[2,48,48]' ]
	[ "$(row network 203.0.113.0/24)" = '[4,68,68]' ]
	[ "$(row group web)" = '[4,68,68]' ]
	[ -z "$(row group other)" ]
	[ "$(jq -r 'select(.name == "internet" and .table == "class").note' \
		"$T/out")" = hq ]
	rm "$T/ready"
	watched
	[[ $(head -n 1 "$T/out") = "branch1 on $CABLE-a: "*", 6 packets, 1 frames \
that are no IP, 0 missed" ]]
	[ "$(awk '$1 == "10.1.0.5" { print $2, $3, $4, $6 }' "$T/out")" = \
		"4 68 68 branch1" ]
	# nothing was changed
	[[ $(ip -d link show "$CABLE-a") != *"promiscuity 1"* ]]
}

@test "watches for so many seconds, with a line of progress on a terminal" {
	run --separate-stderr classify -i lo -s 1
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = "branch1 on lo: 1.0 s, "* ]]
	[ -z "$stderr" ]
	python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
		"$BH_BIN/bh-classify" -f "$DOMAIN" \
		-l branch1 -i lo -s 1 </dev/null >"$T/tty"
	grep -q "$(printf '\rlo: [0-9] s, [0-9]* packets')" "$T/tty"
	run --separate-stderr classify -i "$BATS_TEST_NUMBER-none"
	[ "$status" -eq 111 ]
	[[ $stderr = "bh-classify: cannot watch "*"-none: "* ]]
}
