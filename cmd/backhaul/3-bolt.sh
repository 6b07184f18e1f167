# ---- the second bolt ------------------------------------------------------

# A process has it, which lives until `down', whatever else ends: bh-bolt(8).
# It has a directory of its own, where nobody looks for programs to stop.
BOLT=bolt/bh-bolt

bolt_lives() {
	read_state $BOLT && has_loop && has_child
}

# What of it the kernel has is in $bolt.
bolt_holds() {
	bolt=
	bolt_lives && [ -s "$run/bolt/holds" ] || return 1
	read -r bolt <"$run/bolt/holds"
	nft -t list table inet backhaul_bolt >/dev/null 2>&1
}

end_bolt() {
	read_state $BOLT || return 0
	! has_loop || kill "$loop"
	set -- "$child" "$child_at"
	end "$loop" "$loop_at"
	end "$1" "$2"
}

# In a subshell: whoever waits for all programs does not wait for this one.  It
# hears signals, also if we do not want to hear them ourselves now.
run_bolt() (
	trap - INT TERM HUP
	[ -n "$foreground" ] || exec 2<>"$run/log.fifo"
	run_programs $BOLT
)

# Or bh-run does, which then has written nothing of it.
bolt_fails() {
	read_state $BOLT || [ $tries -lt $RUN_TRIES ] || return 0
	[ $tries -ge $BOLT_TRIES ] || [ "$restarts" -ge $((ended + 3)) ]
}

# For the domain in $run: one that lives asks bh-plan anew.  Without it the guard
# still is shut, so the gateway comes up, and `status' says what is missing.
hold_bolt() {
	if ! { mkdir -p "$run/bolt" && rm -f "$run/bolt/holds" &&
		echo >"$run/bolt/room"; } 2>/dev/null; then
		say 'the second bolt has no room to say that it holds:' \
			'the guard is alone'
		return
	fi
	[ -p "$run/bolt/loop" ] || mkfifo "$run/bolt/loop"
	[ -p "$run/log.fifo" ] || mkfifo "$run/log.fifo"
	tries=0
	read_state $BOLT
	ended=$restarts
	if has_child; then
		kill -HUP "$child"
	elif ! has_loop; then
		rm -f "$run/$BOLT.state"
		ended=0
	fi
	if has_loop; then
		kill -HUP "$loop"
	else
		run_bolt
	fi
	until [ -s "$run/bolt/holds" ]; do
		if bolt_fails; then
			say 'the second bolt does not hold: the guard is alone'
			return
		fi
		tries=$((tries + 1))
		sleep 0.02
	done
}

remove_bolt() {
	end_bolt
	rm -rf "$run/bolt"
}
