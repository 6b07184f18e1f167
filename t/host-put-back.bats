# SPDX-License-Identifier: ISC
# What somebody else has changed of a gateway: status says it in words, up puts
# it back and leaves the programs alone, down restores what was there first.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_domain
	world_routes cli
	world_until world_settled
	world_state cli >"$W_DIR/cli.state"
	srv_backhaul up
	cli_backhaul up
}

# bh-keep would be faster than we look.
setup() {
	cli_backhaul up
	world_still branch1
}

pid_of() { cli_backhaul status | awk -v p="$1" '$1 == p { print $3 }'; }

pids() {
	cli_backhaul status | awk '$2 == "running" { print $1, $3 }'
}

# After that was done in the host, status says the line, up too, and all is as
# it was, with the same programs.
mended() {	# WORDS COMMAND...
	local words=$1 before
	shift
	before=$(pids)
	in_cli "$@"
	run -1 cli_backhaul status
	grep -qF "$words" <<<"$output" || { echo "$output"; return 1; }
	[[ $output == *"'backhaul up' puts it back"* ]]
	run -0 --separate-stderr cli_backhaul up
	grep -qF "put back: $words" <<<"$stderr" ||
		{ echo "$stderr"; return 1; }
	run -0 cli_backhaul status
	[ "${lines[0]}" = 'branch1: client, guard in force' ]
	[ "$before" = "$(pids)" ]
}
works() {
	world_until in_lan ping -c 1 -W 1 203.0.113.80
	world_until in_lan ping -c 1 -W 1 2001:db8:c::80
}
handle() {	# CHAIN PATTERN
	in_cli nft -a list chain inet backhaul "$1" |
		sed -n "s/.*$2.* # handle //p" | head -n 1
}

@test "F10: the guard: flushed, a rule deleted or added, a set or chain changed" {
	local first
	mended 'guard: table inet backhaul is missing' nft flush ruleset
	mended 'guard: chain forward changed' nft flush table inet backhaul
	first=$(handle from_lan drop)
	mended 'guard: chain from_lan changed' \
		nft delete rule inet backhaul from_lan handle "$first"
	mended 'guard: chain forward changed' \
		nft insert rule inet backhaul forward accept
	mended 'guard: chain other is not ours' \
		nft add chain inet backhaul other
	mended 'guard: set lan4 changed' nft flush set inet backhaul lan4
	# what others do beside us is theirs
	in_cli nft add table inet mine
	run -0 cli_backhaul status
	in_cli nft delete table inet mine
	works
}

@test "F10b: kernel parameters that somebody has set back" {
	mended 'parameter net/ipv4/conf/lan0/forwarding is 0, must be 1' \
		sysctl -qw net.ipv4.ip_forward=0
	mended 'parameter net/ipv6/conf/all/forwarding is 0, must be 1' \
		sysctl -qw net.ipv6.conf.all.forwarding=0
	mended 'parameter net/ipv4/conf/up0/arp_ignore is 0, must be 1' \
		sysctl -qw net.ipv4.conf.up0.arp_ignore=0
	mended 'parameter net/ipv4/conf/bh0/rp_filter is 1, must be 2' \
		sysctl -qw net.ipv4.conf.bh0.rp_filter=1
	works
}

again() {	# DEV HOST PEER 'ADDRESS...' 'ADDRESS...'
	ip -n "$W-cli" link del "$1" 2>/dev/null || true
	world_cable cli "$1" "$4" "$2" "$3" "$5"
}
remade() {
	in_cli sysctl -qw net.ipv4.conf.default.forwarding=0 \
		net.ipv6.conf.default.forwarding=0
	again lan0 lan eth0 '10.1.0.1/20 2001:db8:1::1/64' \
		'10.1.0.5/20 2001:db8:1::5/64'
	world_default lan 10.1.0.1 2001:db8:1::1
	again up0 wan cli0 '192.0.2.2/24 2001:db8:a::2/64' \
		'192.0.2.1/24 2001:db8:a::1/64'
	world_default cli 192.0.2.1 2001:db8:a::1
	in_cli sysctl -qw net.ipv4.conf.default.forwarding=1
	in_wan sysctl -qw net.ipv4.conf.cli0.forwarding=1
}

@test "F10c: interfaces that are made anew" {
	remade
	mended 'parameter net/ipv4/conf/lan0/forwarding is 0, must be 1' true
	works
}

@test "F10d: rules, routes and devices" {
	mended 'routes: missing: 782: from all iif lan0 lookup 7800' \
		ip rule del pref 782
	mended 'routes: missing: default dev bh0 table 7800' \
		ip route del default dev bh0 table 7800
	mended 'routes: not ours: 203.0.113.0/24 via 192.0.2.1 dev up0 table 7800' \
		ip route add 203.0.113.0/24 via 192.0.2.1 dev up0 table 7800 proto 176
	mended 'device bh0 has another mtu than 1440' ip link set bh0 mtu 1400
	mended 'device bh0 is down' ip link set bh0 down
	works
	# a device that is gone takes its programs along
	ip -n "$W-cli" link del bh0
	run -1 cli_backhaul status
	[[ $output == *'device bh0 is missing'* ]]
	cli_backhaul up
	cli_backhaul status
	works
}

# Without a hand, and the log says so.
healed() {	# WORDS COMMAND...
	local words=$1
	shift
	in_cli "$@"
	world_until cli_backhaul status
	world_until grep -qF "put back: $words" "$W_DIR/run/branch1/log" ||
		{ cat "$W_DIR/run/branch1/log"; return 1; }
}

@test "F10g: bh-keep puts back what somebody changes, and the log says so" {
	kill -CONT "$(world_listener branch1)"
	before=$(pids)
	healed 'routes: missing: 780: from all' ip rule flush
	in_cli ip rule add pref 32766 lookup main
	healed 'guard: table inet backhaul is missing' nft flush ruleset
	healed 'guard: chain forward changed' \
		nft insert rule inet backhaul forward accept
	healed 'routes: missing: default dev bh0 table 7800' \
		ip route flush table 7800
	healed 'parameter net/ipv4/conf/lan0/forwarding is 0, must be 1' \
		sysctl -qw net.ipv4.conf.lan0.forwarding=0
	# of this the log may only say which routes it took along
	in_cli ip link set bh0 down
	world_until cli_backhaul status
	works
	[ "$before" = "$(pids)" ]
	# while it is shut nothing is put back but what is shut
	cli_backhaul stop
	! in_cli ip rule show | grep 'proto 176'
}

# Nothing of ours can put it back: up says so, leaves the programs alone and
# has mended all else.
absent() {	# WORDS COMMAND...
	local words=$1 before
	shift
	before=$(pids)
	in_cli "$@"
	in_cli ip rule del pref 783
	run -111 --separate-stderr cli_backhaul up
	grep -qxF "backhaul: cannot put back: $words" <<<"$stderr" ||
		{ echo "$stderr"; return 1; }
	run -1 cli_backhaul status
	[ "${lines[0]}" = \
		'branch1: client, guard in force, rest CHANGED' ]
	[ "${lines[1]}" = "  $words" ]
	[[ ${lines[2]} == program* ]]
	[ "$before" = "$(pids)" ]
}
present() {	# COMMAND...
	in_cli "$@"
	cli_backhaul up
	cli_backhaul status
}
said() { grep -cF "cannot put back: $1" "$W_DIR/run/branch1/log" || true; }
has_rule() { in_cli ip rule show pref 783 | grep -q .; }
has_said() {	# NUMBER WORDS
	[ "$(said "$2")" -eq "$1" ]
}

@test "F10h: an interface that is gone or down is said, and all else put back" {
	absent 'interface lan0 is missing' ip link set lan0 name lanx
	present ip link set lanx name lan0
	absent 'interface lan0 is down' ip link set lan0 down
	in_cli ip link set lan0 up
	absent 'interface up0 is down' ip link set up0 down
	remade
	present true
	# without a hand, and the log says it once, whatever else happens
	kill -CONT "$(world_listener branch1)"
	n=$(said 'interface lan0 is missing')
	in_cli ip link del lan0
	world_until has_said $((n + 1)) 'interface lan0 is missing'
	for again in 1 2 3; do
		in_cli ip rule del pref 783
		world_until has_rule
	done
	[ "$(said 'interface lan0 is missing')" -eq $((n + 1)) ]
	in_cli ip link del up0
	world_until has_said 1 'interface up0 is missing'
	run -1 cli_backhaul status
	[[ $output == *'  interface lan0 is missing'* ]]
	[[ $output == *'  interface up0 is missing'* ]]
	remade
	world_until cli_backhaul status
	works
	world_routes cli	# as remade has found it
}

@test "F10i: an MTU at which a device has no IPv6 is put back unaided" {
	kill -CONT "$(world_listener branch1)"
	before=$(pids)
	healed 'device bh0 has another mtu than 1440' ip link set bh0 mtu 1000
	healed 'device bh0 has another mtu than 1440' ip link set bh0 mtu 1279
	works
	[ -z "$(in_cli ip -o addr show dev bh0)" ]
	[ "$before" = "$(pids)" ]
	! grep -e RTNETLINK -e 'cannot create' "$W_DIR/run/branch1/log"
	world_still branch1
	mended 'device bh0 has another mtu than 1440' ip link set bh0 mtu 600
	works
}

@test "F10e: while it is shut: what is no longer shut is said, and put back" {
	cli_backhaul stop
	in_cli nft flush chain inet backhaul forward
	run -1 cli_backhaul status
	[ "$output" = 'branch1: shut by the second bolt alone, the guard is gone or changed: not up (stopped)' ]
	cli_backhaul stop
	run -1 cli_backhaul status
	[ "$output" = 'branch1: shut: not up (stopped)' ]
}

@test "F10f: down restores what was before the first up, whatever came after" {
	in_cli sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	cli_backhaul up
	cli_backhaul down
	world_until world_settled
	[ "$(in_cli sysctl -n net.ipv4.conf.lan0.forwarding \
		net.ipv6.conf.all.forwarding net.ipv6.conf.lan0.forwarding |
		tr '\n' ' ')" = '1 1 1 ' ]
	! in_cli nft list table inet backhaul
	[ -z "$(in_cli ip route show table all proto 176)" ]
}
