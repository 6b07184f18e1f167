# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Two hosts on one cable: ours, with bh-tunnel and its neighbours, and one with
# Debian's wireguard-go.  Which of them is client and which is server, the test
# says.
#
#   ┌──────────────────┐                      ┌──────────────────────┐
#   │ our              │ v0                v0 │ wgo                  │
#   │ bh0 ─ bh-tunnel  ├──────────────────────┤ wireguard-go ─ wgN   │
#   └──────────────────┘ 192.0.2.1  192.0.2.2 └──────────────────────┘
#                       2001:db8:f::1, ::2
#
#   branch1  10.1.0.5/20, 2001:db8:1::5/64     the client
#   hq       10.0.0.5/20, 2001:db8::5/64       the server, and its partner
#            203.0.113.80, 2001:db8:c::80      the Internet, behind it
#
# Set by interop_up: I, the prefix of names; I_DIR, with domain.ini, keys/, run/.

. t/lib/pids.bash
. t/lib/until.bash

: "${BH_BIN:=$PWD/build/release}"

in_our() { netns_exec "$I-our" "$@"; }
in_wgo() { netns_exec "$I-wgo" "$@"; }

interop_until() { until_holds 10 "$@"; }

interop_host() {	# HOST NUMBER
	ip -n "$I-$1" link set lo up
	ip netns exec "$I-$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0
	ip -n "$I-$1" addr add "192.0.2.$2/24" dev v0
	ip -n "$I-$1" addr add "2001:db8:f::$2/64" dev v0 nodad
	ip -n "$I-$1" link set v0 up
}

interop_key() {	# LOCATION
	[ -e "$I_DIR/keys/$1.key" ] || (
		umask 077
		wg genkey >"$I_DIR/keys/$1.key"
	)
	wg pubkey <"$I_DIR/keys/$1.key"
}

# ENDPOINT-OF-HQ and ENDPOINT-OF-BRANCH1, "-" for none.
interop_domain() {
	local hq=$1 branch=$2
	[ "$hq" = - ] && hq= || hq="endpoint = $hq"
	[ "$branch" = - ] && branch= || branch="endpoint = $branch"
	cat >"$I_DIR/domain.ini" <<-E
	[domain]
	name = interop
	[location hq]
	public-key = $(interop_key hq)
	$hq
	lan = 10.0.0.0/20, 2001:db8::/64
	internal = 10.0.0.0/16, 2001:db8::/48
	partners = branch1
	backhaul = server
	nat = none
	nat-upstream = yes
	uplink = v0
	lan-interface = v0
	[location branch1]
	public-key = $(interop_key branch1)
	$branch
	lan = 10.1.0.0/20, 2001:db8:1::/64
	internal = 10.1.0.0/16, 2001:db8:1::/48
	partners = hq
	backhaul = client
	server = hq
	uplink = v0
	lan-interface = v0
	E
}

interop_up() {	# DIRECTORY
	export I=bhi$$ I_DIR=$1
	I_GATES=()
	mkdir -p "$I_DIR/keys" "$I_DIR/run"
	ip netns add "$I-our"
	ip netns add "$I-wgo"
	ip -n "$I-our" link add v0 type veth peer name v0 netns "$I-wgo"
	interop_host our 1
	interop_host wgo 2
}

interop_down() {
	local host pid
	for host in our wgo; do
		for pid in $(netns_pids "${I:?}-$host"); do
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$I-$host" 2>/dev/null
	done
	rm -f "/var/run/wireguard/$I.sock"
	return 0
}

# In the background; its pid is in $I_PID.
interop_bg() {	# HOST COMMAND...
	local host=$1
	shift
	NETNS=$I-$host ip netns exec "$I-$host" "$@" \
		</dev/null >>"$I_DIR/$host.log" 2>&1 \
		3>&- &
	I_PID=$!
}

# A program of ours that has told that it is ready; its pid is in $I_PID.
interop_ready() {	# PROGRAM OPTION...
	local fifo=$I_DIR/ready.$1 fd program=$BH_BIN/$1
	shift
	rm -f "$fifo"
	mkfifo "$fifo"
	exec {fd}<>"$fifo"
	NETNS=$I-our ip netns exec "$I-our" "$program" -f "$I_DIR/domain.ini" \
		-D "$I_DIR/run" -R "$fd" "$@" </dev/null \
		>>"$I_DIR/our.log" 2>&1 3>&- &
	I_PID=$!
	read -r -t 10 -u "$fd" _ || { cat "$I_DIR/our.log" >&2; return 1; }
	exec {fd}<&-
}

interop_tun() {	# NAME ADDRESS... -- ROUTE...
	local tun=$1 a
	shift
	ip -n "$I-our" tuntap add "$tun" mode tun vnet_hdr
	ip -n "$I-our" link set "$tun" mtu 1420 up
	while [ "$1" != -- ]; do
		ip -n "$I-our" addr add "$1" dev "$tun"
		shift
	done
	shift
	for a; do ip -n "$I-our" route add "$a" dev "$tun"; done
}

# Ours, as a location; its pid is in $I_TUNNEL.
# shellcheck disable=SC2034
interop_tunnel() {	# LOCATION [OPTION...]
	local location=$1
	shift
	interop_ready bh-tunnel -l "$location" -k "$I_DIR/keys" "$@"
	I_TUNNEL=$I_PID
}
interop_gate() {	# bh-classify|bh-egress LOCATION
	interop_ready "$1" -l "$2"
	I_GATES+=("$I_PID")
}

# bh-tunnel has been ended: its neighbours follow, as they should.
interop_gates_end() {
	local pid status
	for pid in "${I_GATES[@]}"; do
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq 112 ]
	done
	I_GATES=()
}

interop_our_client() {
	interop_tun bh0 10.1.0.5/20 2001:db8:1::5/64 -- 10.0.0.0/16 \
		2001:db8::/48 203.0.113.0/24 2001:db8:c::/64
	interop_tunnel branch1 "$@"
	interop_gate bh-classify branch1
}

# The Internet is an address of our own host; what it answers to a client goes
# by the other device.
interop_our_server() {
	interop_tun bh0 10.0.0.5/20 2001:db8::5/64 -- 10.1.0.0/16 \
		2001:db8:1::/48
	interop_tun bhx0 203.0.113.80/32 2001:db8:c::80/128 --
	ip -n "$I-our" route add default dev bhx0 table 99
	ip -n "$I-our" -6 route add default dev bhx0 table 99
	ip -n "$I-our" rule add from 203.0.113.80 table 99
	ip -n "$I-our" -6 rule add from 2001:db8:c::80 table 99
	interop_tunnel hq "$@"
	interop_gate bh-classify hq
	interop_gate bh-egress hq
}

# wireguard-go as a location, interface $I; its pid is in $I_WGO.
# shellcheck disable=SC2034
interop_wgo() {	# LOCATION PEER ALLOWED-IPS [WG-ARGUMENT...]
	local location=$1 peer=$2 allowed=$3
	shift 3
	interop_bg wgo wireguard-go -f "$I"
	I_WGO=$I_PID
	interop_until test -S "/var/run/wireguard/$I.sock"
	in_wgo wg set "$I" private-key "$I_DIR/keys/$location.key" \
		listen-port 51820 peer "$(interop_key "$peer")" \
		allowed-ips "$allowed" "$@"
	ip -n "$I-wgo" link set "$I" mtu 1420 up
}
interop_wgo_server() {	# [WG-ARGUMENT...]
	interop_wgo hq branch1 10.1.0.0/16,2001:db8:1::/48 "$@"
	interop_wgo_net "10.0.0.5/20 2001:db8::5/64 203.0.113.80/32
		2001:db8:c::80/128" "10.1.0.0/16 2001:db8:1::/48"
}
interop_wgo_client() {	# [WG-ARGUMENT...]
	interop_wgo branch1 hq 0.0.0.0/0,::/0 "$@"
	interop_wgo_net "10.1.0.5/20 2001:db8:1::5/64" "10.0.0.0/16
		2001:db8::/48 203.0.113.0/24 2001:db8:c::/64"
}
interop_wgo_net() {	# 'ADDRESS...' 'ROUTE...'
	local a
	for a in $1; do ip -n "$I-wgo" addr add "$a" dev "$I"; done
	for a in $2; do ip -n "$I-wgo" route add "$a" dev "$I"; done
}

# One program's counter of a verdict, or 0.
interop_count() {	# PROGRAM VERDICT
	"$BH_BIN/bh-ctl" -D "$I_DIR/run" counters "$1" |
		awk -v v="$2" '$2 == v { n = $3 } END { print n + 0 }'
}
