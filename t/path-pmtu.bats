# SPDX-License-Identifier: ISC
# Every path carries everything: the matrix of P10, in one world whose middle
# shrinks step by step.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# A host behind the one of the Internet, on a cable of 1300 bytes.
narrow() {
	world_host far
	world_cable far eth0 '203.0.120.80/24 2001:db8:f::80/64' \
		inet far0 '203.0.120.1/24 2001:db8:f::1/64'
	world_default far 203.0.120.1 2001:db8:f::1
	ip -n "$W-far" link set eth0 mtu 1300
	ip -n "$W-inet" link set far0 mtu 1300
	in_inet sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain 'partners = branch1\n' 'partners = hq\n'
	mkdir "$W_DIR/www"
	head -c 400000 /dev/urandom >"$W_DIR/www/data"
	sha256sum <"$W_DIR/www/data" >"$W_DIR/sum"
	narrow
	world_web inet "$W_DIR/www"
	world_bg inet socat -b 9000 -T 10 UDP6-LISTEN:7,ipv6only=0,fork PIPE
	world_bg inet socat -T 100 TCP6-LISTEN:9000,ipv6only=0,reuseaddr,fork \
		SYSTEM:sha256sum
	world_until world_listens inet udp 7
	world_until world_listens inet tcp 9000
	in_wan nft -f - <<-'EOF'
	table inet filter {
		chain quiet { }
		chain output {
			type filter hook output priority 0
			jump quiet
		}
	}
	EOF
}

teardown() {
	cli_backhaul down
	srv_backhaul down
}

# The gateways, over IPv4 or IPv6, on a path of 1500; hosts that know nothing.
begin() {	# 4|6 heard|filtered
	local host
	local hq=198.51.100.2 branch1=192.0.2.2
	if [ "$1" = 6 ]; then
		hq='[2001:db8:b::2]' branch1='[2001:db8:a::2]'
	fi
	sed -i "/^\[location hq/,/^lan/s/^endpoint.*/endpoint = $hq:51820/
		/^\[location branch1/,/^lan/s/^endpoint.*/endpoint = $branch1:51820/" \
		"$W_DIR/domain.ini"
	in_wan nft flush chain inet filter quiet
	[ "$2" = heard ] || in_wan nft -f - <<-'EOF'
	add rule inet filter quiet icmp type destination-unreachable drop
	add rule inet filter quiet icmpv6 type packet-too-big drop
	EOF
	path 1500
	srv_backhaul up
	cli_backhaul up
	for host in lan inet cli srv; do
		ip -n "$W-$host" route flush cache
		ip -n "$W-$host" -6 route flush cache
	done
}

# A router in the middle that forwards no more: it fragments what may be, and
# what may not be is lost, with or without a word.
path() {	# MTU
	ip -n "$W-wan" route replace 192.0.2.2 dev cli0 mtu lock "$1"
	ip -n "$W-wan" route replace 198.51.100.2 dev srv0 mtu lock "$1"
	ip -n "$W-wan" -6 route replace 2001:db8:a::2 dev cli0 mtu lock "$1"
	ip -n "$W-wan" -6 route replace 2001:db8:b::2 dev srv0 mtu lock "$1"
}

told() {	# HOST ADDRESS WHAT: of 1440 bytes
	[ "$(in_host "$1" python3 t/lib/pmtu.py "$2" 1440)" = "$3" ]
}
whole() {	# ADDRESS SIZE
	local got
	got=$(in_lan python3 t/lib/pmtu.py "$1" "$2") && [ "$got" = whole ] ||
		{ echo "$1, $2 bytes: $got"; return 1; }
}

# TCP both ways, at once over both families: all in the background.
transfers() {
	local v a
	for v in 4 6; do
		a=203.0.113.80
		[ $v = 4 ] || a='[2001:db8:c::80]'
		in_lan curl -sSg --max-time 100 "http://$a/data" 3>&- |
			sha256sum >"$T/down$v" &
		pids+=($!)
		in_lan socat -t 100 - "TCP:$a:9000" <"$W_DIR/www/data" \
			>"$T/up$v" 3>&- &
		pids+=($!)
	done
}

# What bh-ctl and backhaul say of the way to the server.
shows() {	# MTU
	[ "$("$BH_BIN/bh-ctl" -D "$W_DIR/run/branch1" peers | cut -f 6)" = \
		"$1" ]
	cli_backhaul status | grep -q "^hq .* $1\$"
}

# What is found of a path while all else is sent on it.  A machine that is busy
# may lose three probes of one size in a row, and then the next smaller one is
# in use for ten minutes: once in a matrix it may be asked anew.
settled() {	# MTU
	if [ "$busy" -gt 0 ] || world_until shows "$1"; then
		world_until shows "$1"
		return
	fi
	busy=1
	cli_backhaul restart bh-tunnel
	srv_backhaul restart bh-tunnel
	world_until shows "$1"
}

# Everything passes, and what does not fit is told the truth.
step() {	# PATH INNER
	local f six_fits=$(($2 < 1280 ? 1280 : $2)) four=$2 pids=()
	local six=$six_fits
	transfers
	[ "$four" != 1440 ] || four=whole
	[ "$six" != 1440 ] || six=whole
	world_until told lan 203.0.113.80 "$four" || :
	settled "$2"
	world_until told lan 203.0.113.80 "$four"
	world_until told lan 2001:db8:c::80 "$six"
	world_until whole 203.0.113.80 "$2"
	world_until whole 2001:db8:c::80 "$six_fits"
	wait "${pids[@]}"
	for f in down4 down6 up4 up6; do
		cmp "$T/$f" "$W_DIR/sum" || { echo "path $1: $f"; return 1; }
	done
}

# From large to small: what has been found is raised ten minutes later only.
matrix() {	# 4|6 heard|filtered PATH...
	local over=$(($1 == 4 ? 60 : 80)) mtu busy=0
	begin "$1" "$2"
	shift 2
	for mtu; do
		path "$mtu"
		step "$mtu" $((mtu - over))
	done
}

# The Internet's host answers with more than the tunnel takes, and is told so
# about the packet as it sent it.
server_told() {	# ADDRESS WANTED
	in_inet python3 t/lib/pmtu.py "$1" 1440 -s >"$T/told" 3>&- &
	local pid=$!
	world_until grep -q ready "$T/told"
	in_lan python3 t/lib/pmtu.py "$1" 1440 -c
	wait "$pid"
	[ "$(tail -n 1 "$T/told")" = "$2" ] || { cat "$T/told"; return 1; }
}

translated() {
	# what a router of the Internet says gets to the host inside
	world_until told lan 203.0.120.80 1300
	told lan 2001:db8:f::80 1300
	path 1420
	world_until server_told 203.0.113.80 1360
	server_told 2001:db8:c::80 1360
}

@test "P9 5508-4 what is too big is told across the kernel's translation" {
	begin 4 heard
	translated
}

@test "P9 5508-4 what is too big is told across nat = pool" {
	cp "$W_DIR/domain.ini" "$T/domain.ini"
	sed -i '/^backhaul = server/a nat = pool\
nat-pool = 203.0.113.8/29, 2001:db8:c::8/125' "$W_DIR/domain.ini"
	begin 4 heard
	translated
	cp "$T/domain.ini" "$W_DIR/domain.ini"
}

@test "P5 what anybody says of the outer path is not believed" {
	begin 4 heard
	whole 203.0.113.80 1440
	in_wan python3 t/lib/ptb.py 192.0.2.2 198.51.100.2 600
	in_wan python3 t/lib/ptb.py 198.51.100.2 192.0.2.2 600
	whole 203.0.113.80 1440
	shows 1440
	cli_backhaul down
	srv_backhaul down
	begin 6 heard
	whole 2001:db8:c::80 1420
	world_capture cli up0 "$T/p" 'ip6 proto 44'
	in_wan python3 t/lib/ptb.py 2001:db8:a::2 2001:db8:b::2 1280
	in_wan python3 t/lib/ptb.py 2001:db8:b::2 2001:db8:a::2 1280
	whole 2001:db8:c::80 1420
	shows 1420
	world_captured
	world_none "$T/p"
}

# A datagram of 3000 bytes that may be fragmented, another with IPv4 options,
# and five of 1400 that leave the host as one super-packet.  The tunnel's own
# then need not be.
echoed() {	# ADDRESS
	in_lan python3 - "$1" <<-'PY'
	import os, socket, sys
	NEVER_DF, UDP_SEGMENT = 5, 103	# whatever the path is known for
	def asked(size, *option):
	    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    s.setsockopt(socket.IPPROTO_IP, 10, NEVER_DF)
	    if option:
	        s.setsockopt(*option)
	    s.settimeout(2)
	    data = os.urandom(size)
	    s.sendto(data, (sys.argv[1], 7))
	    got = b""
	    while len(got) < size:
	        got += s.recv(9000)
	    n = 1400
	    parts = lambda b: sorted(b[i:i + n] for i in range(0, size, n))
	    assert parts(got) == parts(data)
	asked(3000)
	asked(3000, socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x94\4\0\0")
	asked(7000, socket.IPPROTO_UDP, UDP_SEGMENT, 1400)
	PY
}

@test "P2 IPv4 that may be fragmented is, and not the tunnel's datagrams" {
	local v fragments='udp port 51820 and ip[6:2] & 0x3fff != 0 or
		ip6 proto 44'
	for v in 4 6; do
		begin "$v" heard
		path 1280
		world_until told lan 203.0.113.80 $((1280 - (v == 4 ? 60 : 80)))
		world_until echoed 203.0.113.80
		world_capture cli up0 "$T/p"
		world_until echoed 203.0.113.80
		world_captured
		# a train is one packet in a capture: its datagrams are counted
		[ "$(tcpdump -nr "$T/p" udp port 51820 2>/dev/null | awk '
			{ n += int(($NF + 1251) / 1252) }
			END { print n + 0 }')" -ge 20 ]
		world_none "$T/p" "$fragments"
		cli_backhaul down
		srv_backhaul down
	done
}

@test "P1 P10 outer IPv4, ICMP heard" {
	matrix 4 heard 1500 1492 1420 1280 1124
}

@test "P1 P10 outer IPv4, ICMP filtered" {
	matrix 4 filtered 1500 1492 1420 1280 1124
}

@test "P1 P10 outer IPv6, ICMP heard" {
	matrix 6 heard 1500 1492 1420 1280
}

@test "P1 P4 P10 outer IPv6, ICMP filtered" {
	matrix 6 filtered 1500 1492 1420 1280
}
