# SPDX-License-Identifier: ISC
# bh-keep: a default-gateway that is a name, what comes back after an interface
# was down, addresses that are answered for on the uplink's network.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_dmz
	mkdir "$W_DIR/www" "$W_DIR/lanwww"
	echo page >"$W_DIR/www/index.html"
	echo published >"$W_DIR/lanwww/index.html"
	world_web inet "$W_DIR/www"
	world_web lan "$W_DIR/lanwww"
	filter
	# the server asks itself
	mkdir -p "/etc/netns/$W-srv"
	echo 'nameserver 127.0.0.1' >"/etc/netns/$W-srv/resolv.conf"
}

teardown_file() {
	world_down
	rm -r "/etc/netns/${W:?}-srv"
	rmdir --ignore-fail-on-non-empty /etc/netns
}

setup() {
	: >"$W_DIR/inet.log"
}

teardown() {
	[ -z "${DNS:-}" ] || kill "$DNS"
	cli_backhaul down
	srv_backhaul down
}

# The dmz host as a filter, with two addresses of each family and a way of its
# own to the Internet; a dead one is found out in no time.
filter() {
	local v
	world_cable dmz eth1 '203.0.116.2/24 2001:db8:d::2/64' \
		inet eth1 '203.0.116.80/24 2001:db8:d::80/64'
	ip -n "$W-dmz" addr add 10.0.200.6/24 dev eth0
	ip -n "$W-dmz" addr add 2001:db8:0:200::6/64 dev eth0
	ip -n "$W-dmz" route replace default via 203.0.116.80
	ip -n "$W-dmz" route replace default via 2001:db8:d::80
	ip -n "$W-inet" route add 10.0.200.0/24 via 203.0.116.2
	ip -n "$W-inet" route add 2001:db8:0:200::/64 via 2001:db8:d::2
	world_routes dmz
	for v in 4 6; do
		in_srv sysctl -qw net.ipv$v.neigh.dmz0.delay_first_probe_time=0 \
			net.ipv$v.neigh.dmz0.ucast_solicit=1 \
			net.ipv$v.neigh.dmz0.mcast_solicit=1 \
			net.ipv$v.neigh.dmz0.retrans_time_ms=100
	done
}

serve() {	# LINE...: of a hosts file
	names "$@"
	world_bg srv dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --addn-hosts="$W_DIR/names" --local-ttl=1
	DNS=$W_PID
	world_until world_listens srv udp 53
}
names() {	# LINE...
	printf '%s\n' "$@" >"$W_DIR/names"
	[ -z "${DNS:-}" ] || kill -HUP "$DNS"
}

up() {	# the lines of world_domain
	world_domain "$@"
	srv_backhaul up
	cli_backhaul up
}

page() {	# ADDRESS [OPTION...]
	local to=$1
	shift
	[ "$(in_lan curl -sSg --max-time 10 "$@" "http://$to/")" = page ]
}
pages() {
	page 203.0.113.80 && page '[2001:db8:c::80]'
}
closed() {	# neither family gets out, whatever the time
	! page 203.0.113.80 --max-time 0.7 &&
		! page '[2001:db8:c::80]' --max-time 0.7
}
hop() {	# FAMILY [ADDRESS]: the next hop is that, or there is none
	[ "$(in_srv ip "-$1" route show table 7803 default type unicast |
		awk '{ print $3 }')" = "${2:-}" ]
}

@test "C8 a name: both families go by what it stands for, and by what it will" {
	serve '10.0.200.5 filter' '2001:db8:0:200::5 filter'
	up 'default-gateway = filter\n'
	world_capture inet eth0 "$BATS_TEST_TMPDIR/around"
	hop 4 10.0.200.5
	hop 6 2001:db8:0:200::5
	pages
	grep -q '^\(::ffff:\)\?10.0.200.1 ' "$W_DIR/inet.log"
	grep -q '^2001:db8:0:200::1 ' "$W_DIR/inet.log"
	names '10.0.200.6 filter' '2001:db8:0:200::6 filter'
	world_until hop 4 10.0.200.6
	world_until hop 6 2001:db8:0:200::6
	pages
	# one family less is one family closed
	names '10.0.200.6 filter'
	world_until hop 6
	page 203.0.113.80
	run ! page '[2001:db8:c::80]' --max-time 0.7
	in_srv ping -c 1 -W 5 203.0.113.80
	world_captured
	world_none "$BATS_TEST_TMPDIR/around" 'tcp port 80'
	[ "$(world_packets "$BATS_TEST_TMPDIR/around" icmp)" -gt 0 ]
	# the gateway's own way out is what it was
	[ "$(in_srv ip route show default | cut -d ' ' -f 3)" = 203.0.113.80 ]
	srv_backhaul status | grep -q 'guard in force$'
}

@test "C8 a name that never resolved: closed, until it does" {
	serve '192.0.2.1 other'
	world_capture inet eth0 "$BATS_TEST_TMPDIR/around" "$W_NOT_TUNNEL"
	up 'default-gateway = filter\n'
	closed
	world_captured
	world_none "$BATS_TEST_TMPDIR/around"
	# an address on no network of ours is none
	names '192.0.2.77 filter'
	closed
	names '192.0.2.77 filter' '10.0.200.5 filter' \
		'2001:db8:0:200::5 filter'
	world_until hop 4 10.0.200.5
	world_until hop 6 2001:db8:0:200::5
	pages
}

@test "C8 no answer any more: kept while the neighbour lives, then closed" {
	serve '10.0.200.5 filter' '2001:db8:0:200::5 filter'
	up 'default-gateway = filter\n'
	pages
	kill "$DNS"
	world_until world_ended "$DNS"
	DNS=
	world_capture inet eth0 "$BATS_TEST_TMPDIR/around" "$W_NOT_TUNNEL"
	pages
	ip -n "$W-dmz" link set eth0 arp off
	in_srv ip neigh flush dev dmz0
	for v in 4 6; do
		world_until dead $v
	done
	closed
	world_captured
	world_none "$BATS_TEST_TMPDIR/around"
	ip -n "$W-dmz" link set eth0 arp on
	serve '10.0.200.5 filter' '2001:db8:0:200::5 filter'
	world_until hop 4 10.0.200.5
	world_until hop 6 2001:db8:0:200::5
	world_until pages
}
dead() {	# FAMILY: found out by traffic
	case $1 in
	4) page 203.0.113.80 --max-time 0.3 ;;
	6) page '[2001:db8:c::80]' --max-time 0.3 ;;
	esac
	hop "$1"
}

@test "C8 an interface down and up again: closed, then the next hop is back" {
	up 'default-gateway = 10.0.200.5, 2001:db8:0:200::5\n'
	pages
	world_capture inet eth0 "$BATS_TEST_TMPDIR/around" "$W_NOT_TUNNEL"
	ip -n "$W-srv" link set dmz0 down
	hop 4
	hop 6
	closed
	ip -n "$W-srv" link set dmz0 up
	ip -n "$W-srv" addr replace 2001:db8:0:200::1/64 dev dmz0 nodad
	world_until hop 4 10.0.200.5
	world_until hop 6 2001:db8:0:200::5
	pages
	world_captured
	world_none "$BATS_TEST_TMPDIR/around"
}

@test "bh-keep killed: it is there again, and nothing was open meanwhile" {
	up 'default-gateway = 10.0.200.5, 2001:db8:0:200::5\n'
	read -r _ _ _ child _ <"$W_DIR/run/hq/bh-keep.state"
	kill -9 "$child"
	pages
	world_until again "$child"
	ip -n "$W-srv" link set dmz0 down
	hop 4
	ip -n "$W-srv" link set dmz0 up
	world_until hop 4 10.0.200.5
	ip -n "$W-srv" addr replace 2001:db8:0:200::1/64 dev dmz0 nodad
	# nothing of it is left when it is over
	srv_backhaul down
	world_until none_left
}
again() {	# PID: another one runs
	srv_backhaul status | grep -q "^bh-keep *running" &&
		! srv_backhaul status | grep -q "^bh-keep *running *$1 "
}
none_left() {
	! netns_names "$W-srv" | grep -q '^bh-\|^ip$'
}

# What the Internet's host knows of an address on its own network.
knows() {	# ADDRESS: it has the server's uplink for it
	[ "$(in_inet ip neigh show to "$1" dev eth0 |
		sed -n 's/.*lladdr \([^ ]*\).*/\1/p')" = "$MAC" ]
}

@test "addresses on the uplink's network: answered for, and taken over at once" {
	MAC=$(in_srv cat /sys/class/net/up0/address)
	for a in 203.0.113.9 203.0.113.7 2001:db8:c::9; do
		in_inet ip neigh replace "$a" lladdr 02:00:00:00:00:99 \
			dev eth0 nud reachable
	done
	in_srv sysctl -qa 2>/dev/null | grep -e 'neigh.up0' -e proxy_ndp |
		sort >"$BATS_TEST_TMPDIR/before"
	up '' 'nat-address = 203.0.113.7\n' '[publish web]
server = hq
match = 203.0.113.9
to = 10.1.0.5
[publish web6]
server = hq
match = 2001:db8:c::9
to = 2001:db8:1::5
'
	# by what they were told, before they ask
	world_until knows 203.0.113.9
	world_until knows 203.0.113.7
	world_until knows 2001:db8:c::9
	# and by asking
	in_inet ip neigh flush dev eth0
	[ "$(in_inet curl -sS --max-time 10 http://203.0.113.9/)" = published ]
	[ "$(in_inet curl -sSg --max-time 10 'http://[2001:db8:c::9]/')" = \
		published ]
	page 203.0.113.80
	grep -q '^\(::ffff:\)\?203.0.113.9 ' "$W_DIR/inet.log"
	# after the interface was down
	ip -n "$W-srv" link set up0 down
	ip -n "$W-srv" link set up0 up
	ip -n "$W-srv" addr replace 2001:db8:c::1/64 dev up0 nodad
	world_default_srv
	in_inet ip neigh flush dev eth0
	world_until in_inet ping -c 1 -W 1 203.0.113.9
	world_until in_inet ping -c 1 -W 1 2001:db8:c::9
	srv_backhaul down
	[ -z "$(in_srv ip neigh show proxy)" ]
	in_srv sysctl -qa 2>/dev/null | grep -e 'neigh.up0' -e proxy_ndp |
		sort | diff "$BATS_TEST_TMPDIR/before" -
}
@test "nat-pool on the uplink's network: answered for, and taken over at once" {
	MAC=$(in_srv cat /sys/class/net/up0/address)
	in_inet ip neigh replace 203.0.113.20 lladdr 02:00:00:00:00:99 \
		dev eth0 nud reachable
	up 'nat = pool\nnat-pool = 203.0.113.20, 2001:db8:c::20\n'
	world_until knows 203.0.113.20
	page 203.0.113.80
	grep -q '^\(::ffff:\)\?203.0.113.20 ' "$W_DIR/inet.log"
	page '[2001:db8:c::80]'
	grep -q '^2001:db8:c::20 ' "$W_DIR/inet.log"
}

world_default_srv() {
	ip -n "$W-srv" route replace default via 203.0.113.80
	ip -n "$W-srv" -6 route replace default via 2001:db8:c::80
}

@test "bh-announce: an announcement and an answer, an advertisement, no more" {
	world_capture inet eth0 "$BATS_TEST_TMPDIR/p" \
		'arp or (icmp6 and ip6[40] == 136)'
	printf '%s\n' 'up0 203.0.113.40' 'up0 2001:db8:c::40' |
		in_srv "$BH_BIN/bh-announce" -n 1
	world_captured
	tcpdump -tnvr "$BATS_TEST_TMPDIR/p" 2>/dev/null >"$BATS_TEST_TMPDIR/t"
	grep -q 'Request who-has 203.0.113.40 .*tell 203.0.113.40' \
		"$BATS_TEST_TMPDIR/t"
	grep -q 'Reply 203.0.113.40 is-at' "$BATS_TEST_TMPDIR/t"
	grep -A1 'icmp6 sum ok. ICMP6, neighbor advertisement' \
		"$BATS_TEST_TMPDIR/t" |
		grep -q '2001:db8:c::40, Flags \[override\]'
	[ "$(world_packets "$BATS_TEST_TMPDIR/p" 'arp[24:4] == 0xcb007128')" -eq 2 ]
	run in_srv "$BH_BIN/bh-announce" <<<'up0 nonsense'
	[ "$status" -eq 100 ]
	[ "$output" = "bh-announce: 'up0 nonsense' is no interface and address" ]
}
