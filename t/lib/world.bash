# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034
#
# Five hosts in network namespaces, and more on demand.  For the demo and for
# the end-to-end tests; nothing leaves the namespaces.
#
#  ┌─────┐      ┌──────────┐      ┌─────────┐      ┌──────────┐      ┌──────┐
#  │ lan ├──────┤ cli      ├──────┤ wan     ├──────┤ srv      ├──────┤ inet │
#  └─────┘ lan0 └──────────┘ up0  └─────────┘ wan0 └────┬─────┘ up0  └──────┘
#  branch host   branch1     cli0  a router   srv0  hq  │ lan0        a public
#                gateway           on the way   gateway │             server
#                                                    ┌──┴──┐
#                                                    │ hq  │ hosts of hq,
#                                                    └─────┘ on demand
#
#   lan   10.1.0.5/20     2001:db8:1::5/64   behind 10.1.0.1, 2001:db8:1::1
#   cli   192.0.2.2/24    2001:db8:a::2/64   uplink; default route to wan
#   wan   .1 and ::1 on both sides
#   srv   198.51.100.2/24 2001:db8:b::2/64   wan0, the tunnel's endpoint
#         203.0.113.1/24  2001:db8:c::1/64   up0, default route to inet
#   inet  203.0.113.80/24 2001:db8:c::80/64  no route back: who gets an answer
#                                            has been translated
#   hq    10.0.0.5/20     2001:db8::5/64     participates
#         10.0.200.5/24   2001:db8:0:200::5/64   does not (dmz0 of srv)
#
# Set by world_up: W, the prefix of the namespaces; W_DIR, a directory with
# domain.ini, keys/ and run/.  BH_BIN is where the programs are.

. t/lib/pids.bash
. t/lib/until.bash

: "${BH_BIN:=$PWD/build/release}"

in_lan() { netns_exec "$W-lan" "$@"; }
in_cli() { netns_exec "$W-cli" "$@"; }
in_wan() { netns_exec "$W-wan" "$@"; }
in_srv() { netns_exec "$W-srv" "$@"; }
in_inet() { netns_exec "$W-inet" "$@"; }
in_hq() { netns_exec "$W-hq" "$@"; }
in_host() { local host=$1; shift; netns_exec "$W-$host" "$@"; }

# ---- hosts and cables -----------------------------------------------------

world_host() {	# HOST...
	local host
	for host; do
		ip netns add "$W-$host"
		ip -n "$W-$host" link set lo up
		# addresses are there at once
		in_host "$host" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0
	done
}

# An interface of a host with its addresses; the two ends of a cable.
world_cable() {	# HOST DEV 'ADDRESS...' HOST DEV 'ADDRESS...'
	local a
	ip -n "$W-$1" link add "$2" type veth peer name "$5" netns "$W-$4"
	for a in $3; do ip -n "$W-$1" addr add "$a" dev "$2"; done
	for a in $6; do ip -n "$W-$4" addr add "$a" dev "$5"; done
	ip -n "$W-$1" link set "$2" up
	ip -n "$W-$4" link set "$5" up
}

world_default() {	# HOST GATEWAY...
	local host=$1 gw
	shift
	for gw; do
		case $gw in
		*:*) ip -n "$W-$host" -6 route add default via "$gw" ;;
		*) ip -n "$W-$host" route add default via "$gw" ;;
		esac
	done
}

world_routes() {	# HOST: it forwards, without our help
	in_host "$1" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
}

world_up() {	# DIRECTORY
	export W=bh$$ W_DIR=$1	# bats(1) runs each test in a process
	mkdir -p "$W_DIR/keys" "$W_DIR/run"
	chmod 700 "$W_DIR/keys"
	world_host lan cli wan srv inet
	world_cable lan eth0 '10.1.0.5/20 2001:db8:1::5/64' \
		cli lan0 '10.1.0.1/20 2001:db8:1::1/64'
	world_cable cli up0 '192.0.2.2/24 2001:db8:a::2/64' \
		wan cli0 '192.0.2.1/24 2001:db8:a::1/64'
	world_cable srv wan0 '198.51.100.2/24 2001:db8:b::2/64' \
		wan srv0 '198.51.100.1/24 2001:db8:b::1/64'
	world_cable srv up0 '203.0.113.1/24 2001:db8:c::1/64' \
		inet eth0 '203.0.113.80/24 2001:db8:c::80/64'
	# hq's LAN has a cable even while nobody is there
	world_host hq
	world_cable hq eth0 '10.0.0.5/20 2001:db8::5/64' \
		srv lan0 '10.0.0.1/20 2001:db8::1/64'
	world_default lan 10.1.0.1 2001:db8:1::1
	world_default hq 10.0.0.1 2001:db8::1
	world_default cli 192.0.2.1 2001:db8:a::1
	world_default srv 203.0.113.80 2001:db8:c::80
	ip -n "$W-srv" route add 192.0.2.0/24 via 198.51.100.1
	ip -n "$W-srv" -6 route add 2001:db8:a::/64 via 2001:db8:b::1
	world_routes wan
}

# Another branch: its LAN host lanN, its gateway cliN, on the same wan.
world_branch() {	# N
	world_host "lan$1" "cli$1"
	world_cable "lan$1" eth0 "10.$1.0.5/20 2001:db8:$1::5/64" \
		"cli$1" lan0 "10.$1.0.1/20 2001:db8:$1::1/64"
	world_cable "cli$1" up0 "192.0.$((10 + $1)).2/24 2001:db8:a$1::2/64" \
		wan "cli$1" "192.0.$((10 + $1)).1/24 2001:db8:a$1::1/64"
	world_default "lan$1" "10.$1.0.1" "2001:db8:$1::1"
	world_default "cli$1" "192.0.$((10 + $1)).1" "2001:db8:a$1::1"
}

# A part of hq that does not participate.
world_dmz() {
	world_host dmz
	world_cable dmz eth0 '10.0.200.5/24 2001:db8:0:200::5/64' \
		srv dmz0 '10.0.200.1/24 2001:db8:0:200::1/64'
	world_default dmz 10.0.200.1 2001:db8:0:200::1
	in_srv sysctl -qw net.ipv4.conf.dmz0.forwarding=1
}

# Ends what runs in our namespaces and removes them.
world_down() {
	local ns pid
	for ns in /run/netns/"${W:?}"-*; do
		[ -e "$ns" ] || continue
		ns=${ns##*/}
		for pid in $(netns_pids "$ns"); do
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$ns"
	done
	return 0
}

# ---- domain ---------------------------------------------------------------

# A key pair; prints the public key.
world_key() {	# LOCATION
	[ -e "$W_DIR/keys/$1.key" ] || (
		umask 077
		"$BH_BIN/bh-key" genkey >"$W_DIR/keys/$1.key"
	)
	"$BH_BIN/bh-key" pubkey <"$W_DIR/keys/$1.key"
}

# The file of hq and branch1.  Further lines for each go where it says so.
world_domain() {	# [LINES-FOR-HQ [LINES-FOR-BRANCH1 [MORE]]]
	cat >"$W_DIR/domain.ini" <<-EOF
	[domain]
	name = world

	[location hq]
	public-key = $(world_key hq)
	endpoint = 198.51.100.2:51820
	lan = 10.0.0.0/20, 2001:db8::/64
	internal = 10.0.0.0/16, 2001:db8::/48
	address = 10.0.0.1, 2001:db8::1
	backhaul = server
	uplink = up0
	lan-interface = lan0
	$(printf '%b' "${1:-}")

	[location branch1]
	public-key = $(world_key branch1)
	endpoint = 192.0.2.2:51820
	lan = 10.1.0.0/20, 2001:db8:1::/64
	internal = 10.1.0.0/16, 2001:db8:1::/48
	address = 10.1.0.1, 2001:db8:1::1
	backhaul = client
	server = hq
	uplink = up0
	lan-interface = lan0
	$(printf '%b' "${2:-}")

	$(printf '%b' "${3:-}")
	EOF
}

# What world_domain takes for the gateway of world_branch N, a client of hq.
world_client() {	# N [LINE...]
	local n=$1
	shift
	printf '%s\n' "[location branch$n]" \
		"public-key = $(world_key "branch$n")" \
		"endpoint = 192.0.$((10 + n)).2:51820" \
		"lan = 10.$n.0.0/20, 2001:db8:$n::/64" \
		"internal = 10.$n.0.0/16, 2001:db8:$n::/48" \
		'backhaul = client' 'server = hq' 'uplink = up0' \
		'lan-interface = lan0' "$@"
}

# backhaul(8) in a host, for a location.  File descriptor 3 is bats's.
world_backhaul() {	# HOST LOCATION COMMAND [OPTION...]
	local host=$1 location=$2 command=$3
	shift 3
	in_host "$host" "$BH_BIN/backhaul" "$command" -f "$W_DIR/domain.ini" \
		-l "$location" -k "$W_DIR/keys" -d "$W_DIR/run/$location" \
		"$@" 3>&-
}
cli_backhaul() { world_backhaul cli branch1 "$@"; }
srv_backhaul() { world_backhaul srv hq "$@"; }

# Nothing is put back any more, until `up' starts the programs anew: bh-keep
# hears of nothing, since who listens for it is stopped, and has done what it
# had to do.
world_still() {	# LOCATION...
	local location keep
	for location; do
		kill -STOP "$(world_listener "$location")"
		read -r _ _ _ keep _ <"$W_DIR/run/$location/bh-keep.state"
		world_until world_idle "$keep"
	done
}
# For a while it has no other child than who listens for it.
world_idle() {	# PID
	local n
	for n in 1 2 3 4; do
		[ "$(pgrep -r R,S,D,T -P "$1" | wc -l)" -eq 1 ] || return 1
		sleep 0.02
	done
}
world_listener() {	# LOCATION
	local child
	read -r _ _ _ child _ <"$W_DIR/run/$1/bh-keep.state" &&
		pgrep -P "$child" -x bh-resolve
}

# One program's counter of a verdict, or 0.
world_count() {	# LOCATION PROGRAM VERDICT
	"$BH_BIN/bh-ctl" -D "$W_DIR/run/$1" counters "$2" |
		awk -v v="$3" '$2 == v { n = $3 } END { print n + 0 }'
}

# Packets of a named counter of the guard.
world_guard() {	# HOST COUNTER
	in_host "$1" nft -j list counter inet backhaul "$2" |
		jq '.nftables[] | .counter? | select(.) | .packets'
}

# ---- servers, captures, waiting -------------------------------------------

# In the background; ended by world_down.  Its pid is in $W_PID.
world_bg() {	# HOST COMMAND...
	local host=$1
	shift
	NETNS=$W-$host ip netns exec "$W-$host" "$@" \
		</dev/null >>"$W_DIR/$host.log" 2>&1 \
		3>&- &
	W_PID=$!
	disown
}

world_until() { until_holds 30 "$@"; }

world_listens() {	# HOST tcp|udp PORT
	in_host "$1" ss -Hln "--$2" "sport = :$3" | grep -q .
}

# A web server for DIRECTORY, on both families; log in $W_DIR/HOST.log.
world_web() {	# HOST DIRECTORY
	world_bg "$1" python3 -u -m http.server -b :: -d "$2" 80
	world_until world_listens "$1" tcp 80
}

# One in the branch and one in the Internet, with another page each.
world_webs() {
	mkdir "$W_DIR/www" "$W_DIR/inet"
	echo published >"$W_DIR/www/index.html"
	echo page >"$W_DIR/inet/index.html"
	world_web lan "$W_DIR/www"
	world_web inet "$W_DIR/inet"
}

# tcpdump that has begun to listen when this returns; its pid in $W_CAPTURE.
world_capture() {	# HOST DEV FILE [FILTER...]
	local host=$1 dev=$2 file=$3
	shift 3
	rm -f "$file.err"
	NETNS=$W-$host ip netns exec "$W-$host" tcpdump -i "$dev" -s 0 -U \
		--immediate-mode -w "$file" "$@" \
		</dev/null >/dev/null 2>"$file.err" 3>&- &
	W_CAPTURE=$! W_CAPTURE_FILE=$file
	world_until grep -q 'listening on' "$file.err"
}

# Ends a capture, once it has written all that was on the wire before: its file
# has stopped to grow.
world_captured() {	# [PID FILE]
	local pid=${1:-$W_CAPTURE} file=${2:-$W_CAPTURE_FILE} size=-1 n
	for ((n = 0; n < 100; n++)); do
		[ "$(stat -c %s "$file")" != "$size" ] || break
		size=$(stat -c %s "$file")
		sleep 0.2
	done
	kill -INT "$pid"
	wait "$pid" 2>/dev/null || true	# ours, or another process's
	world_until world_ended "$pid"
}
world_ended() {	# PID
	! kill -0 "$1" 2>/dev/null
}

# What on a cable is not the tunnel: all but its datagrams and what neighbours
# on a cable say to each other (ARP, RFC 4861, RFC 3810).
W_NOT_TUNNEL='not udp port 51820 and not arp and not dst net ff02::/16 and
	not (icmp6 and ip6[40] >= 133 and ip6[40] <= 137)'

# All that ever passes the wide area beside the tunnel, into clear.pcap.
world_watch_clear() {
	world_capture wan cli0 "$W_DIR/clear.pcap" "$W_NOT_TUNNEL"
	echo "$W_CAPTURE" >"$W_DIR/capture.pid"
}

# Packets of a capture that match (all, without a filter).
world_packets() {	# FILE [FILTER...]
	local file=$1
	shift
	tcpdump -nr "$file" "$@" 2>/dev/null | wc -l
}

# No packet of a capture matches; else they are shown.
world_none() {	# FILE [FILTER...]
	local file=$1
	shift
	[ "$(world_packets "$file" "$@")" -eq 0 ] && return
	tcpdump -nr "$file" -c 20 "$@"
	return 1
}

# Everything of a host that backhaul(8) may touch, as text.  IPv6 link-local
# addresses come up late: wait until nothing changes.
world_state() {	# HOST
	# shellcheck disable=SC2016 # for the inner shell
	in_host "$1" sh -c '
		for v in 4 6; do
			ip -$v rule
			ip -$v route show table all
		done
		ip -brief link
		nft list ruleset
		sysctl -a 2>/dev/null | grep ^net.ipv | sort' </dev/null
}
world_settled() {
	local host
	for host in lan cli wan srv inet hq; do
		[ "$(in_host "$host" ip -6 -o addr show scope link | wc -l)" \
			-eq "$(in_host "$host" ip -o link show type veth |
				wc -l)" ] || return 1
	done
}

# What the end-to-end tests talk to, on both families: a web server, a TCP
# server that prints the hash of what it gets, a UDP echo, a name server.
world_servers() {	# HOST DIRECTORY
	local host=$1
	world_web "$host" "$2"
	world_bg "$host" socat -T 10 TCP6-LISTEN:9000,ipv6only=0,reuseaddr,fork \
		SYSTEM:sha256sum
	world_bg "$host" socat -T 10 UDP6-LISTEN:7,ipv6only=0,fork PIPE
	world_bg "$host" dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --host-record=www.example.net,\
203.0.113.80,2001:db8:c::80
	world_until world_listens "$host" tcp 9000
	world_until world_listens "$host" udp 7
	world_until world_listens "$host" udp 53
}
