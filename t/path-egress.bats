# SPDX-License-Identifier: ISC
# The server's side: translation, the filter as next hop, the guard against a
# client that does as it likes, gateways with one interface.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_dmz
	mkdir "$W_DIR/www"
	echo page >"$W_DIR/www/index.html"
	world_servers inet "$W_DIR/www"
	filter
}

setup() {
	: >"$W_DIR/inet.log"
}

teardown() {
	[ -z "${wg:-}" ] || kill "$W_PID"
	cli_backhaul down
	srv_backhaul down
	[ ! -d "$W_DIR/run/branch4" ] || world_backhaul arm branch4 down
	[ ! -d "$W_DIR/run/one" ] || in_host one "$BH_BIN/backhaul" down \
		-l hq -d "$W_DIR/run/one"
}

# The dmz host as a filter: a way of its own to the Internet.
filter() {
	world_cable dmz eth1 '203.0.116.2/24' inet eth1 '203.0.116.80/24'
	ip -n "$W-dmz" route replace default via 203.0.116.80
	ip -n "$W-inet" route add 10.0.200.0/24 via 203.0.116.2
	world_routes dmz
}

up() {	# the lines of world_domain
	world_domain "$@"
	srv_backhaul up
	cli_backhaul up
}

page() {	# HOST [ADDRESS]
	[ "$(in_host "$1" curl -sSg --max-time 10 \
		"http://${2:-203.0.113.80}/")" = page ]
}

seen() {	# ADDRESS: the web server's client
	grep -q "^\\(::ffff:\\)\\?$1 " "$W_DIR/inet.log"
}

@test "C7 C9 nat = none: the branch's own address, in and out" {
	ip -n "$W-inet" route add 10.1.0.0/16 via 203.0.113.1
	ip -n "$W-inet" -6 route add 2001:db8:1::/48 via 2001:db8:c::1
	up 'nat = none\nnat-upstream = yes\n'
	page lan
	page lan '[2001:db8:c::80]'
	seen 10.1.0.5
	seen 2001:db8:1::5
	# C7: the Internet may begin, too
	in_inet ping -c 1 -W 5 10.1.0.5
	in_inet ping -c 1 -W 5 2001:db8:1::5
	# but nobody that calls himself ours
	in_inet ip addr add 10.0.0.77/32 dev lo
	before=$(world_guard srv guard_in)
	run -1 in_inet ping -c 1 -W 1 -I 10.0.0.77 10.1.0.5
	in_inet ip addr del 10.0.0.77/32 dev lo
	[ "$(world_guard srv guard_in)" -gt "$before" ]
	ip -n "$W-inet" route del 10.1.0.0/16
	ip -n "$W-inet" -6 route del 2001:db8:1::/48
}

@test "C8 default-gateway: backhauled traffic meets the filter, nothing else does" {
	up 'default-gateway = 10.0.200.5\n'
	world_capture inet eth0 "$BATS_TEST_TMPDIR/around"
	page lan
	seen 10.0.200.1
	in_srv ping -c 1 -W 5 203.0.113.80
	world_captured
	world_none "$BATS_TEST_TMPDIR/around" 'tcp port 80'
	[ "$(world_packets "$BATS_TEST_TMPDIR/around" icmp)" -gt 0 ]
}

@test "C8 the filter gone: refused, never the ordinary default route" {
	up 'default-gateway = 10.0.200.5\n'
	page lan
	world_capture inet eth0 "$BATS_TEST_TMPDIR/around" "$W_NOT_TUNNEL"
	# first deaf, then its cable pulled
	ip -n "$W-dmz" link set eth0 down
	run in_lan curl -sS --max-time 2 http://203.0.113.80/
	[ "$status" -ne 0 ]
	ip -n "$W-srv" link set dmz0 down
	run in_lan curl -sS --max-time 2 http://203.0.113.80/
	[ "$status" -ne 0 ]
	# somebody's route in the gateway's table does not help either
	ip -n "$W-srv" route add default via 203.0.113.80 table 7803
	before=$(world_guard srv egress_hop)
	run in_lan curl -sS --max-time 2 http://203.0.113.80/
	[ "$status" -ne 0 ]
	[ "$(world_guard srv egress_hop)" -gt "$before" ]
	# the family that has no filter
	run in_lan curl -sSg --max-time 2 'http://[2001:db8:c::80]/'
	[ "$status" -ne 0 ]
	world_captured
	world_none "$BATS_TEST_TMPDIR/around"
	ip -n "$W-srv" route flush table 7803
	ip -n "$W-srv" link set dmz0 up
	ip -n "$W-srv" addr replace 2001:db8:0:200::1/64 dev dmz0 nodad
	ip -n "$W-dmz" link set eth0 up
	ip -n "$W-dmz" addr replace 2001:db8:0:200::5/64 dev eth0 nodad
}

@test "N1 a client cannot shadow a port of the gateway" {
	up
	world_bg srv socat UDP4-LISTEN:7777,fork SYSTEM:'read l; echo gateway'
	world_until world_listens srv udp 7777
	# the client, from the service's port to the port it will be asked from
	printf x | in_lan socat -u - UDP4:203.0.113.80:8888,sourceport=7777
	read -r -t 10 line < <(echo ask | in_inet socat -t 10 - \
		UDP4:203.0.113.1:7777,sourceport=8888,shut-none)
	[ "$line" = gateway ]
}

@test "N1 new connections to the range of nat-ports are not answered" {
	up
	before=$(world_guard srv shadow)
	run in_inet curl -sS --max-time 1 http://203.0.113.1:20000/
	[ "$status" -eq 28 ]
	[ "$(world_guard srv shadow)" -gt "$before" ]
}

# wireguard-go with the branch's key, in the branch's place.
rogue() {
	world_domain "$@"
	srv_backhaul up
	wg=rg${W#bh}
	world_bg cli wireguard-go -f "$wg"
	world_until test -S "/var/run/wireguard/$wg.sock"
	in_cli wg set "$wg" private-key "$W_DIR/keys/branch1.key" \
		listen-port 51820 peer "$(world_key hq)" \
		endpoint 198.51.100.2:51820 allowed-ips 0.0.0.0/0,::/0
	in_cli ip link set "$wg" mtu 1420 up
	in_cli ip route add 203.0.113.80/32 dev "$wg" src 10.1.0.1
	in_cli ip route add 10.0.0.0/16 dev "$wg" src 10.1.0.1
	in_cli ping -c 1 -W 5 203.0.113.80
}

# The sum of a verdict over the server's programs grows, without an answer.
stopped() {	# VERDICT COMMAND...
	local verdict=$1 before
	shift
	before=$(hq_count "$verdict")
	run "$@"
	[ "$status" -ne 0 ]
	[ "$(hq_count "$verdict")" -gt "$before" ]
}
hq_count() {	# VERDICT
	local p n=0
	for p in bh-tunnel bh-classify bh-egress; do
		n=$((n + $(world_count hq $p "$1")))
	done
	echo $n
}

@test "C11 B1 a client without a classifier: the server stops what it sends" {
	rogue
	in_cli ip addr add 10.7.7.7/32 dev lo
	stopped spoof in_cli ping -c 1 -W 1 -I 10.7.7.7 203.0.113.80
	in_cli ip addr del 10.7.7.7/32 dev lo
	stopped not-partner in_cli ping -c 1 -W 1 10.0.0.5
	stopped not-partner in_cli ping -c 1 -W 1 10.0.200.5
	for to in 169.254.169.254:link-local 192.168.5.5:private \
	    198.18.0.1:special 10.9.9.9:private; do
		in_cli ip route add "${to%:*}/32" dev "$wg" src 10.1.0.1
		stopped "${to#*:}" in_cli ping -c 1 -W 1 "${to%:*}"
	done
	# and the honest goes on
	in_cli ping -c 1 -W 5 203.0.113.80
}

@test "C11 a partner without a classifier: only what participates answers" {
	rogue 'partners = branch1\n' 'partners = hq\n'
	in_cli ping -c 1 -W 5 10.0.0.5
	stopped internal in_cli ping -c 1 -W 1 10.0.200.5
}

# A datagram into the clients' TUN, as if bh-egress had let it pass.
forge() {	# SOURCE DESTINATION
	in_srv python3 - "$1" "$2" <<-'EOF'
	import fcntl, ipaddress, os, struct, sys
	src, dst = (ipaddress.ip_address(a) for a in sys.argv[1:])
	udp = struct.pack(">HHHH6s", 1, 9, 14, 0, b"forged")
	if dst.version == 6:
	    ip = struct.pack(">IHBB", 6 << 28, len(udp), 17, 64)
	    packet = ip + src.packed + dst.packed + udp
	else:
	    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
	    ip += src.packed + dst.packed
	    csum = sum(struct.unpack(">10H", ip))
	    csum = ~(csum + (csum >> 16)) & 0xffff
	    packet = ip[:10] + struct.pack(">H", csum) + ip[12:] + udp
	tun = os.open("/dev/net/tun", os.O_RDWR)
	flags = 0x0001 | 0x1000 | 0x4000    # IFF_TUN, IFF_NO_PI, IFF_VNET_HDR
	fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"bhx0", flags))
	os.write(tun, bytes(10) + packet)
	EOF
}
forged() {	# COUNTER SOURCE DESTINATION
	local before
	before=$(world_guard srv "$1")
	forge "$2" "$3"
	[ "$(world_guard srv "$1")" -eq $((before + 1)) ]
}

@test "the static guard holds alone, without bh-egress and bh-classify" {
	world_domain
	srv_backhaul up
	for s in bh-egress bh-classify; do
		read -r _ loop _ child _ <"$W_DIR/run/hq/$s.state"
		kill -9 "$loop" "$child"
	done
	world_until srv_no_program
	forged guard_out 10.1.0.5 10.0.200.5
	forged guard_out 2001:db8:1::5 2001:db8:0:200::5
	forged guard_out 10.1.0.5 192.168.9.9
	forged guard_out 10.1.0.5 198.18.0.1
	forged egress_self 10.1.0.5 203.0.113.1
	forged egress_self 10.1.0.5 10.0.0.1
	# to the LAN: the kernel finds that the way back is another
	before=$(in_hq awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp)
	forge 10.1.0.5 10.0.0.5
	forge 10.0.0.7 10.0.0.5
	forged egress_cross 2001:db8:1::5 2001:db8::5
	[ "$(in_hq awk '/^Udp: [0-9]/ { print $3 }' /proc/net/snmp)" = "$before" ]
}
srv_no_program() {
	! netns_names "$W-srv" | grep -qx 'bh-egress\|bh-classify'
}

@test "the tunnel may be IPv6 outside" {
	world_domain
	sed -i 's/^endpoint = 198.*/endpoint = [2001:db8:b::2]:51820/
		s/^endpoint = 192.*/endpoint = [2001:db8:a::2]:51820/' \
		"$W_DIR/domain.ini"
	world_capture wan cli0 "$BATS_TEST_TMPDIR/p"
	srv_backhaul up
	cli_backhaul up
	page lan
	page lan '[2001:db8:c::80]'
	world_captured
	[ "$(world_packets "$BATS_TEST_TMPDIR/p" 'ip6 and udp port 51820')" -gt 10 ]
	world_none "$BATS_TEST_TMPDIR/p" ip
	world_none "$BATS_TEST_TMPDIR/p" "$W_NOT_TUNNEL"
}

@test "a small mtu is kept: nothing larger enters the tunnel" {
	up 'mtu = 1280\n' 'mtu = 1280\n'
	head -c 300000 /dev/urandom >"$W_DIR/www/300k"
	# datagrams one by one
	ip -n "$W-cli" link set up0 gso_max_segs 1
	ip -n "$W-srv" link set wan0 gso_max_segs 1
	world_capture wan cli0 "$BATS_TEST_TMPDIR/p"
	in_lan curl -sS --max-time 10 http://203.0.113.80/300k |
		cmp - "$W_DIR/www/300k"
	in_lan curl -sSg --max-time 10 'http://[2001:db8:c::80]/300k' |
		cmp - "$W_DIR/www/300k"
	world_captured
	# inner 1280, 32 of WireGuard, 8 of UDP, 20 of IPv4
	world_none "$BATS_TEST_TMPDIR/p" 'udp port 51820 and ip[2:2] > 1340'
	[ "$(world_packets "$BATS_TEST_TMPDIR/p" \
		"udp port 51820 and ip[2:2] == 1340")" -gt 100 ]
}

# A switch: whoever is plugged in is on one segment.
switch() {	# HOST
	world_host "$1"
	ip -n "$W-$1" link add br0 type bridge
	ip -n "$W-$1" link set br0 up
}
plug() {	# SWITCH HOST DEV 'ADDRESS...'
	world_cable "$2" "$3" "$4" "$1" "$2" ''
	ip -n "$W-$1" link set "$2" master br0
}

@test "C33 C6 a client with one interface" {
	switch seg
	world_host arm armlan
	plug seg arm eth0 '10.4.0.1/24'
	plug seg armlan eth0 '10.4.0.5/24'
	plug seg wan seg0 '10.4.0.254/24'
	world_default arm 10.4.0.254
	world_default armlan 10.4.0.1
	ip -n "$W-srv" route add 10.4.0.0/24 via 198.51.100.1
	world_domain '' '' "[location branch4]
public-key = $(world_key branch4)
lan = 10.4.0.0/24, !10.4.0.254
internal = 10.4.0.0/16
backhaul = client
server = hq
uplink = eth0
lan-interface = eth0
"
	srv_backhaul up
	world_capture wan seg0 "$BATS_TEST_TMPDIR/p" "$W_NOT_TUNNEL"
	capture=$W_CAPTURE
	world_capture armlan eth0 "$BATS_TEST_TMPDIR/redirects" \
		'icmp[icmptype] == icmp-redirect'
	world_backhaul arm branch4 up
	page armlan
	seen 203.0.113.1
	in_host arm ping -c 1 -W 5 10.4.0.254
	for s in "$W_DIR/run/branch4"/*.state; do
		read -r _ loop _ child _ <"$s"
		kill -9 "$loop" "$child"
	done
	run in_host armlan ping -c 2 -i 0.2 -W 1 203.0.113.80
	[ "$status" -ne 0 ]
	world_captured
	world_captured "$capture" "$BATS_TEST_TMPDIR/p"
	world_none "$BATS_TEST_TMPDIR/p" 'host 10.4.0.5'
	world_none "$BATS_TEST_TMPDIR/redirects"
}

@test "C33 a server with one interface" {
	switch hall
	world_host one
	plug hall one eth0 '10.0.0.1/20'
	plug hall wan hall0 '10.0.0.253/20'
	plug hall inet hall0 '10.0.0.254/20'
	plug hall hq hall0 ''
	ip -n "$W-hq" link set eth0 down
	ip -n "$W-hq" addr add 10.0.0.5/20 dev hall0
	world_default hq 10.0.0.1
	world_default one 10.0.0.254
	ip -n "$W-one" route add 192.0.2.0/24 via 10.0.0.253
	world_domain 'partners = branch1\n' 'partners = hq\n'
	sed -i '/^\[location hq\]/,/^\[location branch1\]/{
		s/^uplink = .*/uplink = eth0/
		s/^lan-interface = .*/lan-interface = eth0/
		s/^endpoint = .*/endpoint = 10.0.0.1:51820/
		s/^lan = .*/lan = 10.0.0.0\/20, !10.0.0.1/
		s/^address = .*//
		}' "$W_DIR/domain.ini"
	in_host one "$BH_BIN/backhaul" up -f "$W_DIR/domain.ini" -l hq \
		-k "$W_DIR/keys" -d "$W_DIR/run/one" 3>&-
	cli_backhaul up
	page lan
	seen 10.0.0.1
	in_lan ping -c 1 -W 5 10.0.0.5
	in_hq ping -c 1 -W 5 10.1.0.5
}
