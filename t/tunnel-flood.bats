# A server under a flood: who has a session keeps it, who is new gets in, and
# nobody is told more than he has said.  Small floods: how it does under large
# ones, t/bench/flood measures.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# A new peer: nobody has heard of it since the flood began.
newcomer() {
	world_backhaul cli2 branch2 up
	world_until in_host lan2 ping -q -c 1 -W 1 203.0.113.80
	world_backhaul cli2 branch2 down
}

# 2 MB by TCP through the tunnel.
established() {
	head -c 2000000 /dev/zero >"$BATS_FILE_TMPDIR/www/zeros"
	[ "$(in_lan curl -s -m 30 http://203.0.113.80/zeros | wc -c)" -eq 2000000 ]
}

setup_file() {
	. t/lib/flood.bash
	world_up "$BATS_FILE_TMPDIR"
	world_branch 2
	world_domain '' '' "[location branch2]\n\
public-key = $(world_key branch2)\n\
lan = 10.2.0.0/20\n\
internal = 10.2.0.0/16\n\
address = 10.2.0.1\n\
backhaul = client\n\
server = hq\n\
uplink = up0\n\
lan-interface = lan0\n"
	ip -n "$W-srv" route add 192.0.12.0/24 via 198.51.100.1
	flood_up
	mkdir "$BATS_FILE_TMPDIR/www"
	world_web inet "$BATS_FILE_TMPDIR/www"
	srv_backhaul up
	cli_backhaul up
	established
}

teardown_file() {
	cli_backhaul down
	srv_backhaul down
	world_backhaul cli2 branch2 down
	world_down
}

setup() {
	. t/lib/flood.bash
}

# First, while nobody has heard of it.
@test "W4 W9 forged from everywhere: a stranger is in by a cookie, then known" {
	local cookies
	cookies=$(world_count hq bh-tunnel cookie)
	flood_start forged 4000 60
	world_until eval "[ \$(world_count hq bh-tunnel cookie) -gt $cookies ]"
	established
	newcomer
	flood_reset
	newcomer
	[ "$(flood_bytes cookies)" -eq 0 ]
	kill "$FLOOD"
}

@test "W8 F2 garbage: all is counted, nothing answered, and life goes on" {
	local before memory tracked
	before=$(world_count hq bh-tunnel type)
	tracked=$(in_srv cat /proc/sys/net/netfilter/nf_conntrack_count)
	memory=$(flood_memory)
	flood_reset
	flood_start garbage 5000 2
	established
	newcomer
	flood_end
	[ "$(flood_bytes answered)" -eq 0 ]
	[ "$(flood_bytes asked)" -gt 0 ]
	flood_memory_stays "$memory"
	# a table that clients' connections are in is not for everybody
	[ $(($(in_srv cat /proc/sys/net/netfilter/nf_conntrack_count) -
		tracked)) -lt 100 ]
	# what the kernel has dropped too
	world_until eval "[ \$((\$(world_count hq bh-tunnel type) +
		\$(world_count hq bh-tunnel mac1) +
		\$(world_count hq bh-tunnel index) - $before)) -ge \
		$FLOOD_SENT ]"
}

@test "W4 W8 initiations: cookies; life goes on, and a newcomer gets in" {
	local memory cookies
	memory=$(flood_memory)
	cookies=$(world_count hq bh-tunnel cookie)
	flood_reset
	flood_start initiations 3000 4
	# too many of a network: who has shown nothing is asked for a cookie
	world_until eval "[ \$(world_count hq bh-tunnel cookie) -gt $cookies ]"
	established
	newcomer
	flood_end
	flood_memory_stays "$memory"
	# F2: never more than was asked with
	[ $((100 * $(flood_bytes answered))) -le \
		$((63 * $(flood_bytes asked))) ]
	[ "$(flood_bytes answered)" -gt 0 ]
	# but nobody who comes from elsewhere
	[ "$(flood_bytes cookies)" -eq 0 ]
}

@test "data of no session: nothing is answered" {
	local before
	before=$(world_count hq bh-tunnel index)
	flood_reset
	flood_start data 5000 1
	established
	flood_end
	[ "$(flood_bytes answered)" -eq 0 ]
	world_until eval "[ \$((\$(world_count hq bh-tunnel index) - $before)) \
		-ge $FLOOD_SENT ]"
}

@test "what comes faster than it is taken is dropped by the kernel, and counted" {
	local tunnel
	tunnel=$(srv_backhaul status | awk '$1 == "bh-tunnel" { print $3 }')
	kill -STOP "$tunnel"
	flood_start data 20000 1
	flood_end
	kill -CONT "$tunnel"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	world_until eval "[ \$(world_count hq bh-tunnel overrun) -gt 0 ]"
}
