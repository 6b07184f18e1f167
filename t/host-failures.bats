# SPDX-License-Identifier: ISC
# What goes wrong on a host: an `up' that fails, a cable, a name server or room that
# is not there.  The gateway stays shut, says so, and mends itself.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain 'partners = branch1\n' 'partners = hq\n'
	# an ordinary router, before us and after us
	world_routes cli
	cp "$W_DIR/domain.ini" "$W_DIR/good.ini"
}

teardown() {
	rm -rf "/etc/netns/$W-cli"
	! mountpoint -q "$run" || umount "$run"
	cli_backhaul down
	srv_backhaul down
}

# Nothing of the LAN gets out to the uplink's network.
shut() {
	world_capture wan cli0 "$BATS_TEST_TMPDIR/wan.pcap" \
		src net 10.1.0.0/16 or src net 2001:db8:1::/48
	in_lan ping -c 2 -i 0.1 -W 0.2 203.0.113.80 || true
	in_lan ping -c 2 -i 0.1 -W 0.2 2001:db8:c::80 || true
	world_captured
	world_none "$BATS_TEST_TMPDIR/wan.pcap"
}

# The supervising loops and their programs, with no chance to say goodbye.
crash() {
	for pid in $(netns_pids "$W-cli"); do
		kill -9 "$pid" 2>/dev/null || true
	done
	world_until nobody
}
nobody() {
	[ -z "$(netns_pids "$W-cli")" ]
}

@test "the measure itself: this branch is open without a gateway" {
	run -1 shut
}

@test "up that fails leaves shut what an up before it has shut" {
	cli_backhaul up
	crash
	echo 'nonsense = yes' >>"$W_DIR/domain.ini"
	run -100 cli_backhaul up
	shut
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	mv "$W_DIR/keys/branch1.key" "$W_DIR/keys/away"
	run cli_backhaul up
	mv "$W_DIR/keys/away" "$W_DIR/keys/branch1.key"
	[ "$status" -eq 100 ] || [ "$status" -eq 111 ]
	shut
	cli_backhaul up
	cli_backhaul status
	cli_backhaul down
	run -1 shut
}

@test "up with a broken file does not touch the gateway that runs" {
	cli_backhaul up
	cli_backhaul status >"$BATS_TEST_TMPDIR/before"
	kill -9 "$(cut -d ' ' -f 2 "$run/bh-classify.state")"
	echo 'nonsense = yes' >>"$W_DIR/domain.ini"
	run -100 cli_backhaul up
	pid=$(awk '$1 == "bh-tunnel" { print $3 }' "$BATS_TEST_TMPDIR/before")
	kill -0 "$pid"
	cli_backhaul restart bh-classify
	cli_backhaul status
}

@test "up mends what somebody else has taken away" {
	srv_backhaul up
	for away in 'nft flush ruleset' 'ip -4 rule flush protocol 176' \
	    'ip -6 route flush table 7800' 'ip link del bh0' \
	    'ip link set bh0 down'; do
		cli_backhaul up
		# shellcheck disable=SC2086 # words
		in_cli $away
		run -1 cli_backhaul status
		cli_backhaul up
		cli_backhaul status
		world_until in_lan ping -c 1 -W 1 203.0.113.80
		world_until in_lan ping -c 1 -W 1 2001:db8:c::80
		shut
	done
}

@test "the LAN's interface is down: its gateway does not look for it outside" {
	cli_backhaul up
	world_capture wan cli0 "$BATS_TEST_TMPDIR/wan.pcap" \
		net 10.1.0.0/16 or net 2001:db8:1::/48
	ip -n "$W-cli" link set lan0 down
	in_cli ping -c 2 -i 0.1 -W 0.2 10.1.0.5 || true
	in_cli ping -c 2 -i 0.1 -W 0.2 2001:db8:1::5 || true
	[ "$(world_guard cli lan_clear)" -eq 4 ]
	ip -n "$W-cli" link set lan0 up
	ip -n "$W-cli" addr add 2001:db8:1::1/64 dev lan0
	world_captured
	world_none "$BATS_TEST_TMPDIR/wan.pcap"
	world_until in_cli ping -c 1 -W 1 10.1.0.5
	world_until in_cli ping -c 1 -W 1 2001:db8:1::5
}

@test "a name server that comes up late: the branch finds its server yet" {
	mkdir -p "/etc/netns/$W-cli"
	cp /etc/hosts "/etc/netns/$W-cli/hosts"
	: >"/etc/netns/$W-cli/resolv.conf"
	sed -i 's/^endpoint = 198.51.100.2/endpoint = hq.test/' \
		"$W_DIR/domain.ini"
	cli_backhaul up
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	sed -i '/^endpoint = 192.0.2.2/d' "$W_DIR/domain.ini"
	srv_backhaul up
	world_until grep 'cannot resolve hq.test' "$run/log"
	echo '198.51.100.2 hq.test' >>"/etc/netns/$W-cli/hosts"
	world_until in_lan ping -c 1 -W 1 203.0.113.80
}

@test "a run directory without room: 111, and nothing goes on behind our back" {
	world_until world_settled
	world_state cli >"$BATS_TEST_TMPDIR/before"
	for room in 4k 8k 16k 24k 32k 36k 40k 44k 1m; do
		mount -t tmpfs -o size=$room tmpfs "$W_DIR/run"
		run cli_backhaul up
		cli_backhaul down
		umount "$W_DIR/run"
		[ "$status" -eq 111 ] || [ "$status" -eq 0 ]
		[[ $output != *' exit 135'* ]]	# a bus error
		[[ $output != *'not ready'* ]]
		[ -z "$(netns_pids "$W-cli")" ]
		world_state cli | diff "$BATS_TEST_TMPDIR/before" -
	done
	[ "$status" -eq 0 ]	# the last
}
