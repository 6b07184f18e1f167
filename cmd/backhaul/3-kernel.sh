# ---- the kernel -----------------------------------------------------------

# A part of the plan, as $run/PART.plan: a pipe would hide that it failed.
plan() {	# PART [SUFFIX]
	"$bin/bh-plan" -f "$run/domain.ini" -l "$location" -D "$run" "$1" \
		>"$run/$1.${2:-plan}"
}

has_v6() { [ -d /proc/sys/net/ipv6 ]; }

# Noted before it is made, so that whatever interrupts us, `down' finds it.  The
# kernel gives up a TUN of that name if no program is attached to it, which
# somebody has left behind, and nothing else.
make_tun() {	# DEVICE
	if ip link show dev "$1" >/dev/null 2>&1; then
		ip tuntap del dev "$1" mode tun 2>/dev/null
		if ip link show dev "$1" >/dev/null 2>&1; then
			fail "cannot make interface $1: there is one already"
			return 1
		fi
		say "interface $1, which nobody used, is made anew"
	fi
	if ! { echo "$1" >>"$run/tuns" &&
		ip tuntap add dev "$1" mode tun vnet_hdr; }; then
		fail "cannot make interface $1"
		return 1
	fi
	raise_tun "$1" || fail "cannot set up interface $1"
}

# What breaks out never was in the tunnel: its answers are as long as the
# uplink takes them, and stay so while there is none.
mtu_of() {	# DEVICE
	case $ROLE:$1 in
	"client:$EGRESS_TUN")
		{ ip -o link show dev "$UPLINK" 2>/dev/null ||
			ip -o link show dev "$1"; } |
			sed 's/.* mtu \([0-9]*\) .*/\1/' ;;
	*) echo "$MTU" ;;
	esac
}

# An MTU below 1280 has taken its IPv6 away: it gets that back while it is down,
# or it would give itself an address.
raise_tun() {	# DEVICE
	v6=/proc/sys/net/ipv6/conf/$1
	! has_v6 || [ -d "$v6" ] || ip link set dev "$1" down
	ip link set dev "$1" mtu "$(mtu_of "$1")" txqueuelen 1000 || return 1
	if [ -d "$v6" ]; then
		# of a host whose new interfaces have none, too
		echo 0 >"$v6/disable_ipv6"
		ip link set dev "$1" addrgenmode none || return 1
	fi
	ip link set dev "$1" up
}

remove_tuns() {
	[ -f "$run/tuns" ] || return
	while read -r t; do
		ip link del dev "$t" 2>/dev/null
	done <"$run/tuns"
	rm "$run/tuns"
}

flush_rules() {
	for v in 4 6; do
		[ $v = 4 ] || has_v6 || continue
		ip -$v rule flush protocol "$1" 2>/dev/null
		ip -$v route flush table all proto "$1" 2>/dev/null
	done
	return 0
}

# Routes and rules of ours as the kernel has them now.
list_routes() {
	for v in 4 6; do
		[ $v = 4 ] || has_v6 || continue
		# ip(8) does not ask the kernel for those of a protocol only
		ip -N -$v rule show | grep " proto $PROTO" |
			sed 's/ \[detached\]//'
		# the next hop comes and goes: bh-keep(8)
		ip -$v route show table all proto "$PROTO" | sed \
			'/^default via .* table 7803 /d; s/ linkdown//; s/ *$//'
	done
}

# ip(8) keeps 4 KiB for each line that it has read.
batch() {	# FAMILY
	plan "ip$1" &&
		SHELL=/bin/sh split -l 8000 --filter="ip -$1 -batch -" "$run/ip$1.plan"
}

set_routes() {
	for again in y y ''; do
		flush_rules "$PROTO"
		batch 4 || return 1
		! has_v6 || batch 6 || return 1
		list_routes >"$run/routes"
		has_rules && return
		[ -n "$again" ] || break
	done
	fail 'somebody takes our rules away as soon as they are there'
}

# All that are planned are in the list that is compared with later.
has_rules() {
	[ "$(cat "$run/ip4.plan" "$run/ip6.plan" 2>/dev/null |
		grep -c '^rule add ')" -eq \
		"$(grep -c '^[0-9]*:.*from ' "$run/routes")" ]
}

# Lines of the plan: KEY VALUE OLD, VALUE "-" for what only changes along.  OLD
# is what it was before `up', whatever has happened since, and is noted before
# anything is changed.
set_sysctls() {
	plan sysctl new && cat "$run/sysctl.new" >>"$run/sysctl.plan" ||
		return 1
	while read -r key value old; do
		[ "$value" = - ] || echo "$value" >"/proc/sys/$key" || return 1
	done <"$run/sysctl.new"
}

restore_sysctls() {
	[ -f "$run/sysctl.plan" ] || return 0
	while read -r key value old; do
		[ ! -e "/proc/sys/$key" ] || echo "$old" >"/proc/sys/$key"
	done <"$run/sysctl.plan"
	rm "$run/sysctl.plan"
}

need_tun() {
	[ -c /dev/net/tun ] || fail 'cannot open /dev/net/tun: no such device'
}

has_interfaces() {
	for i in $LAN_IF $UPLINK; do
		ip link show dev "$i" >/dev/null 2>&1 && continue
		reason="no interface $i"
		return 1
	done
}

# In the foreground we wait for an uplink that comes late, and stay shut; who has
# brought us a file need not wait for it.
need_interfaces() {
	said=
	until has_interfaces; do
		[ -n "$foreground" ] || { say "$reason"; return 1; }
		[ "$said" = "$reason" ] ||
			say "waiting for interface ${reason##* }; shut until then"
		said=$reason
		# once for each file: others read it meanwhile
		[ "$(cat "$run/shut")" = "$reason" ] || {
			note_shut "$reason"
			echo "$RETRY waits for interface ${reason##* }" \
				>"$run/outcome"
		}
		yield
	done
}

# Before a program is started: each of them would find it out by itself.
check_keys() {
	"$bin/bh-key" check -f "$run/domain.ini" -l "$location" \
		-k "$keys" && return
	reason='the keys are wrong' failed_code=$FIX
	return 1
}

set_up() {
	check_keys && need_tun && need_interfaces || return 1
	: >"$run/changed"
	restore_sysctls		# of an `up' that was killed
	remove_tuns
	plan before && refresh_guard || return 1
	for t in $TUN $EGRESS_TUN; do
		make_tun "$t" || return 1
	done
	set_routes || { fail 'cannot set routes and rules'; return 1; }
	set_sysctls || { fail 'cannot set kernel parameters'; return 1; }
}

# All that was set up but the guard.
undo() {
	stop_programs
	if [ -e "$run/changed" ] || [ "$(guard_owner)" = "$run" ]; then
		restore_sysctls
		[ ! -f "$run/neigh.keep" ] ||
			sed 's/replace/del/' "$run/neigh.keep" |
			ip -force -batch - 2>/dev/null
		flush_rules "${PROTO:-176}"
		remove_tuns
	fi
	( cd "$run" 2>/dev/null && rm -f changed hop keydir loop ready routes unmended \
		./*.keep ./*.state ./*.new ./*.next ./*.stat ./*.link )
}

# Nothing of the LAN gets out, and nobody is there to carry it.
stop_gateway() {	# REASON
	trap '' INT TERM HUP
	stay_shut
	undo
	rm -f "$run/foreground"
	note_shut "$1"
}

tear_down() {
	trap '' INT TERM HUP
	undo
	remove_guard
	remove_bolt
	( cd "$run" 2>/dev/null && rm -f domain.ini env foreground gen guard lock \
		log log.1 log.fifo outcome shut ./*.plan ./*.stamps ./*.nat \
		./*.nat.new )
	rmdir "$run" 2>/dev/null
}

