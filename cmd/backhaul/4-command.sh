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

# One command at a time; whoever waited may find that its directory is gone.
take_lock() {
	while :; do
		mkdir -p "$run" || die $RETRY "cannot make $run"
		check_run
		[ ! -L "$run/lock" ] ||
			die $FIX "$run/lock is a symbolic link: remove it"
		exec 8>>"$run/lock"
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
	[ ! -r "$run/env" ] || . "$run/env"
}

all_supervised() {
	[ -n "$PROGRAMS" ] || return 1
	for p in $PROGRAMS; do
		read_state "$p" && alive "$loop" "$loop_at" || return 1
	done
}

# Nobody else has taken away what was set up.
in_force() {
	[ "$(guard_owner)" = "$run" ] &&
		[ "$(list_routes)" = "$(cat "$run/routes" 2>/dev/null)" ]
}

# What was shut before this command stays shut.
give_up() {	# CODE
	[ -n "$shut" ] || { take_down; exit "$1"; }
	[ "$shut" != stopped ] || stop_programs
	say "the guard stays as it was set up before: see 'backhaul status'"
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
	mv "$run/domain.new" "$run/domain.ini" &&
		mv "$run/env.new" "$run/env" || return $RETRY
}

check_owner() {
	owner=$(guard_owner)
	[ -n "$owner" ] && [ "$owner" != "$run" ] && [ -d "$owner" ] || return 0
	say "the gateway of $owner runs in this network namespace"
	return 1
}

cmd_up() {
	take_lock
	load_env
	! { all_supervised && in_force; } || exit 0
	[ ! -e "$run/changed" ] || shut=y
	trap 'say interrupted; give_up 111' INT TERM HUP
	read_domain || give_up $?
	[ -z "$shut" ] || shut=stopped
	stop_programs
	rm -f "$run/log" "$run/ready"
	load_env
	if [ -z "$PROGRAMS" ]; then
		say "[location $location] has no role and no partners:" \
			"nothing to do"
		take_down
		exit 0
	fi
	check_owner || give_up $RETRY
	set_up || give_up "$failed_code"
	mkfifo "$run/ready" || give_up $RETRY
	exec 9<>"$run/ready"
	for p in $PROGRAMS; do
		spawn "$p"
	done
	strict=y
	# shellcheck disable=SC2086 # a list
	await $PROGRAMS || give_up "$failed_code"
	exec 9>&-
	[ -z "$foreground" ] || stay
	trap - INT TERM HUP
}

# From the moment that others may take the lock, to be told to end is no
# failure.
stay() {
	trap 'take_lock; take_down; exit 0' INT TERM
	trap - HUP
	exec 8>&-
	[ -z "$notify" ] ||
		NOTIFY_SOCKET=$notify systemd-notify --ready 2>/dev/null
	wait
}

cmd_down() {
	if [ ! -d "$run" ] && [ "$(guard_owner)" != "$run" ]; then
		exit 0
	fi
	take_lock
	load_env
	take_down
}

cmd_restart() {	# [PROGRAM]
	[ -d "$run" ] || die $RETRY "[location $location] is not up"
	take_lock
	load_env
	[ -n "$PROGRAMS" ] || die $RETRY "[location $location] is not up"
	# without bh-tunnel the others end, and are started again
	who=${1:-bh-tunnel} others=$PROGRAMS
	case " $PROGRAMS " in
	*" $who "*) ;;
	*) die $FIX "no program $who here; there are: $PROGRAMS" ;;
	esac
	[ "$who" = bh-tunnel ] || others=$who
	exec 9<>"$run/ready"
	# nothing of what happened before
	dd if="$run/ready" iflag=nonblock bs=65536 count=1 >/dev/null 2>&1
	for p in $PROGRAMS; do
		read_state "$p"
		if alive "$loop" "$loop_at"; then
			[ "$p" != "$who" ] || ! alive "$child" "$child_at" ||
				kill "$child"
			continue
		fi
		end "$child" "$child_at"
		spawn "$p"
		case " $others " in *" $p "*) ;; *) others="$others $p" ;; esac
	done
	strict=
	# shellcheck disable=SC2086 # a list
	await $others || exit "$failed_code"
}

