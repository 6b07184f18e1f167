# The scenarios of the Linux kernel's own test of WireGuard, by number: ours on
# both sides, then ours and Debian's wireguard-go.  t/data/wireguard.txt says
# where the others are.

bats_require_minimum_version 1.8.0

setup() {
	. t/lib/netns.bash
	netns_up
}

teardown() {
	netns_down
}

inside=(192.168.241.1 192.168.241.2 fd00::1 fd00::2)

jumbo() {
	ip1 link set "$D1" mtu $((34816 - 1500 + 1420))
	ip2 link set "$D2" mtu $((34816 - 1500 + 1420))
}

over_six() {
	wg set "$D1" peer "$K2" endpoint '[::1]:2'
	wg set "$D2" peer "$K1" endpoint '[::1]:1'
}

@test "IPv4 outside: pings, TCP, UDP, many flows (scenarios 2, 3)" {
	netns_a ours
	netns_traffic "${inside[@]}"
}

@test "IPv6 outside, and jumbo packets within (scenarios 5, 6)" {
	netns_a ours
	over_six
	netns_ping 1 fd00::2
	[ "$(wg show "$D2" endpoints | cut -f2)" = '[::1]:1' ]
	netns_traffic "${inside[@]}"
	jumbo
	netns_ping 1 fd00::2 -s 30000 -M do
	netns_traffic "${inside[@]}"
}

@test "IPv4 outside, jumbo packets within (scenario 4)" {
	netns_a ours
	jumbo
	netns_ping 2 192.168.241.1 -s 30000 -M do
	netns_traffic "${inside[@]}"
}

@test "wireguard-go: IPv4, IPv6, jumbo (scenarios 2, 3, 4, 5, 6, W24)" {
	netns_a wgo
	netns_traffic "${inside[@]}"
	over_six
	netns_ping 2 fd00::1
	netns_traffic "${inside[@]}"
	jumbo
	netns_ping 1 fd00::2 -s 30000 -M do
	netns_traffic "${inside[@]}"
	wg set "$D1" peer "$K2" endpoint 127.0.0.1:2
	wg set "$D2" peer "$K1" endpoint 127.0.0.1:1
	netns_ping 2 192.168.241.1 -s 30000 -M do
	netns_traffic "${inside[@]}"
}

pads() {
	ip1 link set "$D1" mtu 1300
	ip2 link set "$D2" mtu 1300
	ip1 route add 192.168.241.2/32 dev "$D1" mtu 1299
	ip2 route add 192.168.241.1/32 dev "$D2" mtu 1299
	n1 nft -f - <<-'N'
	table inet t {
		chain in {
			type filter hook input priority filter
			meta length 1360 drop
		}
	}
	N
	netns_ping 1 192.168.241.2
	netns_ping 2 192.168.241.1 -s 1269
}

@test "padding does not go beyond the route's MTU (scenario 7, W15)" {
	netns_c ours
	pads
}

@test "padding, for wireguard-go (scenario 7, W15, W24)" {
	netns_c ours wgo
	pads
}

roam() {
	netns_ping 1 192.168.241.2
	ip0 addr del 127.0.0.1/8 dev lo
	ip0 addr add 127.212.121.99/8 dev lo
	wg set "$D1" listen-port 9999 peer "$K2" endpoint 127.0.0.1:2
	netns_ping 1 fd00::2
	[ "$(netns_seen)" = 127.212.121.99:9999 ]
	# the other way without being told anything
	netns_ping 2 192.168.241.1
	wg set "$D1" listen-port 9998 peer "$K2" endpoint '[::1]:2'
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = '[::1]:9998' ]
	netns_ping 2 fd00::1
}

@test "roaming: address, port, family (scenarios 8, 9, W17)" {
	netns_a ours
	roam
}

@test "wireguard-go sees us roam (scenarios 8, 9, W17, W24)" {
	netns_a wgo
	roam
}

nested() {	# ours|wgo, the second of each tunnel
	local before after E1=bhn$$v E2=bhn$$w
	netns_a "$1"
	netns_device ours "$N1" "$E1"
	netns_device "$1" "$N2" "$E2"
	ip1 addr add fd00::5:1/112 dev "$D1" nodad
	ip2 addr add fd00::5:2/112 dev "$D2" nodad
	wg set "$D1" peer "$K2" \
		allowed-ips 192.168.241.2/32,fd00::2/128,fd00::5:2/128
	wg set "$D2" peer "$K1" \
		allowed-ips 192.168.241.1/32,fd00::1/128,fd00::5:1/128
	wg set "$E1" private-key "$D/3.key" listen-port 3 peer "$K4" \
		endpoint '[fd00::5:2]:4' allowed-ips 192.168.242.2/32,fd01::2/128
	wg set "$E2" private-key "$D/4.key" listen-port 4 peer "$K3" \
		endpoint '[fd00::5:1]:3' allowed-ips 192.168.242.1/32,fd01::1/128
	ip1 addr add 192.168.242.1/24 dev "$E1"
	ip1 addr add fd01::1/112 dev "$E1" nodad
	ip2 addr add 192.168.242.2/24 dev "$E2"
	ip2 addr add fd01::2/112 dev "$E2" nodad
	ip1 link set "$E1" mtu 1340 up
	ip2 link set "$E2" mtu 1340 up
	netns_traffic 192.168.242.1 192.168.242.2 fd01::1 fd01::2

	# the inner one comes to where the outer one's socket is, and the outer
	# one's way leads through it
	ip1 link set "$E1" netns "$N0"
	ip0 addr add 192.168.242.1/24 dev "$E1"
	ip0 link set "$E1" up
	n0 ping -q -c 1 -W 5 192.168.242.2
	wg set "$D1" peer "$K2" endpoint 192.168.242.2:7
	ip2 link del "$D2"
	ip2 link del "$E2"
	before=$(wg show "$E1" transfer | cut -f3)
	run n0 ping -q -c 10 -f -W 1 192.168.242.2
	[ "$status" -ne 0 ]
	# until nothing is on its way any more
	alone_until same_twice wg show "$E1" transfer
	after=$(wg show "$E1" transfer | cut -f3)
	echo "$before $after"
	[ $((after - before)) -lt 70000 ]
}

@test "a tunnel in a tunnel, and a loop of the two ends (L6, scenarios 12, 13)" {
	nested ours
}

@test "tunnel in tunnel, loop, with wireguard-go (L6, scenarios 12, 13, W24)" {
	nested wgo
}

same_twice() {	# COMMAND...: prints the same half a second apart
	local first
	first=$("$@")
	sleep 0.5
	[ "$first" = "$("$@")" ]
}

# After three keepalives, and nothing else for over two seconds, the server
# still gets through to the client.
behind_nat() {
	wg set "$D1" peer "$K2" persistent-keepalive 1
	netns_ping 1 192.168.241.2
	netns_ping 2 192.168.241.1
	[ "$(netns_seen)" = 10.0.0.1:1 ]
	local got
	got=$(wg show "$D2" transfer | cut -f2)
	alone_until eval "[ \$(wg show $D2 transfer | cut -f2) -ge \
		$((got + 3 * 32)) ]"
	netns_ping 2 192.168.241.1
}

bound() {
	wg set "$D1" peer "$K2" persistent-keepalive 0
	netns_ping 1 192.168.241.2 -I "$D1"
	n1 nft -f - <<-'N'
	table ip t {
		chain out {
			type route hook output priority mangle
			meta mark set 1
		}
	}
	N
	netns_ping 1 192.168.241.2
	netns_ping 1 192.168.241.2 -I "$D1"
}

@test "behind a NAT; bound to the device; marked (scenarios 14, 15, W14)" {
	netns_b ours
	behind_nat
	bound
}

@test "behind a NAT, wireguard-go as server (scenarios 14, 15, W14, W24)" {
	netns_b wgo
	behind_nat
	bound
}

onions() {	# ours|wgo, who is inside
	local E2=bhn$$w
	wg set "$D1" peer "$K3" allowed-ips 192.168.242.2/32 \
		endpoint 192.168.241.2:5
	ip1 addr add 192.168.242.1/24 dev "$D1"
	netns_device "$1" "$N2" "$E2"
	ip2 addr add 192.168.242.2/24 dev "$E2"
	wg set "$E2" private-key "$D/3.key" listen-port 5 peer "$K1" \
		allowed-ips 192.168.242.1/32
	ip2 link set "$E2" up
	netns_ping 1 192.168.242.2
	ip2 link del "$E2"
	wg set "$D1" peer "$K3" endpoint 192.168.242.2:5
	run n1 ping -q -c 1 -W 1 192.168.242.2
	[ "$status" -ne 0 ]
	wg set "$D1" peer "$K3" remove
	netns_ping 1 192.168.241.2
}

@test "onions: a peer inside the tunnel, and one inside itself (scenario 16)" {
	netns_b ours
	onions ours
}

@test "onions with wireguard-go (scenario 16, W24)" {
	netns_b wgo
	onions wgo
}

policy() {
	ip1 -6 addr add fc00::9/96 dev vethc nodad
	ip1 -6 route add default via fc00::1
	ip2 addr add 192.168.99.7/32 dev "$D2"
	ip2 addr add abab::1111/128 dev "$D2" nodad
	wg set "$D1" fwmark 51820 peer "$K2" \
		allowed-ips 192.168.99.7/32,abab::1111/128
	local v
	for v in -4 -6; do
		ip1 $v route add default dev "$D1" table 51820
		ip1 $v rule add not fwmark 51820 table 51820
		ip1 $v rule add table main suppress_prefixlength 0
	done
	n1 ping -q -c 100 -f -W 5 -I 192.168.241.1 192.168.99.7
	n1 ping -q -c 100 -f -W 5 -I fd00::1 abab::1111
}

@test "policy routing as wg-quick's, both families (scenario 17)" {
	netns_b ours
	policy
}

@test "policy routing, wireguard-go as the server (scenario 17, W24)" {
	netns_b wgo
	policy
}

no_peer() {
	netns_ping 1 192.168.241.2
	n2 nft -f - <<-'N'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat
			ip saddr 10.0.0.0/24 ip daddr 192.168.241.0/24 snat to 192.168.241.2
		}
	}
	N
	n2 sysctl -qw net.ipv4.ip_forward=1
	ip0 route add 192.168.241.1 via 10.0.0.100
	n0 ping -q -c 1 -W 5 192.168.241.1
	wg set "$D2" peer "$K1" remove
	# as the destination: a TUN device has no better address to speak from
	run n0 ping -c 1 -W 5 192.168.241.1
	[[ $output == *"From 192.168.241.1 icmp_seq=1 Destination Host Unreachable"* ]]
}

@test "no peer: told also through a NAT (scenario 18, W18)" {
	netns_b ours
	no_peer
}

@test "no peer: wireguard-go as the client (scenario 18, W18, W24)" {
	netns_b ours wgo
	no_peer
}

falls_over() {
	n1 sysctl -qw net.ipv4.conf.veth1.promote_secondaries=1
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = 10.0.0.1:1 ]
	ip1 addr add 10.0.0.10/24 dev veth1
	ip1 addr del 10.0.0.1/24 dev veth1
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = 10.0.0.10:1 ]
	wg set "$D1" peer "$K2" endpoint '[fd00:aa::2]:2'
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = '[fd00:aa::1]:1' ]
	ip1 addr add fd00:aa::10/96 dev veth1 nodad
	ip1 addr del fd00:aa::1/96 dev veth1
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = '[fd00:aa::10]:1' ]
}

@test "its own address goes: it takes another (scenario 19, W17)" {
	netns_c ours
	falls_over
}

# The second contacts an address of the first, and is answered from there.
answered_from() {	# ENDPOINT...
	local e
	for e; do
		wg set "$D2" peer "$K1" endpoint "$e"
		netns_ping 2 192.168.241.1
		[ "$(netns_seen)" = "$e" ]
	done
}

sticky() {
	ip1 addr add 10.0.0.9/24 dev veth1
	ip1 addr add fd00:aa::9/96 dev veth1 nodad
	answered_from 10.0.0.1:1 '[fd00:aa::1]:1' 10.0.0.9:1 '[fd00:aa::9]:1'
	# an address of another interface
	ip1 link add other type veth peer name rehto
	ip1 addr add 10.50.0.1/24 dev other
	ip1 link set other up
	ip2 route add 10.50.0.0/24 dev veth2
	answered_from 10.50.0.1:1
}

@test "answers come from the address contacted (scenarios 20, 21, W17)" {
	netns_c ours
	sticky
}

@test "wireguard-go: own address, address contacted (scenarios 19, 20, 21, W17)" {
	netns_c wgo
	falls_over
	ip1 addr add 10.0.0.1/24 dev veth1
	ip1 addr add fd00:aa::1/96 dev veth1 nodad
	sticky
}

better() {
	netns_cable "$N1" veth3 10.0.0.3/24 "$N2" veth4 10.0.0.4/24
	ip1 route flush 10.0.0.0/24
	ip1 route add 10.0.0.0/24 dev veth1 proto static metric 2 src 10.0.0.1
	local n
	for n in "$N1" "$N2"; do
		ip netns exec "$n" sysctl -qw net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = 10.0.0.1:1 ]
	looked
	ip1 route add 10.0.0.0/24 dev veth3 metric 1 src 10.0.0.3
	alone_until moved
}

# A second of traffic, in which it has looked at least once.
looked() {
	n1 ping -q -c 12 -i 0.1 -W 5 192.168.241.2
}

moved() {
	netns_ping 1 192.168.241.2
	[ "$(netns_seen)" = 10.0.0.3:1 ]
}

@test "a better route through another interface is taken (scenario 22, W17)" {
	netns_c ours
	better
}

@test "a better route to wireguard-go is taken (scenario 22, W17, W24)" {
	netns_c wgo
	better
}

swapped() {	# ours|wgo, the third
	local p E1=bhn$$v
	netns_device ours "$N0" "$D1"
	netns_device ours "$N1" "$E1"
	netns_device "$1" "$N2" "$D2"
	ip0 link set "$D1" netns "$N1"
	ip1 link set "$E1" netns "$N2"
	ip2 link set "$D2" netns "$N0"
	wg set "$D1" private-key "$D/1.key"
	wg set "$E1" private-key "$D/2.key" peer "$K1"
	ip netns del "$N0"
	ip netns del "$N1"
	ip netns del "$N2"
	# each program holds the namespace that another's device is in: one
	# that ends takes all with it
	kill "${PIDS[0]}"
	for p in "${PIDS[@]}"; do
		alone_until eval "! kill -0 $p 2>/dev/null"
		wait "$p"
	done
	grep -q 'device is gone' "$D/$E1.log"
}

@test "devices swapped between namespaces that then go (scenario 31)" {
	swapped ours
	grep -q 'device is gone' "$D/$D2.log"
}

@test "one of the devices swapped is wireguard-go's (scenario 31, W24)" {
	swapped wgo
}
