# SPDX-License-Identifier: ISC
# What breaks out leaves a client by its own uplink, in clear and translated;
# nothing else does.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

# The same address is on the wide area, which a client reaches in clear, and
# behind the head office: who answers tells which way a packet went.
setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	world_host sat
	world_cable sat eth0 '192.0.3.80/24 2001:db8:d::80/64' \
		wan sat0 '192.0.3.1/24 2001:db8:d::1/64'
	world_default sat 192.0.3.1 2001:db8:d::1
	# who gets an answer from there has been translated
	in_sat ip route add blackhole 10.0.0.0/8
	in_sat ip -6 route add blackhole 2001:db8:1::/48
	ip -n "$W-inet" addr add 192.0.3.80/32 dev lo
	ip -n "$W-inet" addr add 2001:db8:d::80/128 dev lo
	world_domain '' '' "$(cat <<-'END'
	[group sat]
	members = 192.0.3.80-192.0.3.99, 2001:db8:d::/64, !2001:db8:d::99
	[breakout web]
	location = branch1
	to = sat
	filter = tcp dst port 80
	[breakout echo]
	location = branch1
	filter = udp dst port 7
	filter = and dst net 192.0.3.0/24
	[breakout echo6]
	location = branch1
	filter = udp dst port 7 and ip6
	to = sat
	END
	)"
	mkdir "$W_DIR/clear" "$W_DIR/tunnel"
	head -c 5M /dev/urandom >"$W_DIR/clear/page"
	head -c 5M /dev/urandom >"$W_DIR/tunnel/page"
	for port in 80 8080; do
		world_bg sat python3 -m http.server -b :: -d "$W_DIR/clear" $port
		world_bg inet python3 -m http.server -b :: -d "$W_DIR/tunnel" $port
		world_until world_listens sat tcp $port
		world_until world_listens inet tcp $port
	done
	world_bg sat socat -T 10 UDP6-LISTEN:7,ipv6only=0,fork PIPE
	world_until world_listens sat udp 7
	world_until world_settled
	world_state cli >"$W_DIR/before"
	srv_backhaul up
	cli_backhaul up
	world_watch_clear
}

in_sat() { in_host sat "$@"; }
sum() { sha256sum "$@" | cut -c -64; }
# Fetches the page: from whom was it?
fetch() {	# clear|tunnel URL
	[ "$(in_lan curl -sSg --max-time 30 "$2" | sum)" = \
		"$(sum "$W_DIR/$1/page" | cut -c -64)" ]
}
echoes() {	# ADDRESS FILE
	in_lan socat -b 9000 -T 2 - "$1,shut-none" <"$2" | cmp - "$2"
}

@test "a flow that matches goes in clear, and back, IPv4 and IPv6" {
	before=$(world_count branch1 bh-classify breakout)
	fetch clear http://192.0.3.80/page
	fetch clear 'http://[2001:db8:d::80]/page'
	[ "$(world_count branch1 bh-classify breakout)" -gt "$((before + 20))" ]
}

@test "to the same address, what does not match goes by the tunnel" {
	fetch tunnel http://192.0.3.80:8080/page
	fetch tunnel 'http://[2001:db8:d::80]:8080/page'
	in_lan ping -c 1 -W 5 192.0.3.80
	in_lan ping -c 1 -W 5 2001:db8:d::80
}

@test "a datagram in fragments breaks out whole" {
	head -c 5000 /dev/urandom >"$T/data"
	world_until echoes UDP4:192.0.3.80:7 "$T/data"
	world_until echoes 'UDP6:[2001:db8:d::80]:7' "$T/data"
	[ "$(world_count branch1 bh-classify fragment)" -eq 0 ]
}

@test "R2 a breakout is one hop, out and back, and traceroute shows it" {
	world_capture sat eth0 "$T/out" 'dst port 7'
	out=$W_CAPTURE
	world_capture lan eth0 "$T/back" 'src port 7'
	echo x >"$T/data"
	in_lan socat -T 2 - UDP4:192.0.3.80:7,ttl=40,shut-none <"$T/data" |
		cmp - "$T/data"
	in_lan socat -T 2 - 'UDP6:[2001:db8:d::80]:7,ipv6-unicast-hops=40,shut-none' \
		<"$T/data" | cmp - "$T/data"
	world_captured
	world_captured "$out" "$T/out"
	[ "$(world_packets "$T/out" 'ip[8] == 38')" = 1 ]
	[ "$(world_packets "$T/out" 'ip6[7] == 38')" = 1 ]
	[ "$(world_packets "$T/back" 'ip[8] == 62')" = 1 ]
	[ "$(world_packets "$T/back" 'ip6[7] == 62')" = 1 ]
	for to in '192.0.3.80 10.1.0.1 192.0.2.1' \
		'2001:db8:d::80 2001:db8:1::1 2001:db8:a::1'; do
		read -r host one two <<<"$to"
		run in_lan traceroute -U -p 7 -n -q 1 -w 5 -m 2 "$host"
		[[ ${lines[1]} == " 1  $one "* && ${lines[2]} == " 2  $two "* ]]
	done
}

@test "with bh-classify halted nothing leaves; it is back when that is" {
	pid=$(awk '{ print $4 }' "$W_DIR/run/branch1/bh-classify.state")
	world_capture wan cli0 "$T/p" "$W_NOT_TUNNEL"
	kill -STOP "$pid"
	run ! in_lan curl -sS -o /dev/null --max-time 2 http://192.0.3.80/page
	kill -CONT "$pid"
	kill -9 "$pid"
	world_until fetch clear http://192.0.3.80/page
	world_captured
	world_none "$T/p" 'not host 192.0.2.2 and not net 2001:db8:a::/64'
}

@test "nobody outside begins a flow, to the LAN or to a translated port" {
	world_capture cli lan0 "$T/p" 'net 192.0.3.0/24'
	ip -n "$W-wan" route add 10.1.0.0/20 via 192.0.2.2
	ip -n "$W-sat" route del blackhole 10.0.0.0/8
	run ! in_sat curl -sS --max-time 1 http://10.1.0.5/
	run ! in_sat curl -sS --max-time 1 http://192.0.2.2:20000/
	ip -n "$W-wan" route del 10.1.0.0/20
	ip -n "$W-sat" route add blackhole 10.0.0.0/8
	world_captured
	world_none "$T/p"
	[ "$(world_guard cli weak_host)" -gt 0 ]
	[ "$(world_guard cli shadow)" -gt 0 ]
}

@test "of all that, the wide area saw the matching flows and no other" {
	world_captured "$(cat "$W_DIR/capture.pid")" "$W_DIR/clear.pcap"
	own='(host 192.0.2.2 or host 2001:db8:a::2)'
	flow='(tcp port 80 or udp port 7 or ip[6:2] & 0x1fff != 0 or ip6 proto 44)'
	sat='(host 192.0.3.80 or host 2001:db8:d::80)'
	# what was sent to it unasked in the test above
	asked='not (src host 192.0.3.80 and dst port 20000) and not host 10.1.0.5'
	# what the router on the way said of short-lived ones
	asked="$asked and not (icmp[icmptype] == 11 or icmp6[icmp6type] == 3)"
	world_none "$W_DIR/clear.pcap" "not ($own and $sat and $flow) and $asked"
	[ "$(world_packets "$W_DIR/clear.pcap" "tcp dst port 80 and
		src host 192.0.2.2 and src portrange 16384-32767")" -gt 10 ]
	[ "$(world_packets "$W_DIR/clear.pcap" "ip6 and tcp dst port 80 and
		src host 2001:db8:a::2")" -gt 10 ]
}

@test "all that came in was delivered or refused with a reason" {
	pid=$(awk '{ print $4 }' "$W_DIR/run/branch1/bh-classify.state")
	kill -USR1 "$pid"
	world_until grep -q ' bh-classify: in=' "$W_DIR/run/branch1/log"
	sed -n 's/.* bh-classify: in=/in=/p' "$W_DIR/run/branch1/log" | tr ' =' '\n\t' |
		awk '$1 == "in" { n = $2; next } { sum += $2; seen[$1] = 1 }
		END { exit !(n > 0 && n == sum && seen["breakout"]) }'
}

@test "down leaves the host as it was" {
	cli_backhaul down
	world_state cli >"$T/after"
	diff "$W_DIR/before" "$T/after"
}
