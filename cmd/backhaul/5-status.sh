# ---- status ---------------------------------------------------------------

print_program() {	# PROGRAM
	read_state "$1"
	seconds
	if ! has_child; then
		[ "$state" != running ] || state=down
		printf '%-12s %-10s %8s %10s %9s\n' "$1" "$state" - - \
			"$restarts"
		return 1
	fi
	has_loop || state=orphan
	printf '%-12s %-10s %8s %8s s %9s\n' "$1" "$state" "$child" \
		$((seconds - since)) "$restarts"
	[ "$state" = running ]
}

print_peers() {
	awk -F '\t' -v now="$(date +%s)" '
	BEGIN { f = "%-12s %-24s %12s %10s %10s %5s\n"
		printf f, "peer", "endpoint", "handshake", "received", "sent",
			"mtu" }
	{ printf f, $1, $2, $3 == 0 ? "never" : (now - $3) " s ago", $4, $5,
		$6 }'
}

print_servers() {
	awk -F '\t' -v now="$(date +%s)" '
	BEGIN { f = "%-12s %-24s %12s\n"; printf f, "server", "state", "since" }
	{ printf f, $1, $2, (now - $3) " s ago"; used += $2 == "used" }
	END { if (!used) print "Internet: refused, no server answers"
		exit !used }'
}

# Which layers of its sandbox each process is in.
print_sandbox() {
	awk -F '\t' '
	BEGIN { f = "%-15s %8s %-13s %s\n"
		printf f, "process", "pid", "user", "sandbox" }
	{ printf f, $1, $2, $3, ($5 == "-" ? "" : $5) \
		($6 == "-" ? "" : ($5 == "-" ? "" : "; ") "without: " $6) }'
}

# What it prints gets out as a whole, or we say that it does not.
answer() {	# COMMAND...
	text=$("$@")
	code=$?
	[ -z "$text" ] || printf '%s\n' "$text" 2>/dev/null ||
		die $RETRY 'cannot write to standard output'
	exit $code
}

print_usage() { printf 'usage: backhaul %s\n' "$synopsis"; }

# What is to be said of the second bolt, in $bolt.
judge_bolt() {
	bolt_holds || { bolt=', second bolt MISSING'; return 1; }
	case $bolt in
	'owned forward egress') bolt= ;;
	owned*) bolt=', second bolt without the egress hook' ;;
	*) bolt=', second bolt open to others' ;;
	esac
}

# In a word; the lines below say it at length.
judge() {	# CHANGES
	case $1 in
	*'table inet backhaul is missing'*) guard=MISSING ;;
	*guard:*) guard=CHANGED ;;
	*device* | *routes:* | *parameter* | *interface*)
		guard='in force, rest CHANGED' ;;
	*) guard='in force' ;;
	esac
}

print_shut() {
	shut=shut
	judge_bolt
	if guard_differs; then
		shut='NOT SHUT, its guard is gone or changed'
		[ "$bolt" = ', second bolt MISSING' ] ||
			shut='shut by the second bolt alone, the guard is gone or changed'
	fi
	echo "$location: $shut$bolt: not up ($(cat "$run/shut"))"
}

cmd_status() {
	load_env
	if [ -z "$PROGRAMS" ]; then
		[ "$(guard_owner)" != "$run" ] ||
			is='shut by its guard alone, '
		echo "$location: ${is:-}not up"
		exit 1
	fi
	if [ -e "$run/shut" ]; then
		print_shut
		exit 1
	fi
	rc=0 found=$(changes) absent=$(interface_changes)
	judge_bolt || rc=1
	judge "$found$absent"
	printf '%s: %s, guard %s%s\n' "$location" "$ROLE" "$guard" "$bolt"
	[ -z "$absent" ] || {
		rc=1
		echo "$absent" | sed 's/^/  /'
	}
	[ -z "$found" ] || {
		rc=1
		echo "$found" | sed 's/^/  /'
		echo "  'backhaul up' puts it back"
	}
	printf '%-12s %-10s %8s %10s %9s\n' program state pid uptime restarts
	for p in $PROGRAMS; do
		print_program "$p" || rc=1
	done
	peers=$("$bin/bh-ctl" -D "$run" peers) || rc=1
	[ -z "$peers" ] || echo "$peers" | print_peers
	servers=$("$bin/bh-ctl" -D "$run" servers) || rc=1
	[ -z "$servers" ] || echo "$servers" | print_servers || rc=1
	[ -z "$verbose" ] || "$bin/bh-ctl" -D "$run" sandbox | print_sandbox
	exit $rc
}

