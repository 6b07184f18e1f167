# SPDX-License-Identifier: ISC
# A program is stopped for a while, and goes on: what has waited for it is old.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	mkdir "$BATS_FILE_TMPDIR/www"
	world_servers inet "$BATS_FILE_TMPDIR/www"
	world_domain ''
	srv_backhaul up
	cli_backhaul up
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
}

# Datagrams go to the Internet and back while a program stands still; none that
# comes back is old, and in the end they do come.
stops() {	# cli|srv PROGRAM SECONDS RATE SIZE
	local pid location=branch1 came last oldest age
	[ "$1" = cli ] || location=hq
	pid=$("$1_backhaul" status | awk -v p="$2" '$1 == p { print $3 }')
	late=$(world_count "$location" "$2" late)
	in_lan python3 t/lib/age.py 203.0.113.80 7 4 "$4" "$5" \
		>"$BATS_TEST_TMPDIR/age" 3>&- &
	age=$!
	sleep 0.7
	kill -STOP "$pid"
	sleep "$3"
	kill -CONT "$pid"
	wait "$age"
	late=$(($(world_count "$location" "$2" late) - late))
	read -r came last oldest <"$BATS_TEST_TMPDIR/age"
	echo "$came came back, $last at the end; the oldest after $oldest ms; $late dropped as late"
	[ "$last" -gt 0 ]
	[ "$oldest" -lt 1500 ]
}

@test "F23: bh-classify delivers nothing old when it goes on" {
	stops cli bh-classify 2.2 200 100
	[ "$late" -ge 100 ]
}

@test "F23: bh-tunnel of a client delivers nothing old when it goes on" {
	stops cli bh-tunnel 2.2 200 100
	[ "$late" -ge 100 ]
}

@test "F23: bh-tunnel of a server delivers nothing old when it goes on" {
	stops srv bh-tunnel 2.2 200 100
	[ "$late" -ge 100 ]
}

@test "F23: bh-egress delivers nothing old when it goes on" {
	stops srv bh-egress 2.2 200 100
	[ "$late" -ge 100 ]
}

@test "F23b: nor does one that was stopped in the middle of its work" {
	stops cli bh-tunnel 1.5 4000 1000
	[ "$late" -ge 100 ]
}

@test "F23c: what has waited for less than a second is delivered" {
	stops srv bh-egress 0.3 100 100
	[ "$late" -eq 0 ]
}
