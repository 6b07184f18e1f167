# SPDX-License-Identifier: ISC
# A gateway is a router: RFC 1812 for IPv4, RFC 8200, 4443 and 4890 for IPv6.
# The names carry the rules.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_dmz
	# the server's file is stricter than the client's
	world_domain 'partners = branch1\ninternal = 203.0.114.0/24, 2001:db8:d::/48\ndscp = 10\n' \
		'partners = hq\n'
	srv_backhaul up
	world_domain 'partners = branch1\n' 'partners = hq\ndscp = copy\n'
	sed -i '/^name = /a private-is-internal = no' "$W_DIR/domain.ini"
	cli_backhaul up
	world_bg inet socat -T 10 UDP6-LISTEN:7,ipv6only=0,fork PIPE
	world_until world_listens inet udp 7
	in_lan ping -q -c 1 -W 5 203.0.113.80
}

# Waits until a capture has a packet that matches.
caught() {	# FILE FILTER...
	local file=$1
	shift
	[ "$(world_packets "$file" "$@")" -gt 0 ]
}

# What ping says of the error that it got: the line, and who sent it.
refused() {	# HOST TO FROM WORDS
	run -1 in_host "$1" ping -c 1 -W 5 "$2"
	[[ $output == *"rom $3"*"$4"* ]] || { echo "$output"; return 1; }
}

@test "R2 each gateway counts as one hop, once" {
	world_capture inet eth0 "$T/p" 'icmp or icmp6'
	in_lan ping -q -c 1 -W 5 -t 40 203.0.113.80
	in_lan ping -q -c 1 -W 5 -t 40 2001:db8:c::80
	world_captured
	[ "$(world_packets "$T/p" 'icmp[icmptype] == 8 and ip[8] == 38')" = 1 ]
	[ "$(world_packets "$T/p" 'icmp6 and ip6[40] == 128 and ip6[7] == 38')" \
		= 1 ]
}

# Hop by hop, as far as the first three.
hops() {	# TO HOP HOP HOP: by UDP and by ICMP
	local how
	for how in -U -I; do
		# every hop may answer less often than it is asked
		world_until is_way $how "$@"
	done
}
is_way() {	# HOW TO HOP HOP HOP
	in_lan traceroute -n -q 1 -w 1 -m 5 "$1" "$2" >"$T/way" || return
	mapfile -t lines <"$T/way"
	[[ ${lines[1]} == " 1  $3 "* && ${lines[2]} == " 2  $4 "* &&
		${lines[3]} == " 3  $5 "* ]]
}

@test "R2 R5 traceroute to the Internet: branch, head office, the host" {
	hops 203.0.113.80 10.1.0.1 10.0.0.1 203.0.113.80
	hops 2001:db8:c::80 2001:db8:1::1 2001:db8::1 2001:db8:c::80
}

@test "R2 R5 traceroute to a partner: branch, head office, the host" {
	hops 10.0.0.5 10.1.0.1 10.0.0.1 10.0.0.5
	hops 2001:db8::5 2001:db8:1::1 2001:db8::1 2001:db8::5
}

@test "R7 a LAN host learns at once that the policy refused it" {
	refused lan 10.0.200.5 10.1.0.1 'Packet filtered'
	refused lan 2001:db8:0:200::5 2001:db8:1::1 prohibited
	refused lan 169.254.169.254 10.1.0.1 'Net Unreachable'
}

@test "R7 the server's guard says so to the client's host, in the tunnel" {
	refused lan 203.0.114.9 10.0.0.1 'Packet filtered'
	refused lan 2001:db8:d::9 2001:db8::1 prohibited
	[ "$(world_count hq bh-classify internal)" -eq 2 ]
	refused lan 192.168.7.7 10.0.0.1 'Net Unreachable'
	refused lan fd00::7 2001:db8::1 'No route'
	[ "$(world_count hq bh-egress private)" -eq 2 ]
}

@test "R7 a partner's host learns what does not take part" {
	in_lan ip addr add 10.1.200.5/32 dev lo
	refused hq 10.1.200.5 10.0.0.1 'Packet filtered'
	run in_lan ping -c 1 -W 5 -I 10.1.200.5 10.0.0.5
	in_lan ip addr del 10.1.200.5/32 dev lo
	[[ $output == *"From 10.1.0.1 "*"Packet filtered"* ]]
}

@test "R5 an error quotes as much as 576 and 1280 bytes have room for" {
	world_capture lan eth0 "$T/p" 'icmp or icmp6'
	head -c 1300 /dev/zero >"$T/data"
	in_lan socat -u -b 1300 "$T/data" UDP4:10.0.200.5:9
	in_lan socat -u -b 1300 "$T/data" 'UDP6:[2001:db8:0:200::5]:9'
	world_until caught "$T/p" 'icmp[icmptype] == 3'
	world_until caught "$T/p" 'icmp6 and ip6[40] == 1'
	world_captured
	[ "$(world_packets "$T/p" 'icmp[icmptype] == 3 and icmp[icmpcode] == 13
		and ip[2:2] == 576 and ip[1] == 0xc0 and src host 10.1.0.1')" = 1 ]
	[ "$(world_packets "$T/p" 'icmp6 and ip6[40] == 1 and ip6[41] == 1
		and ip6[4:2] == 1240 and src host 2001:db8:1::1')" = 1 ]
	# the checksums, as tcpdump sees them
	[ -z "$(tcpdump -nvvr "$T/p" 2>/dev/null | grep -E 'wrong|bad')" ]
}

@test "R6 errors are limited for each host that they go to" {
	world_capture lan eth0 "$T/p" 'icmp[icmptype] == 3'
	in_lan python3 - <<-'EOF'
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_IP, 11, 0)
	for _ in range(500):
	    try:
	        s.sendto(b"x", ("10.0.200.5", 9))
	    except OSError:
	        pass
	EOF
	world_until caught "$T/p" icmp
	world_captured
	n=$(world_packets "$T/p" icmp)
	[ "$n" -gt 0 ] && [ "$n" -lt 200 ] || { echo "$n errors"; false; }
}

@test "R4 nothing is said to who only claims to be of the site" {
	in_lan ip addr add 192.0.2.77/32 dev lo
	world_capture cli any "$T/p" 'icmp[icmptype] == 3'
	before=$(world_count branch1 bh-classify source)
	run in_lan ping -c 1 -W 1 -I 192.0.2.77 203.0.113.80
	in_lan ip addr del 192.0.2.77/32 dev lo
	[ "$status" -eq 1 ]
	[ "$(world_count branch1 bh-classify source)" -gt "$before" ]
	world_captured
	world_none "$T/p"
}

# A packet with IPv4 options to the echo server; whether it comes back.
with_options() {	# HEX
	in_lan python3 - "$1" <<-'EOF'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_IP, socket.IP_OPTIONS, bytes.fromhex(sys.argv[1]))
	s.settimeout(1)
	for _ in range(5):
	    s.sendto(b"with options", ("203.0.113.80", 7))
	    try:
	        sys.exit(s.recv(100) != b"with options")
	    except TimeoutError:
	        pass
	sys.exit(1)
	EOF
}

@test "R11 other options pass; source routes do not, by kernel or classifier" {
	with_options 94040000		# router alert
	with_options 01010100		# nothing, thrice, and the end
	python3 t/lib/packets.py options >"$T/pcap"
	"$BH_BIN/bh-classify" -f "$W_DIR/domain.ini" -l branch1 -r "$T/pcap" |
		cut -f 7 >"$T/got"
	printf '%s\n' options options internet internet header |
		diff "$T/got" -
	for host in cli srv; do
		[ "$(in_host $host sysctl -n \
			net.ipv4.conf.all.accept_source_route)" = 0 ]
	done
}

@test "R9 impossible sources, whatever they want" {
	for a in 0.0.0.1 127.0.0.1 169.254.1.1 224.0.0.1 239.255.255.255 \
	    240.0.0.1 255.255.255.255 :: ::1 fe80::1 ff02::1; do
		to=203.0.113.80
		[[ $a != *:* ]] || to=2001:db8:c::80
		run "$BH_BIN/bh-classify" -f "$W_DIR/domain.ini" -l branch1 \
			-e "$a > $to udp 53"
		[[ $output == *martian* ]] || { echo "$a"; false; }
		[ "$status" -eq 1 ]
	done
	# our own address, from outside
	run "$BH_BIN/bh-classify" -f "$W_DIR/domain.ini" -l branch1 -d in \
		-p hq -e '10.1.0.1 > 10.1.0.5 udp 53'
	[ "$status" -eq 1 ]
	[[ $output == *spoof* ]]
}

@test "R10 a directed broadcast reaches no LAN" {
	world_capture lan eth0 "$T/p" 'host 10.1.15.255 or ether broadcast'
	run -1 in_hq ping -b -c 2 -i 0.2 -W 1 10.1.15.255
	in_hq ping -q -c 1 -W 5 10.1.0.5
	world_captured
	world_none "$T/p" icmp
}

# An ICMP redirect from wan: to our server better by another.
redirect() {
	in_wan python3 - <<-'EOF'
	import socket, struct
	def csum(b):
	    s = sum(struct.unpack(f">{len(b) // 2}H", b))
	    s = (s >> 16) + (s & 0xffff)
	    return ~(s + (s >> 16)) & 0xffff
	a = socket.inet_aton
	quoted = struct.pack(">BBHHHBBH", 0x45, 0, 36, 1, 0, 60, 17, 0)
	quoted += a("192.0.2.2") + a("198.51.100.2")
	quoted = quoted[:10] + struct.pack(">H", csum(quoted)) + quoted[12:]
	quoted += struct.pack(">HHHH", 51820, 51820, 16, 0)
	m = struct.pack(">BBH", 5, 1, 0) + a("192.0.2.77") + quoted
	m = m[:2] + struct.pack(">H", csum(m)) + m[4:]
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
	for _ in range(3):
	    s.sendto(m, ("192.0.2.2", 0))
	EOF
}

@test "R8 a redirect changes nothing" {
	redirect
	world_until redirected
	[[ $(ip -n "$W-cli" route get 198.51.100.2) == *"via 192.0.2.1 "* ]]
}
redirected() {
	[ "$(in_cli awk '/^Icmp: [0-9]/ { print $9 }' /proc/net/snmp)" -ge 3 ]
}

@test "R12 ICMPv6 that must not be filtered passes both ways (RFC 4890 4.3)" {
	for d in out 'in -p hq'; do
		python3 t/lib/packets.py icmp6 "${d%% *}" >"$T/pcap"
		# shellcheck disable=SC2086 # options
		"$BH_BIN/bh-classify" -f "$W_DIR/domain.ini" -l branch1 -d $d \
			-r "$T/pcap" | cut -f 7 | sort | uniq -c >"$T/got"
		[ "$(awk '{ print $1, $2 }' "$T/got")" = '9 internet' ] ||
			{ cat "$T/got"; false; }
	done
}

# What a router on the way writes over the mark of the tunnel's datagrams.
mark() {	# not-ect|ect1|ect0|ce
	in_wan nft -f - <<-EOF
	table ip marking {}
	delete table ip marking
	table ip marking {
		chain forward {
			type filter hook forward priority 0
			iifname cli0 udp dport 51820 ip ecn set $1
		}
	}
	EOF
}

@test "RFC 6040 the sixteen cells, through a router that marks" {
	world_capture inet eth0 "$T/p" 'icmp[icmptype] == 8'
	o=0 before=$(world_count hq bh-tunnel ecn)
	for outer in not-ect ect1 ect0 ce; do
		mark $outer
		for i in 0 1 2 3; do
			size=$((100 + 4 * o + i))
			if [ $o = 3 ] && [ $i = 0 ]; then
				run -1 in_lan ping -q -c 1 -W 1 -s $size 203.0.113.80
			else
				in_lan ping -q -c 1 -W 5 -Q $i -s $size 203.0.113.80
			fi
		done
		o=$((o + 1))
	done
	in_wan nft delete table ip marking
	world_captured
	[ "$(world_count hq bh-tunnel ecn)" -eq $((before + 1)) ]
	# figure 4, inner 0 to 3 for each outer
	set -- 0 1 2 3  0 1 1 3  0 1 2 3  - 3 3 3
	for ((n = 0; n < 16; n++)); do
		got=$(tcpdump -nvr "$T/p" "ip[2:2] == $((128 + n))" 2>/dev/null |
			sed -n 's/.*tos 0x\([0-9a-f]*\).*/\1/p')
		want=$1
		shift
		case $want in -) want= ;; 0) want='0' ;; esac
		[ "$((0x${got:-9}))" = "${want:-9}" ] ||
			{ echo "cell $n: got $got, not $want"; return 1; }
	done
}

@test "C38 dscp = copy, and a value of its own" {
	world_capture wan cli0 "$T/p" 'udp port 51820 and greater 300'
	in_lan ping -q -c 1 -W 5 -Q 0xb8 -s 400 203.0.113.80
	world_captured
	[ "$(world_packets "$T/p" 'src host 192.0.2.2 and ip[1] == 0xb8')" = 1 ]
	[ "$(world_packets "$T/p" 'src host 198.51.100.2 and ip[1] == 0x28')" = 1 ]
	# and inside it stayed as it was
	world_capture inet eth0 "$T/q" 'icmp[icmptype] == 8'
	in_lan ping -q -c 1 -W 5 -Q 0xb8 203.0.113.80
	world_captured
	[ "$(world_packets "$T/q" 'ip[1] == 0xb8')" = 1 ]
}

@test "R12 eight extension headers are read, the ninth is refused" {
	python3 t/lib/packets.py chain >"$T/pcap"
	"$BH_BIN/bh-classify" -f "$W_DIR/domain.ini" -l branch1 -r "$T/pcap" |
		cut -f 7 >"$T/got"
	printf '%s\n' internet internet options options |
		diff "$T/got" -
}

@test "R7 a server that is gone: host unreachable, once it is sure" {
	for p in bh-tunnel bh-classify bh-egress; do
		read -r _ loop _ child _ <"$W_DIR/run/hq/$p.state"
		kill -KILL "$loop" "$child"
	done
	cli_backhaul restart bh-tunnel
	in_lan timeout 40 ping -i 0.5 203.0.113.80 |
		grep -m 1 'From 10.1.0.1 .*Host Unreachable'
	in_lan timeout 40 ping -i 0.5 2001:db8:c::80 |
		grep -m 1 'From 2001:db8:1::1 .*Address unreachable'
}
