# SPDX-License-Identifier: ISC
# A packet's whole way: LAN host, client, wide area, server, Internet and back.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_dmz
	world_domain 'partners = branch1\n' 'partners = hq\n'
	mkdir "$W_DIR/www"
	head -c 1024 /dev/urandom >"$W_DIR/www/1k"
	head -c 50M /dev/urandom >"$W_DIR/www/50m"
	head -c 100M /dev/urandom >"$W_DIR/www/100m"
	world_servers inet "$W_DIR/www"
	world_servers hq "$W_DIR/www"
	world_web dmz "$W_DIR/www"
	srv_backhaul up
	cli_backhaul up
	world_watch_clear
}

sum() { sha256sum "$@" | cut -c -64; }

# Fetches a page from a host and compares it with what is there.
fetch() {	# HOST URL
	in_host "$1" curl -sSg --max-time 60 "$2" | sha256sum | cut -c -64 \
		>"$BATS_TEST_TMPDIR/got"
	[ "$(cat "$BATS_TEST_TMPDIR/got")" = "$(sum "$W_DIR/www/${2##*/}")" ]
}

# Sends a file to port 9000 of an address; the server says what it got.
send() {	# HOST FAMILY ADDRESS
	[ "$(in_host "$1" socat -t 30 - "TCP$2:$3:9000" <"$W_DIR/www/100m" |
		cut -c -64)" = "$(sum "$W_DIR/www/100m")" ]
}

# The counter grows while the command runs, which must fail.
counted() {	# LOCATION PROGRAM VERDICT COMMAND...
	local before location=$1 program=$2 verdict=$3
	before=$(world_count "$location" "$program" "$verdict")
	shift 3
	run "$@"
	[ "$status" -ne 0 ]
	[ "$(world_count "$location" "$program" "$verdict")" -gt "$before" ]
}

# Trains of datagrams, 64 of 16 bytes each: sent as one, cut in the tunnel.
trains() {	# HOST ADDRESS COUNT
	in_host "$1" python3 - "$2" "$3" <<-'EOF'
	import socket, sys
	SOL_UDP, UDP_SEGMENT = 17, 103
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(SOL_UDP, UDP_SEGMENT, 16)
	for i in range(int(sys.argv[2])):
	    s.sendto(b"x" * 16 * 64, (sys.argv[1], 9))
	EOF
}

@test "a burst of very small packets is more pieces than one sendmsg takes" {
	world_until in_hq ping -c 1 -W 1 10.1.0.5
	trains hq 10.1.0.5 300
	in_hq ping -c 1 -W 5 10.1.0.5	# behind them
	[ "$(world_count branch1 bh-tunnel full)" -eq 0 ]
	[ "$(world_count branch1 bh-tunnel partner)" -gt 100 ]
}

@test "a page of 1 KB and one of 50 MB, IPv4 and IPv6" {
	for web in 203.0.113.80 '[2001:db8:c::80]'; do
		fetch lan "http://$web/1k"
		fetch lan "http://$web/50m"
	done
}

@test "TCP to the branch: 100 MB arrive as they were" {
	fetch lan http://203.0.113.80/100m
	fetch lan 'http://[2001:db8:c::80]/100m'
}

@test "TCP from the branch: 100 MB arrive as they were" {
	send lan 4 203.0.113.80
	send lan 6 '[2001:db8:c::80]'
}

@test "UDP, from 1 byte to what the tunnel takes in one piece" {
	for n in 1 64 1000 1372; do
		head -c $n /dev/urandom >"$BATS_TEST_TMPDIR/data"
		for to in UDP4:203.0.113.80:7 'UDP6:[2001:db8:c::80]:7'; do
			in_lan socat -b 2000 -T 2 - "$to,shut-none" \
				<"$BATS_TEST_TMPDIR/data" |
				cmp - "$BATS_TEST_TMPDIR/data"
		done
	done
}

# Whether the datagram comes back; IPv6 learns the path's MTU by losing one.
echoes() {	# ADDRESS FILE
	in_lan socat -b 9000 -T 2 - "$1,shut-none" <"$2" | cmp - "$2"
}

@test "UDP in fragments" {
	head -c 5000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	echoes UDP4:203.0.113.80:7 "$BATS_TEST_TMPDIR/data"
	world_until echoes 'UDP6:[2001:db8:c::80]:7' "$BATS_TEST_TMPDIR/data"
}

@test "ICMP echo, and path MTU: too big is told" {
	in_lan ping -c 3 -i 0.2 -W 5 203.0.113.80
	in_lan ping -c 3 -i 0.2 -W 5 2001:db8:c::80
	in_lan ping -c 1 -W 5 -M do -s 1412 203.0.113.80
	run -1 in_lan ping -c 1 -W 5 -M do -s 1413 203.0.113.80
	[[ $output == *"mtu"*1440* ]]
}

@test "traceroute shows both gateways as one hop each" {
	run -0 in_lan traceroute -n -q 1 -w 5 -m 5 203.0.113.80
	[[ ${lines[1]} == *"10.1.0.1 "* ]]
	[[ ${lines[3]} == *"203.0.113.80 "* ]]
}

@test "DNS over UDP and TCP, IPv4 and IPv6" {
	for server in 203.0.113.80 2001:db8:c::80; do
		for how in +notcp +tcp; do
			[ "$(in_lan dig @$server $how +short +timeout=5 \
				www.example.net A)" = 203.0.113.80 ]
			[ "$(in_lan dig @$server $how +short +timeout=5 \
				www.example.net AAAA)" = 2001:db8:c::80 ]
		done
	done
}

@test "the Internet sees the server's address, and ports without listeners" {
	in_lan curl -sS -o /dev/null --max-time 5 http://203.0.113.80/1k
	world_capture inet eth0 "$BATS_TEST_TMPDIR/p" 'tcp dst port 80 and ip'
	in_lan curl -sS -o /dev/null --max-time 5 http://203.0.113.80/1k
	world_captured
	[ "$(world_packets "$BATS_TEST_TMPDIR/p" 'src host 203.0.113.1 and
		src portrange 16384-32767')" -gt 3 ]
	world_none "$BATS_TEST_TMPDIR/p" 'not (src host 203.0.113.1 and
		src portrange 16384-32767)'
}

@test "C5 partners talk over their own tunnel, never over backhaul" {
	before=$(world_count hq bh-egress internet)
	fetch lan http://10.0.0.5/1k
	fetch lan 'http://[2001:db8::5]/50m'
	in_hq ping -c 1 -W 5 10.1.0.5
	in_hq ping -c 1 -W 5 2001:db8:1::5
	send lan 4 10.0.0.5
	[ "$(world_count hq bh-egress internet)" -eq "$before" ]
	[ "$(world_count hq bh-classify partner)" -gt 0 ]
	# untranslated, too
	grep -q '^::ffff:10.1.0.5 .*GET /1k' "$W_DIR/hq.log"
}

@test "the gateways themselves reach partners, by their own LAN address" {
	in_cli curl -sS --max-time 5 -o /dev/null http://10.0.0.5/1k
	in_srv ping -c 1 -W 5 10.1.0.5
	in_srv ping -c 1 -W 5 2001:db8:1::5
	in_lan ping -c 1 -W 5 10.0.0.1
	in_hq ping -c 1 -W 5 10.1.0.1
}

@test "a client's gateway keeps its own connectivity, in clear" {
	in_cli ping -c 1 -W 5 198.51.100.2
	in_cli ping -c 1 -W 5 2001:db8:b::2
	in_lan ping -c 1 -W 5 10.1.0.1
}

@test "C11 N9 a client does not reach what does not participate" {
	counted branch1 bh-classify elsewhere in_lan ping -c 1 -W 1 10.0.200.5
	counted branch1 bh-classify elsewhere in_lan ping -c 1 -W 1 2001:db8:0:200::5
	counted branch1 bh-classify private in_lan ping -c 1 -W 1 192.168.7.7
	counted branch1 bh-classify special in_lan ping -c 1 -W 1 198.18.0.1
	counted branch1 bh-classify link-local in_lan ping -c 1 -W 1 169.254.169.254
}

@test "C12 what does not participate does not reach a client" {
	before=$(world_guard srv guard_in)
	run -1 in_host dmz ping -c 1 -W 1 10.1.0.5
	run -1 in_host dmz ping -c 1 -W 1 2001:db8:1::5
	[ "$(world_guard srv guard_in)" -eq $((before + 2)) ]
}

@test "B1 a spoofed source does not leave the branch" {
	in_lan ip addr add 10.7.7.7/32 dev lo
	in_lan ip addr add 192.0.2.77/32 dev lo
	counted branch1 bh-classify source in_lan ping -c 1 -W 1 -I 10.7.7.7 203.0.113.80
	counted branch1 bh-classify source in_lan ping -c 1 -W 1 -I 192.0.2.77 203.0.113.80
	in_lan ip addr flush dev lo scope global
}

@test "unasked packets from the Internet do not reach a client" {
	ip -n "$W-inet" route add 10.1.0.0/20 via 203.0.113.1
	before=$(world_guard srv unsolicited)
	run in_inet ping -c 1 -W 1 10.1.0.5
	ip -n "$W-inet" route del 10.1.0.0/20
	[ "$status" -ne 0 ]
	[ "$(world_guard srv unsolicited)" -gt "$before" ]
}

@test "L3 the uplink's neighbours reach nothing of the LAN past the tunnel" {
	ip -n "$W-wan" route add 10.1.0.0/20 via 192.0.2.2
	before=$(world_guard cli weak_host)
	run in_wan ping -c 1 -W 1 10.1.0.5
	[ "$status" -ne 0 ]
	run in_wan ping -c 1 -W 1 10.1.0.1
	[ "$status" -ne 0 ]
	ip -n "$W-wan" route del 10.1.0.0/20
	[ "$(world_guard cli weak_host)" -eq $((before + 2)) ]
}

@test "P8 the MSS is lowered in both directions, to what the tunnel takes" {
	world_capture inet eth0 "$BATS_TEST_TMPDIR/i" 'tcp[tcpflags] & tcp-syn != 0'
	in_lan curl -sS --max-time 5 -o /dev/null http://203.0.113.80/1k
	world_captured
	world_capture lan eth0 "$BATS_TEST_TMPDIR/l" 'tcp[tcpflags] & tcp-syn != 0'
	in_lan curl -sS --max-time 5 -o /dev/null http://203.0.113.80/1k
	world_captured
	tcpdump -nr "$BATS_TEST_TMPDIR/i" 'dst port 80' | grep -q 'mss 1400,'
	tcpdump -nr "$BATS_TEST_TMPDIR/l" 'src port 80' | grep -q 'mss 1400,'
}

pid() {	# GATEWAY PROGRAM
	"$1"_backhaul status | awk -v p="$2" '$1 == p { print $3 }'
}

# Has it put anything into the thin lane of its link (bh-link(5))?
overtook() {	# PID
	local fd
	for fd in /proc/"$1"/fd/*; do
		case $(readlink "$fd") in
		/memfd:link*) od -An -t u8 -j 8 -N 8 "$fd" ;;
		esac
	done | awk '{ n += $1 } END { exit n == 0 }'
}

# The queue is one that nobody takes from, for a while: the first flow waits in
# it, the others go past.
@test "what goes past a queue keeps the order of its flow" {
	local tunnel classify came late flows
	tunnel=$(pid cli bh-tunnel)
	classify=$(pid cli bh-classify)
	in_inet python3 t/lib/order.py take 7000 >"$W_DIR/order" 3>&- &
	world_until grep -q ready "$W_DIR/order"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	kill -STOP "$tunnel"
	in_lan python3 t/lib/order.py send 203.0.113.80 7000 8 100 \
		>"$W_DIR/back" 3>&- &
	world_until overtook "$classify" || came=none
	kill -CONT "$tunnel"
	[ -z "$came" ]
	wait
	read -r came late flows < <(tail -n 1 "$W_DIR/order")
	echo "there: $came came, $late late, of $flows flows" >&2
	[ "$late" -eq 0 ]
	[ "$flows" -eq 8 ]
	[ "$came" -gt 400 ]
	read -r came late <"$W_DIR/back"
	echo "back: $came came, $late late" >&2
	[ "$late" -eq 0 ]
}

# What PROGRAM puts into its link to NEXT, which stands still.
full_queue() {	# GATEWAY LOCATION PROGRAM NEXT
	local full internet next ping failed=
	next=$(pid "$1" "$4")
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	full=$(world_count "$2" "$3" full)
	kill -STOP "$next"
	in_lan python3 t/lib/order.py fill 203.0.113.80 9 5000000
	world_until eval "[ \$(world_count $2 $3 full) -gt $full ]" ||
		failed=$failed' full'
	internet=$(world_count "$2" "$3" internet)
	in_lan ping -q -c 1 -W 10 203.0.113.80 3>&- &
	ping=$!
	world_until eval "[ \$(world_count $2 $3 internet) -gt $internet ]" ||
		failed=$failed' internet'
	kill -CONT "$next"
	[ -z "$failed" ]
	wait "$ping"
}

@test "a short packet gets past a queue that is full" {
	full_queue cli branch1 bh-classify bh-tunnel
	full_queue srv hq bh-tunnel bh-egress
}

@test "G30 G31 a transfer survives the death of each program" {
	for program in bh-classify bh-tunnel; do
		for gateway in cli srv; do
			in_lan curl -sS --max-time 60 --limit-rate 20M \
				-o "$BATS_TEST_TMPDIR/got" \
				http://203.0.113.80/50m 3>&- &
			curl=$!
			world_until test -s "$BATS_TEST_TMPDIR/got"
			kill -9 "$(pid "$gateway" "$program")"
			wait $curl
			cmp "$BATS_TEST_TMPDIR/got" "$W_DIR/www/50m"
			rm "$BATS_TEST_TMPDIR/got"
			world_until ${gateway}_backhaul status
		done
	done
}

@test "counters add up: every packet has one verdict" {
	for gateway in cli:branch1 srv:hq; do
		run -0 "$BH_BIN/bh-ctl" -D "$W_DIR/run/${gateway#*:}" counters
		[ "${#lines[@]}" -gt 2 ]
	done
}

@test "nothing but the tunnel passed the wide area in all of these tests" {
	world_captured "$(cat "$W_DIR/capture.pid")" "$W_DIR/clear.pcap"
	# but the pings of the gateway itself, and of L3
	world_none "$W_DIR/clear.pcap" 'not host 198.51.100.2 and
		not host 2001:db8:b::2 and not src host 192.0.2.1'
}
