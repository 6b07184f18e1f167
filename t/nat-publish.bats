# SPDX-License-Identifier: ISC
# [publish]: what the Internet may begin, with whom, and nothing else.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_branch 2
	neighbour
	world_webs
	world_bg lan socat -T 10 UDP6-LISTEN:5005,ipv6only=0,fork PIPE
	world_until world_listens lan udp 5005
	ip -n "$W-inet" addr add 203.0.113.81/24 dev eth0
	for n in 7 9; do
		ip -n "$W-inet" route add 198.51.100.$n via 203.0.113.1
		ip -n "$W-inet" -6 route add 2001:db8:b::$n via 2001:db8:c::1
	done
	world_domain '' '' "$(world_client 2 'nat-address = 198.51.100.7, 2001:db8:b::7')
[publish web4]
server = hq
match = 203.0.113.1 tcp 8080
to = 10.1.0.5:80
[publish web6]
server = hq
match = 2001:db8:c::1 tcp 8080
to = [2001:db8:1::5]:80
[publish friends]
server = hq
match = 203.0.113.1 tcp 8081
to = 10.1.0.5:80
from = 203.0.113.80/31, !203.0.113.81
[publish range]
server = hq
match = 203.0.113.1 udp 5000-5009
to = 10.1.0.5
[publish endpoint]
server = hq
match = 198.51.100.2 tcp 8088
to = 10.1.0.5:80
[publish whole4]
server = hq
match = 198.51.100.9
to = 10.1.0.5
[publish whole6]
server = hq
match = 2001:db8:b::9
to = 2001:db8:1::5
"
	ip -n "$W-srv" route add 192.0.12.0/24 via 198.51.100.1
	srv_backhaul up
	cli_backhaul up
	world_backhaul cli2 branch2 up
}

setup() {
	: >"$W_DIR/lan.log"
	: >"$W_DIR/inet.log"
}

# Another host of the LAN, on the same cable.
neighbour() {
	world_host near
	ip -n "$W-lan" link add link eth0 name near type macvlan mode bridge
	ip -n "$W-lan" link set near netns "$W-near" name eth0
	ip -n "$W-near" addr add 10.1.0.6/20 dev eth0
	ip -n "$W-near" addr add 2001:db8:1::6/64 dev eth0
	ip -n "$W-near" link set eth0 up
	world_default near 10.1.0.1 2001:db8:1::1
}

page() {	# HOST ADDRESS[:PORT] [OPTION...]
	local host=$1 to=$2
	shift 2
	in_host "$host" curl -sSg --max-time 10 "$@" "http://$to/"
}
no_page() {	# HOST ADDRESS[:PORT] [OPTION...]
	run page "$@" --max-time 0.5
	[ "$status" -ne 0 ]
}
seen() {	# ADDRESS [HOST]: the web server's client
	grep -q "^\\(::ffff:\\)\\?$1 " "$W_DIR/${2:-lan}.log"
}
untouched() {	# nobody asked the branch's web server
	! grep -q GET "$W_DIR/lan.log"
}

@test "C25 a port: the Internet reaches a host behind a client, both families" {
	[ "$(page inet 203.0.113.1:8080)" = published ]
	seen 203.0.113.80
	[ "$(page inet '[2001:db8:c::1]:8080')" = published ]
	seen 2001:db8:c::80
}

@test "C24 C25 default deny: another port, protocol or way is not open" {
	no_page inet 203.0.113.1:80
	no_page inet 203.0.113.1:8082
	no_page inet '[2001:db8:c::1]:8081'
	before=$(world_guard srv unsolicited)
	ip -n "$W-inet" route add 10.1.0.5 via 203.0.113.1
	ip -n "$W-inet" route add 2001:db8:1::5 via 2001:db8:c::1
	no_page inet 10.1.0.5
	no_page inet '[2001:db8:1::5]'
	ip -n "$W-inet" route del 10.1.0.5
	ip -n "$W-inet" route del 2001:db8:1::5
	[ "$(world_guard srv unsolicited)" -gt "$before" ]
	untouched
}

@test "from: who is not named finds nothing" {
	[ "$(page inet 203.0.113.1:8081 --interface 203.0.113.80)" = published ]
	: >"$W_DIR/lan.log"
	no_page inet 203.0.113.1:8081 --interface 203.0.113.81
	no_page lan2 203.0.113.1:8081
	untouched
}

@test "a range keeps its ports, and the answer comes from the same address" {
	read -r -t 10 line < <(echo datagram | in_inet socat -t 10 - \
		UDP4:203.0.113.1:5005,shut-none)
	[ "$line" = datagram ]
}

@test "a whole address, 1:1: in by any protocol, out by the same address" {
	[ "$(page inet 198.51.100.9)" = published ]
	in_inet ping -c 1 -W 5 198.51.100.9
	[ "$(page lan 203.0.113.80)" = page ]
	seen 198.51.100.9 inet
	[ "$(page inet '[2001:db8:b::9]')" = published ]
	in_inet ping -c 1 -W 5 2001:db8:b::9
	[ "$(page lan '[2001:db8:c::80]')" = page ]
	seen 2001:db8:b::9 inet
	# its neighbour has the gateway's
	[ "$(page near 203.0.113.80)" = page ]
	seen 203.0.113.1 inet
}

@test "nat-address: a location leaves with its own, and no other does" {
	[ "$(page lan2 203.0.113.80)" = page ]
	seen 198.51.100.7 inet
	[ "$(page lan2 '[2001:db8:c::80]')" = page ]
	seen 2001:db8:b::7 inet
	in_host lan2 ping -c 1 -W 5 203.0.113.80
	: >"$W_DIR/inet.log"
	[ "$(page near 203.0.113.80)" = page ]
	seen 203.0.113.1 inet
	# nothing waits behind the address, neither for the Internet nor here
	no_page inet 198.51.100.7
	no_page near 198.51.100.7
	"$BH_BIN/bh-check" -f "$W_DIR/domain.ini" -l branch2 | grep -x \
		'  leaves its server with the address *198.51.100.7, 2001:db8:b::7'
}

@test "4787-9 5382-8 hairpin: another branch, the host's own LAN, itself" {
	for host in lan2 near lan; do
		[ "$(page $host 203.0.113.1:8080)" = published ]
		[ "$(page $host '[2001:db8:c::1]:8080')" = published ]
		[ "$(page $host 198.51.100.9)" = published ]
	done
	# 9a: seen with the external address, its own where it has one
	seen 203.0.113.1
	seen 2001:db8:c::1
	seen 198.51.100.7
	seen 2001:db8:b::7
	run ! grep -q '10\.2\.0\.5\|10\.1\.0\.6' "$W_DIR/lan.log"
	in_host lan2 ping -c 1 -W 5 198.51.100.9
	in_host near ping -c 1 -W 5 2001:db8:b::9
	# what is not published is not there for branches either
	no_page lan2 203.0.113.1:80
	no_page lan2 10.1.0.5
}

@test "5508-4 an ICMP error about a published flow comes back to who began it" {
	# nobody listens on that port of the range: port unreachable
	run in_inet timeout 5 python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(4)
s.connect(("203.0.113.1", 5001))
s.send(b"x")
try:
    s.recv(1)
except ConnectionRefusedError:
    print("refused")'
	[ "$output" = refused ]
}

@test "F13 at the tunnel's own address, too: its ports, and none but these" {
	for host in near lan lan2; do
		[ "$(page $host 198.51.100.2:8088)" = published ]
	done
	seen 198.51.100.2
	before=$(world_count hq bh-egress endpoint)
	no_page near 198.51.100.2:8089
	echo x | in_host near socat -u - UDP:198.51.100.2:51820
	# what answers from a published port goes nowhere else
	echo x | in_lan socat -u - UDP:198.51.100.2:20000,sourceport=80
	endpoint() {
		[ "$(world_count hq bh-egress endpoint)" -ge $((before + 3)) ]
	}
	world_until endpoint
}

@test "-e says where it leads; the tunnel's own address may be published" {
	sed 's/203\.0\.113\.1 tcp 8080/198.51.100.2 tcp 8080/' \
		"$W_DIR/domain.ini" >"$BATS_TEST_TMPDIR/d.ini"
	egress() {
		run "$BH_BIN/bh-egress" -f "$BATS_TEST_TMPDIR/d.ini" -l hq "$@"
	}
	egress -d in -e '203.0.113.80 > 198.51.100.2 tcp 8080'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = \
		"hq: [publish web4], 198.51.100.2 tcp 8080 leads to 10.1.0.5:80" ]
	grep -qx '  next hop branch1, by its tunnel' <<<"$output"
	egress -d in -e '203.0.113.81 > 203.0.113.1 tcp 8081'
	[ "$status" -eq 1 ]
	egress -d in -e '203.0.113.81 > 198.51.100.9 icmp 8'
	[ "${lines[0]}" = "hq: [publish whole4], 198.51.100.9 leads to 10.1.0.5" ]
	egress -p branch2 -e '10.2.0.5 > 198.51.100.2 tcp 8080'
	[ "$status" -eq 0 ]
	grep -q '^  yes  published ' <<<"$output"
	egress -p branch2 -e '10.2.0.5 > 203.0.113.80 tcp 80'
	[ "${lines[-1]}" = "  then it gets 198.51.100.7 (nat-address)" ]
	egress -p branch1 -e '10.1.0.5 > 203.0.113.80 tcp 80'
	[ "${lines[-1]}" = \
		"  then it gets 198.51.100.9 ([publish whole4])" ]
	egress -p branch2 -e '10.2.0.5 > 198.51.100.2 tcp 8081'
	[ "$status" -eq 1 ]
	grep -qx '  refused: endpoint .*' <<<"$output"
	"$BH_BIN/bh-check" -f "$BATS_TEST_TMPDIR/d.ini" -l branch1 | grep -x \
		'  is reached from the Internet at *198.51.100.2 tcp 8080, which leads to 10.1.0.5:80'
	"$BH_BIN/bh-check" -f "$BATS_TEST_TMPDIR/d.ini" -l hq | grep -x \
		' *203.0.113.1 tcp 8081, which leads to 10.1.0.5:80, for 203.0.113.80/32'
}

@test "nat = none: a published port is open all the same" {
	sed -i 's/^backhaul = server/&\nnat = none\nnat-upstream = yes/
		/^nat-address/d' \
		"$W_DIR/domain.ini"
	srv_backhaul down
	srv_backhaul up
	cli_backhaul down
	cli_backhaul up
	[ "$(page inet 203.0.113.1:8080)" = published ]
	[ "$(page near 203.0.113.1:8080)" = published ]
}

@test "-p prints it as it was meant" {
	"$BH_BIN/bh-check" -p -f "$W_DIR/domain.ini" >"$BATS_TEST_TMPDIR/p.ini"
	"$BH_BIN/bh-check" -f "$BATS_TEST_TMPDIR/p.ini" -D "$W_DIR/domain.ini"
	grep -A4 -Fx '[publish friends]' "$BATS_TEST_TMPDIR/p.ini" |
		diff - <(printf '%s\n' '[publish friends]' 'server = hq' \
			'match = 203.0.113.1 tcp 8081' 'to = 10.1.0.5:80' \
			'from = 203.0.113.80/32')
}

# The same by our own translator: what is published is routed to the server, and
# a host's port has one outside.
pool_up() {
	srv_backhaul down
	cli_backhaul down
	world_backhaul cli2 branch2 down
	ip -n "$W-inet" route replace 198.51.100.16/29 via 203.0.113.1
	ip -n "$W-inet" -6 route replace 2001:db8:b::/64 via 2001:db8:c::1
	world_web near "$W_DIR/www"
	world_bg lan socat -t 10 TCP6-LISTEN:81,ipv6only=0,reuseaddr,fork \
		SYSTEM:'read l; echo friend'
	world_until world_listens lan tcp 81
	sed -i '/^\[publish/,$d; /^nat = none/d; /^nat-upstream/d; /^nat-address/d
		s/^backhaul = server/&\nnat = pool\nnat-pool = 198.51.100.16\/29, 2001:db8:b::10/
		' "$W_DIR/domain.ini"
	cat >>"$W_DIR/domain.ini" <<-'EOF'
	nat-address = 198.51.100.7, 2001:db8:b::7
	[publish web4]
	server = hq
	match = 198.51.100.18 tcp 8080
	to = 10.1.0.5:80
	[publish web6]
	server = hq
	match = 2001:db8:b::18 tcp 8080
	to = [2001:db8:1::5]:80
	[publish friends]
	server = hq
	match = 198.51.100.18 tcp 8081
	to = 10.1.0.5:81
	from = 203.0.113.80
	[publish range]
	server = hq
	match = 198.51.100.18 udp 5000-5009
	to = 10.1.0.5
	[publish whole4]
	server = hq
	match = 198.51.100.9
	to = 10.1.0.6
	EOF
	srv_backhaul up
	cli_backhaul up
	world_backhaul cli2 branch2 up
}

friend() {	# OPTION...: what is said to friends
	read -r -t 5 line < <(in_inet socat -t 5 - \
		"TCP4:198.51.100.18:8081,connect-timeout=0.5,$1" </dev/null)
	[ "$line" = friend ]
}

@test "nat = pool: 6888-9 a port, a whole address, a range; from; default deny" {
	pool_up
	[ "$(page inet 198.51.100.18:8080)" = published ]
	seen 203.0.113.80
	[ "$(page inet '[2001:db8:b::18]:8080')" = published ]
	friend bind=203.0.113.80
	run ! friend bind=203.0.113.81
	: >"$W_DIR/lan.log"
	no_page inet 198.51.100.18:8082
	no_page inet 198.51.100.16:8080
	untouched
	read -r -t 10 line < <(echo datagram | in_inet socat -t 10 - \
		UDP4:198.51.100.18:5005,shut-none)
	[ "$line" = datagram ]
	[ "$(page inet 198.51.100.9)" = published ]
	in_inet ping -c 1 -W 5 198.51.100.9
	[ "$(page near 203.0.113.80)" = page ]
	seen 198.51.100.9 inet
	[ "$(page lan2 203.0.113.80)" = page ]
	seen 198.51.100.7 inet
}

@test "nat = pool: 4787-9 hairpin: another branch, the host's own LAN, itself" {
	for host in lan2 near lan; do
		[ "$(page $host 198.51.100.18:8080)" = published ]
		[ "$(page $host '[2001:db8:b::18]:8080')" = published ]
		[ "$(page $host 198.51.100.9)" = published ]
	done
	seen 198.51.100.7
	seen 2001:db8:b::7
	run ! grep -q '10\.2\.0\.5\|10\.1\.0\.6' "$W_DIR/lan.log"
	no_page lan2 198.51.100.18:80
	no_page lan2 10.1.0.5
	# and it is explained
	run "$BH_BIN/bh-egress" -f "$W_DIR/domain.ini" -l hq -p branch1 \
		-e '10.1.0.5 > 203.0.113.80 tcp 80'
	[ "${lines[-1]}" = '  then it gets an address of nat-pool (nat = pool)' ]
}
