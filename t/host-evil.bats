# SPDX-License-Identifier: ISC
# A client and a server that run, and in turn each of their processes, or who
# speaks in its place, in the hands of an enemy: honest traffic goes on or comes
# back, who went mad is there again, and nothing passes that may not.
# With BH_BIN=build/asan by programs that watch themselves.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	# a program that ends need not give back what it has
	export ASAN_OPTIONS=detect_leaks=0
	world_up "$BATS_FILE_TMPDIR"
	world_domain "interface = he$$s\npartners = branch1\n" \
		"interface = he$$c\npartners = hq\n"
	mkdir -p "/etc/netns/$W-srv"
	echo '192.0.2.2 b1.test' >"/etc/netns/$W-srv/hosts"
	: >"/etc/netns/$W-srv/resolv.conf"
	sed -i 's/^endpoint = 192.0.2.2:/endpoint = b1.test:/' \
		"$W_DIR/domain.ini"
	srv_backhaul up
	rm -r "/etc/netns/$W-srv"
	rmdir --ignore-fail-on-non-empty /etc/netns
	cli_backhaul up
	world_until honest
}

# Both families, both places.
honest() {
	in_lan ping -q -c 1 -W 1 203.0.113.80 &&
		in_lan ping -q -c 1 -W 1 2001:db8:c::80 &&
		in_lan ping -q -c 1 -W 1 10.0.0.5 &&
		in_lan ping -q -c 1 -W 1 2001:db8::5
} >/dev/null

evil() {	# HOST ARG...
	local host=$1
	shift
	in_host "$host" timeout 60 python3 t/lib/evil.py "$@"
}
tunnel() {	# HOST
	"${1}_backhaul" status | awk '$1 == "bh-tunnel" { print $3 }'
}
child() {	# PID NAME
	pgrep -r R,S,D,T -P "$1" -x "$2"
}
all_run() {	# HOST
	"${1}_backhaul" status | awk '
		$1 ~ /^bh-/ { n++; up += $2 == "running" }
		END { exit !n || n != up }'
}

# What is no neighbour's talk (ARP, RFC 4861, RFC 3810).
OF_HOSTS='not arp and not dst net ff02::/16 and
	not (icmp6 and ip6[40] >= 133 and ip6[40] <= 137)'

setup() {
	T=$BATS_TEST_TMPDIR
	CAPTURES=()
	watch wan cli0 "$W_NOT_TUNNEL"
	watch lan eth0 "$OF_HOSTS"
	watch hq eth0 "$OF_HOSTS"
	watch inet eth0 "$OF_HOSTS"
}
watch() {	# HOST DEV FILTER
	world_capture "$1" "$2" "$T/$1.pcap" "$3"
	CAPTURES+=("$W_CAPTURE" "$W_CAPTURE_FILE")
}

# No more than the domain file allows is on any cable.
nothing_else_passed() {
	local i
	for ((i = 0; i < ${#CAPTURES[@]}; i += 2)); do
		world_captured "${CAPTURES[i]}" "${CAPTURES[i + 1]}"
	done
	# who has the keys may have the tunnel's datagrams sent anywhere, and
	# hears of the router that nobody is there
	world_none "$T/wan.pcap" 'not src host 192.0.2.1 and
		not src host 2001:db8:a::1'
	# to and from the LAN: its own addresses, and no place's that cannot be
	world_none "$T/lan.pcap" 'not net 10.1.0.0/20 and
		not net 2001:db8:1::/64 and not net fe80::/10'
	world_none "$T/lan.pcap" "$NOWHERE"
	world_none "$T/hq.pcap" 'not net 10.0.0.0/20 and
		not net 2001:db8::/64 and not net fe80::/10'
	world_none "$T/hq.pcap" "$NOWHERE"
	# into the Internet: nobody's own address
	world_none "$T/inet.pcap" 'src net (10 or 127 or 224.0.0.0/4) or
		src net 2001:db8:0::/48 or src net 2001:db8:1::/48'
	# the honest are in it, so the captures saw
	[ "$(world_packets "$T/inet.pcap" 'src net 203.0.113.0/24')" -gt 0 ]
}
NOWHERE='src net 127.0.0.0/8 or src net 224.0.0.0/4 or src net 240.0.0.0/4 or
	src host 0.0.0.0 or src host ::1 or src host :: or src net ff00::/8 or
	dst net 127.0.0.0/8 or dst host ::1'

# It is over: who has to be there is there, and the honest pass.
after() {
	world_until all_run cli
	world_until all_run srv
	world_until honest
	nothing_else_passed
	# no signal but those that it ends by itself
	run ! grep -nE 'Sanitizer|runtime error|exit 1(32|34|35|39|59)' \
		"$W_DIR/run/branch1/log" "$W_DIR/run/hq/log"
}

# In its place, which is free as long as nobody starts it again.
play() {	# HOST LOCATION NAME ROLE
	local runner pid
	read -r _ runner _ pid _ <"$W_DIR/run/$2/bh-$3.state"
	kill -STOP "$runner"
	kill -9 "$pid"
	run evil "$1" connect "$W_DIR/run/$2/$3.link" "$4" 1
	kill -CONT "$runner"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == [1-9]*' links, '[1-9]*' deeds' ]]
}

@test "H8: in a gateway, who plays bh-classify" {
	play cli branch1 classify 1
	after
}

@test "H8: in a gateway, who plays bh-egress" {
	play srv hq egress 2
	after
}

@test "H8: in a gateway, the packets' end of a link" {
	local pid fd
	pid=$(tunnel cli)
	for fd in $(linked "$pid" classify.link); do
		evil cli channel "$pid" "$fd" 1
	done
	after
}
# Its descriptors that are connected there.
linked() {	# PID LINK
	python3 t/lib/descriptors.py -n "$1" |
		sed -n "s/^\([0-9]*\) unix seqpacket $2 -\$/\1/p"
}

@test "H8: in a gateway, the key process, and the packets towards it" {
	local pid keys
	pid=$(tunnel cli)
	keys=$(child "$(child "$pid" bh-tunnel-keys)" bh-tunnel-keys)
	evil cli channel "$keys" 6 1 calm
	evil cli channel "$keys" 6 2
	after
	[ "$(tunnel cli)" -ne "$pid" ]
}

@test "H8: in a gateway, the names process" {
	local pid
	pid=$(tunnel srv)
	evil srv channel "$(child "$pid" bh-tunnel-names)" 3 1 calm names
	evil srv channel "$(child "$pid" bh-tunnel-names)" 3 1 names
	after
	[ "$(tunnel srv)" -eq "$pid" ]
}

@test "H8: in a gateway, the uapi process, and who talks to it" {
	local pid
	pid=$(tunnel srv)
	evil srv channel "$(child "$pid" bh-tunnel-uapi)" 3 1 notes
	after
	[ "$(tunnel srv)" -eq "$pid" ]
}
