# SPDX-License-Identifier: ISC
# The guard at gateways that forward already: whatever interface the domain file
# does not name, whatever is taken away, nothing is out in clear.
#
#   lan9 ── lan9 ┌─────┐ lte0 ── lte ┌─────┐
#                │ cli │             │ wan │   beside the five of t/lib/world.bash
#                └─────┘             └─────┘
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_host lan9
	world_cable lan9 eth0 '10.1.100.5/24 2001:db8:1:9::5/64' \
		cli lan9 '10.1.100.1/24 2001:db8:1:9::1/64'
	world_default lan9 10.1.100.1 2001:db8:1:9::1
	world_cable cli lte0 '192.0.9.2/24 2001:db8:9::2/64' \
		wan lte '192.0.9.1/24 2001:db8:9::1/64'
	ip -n "$W-cli" route add 198.51.100.0/24 via 192.0.2.1
	ip -n "$W-cli" route add 2001:db8:b::/64 via 2001:db8:a::1
	world_routes cli
	world_routes srv
	# in clear it would get there
	world_default wan 198.51.100.2 2001:db8:b::2
	watch_for wan
	watch_for inet
	world_domain 'partners = branch1\n' 'partners = hq\n'
	cp "$W_DIR/domain.ini" "$W_DIR/good.ini"
	srv_backhaul up
	cli_backhaul up
	world_until in_lan ping -c 1 -W 1 203.0.113.80
	world_until in_lan ping -c 1 -W 1 2001:db8:c::80
}

setup() {
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	world_still hq branch1
}

# Counts what has an address of the branch, or is the gateway's own for hq, and
# is no datagram of the tunnel's.
watch_for() {	# HOST
	in_host "$1" nft -f - <<-E
	table inet watch {
		counter clear { }
		chain pre {
			type filter hook prerouting priority -400
			ip saddr 10.1.0.0/16 counter name clear
			ip daddr { 10.1.0.0/16, 10.0.0.0/20 } counter name clear
			ip6 saddr 2001:db8:1::/48 counter name clear
			ip6 daddr { 2001:db8:1::/48, 2001:db8::/64 } \
				counter name clear
		}
	}
	E
}
clear_of() {	# HOST
	in_host "$1" nft -j reset counter inet watch clear |
		jq '.nftables[] | .counter? | select(.) | .packets'
}
none_clear() {
	local wan inet
	wan=$(clear_of wan) inet=$(clear_of inet)
	[ "$wan$inet" = 00 ] ||
		{ echo "in clear: $wan at wan, $inet at inet; $*"; return 1; }
}

pings() {	# HOST ADDRESS...: three to each, all at once
	local host=$1 to pids=
	shift
	for to; do
		in_host "$host" ping -q -c 3 -i 0.1 -W 0.3 "$to" >/dev/null 2>&1 3>&- &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # a list
	wait $pids || true
}
everywhere() {	# HOST
	pings "$1" 203.0.113.80 2001:db8:c::80 10.0.0.5 2001:db8::5 \
		10.0.200.5 10.9.9.9 2001:db8:99::1
}

flush_rules() {	# HOST
	in_host "$1" ip -4 rule flush protocol 176
	in_host "$1" ip -6 rule flush protocol 176
}

# As it was set up, without a program's end; but for a device that is gone.
mend() {	# HOST LOCATION
	local run=$W_DIR/run/$2 v
	in_host "$1" nft -f "$run/nft.plan"
	if [ "$(in_host "$1" ip -o link show up type tun | wc -l)" -lt \
	    "$(wc -l <"$run/tuns")" ]; then
		world_backhaul "$1" "$2" up
	else
		for v in 4 6; do
			in_host "$1" ip -$v rule flush protocol 176
			in_host "$1" ip -$v -batch "$run/ip$v.plan"
		done
	fi
	# the server's first packet makes a new session at once
	world_until in_srv ping -c 1 -W 1 10.1.0.5
	world_until in_lan ping -c 1 -W 1 203.0.113.80
	world_until in_lan ping -c 1 -W 1 2001:db8:c::80
}

by() {	# GATEWAY...: the client's default routes
	local gw
	for gw; do ip -n "$W-cli" route replace default via "$gw"; done
}
by_lte() { by 192.0.9.1 2001:db8:9::1; }
by_up() { by 192.0.2.1 2001:db8:a::1; }

@test "a LAN host that lies about its source gets nothing out in an ICMP error" {
	ip -n "$W-lan" addr add 203.0.113.99/32 dev lo
	ip -n "$W-lan" addr add 2001:db8:c::99/128 dev lo nodad
	world_capture wan cli0 "$BATS_TEST_TMPDIR/wan.pcap" \
		not udp port 51820
	in_lan ping -c 3 -i 0.1 -W 0.2 -I 203.0.113.99 -s 1440 -M do \
		-p 43414e415259 198.51.100.77 || true
	in_lan ping -c 3 -i 0.1 -W 0.2 -I 2001:db8:c::99 -s 1440 -M do \
		-p 43414e415259 2001:db8:b::77 || true
	[ "$(world_guard cli quoted)" -gt 0 ]
	ip -n "$W-lan" addr del 203.0.113.99/32 dev lo
	ip -n "$W-lan" addr del 2001:db8:c::99/128 dev lo
	world_captured
	! grep -aq CANARY "$BATS_TEST_TMPDIR/wan.pcap"
}

@test "the measure itself: without backhaul it is seen, in both families" {
	cli_backhaul down
	pings lan 203.0.113.80
	[ "$(clear_of wan)" -gt 0 ]
	pings lan 2001:db8:c::80
	[ "$(clear_of wan)" -gt 0 ]
	clear_of inet
	cli_backhaul up
	in_lan ping -q -c 1 -W 5 203.0.113.80
	none_clear
}

@test "F3 a second LAN interface and a second uplink lead nothing out" {
	for out in by_up by_lte; do
		$out
		everywhere lan9
		everywhere lan
		none_clear $out
		flush_rules cli
		everywhere lan
		none_clear $out, rules flushed
		[ "$(world_guard cli lan_clear)" -gt 0 ]
		cli_backhaul up
	done
	in_lan ping -q -c 1 -W 5 203.0.113.80
}

@test "F3b nobody beyond a second uplink gets into the LAN" {
	ip -n "$W-wan" route add 10.1.0.0/16 via 192.0.9.2
	ip -n "$W-wan" route add 2001:db8:1::/48 via 2001:db8:9::2
	before=$(($(world_guard cli to_lan) + $(world_guard cli weak_host)))
	for to in 10.1.0.5 10.1.100.5 2001:db8:1::5 2001:db8:1:9::5; do
		run ! in_wan ping -q -c 1 -W 0.3 -I lte $to
	done
	ip -n "$W-wan" route del 10.1.0.0/16
	ip -n "$W-wan" route del 2001:db8:1::/48
	[ $(($(world_guard cli to_lan) + $(world_guard cli weak_host))) \
		-ge $((before + 4)) ]
	in_cli nft list chain inet backhaul output |
		grep quoted | grep up0 | grep -q lte0
	by_up
	clear_of wan
}

@test "F4 an altname of an interface stands for its name" {
	for i in lan up; do
		ip -n "$W-cli" link property add dev ${i}0 altname alt${i}0
	done
	sed -i '/location branch1/,$s/ = lan0/ = altlan0/;
		/location branch1/,$s/ = up0/ = altup0/' "$W_DIR/domain.ini"
	cli_backhaul down
	clear_of wan
	cli_backhaul up
	world_until in_lan ping -c 1 -W 1 203.0.113.80
	flush_rules cli
	everywhere lan
	none_clear
	[ "$(in_cli nft list table inet backhaul | grep -c alt)" -eq 0 ]
	[ "$(world_guard cli lan_clear)" -gt 0 ]
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	cli_backhaul down
	clear_of wan
	cli_backhaul up
	world_until in_lan ping -c 1 -W 1 203.0.113.80
}

@test "F5 a server without its rules, its routes or its translation" {
	for fault in 'ip -4 rule flush protocol 176' \
	    'nft flush chain inet backhaul srcnat'; do
		in_lan ping -q -i 0.05 -w 1 203.0.113.80 >/dev/null 3>&- &
		four=$!
		in_lan ping -q -i 0.05 -w 1 2001:db8:c::80 >/dev/null 3>&- &
		six=$!
		sleep 0.2
		# shellcheck disable=SC2086 # words
		in_srv $fault
		wait $four $six || true
		none_clear "$fault"
		mend srv hq
	done
}

@test "F8 what a gateway sends to another location goes by the tunnel only" {
	none_clear
	for host in cli srv; do
		flush_rules $host
	done
	everywhere cli
	none_clear client
	pings srv 10.1.0.5 2001:db8:1::5 10.1.99.9
	none_clear server
	[ "$(world_guard cli own_clear)" -gt 0 ]
	[ "$(world_guard srv own_clear)" -gt 0 ]
	srv_backhaul up
	cli_backhaul up
	world_until in_cli ping -c 1 -W 1 10.0.0.5
}

kill_bolt() {	# HOST LOCATION: with its tables; it comes back
	local child
	read -r _ _ _ child _ <"$W_DIR/run/$2/bolt/bh-bolt.state"
	kill -9 "$child"
}
holds() {	# HOST LOCATION: both bolts
	world_backhaul "$1" "$2" status >"$W_DIR/status" &&
		head -n 1 "$W_DIR/status" | grep -q 'guard in force$'
}

# Each fault, by a letter.
fault() {	# LETTER HOST LOCATION
	world_still "$3"
	case $1 in
	r) in_host "$2" nft flush ruleset ;;
	t) in_host "$2" nft delete table inet backhaul ;;
	c) in_host "$2" nft flush chain inet backhaul forward ;;
	u) flush_rules "$2" ;;
	0|1|2) in_host "$2" ip -4 route flush table 780$1
		in_host "$2" ip -6 route flush table 780$1 ;;
	d) in_host "$2" ip link del dev bh0 ;;
	x) in_host "$2" ip link del dev bhx0 ;;
	k) kill_bolt "$2" "$3" ;;
	esac 2>/dev/null || true
}

# All of them alone and in pairs, while everybody sends.  With the bolt killed
# and the guard flushed both are gone, until the bolt is back: not asked here.
all_faults() {	# HOST LOCATION LETTER...
	local host=$1 location=$2 a b
	shift 2
	for a; do
		for b; do
			case $a$b in [rtc]k) continue ;; esac
			fault "$a" "$host" "$location"
			[ "$a" = "$b" ] || fault "$b" "$host" "$location"
			sleep 0.15
			none_clear "$host: $a $b"
			shut_again "$host" "$location" "$a$b" || return
		done
		shift
	done
}
# Guard, routes and rules as they were; the bolt by itself.  A device that was
# taken away is there again with the programs.
shut_again() {	# HOST LOCATION FAULTS
	local run=$W_DIR/run/$2 v
	case $3 in
	*[dx]*) world_backhaul "$1" "$2" up 2>/dev/null ;;
	*)
		in_host "$1" nft -f "$run/nft.plan"
		for v in 4 6; do
			in_host "$1" ip -$v rule flush protocol 176
			in_host "$1" ip -$v -batch "$run/ip$v.plan"
		done ;;
	esac
	world_until holds "$1" "$2"
}

# Everybody sends all the time, in both families.
din() {
	local to host
	DIN=
	for to in 203.0.113.80 2001:db8:c::80 10.0.0.5 2001:db8::5; do
		for host in lan cli lan9; do
			world_bg $host ping -q -i 0.05 $to
			DIN="$DIN $W_PID"
		done
	done
	for to in 10.1.0.5 2001:db8:1::5; do
		for host in srv hq; do
			world_bg $host ping -q -i 0.05 $to
			DIN="$DIN $W_PID"
		done
	done
}
hush() {
	# shellcheck disable=SC2086 # a list
	kill $DIN
}

@test "F5 F6 any one of what holds, and any two, at a client" {
	none_clear
	din
	all_faults cli branch1 r t c u 0 1 d k
	hush
}

@test "F5b F6b any one of what holds, and any two, at a server" {
	none_clear
	din
	all_faults srv hq r t c u 0 1 2 d x k
	hush
}

@test "F6c nobody but its holder changes the second bolt, and status has it" {
	for words in 'flush table' 'delete table'; do
		run -1 in_cli nft $words inet backhaul_bolt
		run -1 in_cli nft $words netdev backhaul_bolt
	done
	run -1 in_cli nft flush chain inet backhaul_bolt forward
	in_cli nft flush ruleset
	in_cli nft list table inet backhaul_bolt >/dev/null
	run -1 cli_backhaul status
	[ "${lines[0]}" = 'branch1: client, guard MISSING' ]
	cli_backhaul up
	read -r _ loop _ child _ <"$W_DIR/run/branch1/bolt/bh-bolt.state"
	kill -9 "$loop" "$child"
	run -1 cli_backhaul status
	[ "${lines[0]}" = \
		'branch1: client, guard in force, second bolt MISSING' ]
	cli_backhaul up
	holds cli branch1
}

bolt_of() {	# LOCATION: its loop, its process
	read -r _ loop _ child _ <"$W_DIR/run/$1/bolt/bh-bolt.state"
}
watched_bolt() {	# LOOP: another one looks after it
	bolt_of branch1
	[ "$loop" != "$1" ] && kill -0 "$loop" && kill -0 "$child" &&
		holds cli branch1
}

@test "H17d: nobody but its holder is left: bh-keep has another started" {
	read -r _ _ _ keep _ <"$W_DIR/run/branch1/bh-keep.state"
	kill -CONT "$keep" $(netns_named "$W-cli" bh-resolve)
	bolt_of branch1
	set -- "$loop" "$child"
	kill -9 "$1"		# its process goes on, and nobody watches it
	world_until watched_bolt "$1"
	[ "$child" = "$2" ]	# the tables were never gone
	kill -9 "$loop" "$child"
	world_until watched_bolt "$loop"
	[ "$child" != "$2" ]
	# down still finds it
	read -r _ bolt _ <"$W_DIR/run/branch1/bolt/bh-bolt.state"
	kill -0 "$bolt"
}

@test "H17e: who holds the second bolt is root by name, and changes nothing else" {
	bolt_of branch1
	[ "$(cat "/proc/$child/comm")" = bh-bolt ]
	for set in CapEff CapPrm; do	# CAP_NET_ADMIN
		grep -qx "$set:[[:space:]]*0000000000001000" \
			"/proc/$child/status"
	done
	for set in CapInh CapBnd CapAmb; do
		grep -qx "$set:[[:space:]]*0000000000000000" \
			"/proc/$child/status"
	done
	grep -qx 'NoNewPrivs:[[:space:]]*1' "/proc/$child/status"
	[ "$(readlink "/proc/$child/ns/ipc")" != "$(readlink /proc/self/ns/ipc)" ]
}

# A packet that no hook for what is forwarded has seen: from a raw socket.
raw() {	# FROM TO
	in_cli python3 - "$@" <<-'E'
	import socket, struct, sys
	a, b = sys.argv[1:]
	f = socket.AF_INET6 if ':' in a else socket.AF_INET
	s, d = (socket.inet_pton(f, x) for x in (a, b))
	u = struct.pack('>HHHH', 5, 6, 8, 0)
	if f == socket.AF_INET:
	    h = struct.pack('>BBHHHBBH', 0x45, 0, 28, 1, 0, 64, 17, 0) + s + d
	else:
	    h = struct.pack('>IHBB', 6 << 28, 8, 17, 64) + s + d
	r = socket.socket(f, socket.SOCK_RAW, socket.IPPROTO_RAW)
	r.sendto(h + u, (b, 0))
	E
}
egress() {	# COUNTER
	in_cli nft -j list counter netdev backhaul_bolt "$1" |
		jq '.nftables[] | .counter? | select(.) | .packets'
}

@test "F7 what comes by no forward hook ends where the uplink sends" {
	world_until holds cli branch1
	before=$(egress lan_clear)
	raw 10.1.0.5 203.0.113.80
	raw 2001:db8:1::5 2001:db8:c::80
	[ "$(egress lan_clear)" -eq $((before + 2)) ]
	none_clear
	# an uplink that comes later, too
	world_cable cli ppp0 '192.0.7.2/24' wan ppp '192.0.7.1/24'
	seen() { in_cli nft list table netdev backhaul_bolt | grep -q '"ppp0"'; }
	world_until seen
	ip -n "$W-cli" route add 203.0.113.0/24 via 192.0.7.1
	raw 10.1.0.5 203.0.113.80
	[ "$(egress lan_clear)" -gt 0 ]
	none_clear
	ip -n "$W-cli" link del ppp0
	gone() { ! seen; }
	world_until gone
	in_cli ping -q -c 1 -W 5 192.0.2.1
}

@test "F19 lan equal to internal at a server: each rule is planned once" {
	sed -i '0,/^internal = /s/^internal = .*/internal = 10.0.0.0\/20, 2001:db8::\/64/' \
		"$W_DIR/domain.ini"
	srv_backhaul down
	srv_backhaul up
	srv_backhaul status
	[ "$(in_srv ip rule show pref 782 | wc -l)" -eq 1 ]
	[ "$(in_srv ip -6 rule show pref 782 | wc -l)" -eq 1 ]
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	srv_backhaul down
	srv_backhaul up
}

@test "F1d what is shut stays shut when the guard is gone and up fails" {
	cp "$W_DIR/good.ini" "$W_DIR/bad.ini"
	echo 'nonsense = yes' >>"$W_DIR/bad.ini"
	cli_backhaul stop
	for how in up 'up -r' guard; do
		in_cli nft flush ruleset
		cp "$W_DIR/bad.ini" "$W_DIR/domain.ini"
		# shellcheck disable=SC2086 # words
		run -100 cli_backhaul $how
		none_clear "$how"
		run -1 cli_backhaul status
		[[ $output == 'branch1: shut: not up ('* ]]
		in_cli nft flush ruleset
		rm "$W_DIR/domain.ini"
		# shellcheck disable=SC2086 # words
		run ! cli_backhaul $how
		none_clear "$how, no file"
		cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	done
	# and down opens: a bolt that stop has started anew ends, too
	read -r _ loop _ child _ <"$W_DIR/run/branch1/bolt/bh-bolt.state"
	kill -9 "$loop" "$child"
	cli_backhaul stop
	in_cli nft list table inet backhaul_bolt >/dev/null
	cli_backhaul down
	[ -z "$(in_cli nft list tables)" ]
	cli_backhaul up
	world_until in_lan ping -c 1 -W 1 203.0.113.80
}

@test "F10k what is compared with is not what somebody has left" {
	( end=$((SECONDS + 4))
	while [ $SECONDS -lt $end ]; do
		in_cli nft flush ruleset
		in_cli ip rule flush protocol 176
		in_cli ip -6 rule flush protocol 176
		sleep 0.1
	done ) 3>&- &
	while kill -0 $! 2>/dev/null; do
		cli_backhaul up || true
	done
	none_clear
	world_still branch1
	in_cli nft flush ruleset
	run -1 cli_backhaul status
	[ "${lines[0]}" = 'branch1: client, guard MISSING' ]
	flush_rules cli
	cli_backhaul up
	holds cli branch1
	[ "$(in_cli ip rule show | grep -c 'proto 176')" -ge 5 ]
	in_cli nft list chain inet backhaul forward >/dev/null
	# nor is the bolt given up for what it has been through
	for _ in 1 2 3 4; do
		kill_bolt cli branch1
		world_until holds cli branch1
	done
	run -0 --separate-stderr cli_backhaul stop
	run -0 --separate-stderr cli_backhaul up
	[ -z "$stderr" ]
}
