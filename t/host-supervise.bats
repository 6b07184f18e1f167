# SPDX-License-Identifier: ISC
# What looks after the programs of a gateway dies, or sees one of them stopped.

bats_require_minimum_version 1.8.0

setup_file() {
	. t/lib/world.bash
	world_up "$BATS_FILE_TMPDIR"
	world_domain
}

teardown_file() {
	. t/lib/world.bash
	world_down
}

setup() {
	. t/lib/world.bash
	run=$W_DIR/run/branch1
	srv_backhaul up
	cli_backhaul up
}

teardown() {
	cli_backhaul down
	srv_backhaul down
}

field() { cut -d ' ' -f "$1" "$2"; }
is() { [ "$(field "$2" "$run/$1.state")" = "$3" ]; }

@test "G33: kill -9 of bh-run loses nothing, and up goes on with what runs" {
	local before ping
	before=$(cut -d ' ' -f 4,5 "$run"/bh-*.state)
	in_lan ping -qi 0.02 -c 100 203.0.113.80 >"$BATS_TEST_TMPDIR/ping" 3>&- &
	ping=$!
	world_still branch1
	kill -9 "$(field 2 "$run/bh-tunnel.state")"
	run cli_backhaul status
	[ "$status" -eq 1 ]
	[[ $output == *orphan* ]]
	run -0 cli_backhaul up
	[[ $output == *'another one looks after the programs now'* ]]
	[ "$(cut -d ' ' -f 4,5 "$W_DIR/run/branch1"/bh-*.state)" = "$before" ]
	wait $ping
	grep -q '100 received, 0% packet loss' "$BATS_TEST_TMPDIR/ping"
	run=$W_DIR/run/branch1
	kill -9 "$(field 4 "$run/bh-classify.state")"
	world_until is bh-classify 6 1
}

@test "G33: bh-keep sees to it that another bh-run takes over, with the same keys" {
	kill -9 "$(field 2 "$run/bh-tunnel.state")"
	world_until grep -q 'another one looks after the programs now' "$run/log"
	run -0 cli_backhaul status
	run=$W_DIR/run/branch1
	kill -9 "$(field 4 "$run/bh-tunnel.state")"
	world_until is bh-tunnel 6 1
	world_until in_lan ping -c 1 -W 1 203.0.113.80
}

@test "up starts a program that had failed" {
	chmod 644 "$W_DIR/keys/branch1.key"
	kill -9 "$(field 4 "$run/bh-tunnel.state")"
	world_until is bh-tunnel 1 failed
	run -100 cli_backhaul up
	chmod 600 "$W_DIR/keys/branch1.key"
	cli_backhaul up
	run -0 cli_backhaul status
}

@test "G33: kill -9 of the second bolt's bh-run leaves the bolt as it is" {
	local bolt
	world_still branch1
	bolt=$(field 4 "$run/bolt/bh-bolt.state")
	kill -9 "$(field 2 "$run/bolt/bh-bolt.state")"
	run cli_backhaul status
	[[ $output == *'second bolt MISSING'* ]]
	run -0 cli_backhaul up
	[ "$(field 4 "$W_DIR/run/branch1/bolt/bh-bolt.state")" = "$bolt" ]
	in_cli nft list table inet backhaul_bolt >/dev/null
}

@test "G35: status says that a program is stopped" {
	kill -STOP "$(field 4 "$run/bh-classify.state")"
	world_until is bh-classify 1 stopped
	run cli_backhaul status
	[ "$status" -eq 1 ]
	[[ $output == *"bh-classify  stopped"* ]]
	run=$W_DIR/run/branch1
	kill -CONT "$(field 4 "$run/bh-classify.state")"
	world_until is bh-classify 1 running
}

@test "G33: up -F goes on when bh-run is killed" {
	local pid before
	cli_backhaul down
	NETNS=$W-cli ip netns exec "$W-cli" "$BH_BIN/backhaul" up -F -f "$W_DIR/domain.ini" -l branch1 \
		-k "$W_DIR/keys" -d "$run" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	pid=$!
	world_until eval '[ "$(cat "$run/outcome")" = 0 ]'
	before=$(cut -d ' ' -f 4,5 "$run"/bh-*.state)
	kill -9 "$(field 2 "$run/bh-tunnel.state")"
	world_until grep -q 'another one looks after' "$BATS_TEST_TMPDIR/out"
	[ "$(cut -d ' ' -f 4,5 "$run"/bh-*.state)" = "$before" ]
	run -0 cli_backhaul status
	kill "$pid"
	wait "$pid"
}
