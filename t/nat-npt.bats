# SPDX-License-Identifier: ISC
# nat6 = npt: NPTv6 at the server, end to end.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_branch 2
	world_webs
	world_bg inet socat -T 10 TCP6-LISTEN:9000,reuseaddr,fork SYSTEM:sha256sum
	world_until world_listens inet tcp 9000
	ip -n "$W-inet" -6 route add 2001:db8:f000::/44 via 2001:db8:c::1
	ip -n "$W-srv" route add 192.0.12.0/24 via 198.51.100.1
	world_domain 'nat6 = npt 2001:db8:f000::/44\n' '' "$(world_client 2)
[publish web]
server = hq
match = 2001:db8:c::1 tcp 8080
to = [2001:db8:1::5]:80
"
	srv_backhaul up
	cli_backhaul up
	world_backhaul cli2 branch2 up
}

setup() {
	: >"$W_DIR/lan.log"
	: >"$W_DIR/inet.log"
}

page() {	# HOST ADDRESS[:PORT] [OPTION...]
	local host=$1 to=$2
	shift 2
	in_host "$host" curl -sSg --max-time 10 "$@" "http://$to/"
}
# What stands for a host of branch1 or 2 outside, as bh-egress says.
outside() {	# BRANCH
	"$BH_BIN/bh-egress" -f "$W_DIR/domain.ini" -l hq -p "branch$1" \
		-e "2001:db8:$1::5 > 2001:db8:c::80 tcp 80" |
		sed -n 's/.*becomes \([^ ]*\) (nat6 = npt)/\1/p'
}

@test "6296 out and in again: each host by an address of its own" {
	for n in 1 2; do
		host=lan${n#1}
		[ "$(page $host '[2001:db8:c::80]')" = page ]
		in_host $host ping -c 1 -W 5 2001:db8:c::80
		out=$(outside $n)
		[[ $out == 2001:db8:f00$n:* ]]
		grep -q "^$out " "$W_DIR/inet.log"
	done
	# IPv4 is translated as ever
	[ "$(page lan 203.0.113.80)" = page ]
	grep -q '^\(::ffff:\)\?203.0.113.1 ' "$W_DIR/inet.log"
}

@test "6296 a bulk of data, as super-packets" {
	head -c 3000000 /dev/urandom >"$W_DIR/inet/bulk"
	in_lan curl -sSg --max-time 20 'http://[2001:db8:c::80]/bulk' |
		cmp - "$W_DIR/inet/bulk"
	[ "$(in_lan socat -t 20 - TCP6:[2001:db8:c::80]:9000 \
		<"$W_DIR/inet/bulk" | cut -d ' ' -f 1)" = \
		"$(sha256sum <"$W_DIR/inet/bulk" | cut -d ' ' -f 1)" ]
}

@test "6296 what nobody asked for is refused, what is published is open" {
	before=$(world_guard srv unsolicited)
	run page inet "[$(outside 1)]" --max-time 0.5
	[ "$status" -ne 0 ]
	[ "$(world_guard srv unsolicited)" -gt "$before" ]
	run page lan2 "[$(outside 1)]" --max-time 0.5
	[ "$status" -ne 0 ]
	run ! grep -q GET "$W_DIR/lan.log"
	[ "$(page inet '[2001:db8:c::1]:8080')" = published ]
	# hairpin
	[ "$(page lan2 '[2001:db8:c::1]:8080')" = published ]
	[ "$(page lan '[2001:db8:c::1]:8080')" = published ]
}

@test "6296 5508-4 an error that quotes a translated packet comes home" {
	ip -n "$W-inet" -6 route add unreachable 2001:db8:77::/64
	run in_lan ping -c 1 -W 5 2001:db8:77::1
	[ "$status" -eq 1 ]
	[[ $output == *nreachable* ]]
	# from the branch: nobody listens
	run in_lan traceroute -6 -n -q 1 -w 5 2001:db8:c::80
	[[ $output == *2001:db8:c::80* ]]
}

@test "6296 3.2 a host that nothing stands for is told so" {
	ip -n "$W-lan" addr add 2001:db8:1:ffff::5/128 dev lo
	ip -n "$W-cli" -6 route add 2001:db8:1:ffff::/64 via 2001:db8:1::5
	before=$(world_count hq bh-egress npt)
	run in_lan ping -c 1 -W 5 -I 2001:db8:1:ffff::5 2001:db8:c::80
	[ "$status" -eq 1 ]
	[ "$(world_count hq bh-egress npt)" -gt "$before" ]
	[[ $output == *nreachable* ]]
}

@test "6296 offline: a capture is translated, and its checksums hold" {
	world_capture lan eth0 "$W_DIR/before.pcap" \
		'ip6 and dst 2001:db8:c::80 and (tcp or icmp6)'
	in_lan ping -c 2 -i 0.2 -W 5 2001:db8:c::80
	[ "$(page lan '[2001:db8:c::80]')" = page ]
	world_captured
	egress() { "$BH_BIN/bh-egress" -f "$W_DIR/domain.ini" -l hq "$@"; }
	egress -p branch1 -r "$W_DIR/before.pcap" -w "$W_DIR/out.pcap"
	out=$(outside 1)
	n=$(world_packets "$W_DIR/before.pcap")
	[ "$n" -gt 5 ]
	[ "$(world_packets "$W_DIR/out.pcap" "src $out")" -eq "$n" ]
	tcpdump -nvr "$W_DIR/out.pcap" 2>/dev/null | grep -q 'icmp6 sum ok'
	run ! grep -q 'bad icmp6\|incorrect' <(tcpdump -nvr "$W_DIR/out.pcap" icmp6 2>&1)
}
