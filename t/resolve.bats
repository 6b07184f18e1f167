# SPDX-License-Identifier: ISC
# bh-resolve: what it says of names, and when.
bats_require_minimum_version 1.8.0

setup() {
	. t/lib/world.bash
	export W=brs$$ W_DIR=$BATS_TEST_TMPDIR
	world_host ns
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || :
	world_down
}

# A name server whose answers are the hosts file $W_DIR/names.
serve() {	# OPTION...
	world_bg ns dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --addn-hosts="$W_DIR/names" \
		--local-ttl="${TTL:-1}" "$@"
	SERVER=$W_PID
	world_until world_listens ns udp 53
}
names() {	# LINE...: what it serves from now on
	printf '%s\n' "$@" >"$W_DIR/names"
	[ -z "${SERVER:-}" ] || kill -HUP "$SERVER"
}

once() { in_host ns "$BH_BIN/bh-resolve" -1 -s 127.0.0.1 "$@"; }
follow() {	# NAME...
	ip netns exec "$W-ns" "$BH_BIN/bh-resolve" -s 127.0.0.1 "$@" \
		>"$W_DIR/said" \
		2>"$W_DIR/err" 3>&- &
	PID=$!
}
says() {	# LINE-NUMBER TEXT
	[ "$(sed -n "$1p" "$W_DIR/said")" = "$2" ]
}

@test "-1: both families, sorted, with their time to live; no answer is none" {
	names '192.0.2.9 filter' '192.0.2.1 filter' '2001:db8::1 filter'
	TTL=77 serve --cname=alias,filter --local=/nobody/
	[ "$(once filter)" = "filter 77 192.0.2.1 192.0.2.9 2001:db8::1" ]
	[ "$(once alias)" = "alias 77 192.0.2.1 192.0.2.9 2001:db8::1" ]
	run once nobody
	[ "$status" -eq 1 ]
	[ "$output" = "nobody 0" ]
	kill "$SERVER"
	world_until world_ended "$SERVER"
	run once filter nobody
	[ "$status" -eq 111 ]
	[ "$(sort <<<"$output")" = $'filter 0\nnobody 0' ]
}

@test "an answer too long for UDP comes by TCP" {
	names 192.0.2.{1..40}\ big
	serve
	once big >"$W_DIR/said"
	# the library's buffer takes them all, we the first sixteen
	[ "$(wc -w <"$W_DIR/said")" -eq 18 ]
}

@test "a change is said at its time, what stays is not, an end is" {
	names '192.0.2.1 filter' '192.0.2.7 other'
	serve
	follow filter
	world_until says 1 'filter 1 192.0.2.1'
	names '192.0.2.2 filter'
	world_until says 2 'filter 1 192.0.2.2'
	kill "$SERVER"
	SERVER=
	world_until says 3 'filter 0'
	names '192.0.2.2 filter'
	serve
	kill -HUP "$PID"
	world_until says 4 'filter 1 192.0.2.2'
	kill "$PID"
	wait "$PID"
	[ "$(wc -l <"$W_DIR/said")" -eq 4 ]
	[ ! -s "$W_DIR/err" ]
	PID=
}

@test "it has no privileges, and ends with its reader" {
	names '192.0.2.1 filter'
	serve
	mkfifo "$W_DIR/fifo"
	ip netns exec "$W-ns" "$BH_BIN/bh-resolve" -s 127.0.0.1 filter \
		>"$W_DIR/fifo" 3>&- &
	PID=$!
	exec 9<"$W_DIR/fifo"
	read -r -t 10 line <&9
	[ "$line" = 'filter 1 192.0.2.1' ]
	grep -q '^Seccomp:	2' "/proc/$PID/status"
	grep -q '^CapPrm:	0000000000000000' "/proc/$PID/status"
	grep -q '^NoNewPrivs:	1' "/proc/$PID/status"
	[ "$(awk '/^Uid:/ { print $2 }' "/proc/$PID/status")" -ne 0 ]
	exec 9<&-
	wait "$PID"
	PID=
}

@test "the hosts file goes before any server" {
	echo '192.0.2.33 here' >"$W_DIR/hosts"
	[ "$(in_host ns unshare -m sh -c 'mount --bind "$0/hosts" /etc/hosts &&
		exec "$1" -1 -s 127.0.0.1 here' "$W_DIR" \
		"$BH_BIN/bh-resolve")" = "here 3600 192.0.2.33" ]
}
