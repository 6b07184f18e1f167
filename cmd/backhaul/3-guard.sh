# ---- the guard ------------------------------------------------------------

guard_owner() {
	nft -t list table inet backhaul 2>/dev/null |
		sed -n 's/^\tcomment "\(.*\)"$/\1/p'
}

# Again, since nft(8) may see nothing of a table while another one changes.
list_guard() {
	for again in 0.02 0.05 0; do
		nft -s list table inet backhaul 2>/dev/null && return
		sleep $again
	done
	return 1
}

# In one transaction: nothing is open on the way from one to the next.
load_guard() {
	rm -f "$run/gen" "$run/guard"
	nft -f "$run/nft.plan" || fail 'cannot load the nftables guard'
}

# What nft(8) lists of the guard where nobody else can change it: a network
# namespace of its own.  Where there can be none, what it lists here.
refer_guard() {
	[ ! -s "$run/guard" ] || return 0
	# shellcheck disable=SC2016 # for the inner shell
	unshare -n sh -c 'nft -f "$1" && nft -s list table inet backhaul' \
		- "$run/nft.plan" >"$run/guard.$$.new" 2>/dev/null ||
		list_guard >"$run/guard.$$.new" || return
	mv "$run/guard.$$.new" "$run/guard"
}

# From names and addresses alone: no interface has to be there.
set_guard() {
	plan nft || { fail 'cannot plan the nftables guard'; return 1; }
	load_guard || return 1
	: "${shut:=ours}"	# from here on it stays, whatever fails
	hold_bolt && set_flows
}

# Whatever the run directory is good for, the guard needs none of it: it may be
# full, or on a disk that can only be read.
shut_by_pipe() {
	[ "$file" != - ] && [ -z "$(guard_owner)" ] || return
	text=$("$bin/bh-plan" -f "$file" -l "$location" -D "$run" nft \
		2>/dev/null) && echo "$text" | nft -f - || return
	say "the guard is loaded all the same: nothing of the LAN gets out" \
		"until 'backhaul up' succeeds or 'backhaul down'"
}

# Not every kernel has what it needs, and nothing is open without it.
set_flows() {
	plan flows && nft -f "$run/flows.plan" && return
	say "flows have the kernel's own times and no shares:" \
		'it refuses the table backhaul_flows'
}

# What the interfaces say, once they are there.
refresh_guard() {
	plan nft new || { fail 'cannot plan the nftables guard'; return 1; }
	! cmp -s "$run/nft.plan" "$run/nft.new" || return 0
	mv "$run/nft.new" "$run/nft.plan" && load_guard
}

guard_differs() {
	[ -s "$run/nft.plan" ] && [ -n "$(guard_changes)" ]
}

# What has been shut, whatever was taken away of it since.
stay_shut() {
	! guard_differs || load_guard
	bolt_holds || hold_bolt
}

remove_guard() {
	[ "$(guard_owner)" != "$run" ] || nft delete table inet backhaul
	[ ! -e "$run/flows.plan" ] ||
		nft delete table inet backhaul_flows 2>/dev/null
}

# Why nothing gets out.
note_shut() {	# REASON
	[ ! -d "$run" ] || echo "$1" >"$run/shut"
}

# ---- the last domain file that was right ----------------------------------

# It outlives a boot, in $good: a mistake in the file does not open the LAN.
# A file of our own there cannot be replaced by others.
is_good() { [ -f "$good" ] && [ ! -L "$good" ] && [ -O "$good" ]; }

keep_good() {
	! is_good || ! cmp -s "$run/domain.ini" "$good" || return 0
	new=
	mkdir -p "${good%/*}" && new=$(mktemp "$good.XXXXXX") &&
		cat "$run/domain.ini" >"$new" && sync "$new" &&
		mv -fT "$new" "$good" && return
	[ -z "$new" ] || rm -f "$new"
	say "cannot keep $good: a mistake in the file would open the LAN at boot"
}

forget_good() { rm -f "$good" "$good".??????; }

# Where nothing of ours is there and the file is of no use.
shut_by_good() {	# CODE
	is_good && file=$good && read_domain 2>/dev/null && adopt_domain new &&
		[ -n "$PROGRAMS" ] && check_owner && set_guard || return
	shut=before
	note_shut "$reason"
	say "$reason: shut by the one of $(date -r "$good" '+%F %T') that was" \
		"right; mend the file and use 'backhaul up', or 'backhaul down'"
	echo "$1" >"$run/outcome"
	exit "$1"
}

