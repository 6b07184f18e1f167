# SPDX-License-Identifier: ISC
# Fail closed: whatever dies or is taken away at a branch, nothing of its LAN
# is on the uplink in clear.  Each packet of the LAN carries a word to look for.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain 'partners = branch1\n' 'partners = hq\n'
	mkdir "$W_DIR/www"
	echo page >"$W_DIR/www/CANARY"
	world_servers inet "$W_DIR/www"
	srv_backhaul up
	# the wide area would carry it all, had it the chance: the branch's
	# gateway is a router that knows a way, and so is everybody behind it
	world_routes cli
	ip -n "$W-wan" route add 10.1.0.0/20 via 192.0.2.2
	ip -n "$W-wan" -6 route add 2001:db8:1::/64 via 2001:db8:a::2
	world_default wan 198.51.100.2 2001:db8:b::2
}

setup() {
	cli_backhaul up
	world_until in_lan ping -c 1 -W 1 203.0.113.80
}

teardown() {
	cli_backhaul down
	srv_backhaul up
}

# One of everything from the LAN to the Internet, to hq and to nowhere.
traffic() {
	local to pids=
	for to in 203.0.113.80 10.0.0.5 10.0.200.5 10.9.9.9 \
	    2001:db8:c::80 2001:db8::5 2001:db8:99::1; do
		in_lan ping -c 2 -i 0.1 -W 0.1 -p 43414e415259 $to 3>&- &
		pids="$pids $!"
		case $to in
		*:*) udp="UDP6:[$to]:7" ;;
		*) udp="UDP4:$to:7" ;;
		esac
		printf CANARY | in_lan socat -u - "$udp" 3>&- &
		pids="$pids $!"
	done >/dev/null 2>&1
	for to in 203.0.113.80 '[2001:db8:c::80]'; do
		in_lan curl -sg -m 0.5 "http://$to/CANARY" >/dev/null 3>&- &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # a list
	wait $pids || true
}

# Captures while the traffic flows, then looks for it in what the branch sent.
leaks() {
	world_capture wan cli0 "$BATS_TEST_TMPDIR/wan.pcap"
	"$@"
	traffic
	world_captured
	grep -aq 'CANARY\|YCANAR' "$BATS_TEST_TMPDIR/wan.pcap" ||
		[ "$(world_packets "$BATS_TEST_TMPDIR/wan.pcap" \
			"$(clear_of_branch)")" -gt 0 ]
}
clear_of_branch() {
	echo "ether src $(in_cli cat /sys/class/net/up0/address) and" \
		"$W_NOT_TUNNEL"
}
sealed() {
	world_still branch1
	if leaks "$@"; then
		tcpdump -nr "$BATS_TEST_TMPDIR/wan.pcap" "$(clear_of_branch)"
		return 1
	fi
}

kill_programs() {	# GATEWAY PROGRAM...
	local status p
	status=$("${1}_backhaul" status) || true
	shift
	for p; do	# those behind bh-tunnel may have gone with it
		kill -9 "$(awk -v p="$p" '$1 == p { print $3 }' <<<"$status")" \
			2>/dev/null || true
	done
}

# For good: the loops, too.
kill_all() {	# LOCATION
	local _ loop child
	for s in "$W_DIR/run/$1"/*.state; do
		read -r _ loop _ child _ <"$s"
		kill -9 "$loop" "$child"
	done
}

@test "the measure itself: without backhaul the word is seen" {
	cli_backhaul down
	leaks true
	grep -aq CANARY "$BATS_TEST_TMPDIR/wan.pcap"
}

@test "C4 L4 in peace: all of it is in the tunnel, of both families" {
	sealed true
	[ "$(world_packets "$BATS_TEST_TMPDIR/wan.pcap" 'udp port 51820')" -gt 10 ]
}

@test "the server's gateway is killed" {
	sealed kill_programs srv bh-tunnel bh-egress bh-classify
}

@test "the server's gateway is taken down, and its host is gone" {
	sealed srv_backhaul down
	ip -n "$W-wan" link set srv0 down
	sealed true
	ip -n "$W-wan" link set srv0 up
	ip -n "$W-wan" -6 addr replace 2001:db8:b::1/64 dev srv0 nodad
	world_default wan 198.51.100.2 2001:db8:b::2
}

@test "G30 bh-classify is killed at the branch" {
	sealed kill_programs cli bh-classify
}

@test "G31 bh-tunnel is killed at the branch" {
	sealed kill_programs cli bh-tunnel
}

@test "G33 L5 all is killed at the branch, the supervisors too" {
	sealed kill_all branch1
}

@test "L1 more specific routes in the main table (TunnelVision)" {
	for net in 0.0.0.0/1 128.0.0.0/1 203.0.113.0/24 203.0.113.80/32 \
	    10.0.0.0/20 10.0.0.5/32; do
		in_cli ip route add $net via 192.0.2.1
	done
	for net in ::/1 2001:db8:c::/64 2001:db8:c::80/128 2001:db8::5/128; do
		in_cli ip -6 route add $net via 2001:db8:a::1
	done
	sealed true
	sealed kill_all branch1
	in_cli ip route flush via 192.0.2.1
	in_cli ip -6 route flush via 2001:db8:a::1
	world_default cli 192.0.2.1 2001:db8:a::1
}

@test "L2 the uplink's network claims to be the destination's" {
	in_cli ip addr add 203.0.113.77/24 dev up0
	in_cli ip addr add 2001:db8:c::77/64 dev up0
	sealed true
	in_cli ip addr del 203.0.113.77/24 dev up0
	in_cli ip addr del 2001:db8:c::77/64 dev up0
}

@test "the TUN device is taken away: unreachable, and told so" {
	# the kernel takes its error's price twice from one purse, so that whoever
	# asks once a second after much traffic is never told
	in_cli sysctl -qw net.ipv4.icmp_ratelimit=0
	sealed in_cli ip link del dev bh0
	told() { in_lan ping -c 1 -W 1 203.0.113.80 | grep -q nreachable; }
	world_until told
}

@test "the rules are taken away: the guard alone holds, and counts" {
	flush() {
		in_cli ip rule flush protocol 176
		in_cli ip -6 rule flush protocol 176
	}
	before=$(world_guard cli lan_clear)
	sealed flush
	[ "$(world_guard cli lan_clear)" -gt "$before" ]
}

@test "the guard is taken away: rules and routes alone hold" {
	sealed in_cli nft flush ruleset
	sealed kill_all branch1
}

@test "another interface of the branch does not lead its LAN out either" {
	# a host of the site behind a second cable
	world_host lan9
	world_cable lan9 eth0 '10.1.100.5/24' cli lan9 '10.1.100.1/24'
	world_default lan9 10.1.100.1
	world_still branch1
	before=$(world_guard cli lan_clear)
	run in_host lan9 ping -c 1 -W 1 203.0.113.80
	[ "$status" -ne 0 ]
	[ "$(world_guard cli lan_clear)" -gt "$before" ]
}

@test "while the gateway comes up, goes down and is restarted" {
	cli_backhaul down
	in_cli sysctl -qw net.ipv4.conf.all.forwarding=0 \
		net.ipv6.conf.all.forwarding=0
	world_capture wan cli0 "$BATS_TEST_TMPDIR/wan.pcap"
	world_bg lan ping -q -i 0.01 -p 43414e415259 203.0.113.80
	ping4=$W_PID
	world_bg lan ping -q -i 0.01 -p 43414e415259 2001:db8:c::80
	ping6=$W_PID
	cli_backhaul up
	cli_backhaul restart
	cli_backhaul restart bh-classify
	cli_backhaul down
	cli_backhaul up
	kill $ping4 $ping6
	world_captured
	world_none "$BATS_TEST_TMPDIR/wan.pcap" "$(clear_of_branch)"
	[ "$(world_packets "$BATS_TEST_TMPDIR/wan.pcap" 'udp port 51820')" -gt 10 ]
	world_routes cli
}
