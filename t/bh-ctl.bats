# bh-ctl without a gateway; with one, see path.bats.

bats_require_minimum_version 1.8.0

setup() {
	ctl=${BH_BIN:-$PWD/build/release}/bh-ctl
}

@test "says that a gateway is not up, and exits 1" {
	run --separate-stderr "$ctl" -D "$BATS_TEST_TMPDIR" counters
	[ "$status" -eq 1 ]
	[ "$stderr" = "bh-ctl: no counters in $BATS_TEST_TMPDIR: is the gateway up?" ]
	run --separate-stderr "$ctl" -D "$BATS_TEST_TMPDIR" peers
	[ "$status" -eq 1 ]
}

@test "refuses a file that is not counters" {
	head -c 4096 /dev/urandom >"$BATS_TEST_TMPDIR/bh-tunnel.stat"
	run --separate-stderr "$ctl" -D "$BATS_TEST_TMPDIR" peers
	[ "$status" -eq 100 ]
	[[ $stderr == *"written by another version"* ]]
	: >"$BATS_TEST_TMPDIR/bh-tunnel.stat"
	run --separate-stderr "$ctl" -D "$BATS_TEST_TMPDIR" counters
	[ "$status" -eq 100 ]
}

@test "names the commands when given another one" {
	run --separate-stderr "$ctl" dance
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-ctl: no command 'dance'; \
there are counters, peers, servers and egress" ]
}
