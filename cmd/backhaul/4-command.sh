# ---- commands -------------------------------------------------------------

# What is in there is run and written by root: it is of nobody else's making.
check_run() {
	at=$run
	until [ -e "$at" ] || [ -L "$at" ] || [ -z "$at" ]; do at=${at%/*}; done
	[ -x "${at:-/}" ] || [ -L "$at" ] || [ ! -d "$at" ] ||
		die $RETRY "cannot look at $run: permission denied"
	[ -e "$run" ] || [ -L "$run" ] || return 0
	{ [ -d "$run" ] && [ ! -L "$run" ]; } ||
		die $FIX "cannot use run directory $run: it is no directory"
	# shellcheck disable=SC2046 # words
	set -- $(stat -c '%u %a' "$run")
	[ "$1" = 0 ] || [ "$1" = "$(id -u)" ] ||
		die $FIX "cannot use run directory $run: it belongs to user $1;" \
			"run 'chown root $run', if you know what is in it"
	case $2 in
	*[2367]? | *[2367]) die $FIX "cannot use run directory $run: others" \
		"than its owner can write in it; run 'chmod 700 $run'" ;;
	esac
}

# Where a gateway was to be, nothing of its LAN gets out for want of a file.
die_shut() {	# REASON
	case $command in up | guard) shut_by_pipe ;; esac
	die $RETRY "$@"
}

# With `command', since a shell ends where an exec of its own fails.
open_lock() {
	{ command exec 8>>"$run/lock"; } 2>/dev/null && return
	[ -d "$run" ] || return
	[ -w "$run/lock" ] || { [ ! -e "$run/lock" ] && [ -w "$run" ]; } ||
		die_shut "cannot use $run: permission denied"
	die_shut "cannot open $run/lock"
}

# One command at a time; whoever waited may find that its directory is gone.
lock_run() {
	while :; do
		why=$(mkdir -p "$run" 2>&1) ||
			die_shut "cannot make $run: ${why##*: }"
		check_run
		[ ! -L "$run/lock" ] ||
			die $FIX "$run/lock is a symbolic link: remove it"
		open_lock || continue
		flock -w 30 8 || die $RETRY "$run is locked by another command"
		[ "$(stat -Lc %i /proc/self/fd/8 2>/dev/null)" != \
			"$(stat -c %i "$run/lock" 2>/dev/null)" ] || return
	done
}

load_env() {
	check_run
	[ ! -e "$run/env" ] || [ -r "$run/env" ] ||
		die $RETRY "cannot look at $run/env: permission denied"
	PROGRAMS='' TUN='' EGRESS_TUN='' LAN_IF='' UPLINK='' ROLE='' MTU=''
	PROTO=''
	# shellcheck source=/dev/null
	[ ! -f "$run/env" ] || . "$run/env"
}

# What is shut stays shut.  $shut: nothing of ours was there; the guard was
# there before this command, which touched nothing; this command has loaded it.
give_up() {	# CODE
	case $shut in
	'')
		if [ "$reason" = interrupted ] || ! shut_by_pipe; then
			tear_down
		fi ;;
	before)
		rm -f "$run"/*.new
		stay_shut
		[ ! -e "$run/shut" ] || note_shut "$reason"
		what='the guard stays as it was set up before'
		[ -z "$running" ] || what='the gateway goes on as it was'
		say "$what: see 'backhaul status'" ;;
	ours)
		stop_gateway "$reason"
		say "the guard stays: nothing of the LAN gets out until" \
			"'backhaul up' succeeds or 'backhaul down'" ;;
	esac
	[ ! -d "$run" ] || echo "$1" 2>/dev/null >"$run/outcome"
	exit "$1"
}

# The programs run from a copy: what is started again tomorrow must not get
# another domain than its siblings have.  A file that is wrong replaces nothing.
read_domain() {
	if [ "$file" = - ]; then
		cat >"$run/domain.new" || return $RETRY
		"$bin/bh-plan" -f - -l "$location" -D "$run" env \
			<"$run/domain.new" >"$run/env.new" || return
	else
		"$bin/bh-plan" -f "$file" -l "$location" -D "$run" env \
			>"$run/env.new" || return
		cat "$file" >"$run/domain.new" || return $RETRY
	fi
}

# The file as it was read, or as `up -r' has left it to us.
adopt_domain() {	# new|next
	mv -fT "$run/domain.$1" "$run/domain.ini" &&
		mv -fT "$run/env.$1" "$run/env" || return 1
	load_env
	[ -n "$ROLE" ]
}

check_owner() {
	owner=$(guard_owner)
	[ -n "$owner" ] && [ "$owner" != "$run" ] && [ -d "$owner" ] || return 0
	fail "the gateway of $owner runs in this network namespace"
}

# What is there, and the file that is to be.
begin() {
	lock_run
	load_env
	[ "$(guard_owner)" != "$run" ] && [ ! -f "$run/env" ] || shut=before
	trap 'fail interrupted; give_up $RETRY' INT TERM HUP
	running=
	! { supervised && none_failed && has_devices && mend; } || running=y
	read_domain && return
	code=$? reason='the domain file is wrong'
	[ -n "$shut" ] || shut_by_good "$code"
	give_up "$code"
}

# The guard first: all else can fail.
shut_first() {
	check_owner || give_up $RETRY
	set_guard || give_up $RETRY
	shut=ours reason='backhaul up has not finished'
	note_shut "$reason"
	keep_good
}

# With the domain in $run, until the programs are ready.
start_gateway() {
	shut_first
	stop_programs
	set_up || give_up "$failed_code"
	rm -f "$run/ready" "$run/loop"
	if ! { mkfifo "$run/ready" "$run/loop" &&
		echo "$keys" >"$run/keydir"; }; then
		give_up $RETRY
	fi
	exec 9<>"$run/ready"
	mark_log
	run_all
	strict=y
	# shellcheck disable=SC2086 # a list
	await $PROGRAMS || give_up "$failed_code"
	exec 9>&-
	guard_changes >/dev/null	# seen once, `status' is quick
	rm -f "$run/shut"
	echo 0 >"$run/outcome"
}

need_programs() {
	[ -z "$PROGRAMS" ] || return 0
	say "[location $location] has no role and no partners: nothing to do"
	tear_down
	forget_good
	exit 0
}

# The gateway runs: its programs are left alone but for what -r asks for.
keep_up() {
	if cmp -s "$run/domain.new" "$run/domain.ini"; then
		rm -f "$run"/*.new
		[ -z "$absent" ] || exit $RETRY
		exit 0
	fi
	[ -z "$replace" ] || return 0
	rm -f "$run"/*.new
	die $NO "$file has changed since 'backhaul up': the gateway goes on" \
		"with what it was then; 'backhaul up -r' applies it"
}

# `up -F' in another process replaces what it has started, and notes how that
# went.
replace_elsewhere() {
	has='it has the new file'
	! cmp -s "$run/domain.new" "$run/domain.ini" ||
		has='it has this file already'
	mv "$run/domain.new" "$run/domain.next" || give_up $RETRY
	mv "$run/env.new" "$run/env.next" || give_up $RETRY
	rm -f "$run/outcome"
	exec 8>&-
	trap - INT TERM HUP
	tries=0
	until [ -s "$run/outcome" ]; do
		if ! foreground_lives || [ $tries -ge $RELOAD_TRIES ]; then
			die $RETRY "'backhaul up -F' is not ready:" \
				"$(cat "$run/shut" 2>/dev/null)"
		fi
		# again: a signal may come before it is waited for; not
		# SIGHUP, which nohup(1) has made a shell deaf to for good
		[ $((tries % 10)) -ne 0 ] || kill -USR1 "$at"
		tries=$((tries + 1))
		sleep 0.1
	done
	read -r code waits <"$run/outcome"
	[ -z "$waits" ] || die "$code" "the gateway $waits; $has"
	[ "$code" -eq 0 ] || say "'backhaul up -F' has failed:" \
		"$(cat "$run/shut" 2>/dev/null)"
	exit "$code"
}

# In the foreground is who watches over the programs: those of an `up' that has
# gone are ended and started again, and two do not watch.
need_foreground() {
	if foreground_lives; then
		rm -f "$run"/*.new
		die $RETRY "'backhaul up -F' runs already, process $at;" \
			"'backhaul up -r' applies a changed file"
	fi
	[ -z "$running" ] || say 'the programs that run are started again'
	running=
}

cmd_up() {
	begin
	[ -z "$foreground" ] || need_foreground
	[ -z "$running" ] || keep_up
	! foreground_lives || replace_elsewhere
	adopt_domain new || give_up $RETRY
	need_programs
	[ -z "$foreground" ] || claim
	start_gateway
	[ -z "$foreground" ] || stay
	trap - INT TERM HUP
}

# ---- in the foreground ----------------------------------------------------

foreground_lives() {
	at=0 at_at=
	[ -r "$run/foreground" ] && read -r at at_at <"$run/foreground"
	[ "$at" != $$ ] && alive "$at" "$at_at"
}

claim() {
	patience='timeout 5'
	started $$
	mine="$$ $started"
	trap : HUP USR1		# there is a file to look for, no more
	trap leave INT TERM
	echo "$mine" >"$run/foreground"
}

is_mine() { [ "$(cat "$run/foreground" 2>/dev/null)" = "$mine" ]; }

leave() {
	trap '' INT TERM HUP
	[ -n "$shut" ] || give_up $RETRY	# there is nothing yet
	lock_run
	! is_mine || stop_gateway stopped
	exit 0
}

# Other commands may have their turn: `stop' and `down' end us, `up' may bring
# a better file.
yield() {
	trap leave INT TERM
	exec 8>&-
	sleep 1 & wait $!
	is_mine || exit 0
	lock_run
	if ! is_mine; then
		[ -e "$run/env" ] || tear_down
		exit 0
	fi
	[ ! -e "$run/env.next" ] || { adopt_domain next && shut_first; }
}

# What `up -r' has checked.
replace_here() {
	lock_run
	is_mine && adopt_domain next || return 0
	need_programs
	start_gateway
	exec 8>&-
}

# Until there is something to do, or bh-run has ended by itself.
lives_on() {
	started "$runner"
	wait "$runner"
	code=$?
	[ ! -e "$run/env.next" ] && ! alive "$runner" "$started" || return 0
	[ $code -gt 128 ] && supervised
}

# From the moment that others may take the lock, to be told to end is no
# failure.  The programs are gone when wait ends by itself, not by a signal.
stay() {
	trap leave INT TERM
	exec 8>&-
	[ -z "$notify" ] ||
		NOTIFY_SOCKET=$notify systemd-notify --ready 2>/dev/null
	while lives_on; do
		[ ! -e "$run/env.next" ] || replace_here
	done
	trap '' INT TERM HUP
	lock_run
	is_mine || { [ -e "$run/env" ] || tear_down; exit 0; }
	shut=ours
	fail 'all programs have ended'
	give_up $RETRY
}

# ---- ----------------------------------------------------------------------

# What an early unit does, before there is a network.
cmd_guard() {
	begin
	if all_supervised; then
		rm -f "$run"/*.new
		[ -n "$running" ] || exit $RETRY
		exit 0
	fi
	adopt_domain new || give_up $RETRY
	need_programs
	check_owner || give_up $RETRY
	set_guard || give_up $RETRY
	note_shut 'only the guard is loaded'
	keep_good
}

# What bh-keep asks for when something has changed.  A command that has the lock
# may wait for bh-keep to end; it comes again.
cmd_mend() {
	[ -e "$run/lock" ] || exit 0
	open_lock || exit 0
	flock -n 8 || exit $RETRY
	load_env
	[ -n "$PROGRAMS" ] && [ ! -e "$run/shut" ] || exit 0
	[ -e "$run/foreground" ] || supervised
	has_devices && mend || exit $NO
}

cmd_stop() {
	if [ ! -d "$run" ] && [ "$(guard_owner)" != "$run" ]; then
		die 0 "[location $location] is not up, and not shut"
	fi
	lock_run
	load_env
	stop_gateway stopped
}

cmd_down() {
	if [ ! -d "$run" ] && [ "$(guard_owner)" != "$run" ]; then
		forget_good
		exit 0
	fi
	lock_run
	load_env
	forget_good
	tear_down
}

cmd_restart() {	# [PROGRAM]
	[ -d "$run" ] || die $RETRY "[location $location] is not up"
	lock_run
	load_env
	[ ! -e "$run/shut" ] || PROGRAMS=
	[ -n "$PROGRAMS" ] || die $RETRY "[location $location] is not up"
	# without bh-tunnel the others end, and are started again, but for one
	who=${1:-bh-tunnel} others=${PROGRAMS% bh-keep}
	case " $PROGRAMS " in
	*" $who "*) ;;
	*) die $FIX "no program $who here; there are: $PROGRAMS" ;;
	esac
	[ "$who" = bh-tunnel ] || others=$who
	exec 9<>"$run/ready"
	# nothing of what happened before
	mark_log
	dd if="$run/ready" iflag=nonblock bs=65536 count=1 >/dev/null 2>&1
	supervisor=
	if all_supervised; then
		supervisor=$loop
	elif ! foreground_lives; then
		run_all
	fi
	for p in $PROGRAMS; do
		read_state "$p"
		if has_child; then
			[ "$p" != "$who" ] || kill "$child"
			continue
		fi
		case " $others " in *" $p "*) ;; *) others="$others $p" ;; esac
	done
	[ -z "$supervisor" ] || kill -HUP "$supervisor"
	strict=
	# shellcheck disable=SC2086 # a list
	await $others || exit "$failed_code"
}

