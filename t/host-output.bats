# SPDX-License-Identifier: ISC
# What a command says of itself is true: also where it cannot print it, may not
# look, or was killed before it could clean up.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	# /var/run/wireguard is the host's: a name that nobody else has
	world_domain 'nat = pool\nnat-pool = 203.0.113.64/28\n' \
		"interface = bo$$\n"
	srv_backhaul up
	cli_backhaul up
}

setup() {
	run=$W_DIR/run/branch1
	PATH=$BH_BIN:$PATH
	socket=$(ls /var/run/wireguard/bo*.sock 2>/dev/null | head -n 1)
}

# 111 and one line where standard output is full, though it works elsewhere.
full() {	# COMMAND...
	"$@" >"$BATS_TEST_TMPDIR/out" 2>/dev/null </dev/null ||
		[ $? -eq 1 ] || { echo "does not work: $*"; return 1; }
	[ -s "$BATS_TEST_TMPDIR/out" ] || { echo "says nothing: $*"; return 1; }
	# shellcheck disable=SC2016 # for the inner shell
	run --separate-stderr sh -c '"$@" >/dev/full' sh "$@" </dev/null
	[ "$status" -eq 111 ] || { echo "$status: $*"; return 1; }
	[ "${#stderr_lines[@]}" -eq 1 ] || { echo "$*: $stderr"; return 1; }
	[[ $stderr == "$(basename "$1"): cannot write"* ]] ||
		{ echo "$*: $stderr"; return 1; }
}

@test "F34: no program takes a full disk for success" {
	for p in "$BH_BIN"/bh-* "$BH_BIN/backhaul"; do
		[ -f "$p" ] || continue
		full "$p" -h
		full "$p" -V
	done
	ini=$W_DIR/domain.ini srv=$W_DIR/run/hq
	while read -r words; do
		# shellcheck disable=SC2086 # words
		full $words
	done <<-EOF
	bh-ctl -D $run counters
	bh-ctl -D $run -a counters
	bh-ctl -D $run -aj counters
	bh-ctl -D $run peers
	bh-ctl -D $run -j servers
	bh-key genkey
	bh-check -f $ini
	bh-check -f $ini -l hq
	bh-check -f $ini -j
	bh-check -f $ini -p
	bh-check -f $ini -r
	bh-check -f $ini -b
	bh-check -f $ini -g dot
	bh-check -f $ini -D etc/examples/two-sites.ini
	bh-check -x all
	bh-plan -f $ini -l hq -D $srv env
	bh-plan -f $ini -l hq -D $srv nft
	bh-plan -f $ini -l branch1 -D $run ip4
	bh-resolve -1 localhost
	EOF
	for p in bh-classify bh-egress; do
		full $p -f "$ini" -l hq -e '10.1.0.5 > 192.0.2.7 udp 53'
	done
	echo '0000 45 00 00 1c 00 00 00 00 40 11 00 00 0a 01 00 05 cb 00 71 50
0014 00 01 00 02 00 08 00 00' >"$BATS_TEST_TMPDIR/hex"
	text2pcap -q -l 101 "$BATS_TEST_TMPDIR/hex" "$BATS_TEST_TMPDIR/pcap"
	for o in -s -j ''; do
		# shellcheck disable=SC2086 # no option, no word
		full bh-classify -f "$ini" -l branch1 \
			-r "$BATS_TEST_TMPDIR/pcap" $o
	done
}

@test "F34b: status where it cannot be printed: one line, 111" {
	cli_backhaul status >/dev/null
	# shellcheck disable=SC2016 # for the inner shell
	run -111 --separate-stderr in_cli sh -c '"$@" >/dev/full' sh \
		"$BH_BIN/backhaul" status -l branch1 -d "$run"
	[ "$stderr" = 'backhaul: cannot write to standard output' ]
}

as_user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }

@test "F34c: who may not look is told so, with 111, and not that it is not up" {
	dir=$(mktemp -d /tmp/output.XXXXXX)
	chmod 711 "$dir"
	mkdir -m 700 "$dir/runs" "$dir/runs/branch1" "$dir/gateway"
	cp "$BH_BIN"/bh-* "$BH_BIN/backhaul" "$dir"
	for d in "$dir/runs/branch1" "$dir/gateway" "$dir/runs/none"; do
		for command in status down restart up; do
			run -111 --separate-stderr as_user "$dir/backhaul" \
				$command -l branch1 -d "$d"
			[ "$stderr" = "backhaul: cannot look at $d: permission denied" ]
			[ -z "$output" ]
		done
		for command in counters peers servers; do
			run -111 --separate-stderr as_user "$dir/bh-ctl" \
				-D "$d" $command
			[[ $stderr == *": Permission denied" ]]
		done
	done
	# where there is none he may know it
	run -1 as_user "$dir/backhaul" status -l branch1 -d "$dir/none"
	[ "$output" = 'branch1: not up' ]
	rm -rf "$dir"
}

@test "F34e: who may look but not write is told so, in one line with 111" {
	dir=$(mktemp -d /tmp/output.XXXXXX)
	chmod 755 "$dir"
	mkdir -m 755 "$dir/gateway" "$dir/fresh"
	touch "$dir/gateway/lock"
	chmod 600 "$dir/gateway/lock"
	mkdir "$dir/bin"
	chmod 711 "$dir/bin"
	cp "$BH_BIN"/bh-* "$BH_BIN/backhaul" "$dir/bin"
	for d in "$dir/gateway" "$dir/fresh"; do
		for command in stop down up guard restart; do
			run -111 as_user "$dir/bin/backhaul" \
				$command -l branch1 -d "$d"
			[ "$output" = "backhaul: cannot use $d: permission denied" ]
		done
	done
	run -111 as_user "$dir/bin/backhaul" mend -l branch1 -d "$dir/gateway"
	[ "$output" = "backhaul: cannot use $dir/gateway: permission denied" ]
	run -111 as_user "$dir/bin/backhaul" up -l branch1 -d "$dir/none"
	[ "$output" = "backhaul: cannot make $dir/none: Permission denied" ]
	# what is no lock is said to root, too
	mkdir "$dir/fresh/lock"
	run -111 "$BH_BIN/backhaul" up -l branch1 -d "$dir/fresh"
	[ "$output" = "backhaul: cannot open $dir/fresh/lock" ]
	[ "$(ls "$dir/gateway")" = lock ]
	rm -rf "$dir"
}

# ---- from here on the gateway goes down ----

down_again() {
	cli_backhaul down
	[ ! -e "$socket" ]
	cli_backhaul up
	[ -S "$socket" ]
}

@test "F34d: down takes the socket of wg(8) away, after kill -9 too" {
	[ -S "$socket" ]
	down_again
	# all at once, so that none of ours could have done it
	pids=$(awk '{ print $2, $4 }' "$run"/*.state | tr '\n' ' ')
	# shellcheck disable=SC2086 # a list
	kill -9 $pids
	down_again
	# another program's socket of that name stays
	rm "$socket"
	python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$socket"
	cli_backhaul down
	[ -S "$socket" ]
	rm "$socket"
}
