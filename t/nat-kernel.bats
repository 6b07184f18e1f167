# SPDX-License-Identifier: ISC
# What the kernel translates for clients: for how long it keeps it, and how much
# of it a host and a location may have.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_branch 2
	ip -n "$W-lan" addr add 10.1.0.6/20 dev eth0
	for n in 1 2 3 4; do
		ip -n "$W-lan" addr add "10.1.0.1$n/20" dev eth0
	done
	ip -n "$W-srv" route add 192.0.12.0/24 via 198.51.100.1
	# 64 ports: a location has 32 of them, a host 8
	world_domain 'nat-ports = 16384-16447\n' '' "$(world_client 2)"
	srv_backhaul up
	cli_backhaul up
	world_backhaul cli2 branch2 up
	for n in 1 2 3; do
		ip -n "$W-inet" addr add "203.0.113.8$n/24" dev eth0
	done
	for a in 203.0.113.80 203.0.113.81 2001:db8:c::80; do
		echo_server $a 7
	done
	world_until in_lan ping -c 1 -W 1 203.0.113.80
	world_until in_host lan2 ping -c 1 -W 1 203.0.113.80
}

# Answers every datagram, without a process or a socket for each.
echo_server() {	# ADDRESS PORT
	world_bg inet python3 -c '
import socket, sys
f = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(f, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
while True:
    s.sendto(*s.recvfrom(99))
' "$1" "$2"
	there() { in_inet ss -Hlnu | grep -F "$1" | grep -q ":$2 "; }
	world_until there "$1" "$2"
}

# How many of N flows are answered.
flows() {	# HOST FROM TO PORT N
	in_host "$1" python3 - "${@:2}" <<-'E'
	import select, socket, sys
	src, dst, port, n = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
	f = socket.AF_INET6 if ':' in src else socket.AF_INET
	open_ = []
	for _ in range(n):
	    s = socket.socket(f, socket.SOCK_DGRAM)
	    s.bind((src, 0))
	    s.sendto(b'x', (dst, port))
	    open_.append(s)
	left, got = open_, 0
	while left:
	    ready = select.select(left, [], [], 1)[0]
	    if not ready:
	        break
	    got += len(ready)
	    left = [s for s in left if s not in ready]
	print(got)
	E
}
share() {	# COUNTER
	in_srv nft -j list counter inet backhaul_flows "$1" |
		jq '.nftables[] | .counter? | select(.) | .packets'
}

@test "F14 a host takes its share of the ports, and no other host's" {
	[ "$(flows lan 10.1.0.5 203.0.113.80 7 20)" = 8 ]
	[ "$(share host_share)" = 12 ]
	[ "$(flows lan 10.1.0.6 203.0.113.80 7 5)" = 5 ]
	[ "$(flows lan 2001:db8:1::5 2001:db8:c::80 7 20)" = 8 ]
	# to another address there are others
	[ "$(flows lan 10.1.0.5 203.0.113.81 7 5)" = 5 ]
}

@test "F14b a location's hosts take its share, and no other location's" {
	for n in 1 2 3 4; do
		flows lan "10.1.0.1$n" 203.0.113.80 7 10
	done
	[ "$(share site_share)" -gt 0 ]
	[ "$(flows lan2 10.2.0.5 203.0.113.80 7 8)" = 8 ]
}

# Seconds that a UDP flow to a port has left at the server.
left() {	# PORT
	in_srv awk -v p="dport=$1" '$3 == "udp" && $0 ~ p " " { print $5; exit }' \
		/proc/net/nf_conntrack
}
lives() {	# PORT MIN MAX
	[ "$(left "$1")" -ge "$2" ] && [ "$(left "$1")" -le "$3" ]
}

@test "F16 UDP lives 300 s, asked once or answered; a question 10; a SYN 30" {
	echo x | in_host lan2 socat -u - UDP:203.0.113.82:4000
	world_until lives 4000 280 300
	echo_server 203.0.113.82 4001
	flows lan2 10.2.0.5 203.0.113.82 4001 1
	world_until lives 4001 280 300
	echo x | in_host lan2 socat -u - UDP:203.0.113.82:53
	world_until lives 53 1 10
	in_inet nft -f - <<-E
	table inet silent { chain i { type filter hook input priority 0
		tcp dport 4002 drop; }; }
	E
	run in_host lan2 timeout 1 socat -u /dev/null TCP:203.0.113.82:4002
	[ "$(in_srv awk '/dport=4002 / { print $5; exit }' \
		/proc/net/nf_conntrack)" -le 30 ]
	[ "$(left 4000)" -gt 120 ]
}

@test "F14 F16 the keys of bh.conf(5) say otherwise, and down takes it away" {
	world_domain 'nat-udp-timeout = 150\nnat-quota-host = 3\n' '' \
		"$(world_client 2)"
	run -0 --separate-stderr "$BH_BIN/bh-check" -f "$W_DIR/domain.ini" -l hq
	[[ $stderr != *"says nothing"* ]]
	srv_backhaul down
	[ -z "$(in_srv nft list tables)" ]
	srv_backhaul up
	world_backhaul cli2 branch2 restart
	world_until in_host lan2 ping -c 1 -W 1 203.0.113.80
	echo_server 203.0.113.83 4003
	[ "$(flows lan2 10.2.0.5 203.0.113.83 4003 9)" = 3 ]
	world_until lives 4003 120 150
}
