# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034
#
# A gate (bh-classify or bh-egress) alive in a namespace of its own, between a
# TUN device and a test that plays bh-tunnel:
#
#   ┌──────────────────── $W ────────────────────┐
#   │ sockets ── kernel ── TUN ── gate ── link ──┼── linkpeer.py ── the test
#   └────────────────────────────────────────────┘
#
# gate_up makes it, gate_down takes it down whatever happened.  What comes over
# the link is on descriptor 9, one line a frame; what is said to descriptor 8
# goes into it; what the gate says on standard error is on descriptor 7.

: "${BH_BIN:=$PWD/build/release}"
export BH_BIN
# shellcheck source=t/lib/unread.bash
. "${BASH_SOURCE%/*}/unread.bash"

# Of each test, unless its file has others.
setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	T=$BATS_TEST_TMPDIR
}

teardown() {
	if [ -n "${W-}" ]; then gate_down; fi
}

in_gate() { ip netns exec "$W" "$@"; }

gate_net() {	# TUN ADDRESS...
	local tun=$1 a
	shift
	W=bhg$$
	RUN=$BATS_TEST_TMPDIR/run
	mkdir -p "$RUN"
	ip netns add "$W"
	in_gate sysctl -qw net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.rp_filter=0
	ip -n "$W" link set lo up
	ip -n "$W" tuntap add dev "$tun" mode tun
	ip -n "$W" link set "$tun" mtu 1420 up
	for a; do
		ip -n "$W" addr add "$a" dev lo
	done
	ip -n "$W" route add default dev "$tun"
	ip -n "$W" -6 route add default dev "$tun"
}

gate_peer() {	# LINK: plays bh-tunnel
	mkfifo "$BATS_TEST_TMPDIR/say" "$BATS_TEST_TMPDIR/hear"
	python3 t/lib/linkpeer.py "$RUN/$1.link" \
		<"$BATS_TEST_TMPDIR/say" >"$BATS_TEST_TMPDIR/hear" \
		2>"$BATS_TEST_TMPDIR/peer.err" 3>&- &
	PEER=$!
	exec 8>"$BATS_TEST_TMPDIR/say" 9<"$BATS_TEST_TMPDIR/hear"
	hear listening
}

gate_start() {	# PROGRAM LOCATION: and waits until it is ready
	local line
	mkfifo "$BATS_TEST_TMPDIR/ready" "$BATS_TEST_TMPDIR/err"
	exec 7<>"$BATS_TEST_TMPDIR/err"
	ip netns exec "$W" env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} \
		"$BH_BIN/$1" -f t/data/truth.ini -l "$2" -D "$RUN" \
		-R 5 5>"$BATS_TEST_TMPDIR/ready" 2>&7 3>&- 7>&- 8>&- 9<&- &
	GATE=$!
	read -r -t 10 line <"$BATS_TEST_TMPDIR/ready"
	[ "$line" = "$1 ready" ]
}

# The gate ends, at most ten seconds from now, with this status.
gate_ends() {
	local status=0
	timeout 10 tail -s 0.02 --pid="$GATE" -f /dev/null
	wait "$GATE" || status=$?
	GATE=
	[ "$status" -eq "$1" ] || { echo "it ended with $status"; return 1; }
}

# The next line that the link's other end has to say, in HEARD; with an
# argument, that it is like this.  complains: the same of the gate.
hear() {
	read -r -t 10 -u "${2-9}" HEARD || { echo "heard nothing"; return 1; }
	# shellcheck disable=SC2053 # a pattern
	[[ $# -eq 0 || $HEARD = $1 ]] || { echo "heard: $HEARD"; return 1; }
}
complains() { hear "$1" 7; }
say() { echo "$@" >&8; }

# Packets that had a verdict.
counted() {	# PROGRAM VERDICT
	"$BH_BIN/bh-ctl" -a -D "$RUN" counters "$1" |
		awk -v v="$2" '$2 == v { print $3 }'
}

# in == the sum of all verdicts, and both as they stand in the file.
adds_up() {	# PROGRAM
	python3 -c '
import struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack_from("I", data, 12)[0]
taken, *counts = struct.unpack_from(f"{n + 1}Q", data, 32)
assert taken == sum(counts), (taken, counts)
' "$RUN/$1.stat"
}

# A socket that takes COUNT datagrams, and is there; what it gets is on
# descriptor 6.
receive() {	# ADDRESS PORT COUNT
	mkfifo "$BATS_TEST_TMPDIR/got"
	exec 6<>"$BATS_TEST_TMPDIR/got"
	in_gate python3 t/lib/udp.py recv "$@" >&6 2>&1 3>&- 6>&- 7>&- 8>&- \
		9<&- &
	hear ready 6
}
received() { hear "$1" 6; }

gate_down() {
	exec 6>&- 7>&- 8>&- 9<&-
	[ -z "${GATE-}" ] || kill "$GATE" 2>/dev/null || true
	[ -z "${PEER-}" ] || kill "$PEER" 2>/dev/null || true
	ip netns del "$W" 2>/dev/null || true
}

# It is asked for a line until it has lost two, and then told of that.
log_is_lossy() {	# PROGRAM
	local end=$((SECONDS + 10)) n=0
	unread_fill "$BATS_TEST_TMPDIR/err"
	while [ "$n" -lt 2 ]; do
		((SECONDS < end)) || { echo "$n lines were dropped"; return 1; }
		kill -USR1 "$GATE"
		sleep 0.02
		n=$(counted "$1" log-dropped)
	done
}
log_is_read() {	# PROGRAM
	local n
	n=$(counted "$1" log-dropped)
	unread_drain "$BATS_TEST_TMPDIR/err"
	kill -USR1 "$GATE"
	complains "$1: $n lines were dropped: nobody has read them"
	complains "$1: in=*"
}

# Programs that are started from now on meet a kernel that refuses super-packets
# on a TUN device.
refuse_super() {
	PRELOAD=$BATS_TEST_TMPDIR/refuse.so
	"${CC:-cc}" -shared -fPIC -O1 -D_GNU_SOURCE -o "$PRELOAD" t/lib/refuse.c
}

# Each cell of the decision table at those points of the path, from a capture, as
# the table says; they are in so many files.
cells_are_decided() {	# PROGRAM POINT|... FILES
	local args location point rest n=0
	python3 t/lib/truth.py "$T"
	for args in "$T"/*.args; do
		read -r location point rest <"$args"
		[[ $point =~ ^($2)$ ]] || continue
		# shellcheck disable=SC2086 # -d and -p
		"$BH_BIN/$1" -f "$DOMAIN" -l "$location" $rest \
			-r "${args%.args}.pcap" | cut -f 7,9 |
			diff "${args%.args}.want" -
		n=$((n + 1))
	done
	[ "$n" -eq "$3" ]
}

# The counters are what the first words of $T/packets say.
counts_the_packets() {	# PROGRAM
	"$BH_BIN/bh-ctl" -D "$RUN" counters "$1" |
		awk '{ print $2, $3 }' | grep -v '^m' | sort >"$T/got"
	cut -d ' ' -f 1 "$T/packets" | sort | uniq -c |
		awk '{ print $2, $1 }' | diff - "$T/got"
	adds_up "$1"
}
