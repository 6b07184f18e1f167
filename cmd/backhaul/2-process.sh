# ---- processes ------------------------------------------------------------

# When a process was started, in ticks since boot, into $started: together with
# the number it names a process for ever.  A zombie is none.
started() {
	started=
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	# shellcheck disable=SC2086 # fields
	set -- ${stat##*) }
	[ "$1" != Z ] || return 1
	shift 19
	started=$1
}

alive() {	# PID STARTED
	started "$1" && [ "$started" = "$2" ]
}

# One line a program, which bh-run(8) writes.
read_state() {	# PROGRAM
	state=down loop=0 loop_at=0 child=0 child_at=0 restarts=0 since=0 code=0
	[ -r "$run/$1.state" ] || return 1
	read -r state loop loop_at child child_at restarts since code \
		<"$run/$1.state"
}

seconds() {	# since boot, into $seconds
	read -r seconds rest </proc/uptime
	seconds=${seconds%.*}
}

# One that was stopped hears of it, too.
end_now() { kill "$1" && kill -CONT "$1"; } 2>/dev/null	# PID

# One process looks after them, and goes on with those that run already:
# bh-run(8).
run_programs() {	# [-o LOG] PROGRAM...
	setsid "$bin/bh-run" -f "$run/domain.ini" -l "$location" -k "$keys" \
		-D "$run" "$@" </dev/null >/dev/null \
		3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	runner=$!
}

# What they say goes into the log, or where we say it ourselves.
run_all() {
	to_log=
	# as `up' was told, whoever starts them again
	[ ! -s "$run/keydir" ] || read -r keys <"$run/keydir"
	[ -n "$foreground" ] || to_log="-o $run/log"
	# shellcheck disable=SC2086 # lists
	run_programs $to_log $PROGRAMS
}

has_loop() { alive "$loop" "$loop_at"; }
has_child() { alive "$child" "$child_at"; }
has_use() { [ "$state" != failed ]; }

# Of each program of a gateway that is up.
each() {	# TEST, of what read_state has read
	[ -n "$PROGRAMS" ] && [ ! -e "$run/shut" ] || return 1
	for p in $PROGRAMS; do
		read_state "$p" && "$1" || return 1
	done
}

all_supervised() { each has_loop; }
# One that a restart does not help is no reason to leave all as it is.
none_failed() { each has_use; }

# Where bh-run was killed, its programs go on, and so do we with another one.
supervised() {
	! all_supervised || return 0
	each has_child || return 1
	run_all
	tries=0
	until all_supervised; do
		[ $tries -lt $RUN_TRIES ] || return 1
		tries=$((tries + 1))
		sleep 0.02
	done
	say 'bh-run was killed: another one looks after the programs now'
}

end() {		# PID STARTED: ask, wait, insist
	alive "$1" "$2" || return
	end_now "$1"
	tries=0
	while alive "$1" "$2"; do
		[ $tries -lt $STOP_TRIES ] || kill -9 "$1" 2>/dev/null
		tries=$((tries + 1))
		sleep 0.02
	done
}

# bh-run first: it ends its programs.  Those of one that was killed are ended
# here.
stop_programs() {
	doomed=
	for p in "$run"/bh-*.state; do
		p=${p##*/}
		read_state "${p%.state}" || continue
		! has_loop || kill "$loop"
		doomed="$doomed $loop:$loop_at $child:$child_at"
	done
	for p in $doomed; do
		end "${p%:*}" "${p#*:}"
	done
	remove_wg_socket
}

# Where wg(8) talked to bh-tunnel, unless by now another program has it.
remove_wg_socket() {
	[ -r "$run/wg.inode" ] || return 0
	read -r inode socket <"$run/wg.inode"
	[ "$(stat -c %i "$socket" 2>/dev/null)" != "$inode" ] || rm -f "$socket"
	rm -f "$run/wg.inode"
}

# ---- readiness ------------------------------------------------------------

# Reads byte by byte, so nothing of the next line is lost.
next_line() {
	# shellcheck disable=SC2016 # for the inner shell
	timeout $READY_TIME sh -c 'IFS= read -r l && printf %s "$l"' <&9 8>&-
}

# What is said from here on is about what is started now.
mark_log() {
	log_at=0
	[ ! -f "$run/log" ] || log_at=$(wc -c <"$run/log")
}

# Waits until all the named programs are ready; false if one was not, with its
# exit status in $failed_code.  Without $strict one may end and be started again.
await() {	# PROGRAM...
	pending=" $* "
	while [ "$pending" != ' ' ]; do
		line=$(next_line) || {
			failed_code=$RETRY
			fail "not ready after $READY_TIME s:$pending"
			return 1
		}
		who=${line%% *}
		case $pending:$line in
		*" $who "*:*" ready")
			pending="${pending%% "$who" *} ${pending#* "$who" }" ;;
		*" $who "*:*" exit "*)
			[ -n "$strict" ] || [ "${line##* }" = $FIX ] || continue
			blame "$who" "${line##* }"
			return 1 ;;
		esac
	done
}

# Says why a program did not get ready: bh-tunnel may be the cause for others.
blame() {	# PROGRAM CODE
	failed_code=$2
	[ "$2" -eq $FIX ] || failed_code=$RETRY
	[ -n "$foreground" ] ||
		tail -c "+$((log_at + 1))" "$run/log" |
		sed 's/^[^ ]*Z //' | grep -E "^($1|bh-tunnel): " | tail -n 9 >&2
	fail "$1 did not start, exit $2"
}

