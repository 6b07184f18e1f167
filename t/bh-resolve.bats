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

# A server of its own for each address, all with the name `filter' at another.
own_server() {	# ADDRESS ANSWER
	world_bg ns dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --bind-interfaces --listen-address="$1" \
		--local-ttl=1 --host-record="filter,$2,1"
	PIDS="${PIDS:-} $W_PID"
	world_until in_host ns "$BH_BIN/bh-resolve" -1 -s "$1" filter
}

# bh-resolve in a world where /etc is $W_DIR/etc.
follow_etc() {
	mkdir "$W_DIR/etc"
	cp -L /etc/passwd /etc/group /etc/nsswitch.conf "$W_DIR/etc"
	: >"$W_DIR/etc/hosts"
	echo nameserver 127.0.0.11 >"$W_DIR/etc/resolv.conf"
	ip netns exec "$W-ns" unshare -m sh -c 'mount --bind "$0/etc" /etc &&
		exec "$@"' "$W_DIR" "$BH_BIN/bh-resolve" filter \
		>"$W_DIR/said" 2>"$W_DIR/err" 3>&- &
	PID=$!
}

@test "F17: servers are those of resolv.conf as it is, however it changes" {
	local n
	for n in 1 2 3 4; do
		own_server "127.0.0.1$n" "192.0.2.$n"
	done
	follow_etc
	world_until says 1 'filter 1 192.0.2.1'
	# written over
	echo nameserver 127.0.0.12 >"$W_DIR/etc/resolv.conf"
	world_until says 2 'filter 1 192.0.2.2'
	# another that takes its name, and is a link, as systemd-resolved has it
	mkdir "$W_DIR/etc/run"
	echo nameserver 127.0.0.13 >"$W_DIR/etc/run/stub"
	ln -s run/stub "$W_DIR/etc/new"
	mv "$W_DIR/etc/new" "$W_DIR/etc/resolv.conf"
	world_until says 3 'filter 1 192.0.2.3'
	# another that takes the name of what it is a link to
	printf 'search test\nnameserver nonsense\n nameserver 127.0.0.14\n' \
		>"$W_DIR/etc/run/new"
	mv "$W_DIR/etc/run/new" "$W_DIR/etc/run/stub"
	world_until says 4 'filter 1 192.0.2.4'
	# none, for a while: nothing is lost
	rm "$W_DIR/etc/run/stub"
	sleep 1.2
	[ "$(wc -l <"$W_DIR/said")" -eq 4 ]
	# none in it: said, and those from before are asked
	: >"$W_DIR/etc/run/stub"
	world_until grep -q 'there is no server in /etc/resolv.conf' \
		"$W_DIR/err"
	[ "$(wc -l <"$W_DIR/said")" -eq 4 ]
	# a server that is dead, with a question under way, then one that is not
	echo nameserver 127.0.0.99 >"$W_DIR/etc/run/stub"
	sleep 1.2
	echo nameserver 127.0.0.11 >"$W_DIR/etc/run/stub"
	world_until eval "tail -n +5 \"$W_DIR/said\" | grep -qx 'filter 1 192.0.2.1'"
	# shellcheck disable=SC2086 # words
	kill $PIDS
}

@test "F17b: who reads resolv.conf speaks with nobody, and may be missed" {
	local reader
	own_server 127.0.0.11 192.0.2.1
	follow_etc
	world_until says 1 'filter 1 192.0.2.1'
	reader=$(pgrep -P "$PID" -x bh-resolve-conf)
	grep -q '^Seccomp:	2' "/proc/$reader/status"
	grep -q '^CapPrm:	0000000000000000' "/proc/$reader/status"
	[ "$(awk '/^Uid:/ { print $2 }' "/proc/$reader/status")" -ne 0 ]
	kill -9 "$reader"
	world_until grep -q 'changes of /etc/resolv.conf are not seen any more' \
		"$W_DIR/err"
	kill -0 "$PID"
	# it goes with whom it reads for
	kill "$PID"
	wait "$PID"
	PID=
	# shellcheck disable=SC2086 # words
	kill $PIDS
}
