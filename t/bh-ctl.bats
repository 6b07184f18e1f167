# bh-ctl without a gateway; with one, see path-whole.bats.

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
there are counters, peers, servers, sandbox and egress" ]
}

# A program that was taken over and writes its counters.
hostile() {	# PROGRAM
	local verdicts
	verdicts=$(grep -c '^	X(V_' lib/base/verdict.h)
	rm -f "$BATS_TEST_TMPDIR/there"
	python3 t/lib/hostile-stat.py "$BATS_TEST_TMPDIR/$1.stat" "$verdicts" \
		>"$BATS_TEST_TMPDIR/there" 3>&- &
	HOSTILE=$!
	until [ -s "$BATS_TEST_TMPDIR/there" ]; do sleep 0.1; done
}

teardown() {
	[ -z "${HOSTILE:-}" ] || kill "$HOSTILE"
}

@test "H7: counters that change while they are read crash nobody" {
	local i rc sound=0
	hostile bh-tunnel
	for i in $(seq 150); do
		"$ctl" -D "$BATS_TEST_TMPDIR" peers \
			>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" &&
			rc=0 || rc=$?
		[ "$rc" -eq 0 ] || [ "$rc" -eq 100 ]
		[ "$rc" -eq 100 ] || {
			sound=$((sound + 1))
			[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 64 ]
		}
	done
	[ "$sound" -gt 0 ]
}

@test "H7: what a program calls its peers is no word for a terminal, or JSON" {
	local what out=$BATS_TEST_TMPDIR/out
	for what in bh-tunnel=peers bh-classify=servers bh-egress=counters; do
		hostile "${what%=*}"
		kill "$HOSTILE"
		wait "$HOSTILE" || true
		HOSTILE=
		# however it left them
		python3 - "$BATS_TEST_TMPDIR/${what%=*}.stat" <<-'E'
		import struct, sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(-64 * 128 - 8, 2)
		    f.write(struct.pack("I", 64))
		E
		"$ctl" -a -D "$BATS_TEST_TMPDIR" "${what#*=}" >"$out"
		[ -s "$out" ]
		run ! grep -naP '[^\x20-\x7e\t]' "$out"
		"$ctl" -ja -D "$BATS_TEST_TMPDIR" "${what#*=}" >"$out"
		run ! grep -naP '[^\x20-\x7e]' "$out"
		jq -es 'length > 50 and (map(type == "object") | all)' "$out"
		rm "$BATS_TEST_TMPDIR"/*.stat
	done
}
