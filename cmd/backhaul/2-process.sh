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

# One line a program, kept by its supervising loop.
read_state() {	# PROGRAM
	state=down loop=0 loop_at=0 child=0 child_at=0 restarts=0 since=0 code=0
	[ -r "$run/$1.state" ] || return 1
	read -r state loop loop_at child child_at restarts since code \
		<"$run/$1.state"
}

write_state() {	# STATE
	started "$$"; loop_at=$started
	started "$child"; child_at=${started:-0}
	echo "$1 $$ $loop_at $child $child_at $restarts $since $code" \
		>"$run/$name.new" && mv "$run/$name.new" "$run/$name.state"
}

seconds() {	# since boot, into $seconds
	read -r seconds rest </proc/uptime
	seconds=${seconds%.*}
}

trim_log() {
	[ -f "$run/log" ] && [ "$(wc -c <"$run/log")" -gt $LOG_MAX ] || return
	cp "$run/log" "$run/log.1" && : >"$run/log"
}

# A loop waits for nobody who reads its messages, in 3: a process of its own
# does, one at a time; what is to be said meanwhile is counted.
tell() {
	if alive "$teller" "$teller_at"; then
		lost=$((lost + 1))
		return
	fi
	[ $lost -eq 0 ] || set -- "$*; $lost messages before this are lost"
	lost=0
	patience='timeout 5'
	say "$@" 2>&3 &
	teller=$!
	started "$teller"; teller_at=$started
}

# One that was stopped hears of it, too.
end_now() { kill "$1" && kill -CONT "$1"; } 2>/dev/null	# PID

# A process of its own for each program: starts it again when it ends, at once
# if it lived for a while, else slower and slower.  Exit 100 means that it
# would be of no use.
supervise() {	# PROGRAM
	name=$1 child=0 restarts=0 since=0 code=0 stop='' delay=0.01
	teller=0 teller_at='' lost=0
	exec 3>&2 2>/dev/null
	ready=$run/ready program=${1##*/}
	[ "$name" != "$BOLT" ] || ready=/dev/null	# it says so in a file
	set -- -f "$run/domain.ini" -l "$location" -D "$run" -R 9
	case $name in
	bh-tunnel) set -- "$@" -k "$keys" ;;
	*-[0-9]*) set -- "$@" -n "${name##*-}" ;;
	esac
	trap 'stop=y; [ "$child" = 0 ] || end_now "$child"' TERM
	cd / || exit $RETRY
	# nothing is started that `down' would not find
	if ! write_state waiting; then
		tell "cannot write $run/$name.state"
		echo "$name exit $RETRY" 1<>"$ready"
		exit $RETRY
	fi
	while [ -z "$stop" ] && [ -d "$run" ]; do
		seconds; since=$seconds
		"$bin/${program%-[0-9]*}" "$@" 9<>"$ready" 2>&3 3>&- &
		child=$!
		[ -z "$stop" ] || kill "$child" 2>/dev/null
		write_state running
		wait "$child"; code=$?
		# a trapped signal ends wait, not the program
		while [ $code -gt 128 ] && started "$child"; do
			wait "$child"; code=$?
		done
		child=0
		[ -z "$stop" ] || break
		echo "$name exit $code" 1<>"$ready"
		if [ $code -eq $FIX ]; then
			write_state failed
			tell "$name: exit $FIX, not started again; see backhaul(8)"
			exit $FIX
		fi
		seconds
		[ $((seconds - since)) -lt 10 ] || delay=0.01
		restarts=$((restarts + 1))
		write_state waiting
		trim_log
		# another program's end was its own: that one is slowed down
		[ $code -ne $SIBLING ] || continue
		[ $code -eq 0 ] || { sleep $delay & wait $!; }
		case $delay in
		0.01) delay=0.02 ;; 0.02) delay=0.04 ;; 0.04) delay=0.08 ;;
		0.08) delay=0.16 ;; 0.16) delay=0.32 ;; 0.32) delay=0.64 ;;
		*) delay=1 ;;
		esac
	done
	rm -f "$run/$name.state"
}

spawn() {	# PROGRAM
	set -- supervise "$1" -l "$location" -k "$keys" -d "$run"
	if [ -n "$foreground" ]; then
		setsid "$self" "$@" </dev/null \
			3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	else
		setsid "$self" "$@" </dev/null >/dev/null 2>>"$run/log" \
			3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	fi
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

# The loops first: they end their programs.  A program whose loop was killed
# is ended here.
stop_programs() {
	doomed=
	for p in "$run"/bh-*.state; do
		p=${p##*/}
		read_state "${p%.state}" || continue
		! alive "$loop" "$loop_at" || kill "$loop"
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
		grep -E "^($1|bh-tunnel): " | tail -n 9 >&2
	fail "$1 did not start, exit $2"
}

