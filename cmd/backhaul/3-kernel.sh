# ---- the kernel -----------------------------------------------------------

# A part of the plan, as $run/PART.plan: a pipe would hide that it failed.
plan() {	# PART
	"$bin/bh-plan" -f "$run/domain.ini" -l "$location" -D "$run" "$1" \
		>"$run/$1.plan"
}

has_v6() { [ -d /proc/sys/net/ipv6 ]; }

guard_owner() {
	nft -t list table inet backhaul 2>/dev/null |
		sed -n 's/^\tcomment "\(.*\)"$/\1/p'
}

# Noted before it is made, so that whatever interrupts us, `down' finds it.
make_tun() {	# DEVICE
	if ip link show dev "$1" >/dev/null 2>&1; then
		say "cannot make interface $1: there is one already"
		return 1
	fi
	echo "$1" >>"$run/tuns" || return 1
	ip tuntap add dev "$1" mode tun vnet_hdr || return 1
	mtu=$MTU
	# what breaks out never was in the tunnel: its answers are as long as
	# the uplink takes them
	case $ROLE:$1 in
	"client:$EGRESS_TUN") mtu=$(ip -o link show dev "$UPLINK" |
		sed 's/.* mtu \([0-9]*\) .*/\1/') ;;
	esac
	# a host whose new interfaces have none: its routes must be possible
	! has_v6 || echo 0 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"
	ip link set dev "$1" addrgenmode none mtu "$mtu" \
		txqueuelen 1000 up
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
		ip -$v rule show protocol "$PROTO"
		# the next hop comes and goes: bh-keep(8)
		ip -$v route show table all proto "$PROTO" | sed \
			'/^default via .* table 7803 /d; s/ linkdown//; s/ *$//'
	done
}

set_routes() {
	flush_rules "$PROTO"
	plan ip4 && ip -4 -batch "$run/ip4.plan" || return 1
	! has_v6 || { plan ip6 && ip -6 -batch "$run/ip6.plan"; } || return 1
	list_routes >"$run/routes"
}

# Lines of the plan: KEY VALUE OLD, VALUE "-" for what only changes along.
set_sysctls() {
	plan sysctl || return 1
	while read -r key value old; do
		[ "$value" = - ] || echo "$value" >"/proc/sys/$key" || return 1
	done <"$run/sysctl.plan"
}

restore_sysctls() {
	[ -f "$run/sysctl.plan" ] || return 0
	while read -r key value old; do
		[ ! -e "/proc/sys/$key" ] || echo "$old" >"/proc/sys/$key"
	done <"$run/sysctl.plan"
	rm "$run/sysctl.plan"
}

need_interfaces() {
	for i in $LAN_IF $UPLINK; do
		ip link show dev "$i" >/dev/null 2>&1 && continue
		say "no interface $i"
		return 1
	done
	[ -c /dev/net/tun ] && return
	say "cannot open /dev/net/tun: no such device"
	return 1
}

# Before a program is started: each of them would find it out by itself.
check_keys() {
	"$bin/bh-key" check -f "$run/domain.ini" -l "$location" -k "$keys"
}

set_up() {
	need_interfaces || return 1
	: >"$run/changed"
	restore_sysctls		# of an `up' that was killed
	if ! { plan nft && nft -f "$run/nft.plan"; }; then
		say "cannot load the nftables guard"
		return 1
	fi
	check_keys || { failed_code=$FIX; return 1; }
	remove_tuns
	for t in $TUN $EGRESS_TUN; do
		make_tun "$t" || { say "cannot make interface $t"; return 1; }
	done
	set_routes || { say "cannot set routes and rules"; return 1; }
	set_sysctls || { say "cannot set kernel parameters"; return 1; }
}

take_down() {
	trap '' INT TERM HUP
	stop_programs
	owner=$(guard_owner)
	if [ -e "$run/changed" ] || [ "$owner" = "$run" ]; then
		restore_sysctls
		[ ! -f "$run/neigh.keep" ] ||
			sed 's/replace/del/' "$run/neigh.keep" |
			ip -force -batch - 2>/dev/null
		flush_rules "${PROTO:-176}"
		remove_tuns
		[ "$owner" != "$run" ] || nft delete table inet backhaul
	fi
	( cd "$run" 2>/dev/null && rm -f domain.ini env ready \
		log log.1 tuns routes changed lock hop ./*.keep ./*.plan ./*.state ./*.new ./*.stat ./*.link \
		./*.stamps ./*.nat ./*.nat.new )
	rmdir "$run" 2>/dev/null
}

