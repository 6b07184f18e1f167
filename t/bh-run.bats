# SPDX-License-Identifier: ISC
# bh-run with programs that do what is asked for; in a gateway: host-supervise.

bats_require_minimum_version 1.8.0

bin=${BH_BIN:-$PWD/build/release}

setup() {
	. t/lib/world.bash
	run=$BATS_TEST_TMPDIR/run
	mkdir -m 700 "$run" "$BATS_TEST_TMPDIR/bin"
	cp "$bin/bh-run" "$BATS_TEST_TMPDIR/bin"
	mkfifo "$run/ready"
}

teardown() {
	[ -z "${runner:-}" ] || kill -9 "$runner" 2>/dev/null || true
	for p in "$run"/*.state; do
		[ -e "$p" ] && [ "$(field 4 "$p")" -gt 1 ] || continue
		kill -9 "$(field 4 "$p")" 2>/dev/null || true
	done
}

# A program of that name, which does that.
program() {	# NAME
	{ echo '#!/bin/sh'; cat; } >"$BATS_TEST_TMPDIR/bin/$1"
	chmod 755 "$BATS_TEST_TMPDIR/bin/$1"
}

sleeper() {	# NAME
	program "$1" <<-'END'
	echo "$*" >"$6/args.${0##*/}"
	echo "${0##*/} ready" >&3
	exec sleep 1000
	END
}

start() {	# [ARG...]
	"$BATS_TEST_TMPDIR/bin/bh-run" -f x.ini -l here -D "$run" "$@" \
		</dev/null >/dev/null 3>&- 5</dev/null 20</dev/null &
	runner=$!
}

# Counters (proc/counters.h) as a program has them that has waited so often.
beat() {	# NUMBER
	python3 - "$run/bh-tunnel.stat" "$verdicts" "$1" <<-'END'
	import struct, sys
	n = int(sys.argv[2])
	open(sys.argv[1], "wb").write(b"bh-stat\n" + bytes(24) +
	    bytes(8 + 16 * n + 40) + struct.pack("Q", int(sys.argv[3])) +
	    bytes(8))
	END
}

field() { cut -d ' ' -f "$1" "$2"; }
state() { field 1 "$run/$1.state"; }
pid() { field 4 "$run/$1.state"; }
restarts() { field 6 "$run/$1.state"; }
is() { [ "$("$1" "$2" 2>/dev/null)" = "$3" ]; }

@test "starts each program with the options that all have" {
	sleeper bh-classify
	sleeper bh-tunnel
	sleeper bh-egress
	start -k keys bh-tunnel bh-egress-2 bh-classify
	world_until test -s "$run/args.bh-classify"
	world_until test -s "$run/args.bh-egress"
	[ "$(cat "$run/args.bh-tunnel")" = "-f x.ini -l here -D $run -R 3 -k keys" ]
	[ "$(cat "$run/args.bh-egress")" = "-f x.ini -l here -D $run -R 3 -n 2" ]
	is state bh-egress-2 running
	is state bh-classify running
	[ "$(readlink "/proc/$(pid bh-classify)/fd/0")" = /dev/null ]
	# nothing of bh-run's own, nor of who has started it
	[ "$(ls "/proc/$(pid bh-classify)/fd")" = "$(printf '%d\n' 0 1 2 3)" ]
	[ "$(readlink "/proc/$runner/fd/20")" = '' ]
	run ! grep -x /dev/null <<<"$(python3 t/lib/descriptors.py "$runner")"
	# SIGPIPE among them; two that libc ignores in each child are its own
	grep -qx 'SigBlk:	0*' "/proc/$(pid bh-classify)/status"
	grep -qx 'SigIgn:	0*\(18\)\?0\{7\}' "/proc/$(pid bh-classify)/status"
}

@test "SIGTERM ends all programs, one that is stopped as well, and leaves nothing" {
	sleeper bh-classify
	sleeper bh-tunnel
	start bh-tunnel bh-classify
	world_until test -s "$run/args.bh-classify"
	local a b
	a=$(pid bh-classify) b=$(pid bh-tunnel)
	kill -STOP "$a"
	kill "$runner"
	wait "$runner"
	run ! kill -0 "$a"
	run ! kill -0 "$b"
	run ! ls "$run"/*.state
}

@test "one that does not want to end is killed" {
	program bh-tunnel <<-'END'
	trap '' TERM
	echo >"$6/there"
	while :; do sleep 1; done
	END
	start bh-tunnel
	world_until test -e "$run/there"
	local a=$(pid bh-tunnel)
	kill "$runner"
	wait "$runner"
	run ! kill -0 "$a"
}

@test "G34: a death is followed by a start at once, a loop by waiting up to a second" {
	program bh-tunnel <<-'END'
	date +%s%N >>"$6/starts"
	exit 3
	END
	start bh-tunnel
	world_until eval '[ "$(wc -l <"$run/starts")" -ge 10 ]'
	is state bh-tunnel waiting
	[ "$(field 8 "$run/bh-tunnel.state")" = 3 ]
	[ "$(restarts bh-tunnel)" -ge 9 ]
	# each wait is as long as it must be; how much longer is the machine's
	awk 'NR > 1 { gap[NR - 1] = ($1 - last) / 1e6 } { last = $1 }
		END { exit !(gap[2] >= 10 && gap[3] >= 20 && gap[6] >= 160 &&
			gap[8] >= 640 && gap[9] >= 1000) }' "$run/starts"
}

@test "G34: one that ends because another has ended is not slowed down" {
	program bh-tunnel <<-'END'
	echo >>"$6/starts"
	[ "$(wc -l <"$6/starts")" -ge 300 ] || exit 112
	exec sleep 1000
	END
	start bh-tunnel
	world_until eval '[ "$(wc -l <"$run/starts")" -ge 300 ]'
	[ "$(restarts bh-tunnel)" = 299 ]
}

@test "one that ends with 100 is left alone until SIGHUP, and said" {
	program bh-tunnel <<-'END'
	[ -e "$6/mended" ] || exit 100
	echo 'bh-tunnel ready' >&3
	exec sleep 1000
	END
	sleeper bh-classify
	exec 5<>"$run/ready"
	start -o "$run/log" bh-tunnel bh-classify
	world_until is state bh-tunnel failed
	world_until grep -q 'bh-run: bh-tunnel: exit 100, not started again' "$run/log"
	read -r -t 10 line <&5
	[ "$line" = 'bh-tunnel exit 100' ] || { read -r -t 10 line <&5
		[ "$line" = 'bh-tunnel exit 100' ]; }
	is state bh-classify running
	local other=$(pid bh-classify)
	: >"$run/mended"
	kill -HUP "$runner"
	world_until is state bh-tunnel running
	[ "$(pid bh-classify)" = "$other" ]
	exec 5>&-
}

@test "ends with 100 when no program is of any use" {
	program bh-tunnel <<<'exit 100'
	program bh-classify <<<'exit 100'
	start bh-tunnel bh-classify
	wait "$runner" && code=0 || code=$?
	[ "$code" -eq 100 ]
	is state bh-tunnel failed
}

@test "a program that is not there is tried again" {
	start bh-tunnel
	world_until eval '[ "$(restarts bh-tunnel)" -ge 2 ]'
	sleeper bh-tunnel
	world_until test -s "$run/args.bh-tunnel"
}

@test "G33: after kill -9 another one goes on with the programs that live" {
	sleeper bh-classify
	sleeper bh-tunnel
	start bh-tunnel bh-classify
	world_until test -s "$run/args.bh-classify"
	world_until test -s "$run/args.bh-tunnel"
	local a b
	a=$(pid bh-classify) b=$(pid bh-tunnel)
	kill -9 "$runner"
	wait "$runner" || true
	kill -9 "$b"			# nobody sees this one
	start bh-tunnel bh-classify
	world_until eval '[ "$(field 2 "$run/bh-classify.state")" = "$runner" ]'
	[ "$(pid bh-classify)" = "$a" ]
	world_until eval '[ "$(pid bh-tunnel)" != "$b" ] && is state bh-tunnel running'
	# and sees when it ends, though it is no child
	kill -9 "$a"
	world_until eval '[ "$(pid bh-classify)" != "$a" ] && is state bh-classify running'
	is restarts bh-classify 1
}

@test "a number that another process has by now is not taken for a program" {
	sleeper bh-tunnel
	sleep 1000 3>&- &
	local other=$!
	echo "running 1 1 $other 12345 7 0 0" >"$run/bh-tunnel.state"
	start bh-tunnel
	world_until test -s "$run/args.bh-tunnel"
	[ "$(pid bh-tunnel)" != "$other" ]
	kill "$runner"
	wait "$runner"
	kill "$other"			# it is still there
}

@test "two do not look after one program" {
	sleeper bh-tunnel
	start bh-tunnel
	world_until test -s "$run/args.bh-tunnel"
	run "$BATS_TEST_TMPDIR/bin/bh-run" -l here -D "$run" bh-tunnel
	[ "$status" -eq 111 ]
	[ "$output" = "bh-run: another bh-run looks after $run" ]
	is state bh-tunnel running
}

@test "lines in the log have the time, and their program" {
	program bh-tunnel <<-'END'
	echo 'bh-tunnel: one' >&2
	printf 'bh-tunnel: two\nbh-tunnel: thr' >&2
	sleep 0.1
	printf 'ee\n' >&2
	exec sleep 1000
	END
	start -o "$run/log" bh-tunnel
	world_until grep -q 'three$' "$run/log"
	[ "$(grep -cE '^2[0-9]{3}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}\.[0-9]{3}Z bh-tunnel: (one|two|three)$' "$run/log")" = 3 ]
	[ "$(wc -l <"$run/log")" = 3 ]
	[ "$(stat -c %a "$run/log")" = 600 ]
}

@test "F24: the log is cut by size, between lines, while all programs run" {
	program bh-tunnel <<-'END'
	for i in $(seq 0 500 59500); do
		seq -f 'bh-tunnel: line %.0f of very many lines' \
			$((i + 1)) $((i + 500)) >&2
		sleep 0.01
	done
	exec sleep 1000
	END
	start -o "$run/log" bh-tunnel
	world_until grep -qE '60000 of very many lines$' "$run/log"
	[ "$(restarts bh-tunnel)" = 0 ]
	[ "$(wc -c <"$run/log.1")" -ge 1048576 ]
	[ "$(wc -c <"$run/log.1")" -lt 1049000 ]
	# what the pipe had no room for is missing, no line is a piece of one
	run ! grep -vhE '^[^ ]+Z bh-tunnel: line [0-9]+ of very many lines$' \
		"$run/log.1" "$run/log"
	run ! ls "$run/log.2"
}

@test "G43: who writes waits for nobody while bh-run is stopped" {
	program bh-tunnel <<-'END'
	until [ -e "$6/go" ]; do sleep 0.02; done
	i=0
	while [ $i -lt 3000 ]; do
		echo 'bh-tunnel: this line is longer than some others are' >&2
		i=$((i + 1))
	done 2>>"$6/errors"
	: >"$6/done"
	exec sleep 1000
	END
	start -o "$run/log" bh-tunnel
	world_until is state bh-tunnel running
	kill -STOP "$runner"
	: >"$run/go"
	world_until test -e "$run/done"
	kill -CONT "$runner"
}

@test "G35: a program that is stopped is seen, and seen when it goes on" {
	sleeper bh-tunnel
	start -o "$run/log" bh-tunnel
	world_until is state bh-tunnel running
	kill -STOP "$(pid bh-tunnel)"
	world_until is state bh-tunnel stopped
	grep -q 'bh-tunnel is stopped' "$run/log"
	kill -CONT "$(pid bh-tunnel)"
	world_until is state bh-tunnel running
	world_until grep -q 'bh-tunnel goes on' "$run/log"
	is restarts bh-tunnel 0
}

@test "G35: a program whose loop does not come back to wait is seen" {
	local verdicts
	verdicts=$(grep -c '^	X(V_' lib/base/verdict.h)
	sleeper bh-tunnel
	beat 3
	start -o "$run/log" bh-tunnel
	world_until is state bh-tunnel running
	beat 4			# it works, and goes on to
	world_until is state bh-tunnel stuck
	grep -q 'bh-tunnel does not come back to wait' "$run/log"
	beat 5
	world_until is state bh-tunnel running
}

@test "will not use a run directory that others can write in" {
	chmod 777 "$run"
	run "$BATS_TEST_TMPDIR/bin/bh-run" -l here -D "$run" bh-tunnel
	[ "$status" -eq 100 ]
	[[ $output == "bh-run: "*"$run"* ]]
}

@test "wrong usage exits 100, -h and -V exit 0" {
	run "$bin/bh-run" -l here
	[ "$status" -eq 100 ]
	[[ $output == "usage: bh-run "* ]]
	run -0 "$bin/bh-run" -h
	[[ $output == "usage: bh-run "* ]]
	run -0 "$bin/bh-run" -V
}
