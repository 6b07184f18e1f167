# ---- what there is, compared with what was set up -------------------------

# While nobody has changed anything of nftables, in this network namespace, what
# was seen then is still there; to list 100,000 prefixes takes a second.
generation() {
	echo "$(readlink /proc/self/ns/net)" \
		"$("$bin/bh-plan" -f "$run/domain.ini" -l "$location" gen)"
}

guard_unchanged() {
	[ -s "$run/guard" ] && [ -s "$run/gen" ] &&
		nft list tables 2>/dev/null | grep -q '^table inet backhaul$' &&
		[ "$(generation)" = "$(cat "$run/gen")" ]
}

# Of two listings, chain by chain and set by set; what packets put into a set is
# no part of it.
compare_listings() {	# FILE; standard input
	awk '
	function note(name) {
		if (!(name in known)) { known[name]; order[++n] = name }
		has[side, name]
	}
	FNR == 1 { side++ }
	/^\t[a-z].*\{$/ { block = $1 " " $2; fills = 0; note(block); next }
	/^\t\}/ { block = "table"; next }
	/^\t\tflags .*(dynamic|timeout)/ { fills = 1 }
	fills && /^\t\telements = \{/ { inside = 1 }
	inside { if (/\}$/) inside = 0; next }
	{ if (block == "") block = "table"
		note(block); text[side, block] = text[side, block] "\n" $0 }
	END {
		for (i = 1; i <= n; i++) {
			b = order[i]
			if (!((2, b) in has)) print "guard: " b " is missing"
			else if (!((1, b) in has)) print "guard: " b " is not ours"
			else if (text[1, b] != text[2, b]) print "guard: " b " changed"
		}
	}' "$1" -
}

guard_changes() {
	! guard_unchanged || return 0
	gen=$(generation)
	list=$(list_guard)
	if [ -z "$list" ]; then
		echo 'guard: table inet backhaul is missing'
		return
	fi
	refer_guard || { echo 'guard: cannot be compared'; return; }
	found=$(echo "$list" | compare_listings "$run/guard")
	[ -z "$found" ] || { echo "$found"; return; }
	echo "$gen" >"$run/gen"
}

# One that a program has made for itself, since ours was taken away, goes with
# the program.
is_there() {	# DEVICE
	line=$(ip -o -d link show dev "$1" 2>/dev/null)
	case $line in *' persist on '*) ;; *) return 1 ;; esac
}

device_changes() {
	for t in $TUN $EGRESS_TUN; do
		is_there "$t" || { echo "device $t is missing"; continue; }
		case $line in
		*[\<,]UP[,\>]*) ;;
		*) echo "device $t is down"; continue ;;
		esac
		case $line in
		*" mtu $(mtu_of "$t") "*) ;;
		*) echo "device $t has another mtu than $(mtu_of "$t")" ;;
		esac
	done
}

# The first few; there may be very many.
route_changes() {
	list_routes | cmp -s - "$run/routes" && return
	list_routes | diff "$run/routes" - | awk '
	/^</ { line("missing", $0) }
	/^>/ { line("not ours", $0) }
	function line(what, s) {
		gsub(/[\t ]+/, " ", s)
		if (++n <= 3) print "routes: " what ": " substr(s, 3)
	}
	END { if (n > 3) print "routes: and " n - 3 " more" }'
}

parameter_changes() {
	wrong=$("$bin/bh-plan" -f "$run/domain.ini" -l "$location" -D "$run" \
		sysctl) || { echo 'parameters: cannot be planned'; return; }
	echo "$wrong" | while read -r key value _; do
		case $value in '' | -) continue ;; esac
		echo "parameter $key is $(cat "/proc/sys/$key")," \
			"must be $value"
	done
}

# Interfaces of the host's own that the domain file names: whoever has taken one
# away has to bring it back.
interface_changes() {
	for i in $LAN_IF $UPLINK; do
		case $(ip -o link show dev "$i" 2>/dev/null) in
		'') echo "interface $i is missing" ;;
		*[\<,]UP[,\>]*) ;;
		*) echo "interface $i is down" ;;
		esac
	done | uniq
}

# What `up' puts back.
changes() {
	guard_changes
	bolt_holds || echo 'second bolt is missing'
	device_changes
	route_changes
	parameter_changes
}

# Puts back what is not as it was set up and leaves the programs alone.  The
# guard follows the host's interfaces, should they be others by now.  Of these,
# what is not there is in $absent: all else is put back without it.
mend() {
	refresh_guard || return 1
	found=$(changes) left=
	if [ -n "$found" ]; then
		put_back || return 1
		left=$(changes)
	fi
	absent=$(interface_changes)
	note_left
	[ -z "$left" ] || return 1
	[ -z "$found" ] || say_each 'put back' "$found"
}

put_back() {
	case $found in *guard:*) set_guard || return 1 ;; esac
	bolt_holds || hold_bolt
	case $found in
	*device* | *routes:*)
		for t in $TUN $EGRESS_TUN; do
			raise_tun "$t" || return 1
		done
		set_routes || return 1 ;;
	esac
	set_sysctls
}

say_each() {	# PREFIX LINES
	echo "$2" | while read -r line; do
		say "$1: $line"
	done
}

# bh-keep asks again at each event, and the log has each line once.  An empty
# pattern is an empty line.
note_left() {
	all=$(printf '%s\n' "$left" "$absent" | sed '/^$/d')
	known=
	[ "$command" != mend ] || known=$(cat "$run/unmended" 2>/dev/null)
	new=$(echo "$all" | grep -vxF "$known")
	echo "$all" >"$run/unmended"
	[ -z "$new" ] || say_each 'cannot put back' "$new"
}

# What runs on a device that was taken away does not come back to it.
has_devices() {
	for t in $TUN $EGRESS_TUN; do
		is_there "$t" || return 1
	done
}

