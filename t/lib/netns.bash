# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034
#
# Three namespaces as in the Linux kernel's own test of WireGuard.  The devices
# are $D1 in $N1 and $D2 in $N2, 192.168.241.1 and .2, fd00::1 and ::2; keys and
# all else are in $D.
#
# A: the devices are born in $N0, so their sockets are there, where only lo is.
#
#   ┌─────────┐      ┌─────────────────────┐      ┌─────────┐
#   │ $N1 $D1 │······│ 127.0.0.1:1   lo $N0│······│ $N2 $D2 │
#   │         │      │ 127.0.0.1:2         │      │         │
#   └─────────┘      └─────────────────────┘      └─────────┘
#
# B: a client behind a NAT.
#
#   ┌───────────────────┐ ┌──────────────────────────┐ ┌──────────────────┐
#   │ $N1 $D1     vethc ├─┤ vethr    SNAT     vethrs ├─┤ veths    $N2 $D2 │
#   │     192.168.1.100 │ │ 192.168.1.1 $N0 10.0.0.1 │ │ 10.0.0.100       │
#   └───────────────────┘ └──────────────────────────┘ └──────────────────┘
#
# C: a cable between two hosts.
#
#   ┌──────────────────┐ ┌──────────────────┐
#   │ $N1 $D1    veth1 ├─┤ veth2    $N2 $D2 │
#   └──────────────────┘ └──────────────────┘

. t/lib/alone.bash

n0() { ip netns exec "$N0" "$@"; }
n1() { ip netns exec "$N1" "$@"; }
n2() { ip netns exec "$N2" "$@"; }
ip0() { ip -n "$N0" "$@"; }
ip1() { ip -n "$N1" "$@"; }
ip2() { ip -n "$N2" "$@"; }

netns_up() {
	local n
	N0=bhn$$z N1=bhn$$a N2=bhn$$b D1=bhn$$x D2=bhn$$y D=$BATS_TEST_TMPDIR
	PIDS=()
	for n in "$N0" "$N1" "$N2"; do
		ip netns add "$n"
		ip -n "$n" link set lo up
		ip netns exec "$n" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0
	done
	(umask 077; for n in 1 2 3 4 psk; do wg genkey >"$D/$n.key"; done)
	K1=$(wg pubkey <"$D/1.key") K2=$(wg pubkey <"$D/2.key")
	K3=$(wg pubkey <"$D/3.key") K4=$(wg pubkey <"$D/4.key")
}

netns_down() {
	alone_end "$N0" "$N1" "$N2"
	rm -f /var/run/wireguard/bhn$$?.sock
}

# A device, of ours or of wireguard-go.
netns_device() {	# ours|wgo NAMESPACE DEVICE
	if [ "$1" = ours ]; then
		alone_start "$2" "$3"
		return
	fi
	ip netns exec "$2" env WG_PROCESS_FOREGROUND=1 wireguard-go -f "$3" \
		</dev/null >"$D/$3.log" 2>&1 3>&- &
	PIDS+=($!)
	alone_until [ -S "/var/run/wireguard/$3.sock" ]
}

# The addresses inside of the two, and up.
netns_inside() {
	ip1 addr add 192.168.241.1/24 dev "$D1"
	ip1 addr add fd00::1/112 dev "$D1" nodad
	ip2 addr add 192.168.241.2/24 dev "$D2"
	ip2 addr add fd00::2/112 dev "$D2" nodad
	ip1 link set "$D1" up
	ip2 link set "$D2" up
}

netns_peers() {	# ENDPOINT-OF-1 ENDPOINT-OF-2, empty if not known
	wg set "$D1" private-key "$D/1.key" listen-port 1 peer "$K2" \
		preshared-key "$D/psk.key" ${2:+endpoint "$2"} \
		allowed-ips 192.168.241.2/32,fd00::2/128
	wg set "$D2" private-key "$D/2.key" listen-port 2 peer "$K1" \
		preshared-key "$D/psk.key" ${1:+endpoint "$1"} \
		allowed-ips 192.168.241.1/32,fd00::1/128
}

netns_a() {	# ours|wgo, the second
	netns_device ours "$N0" "$D1"
	netns_device "$1" "$N0" "$D2"
	ip0 link set "$D1" netns "$N1"
	ip0 link set "$D2" netns "$N2"
	netns_peers 127.0.0.1:1 127.0.0.1:2
	netns_inside
}

# A cable between two namespaces, with one address at each end.
netns_cable() {	# NAMESPACE DEVICE ADDRESS NAMESPACE DEVICE ADDRESS
	ip -n "$1" link add "$2" type veth peer name "$5" netns "$4"
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$4" addr add "$6" dev "$5"
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

netns_b() {	# ours|wgo, the second; the first
	netns_cable "$N1" vethc 192.168.1.100/24 "$N0" vethr 192.168.1.1/24
	netns_cable "$N0" vethrs 10.0.0.1/24 "$N2" veths 10.0.0.100/24
	ip1 route add default via 192.168.1.1
	n0 nft -f - <<-'N'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat
			ip saddr 192.168.1.0/24 ip daddr 10.0.0.0/24 snat to 10.0.0.1
		}
	}
	N
	n0 sysctl -qw net.ipv4.ip_forward=1 \
		net.netfilter.nf_conntrack_udp_timeout=2 \
		net.netfilter.nf_conntrack_udp_timeout_stream=2
	netns_device "${2:-ours}" "$N1" "$D1"
	netns_device "$1" "$N2" "$D2"
	netns_peers '' 10.0.0.100:2
	netns_inside
}

netns_c() {	# ours|wgo, the second; the first
	netns_cable "$N1" veth1 10.0.0.1/24 "$N2" veth2 10.0.0.2/24
	ip1 addr add fd00:aa::1/96 dev veth1 nodad
	ip2 addr add fd00:aa::2/96 dev veth2 nodad
	netns_device "${2:-ours}" "$N1" "$D1"
	netns_device "$1" "$N2" "$D2"
	netns_peers '' 10.0.0.2:2
	netns_inside
}

# Where the second believes the first to be.
netns_seen() { wg show "$D2" endpoints | grep -F "$K1" | cut -f2; }

# One ping, sent again for as long as a loaded machine may need.
netns_ping() {	# 1|2 ADDRESS [OPTION...]
	local ns=$N1 to=$2
	[ "$1" = 2 ] && ns=$N2
	shift 2
	ip netns exec "$ns" ping -q -c 1 -W 5 "$@" "$to"
}

# iperf3 from one namespace to the other, so many bytes.
netns_iperf() {	# FROM TO ADDRESS BYTES OPTION...
	local from=$1 to=$2 address=$3 bytes=$4 pid
	shift 4
	ip netns exec "$to" timeout 60 iperf3 -s -1 -B "$address" \
		>"$D/iperf3" 2>&1 3>&- &
	pid=$!
	alone_until eval "ip netns exec $to ss -Hltn 'sport = :5201' | grep -q ."
	ip netns exec "$from" timeout 60 iperf3 -Z -c "$address" -n "$bytes" \
		"$@" >"$D/iperf3c" 2>&1 || { cat "$D/iperf3c"; return 1; }
	wait "$pid"
}

# The set of traffic that the kernel's test calls tests(), for one pair of
# addresses of each family.
netns_traffic() {	# 1-IPV4 2-IPV4 1-IPV6 2-IPV6
	n2 ping -q -c 10 -f -W 5 "$1"
	n1 ping -q -c 10 -f -W 5 "$2"
	n2 ping -q -c 10 -f -W 5 "$3"
	n1 ping -q -c 10 -f -W 5 "$4"
	netns_iperf "$N1" "$N2" "$2" 16M -C reno
	netns_iperf "$N2" "$N1" "$3" 16M -C reno
	netns_iperf "$N2" "$N1" "$1" 8M -u -b 0
	netns_iperf "$N1" "$N2" "$4" 8M -u -b 0
	netns_iperf "$N1" "$N2" "$2" 16M -C reno -P 4
	netns_iperf "$N2" "$N1" "$3" 16M -C reno -P 5
	netns_iperf "$N1" "$N2" "$2" 16M -C reno -P 50
}
