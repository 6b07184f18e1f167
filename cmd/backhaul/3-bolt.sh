# ---- the second bolt ------------------------------------------------------

# A process has it, which lives until `down', whatever else ends: bh-bolt(8).
# It has a directory of its own, where nobody looks for programs to stop.
BOLT=bolt/bh-bolt

bolt_lives() {
	read_state $BOLT && alive "$loop" "$loop_at" && alive "$child" "$child_at"
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
	! alive "$loop" "$loop_at" || kill "$loop"
	set -- "$child" "$child_at"
	end "$loop" "$loop_at"
	end "$1" "$2"
}

# For the domain in $run.  Without it the guard still is shut, so the gateway
# comes up, and `status' says what is missing.  In a subshell: whoever waits
# for all programs does not wait for this one.  It hears signals, also if we do
# not want to hear them ourselves now.
hold_bolt() {
	mkdir -p "$run/bolt" && rm -f "$run/bolt/holds"
	ended=0 tries=0
	if bolt_lives; then
		ended=$restarts
		kill -HUP "$child"
	else
		end_bolt
		( trap - INT TERM HUP; spawn $BOLT )
	fi
	until [ -s "$run/bolt/holds" ]; do
		read_state $BOLT
		if [ $tries -ge $BOLT_TRIES ] ||
			[ "$restarts" -ge $((ended + 3)) ]; then
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
