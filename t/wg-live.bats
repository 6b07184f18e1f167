# bh-tunnel by itself, changed by wg(8) while it carries traffic.

bats_require_minimum_version 1.8.0
load lib/each-alone.bash

# Numbered datagrams from A to B, one a millisecond, until $D/stop is there; how
# many were sent, and how many came.
count_sent() {
	in_a python3 - "$D/stop" 3>&- <<-'E'
	import os, socket, sys, time
	s, n = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0
	while not os.path.exists(sys.argv[1]):
	    s.sendto(b"%d" % n, ("10.9.0.2", 7))
	    n += 1
	    time.sleep(0.001)
	s.sendto(b"end", ("10.9.0.2", 7))
	print(n)
	E
}
count_got() {
	in_b timeout 60 python3 - 3>&- <<-'E'
	import socket
	s, got = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), []
	s.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)	# SO_RCVBUFFORCE
	s.bind(("10.9.0.2", 7))
	while (d := s.recv(99)) != b"end":
	    got.append(int(d))
	print(len(got) if got == sorted(set(got)) else "disorder")
	E
}

change() {	# NUMBER: of another peer, or of none
	case $(($1 % 8)) in
	0) wg set "$DA" peer "$K" allowed-ips 10.9.1.0/24,fd00:9:1::/48 ;;
	1) wg set "$DA" peer "$K" endpoint "192.0.2.9:$1" ;;
	2) wg set "$DA" peer "$K" preshared-key "$D/psk.key" ;;
	3) wg set "$DA" peer "$K" allowed-ips 0.0.0.0/0 \
		persistent-keepalive "$1" ;;
	4) wg set "$DA" fwmark "$1" ;;
	5) wg set "$DA" peer "$K" remove ;;
	6) wg syncconf "$DA" "$D/a.conf" ;;
	7) wg addconf "$DA" "$D/many.conf" ;;
	esac
}

@test "100 changes, and dumps: the other peer loses no packet (others W7)" {
	local i dump sender receiver
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	alone_devices
	in_a ping -q -c 1 -W 5 10.9.0.2
	K=$(wg genkey | wg pubkey)
	wg showconf "$DA" >"$D/a.conf"
	{
		printf '[Peer]\nPublicKey = %s\n' "$K"
		printf 'AllowedIPs = %s.0/24\n' 10.{20..29}.{0..99}
	} >"$D/many.conf"
	count_got >"$D/got" &
	receiver=$!
	alone_until eval "ip netns exec $B ss -Hlun 'sport = :7' | grep -q ."
	count_sent >"$D/sent" &
	sender=$!
	while [ ! -e "$D/stop" ]; do wg show "$DA" dump >"$D/dump"; done 3>&- &
	dump=$!
	for ((i = 1; i <= 100; i++)); do change "$i"; done
	touch "$D/stop"
	wait "$sender" "$dump"
	wait "$receiver"
	cat "$D/sent" "$D/got"
	[ "$(cat "$D/sent")" -ge 100 ]
	[ "$(cat "$D/sent")" = "$(cat "$D/got")" ]
}

@test "30 peers, only the last with addresses: showconf (scenario 25)" {
	alone_start "$A" "$DA"
	local i list= args=()
	for ((i = 0; i < 29; i++)); do
		args+=(peer "$(wg genkey | wg pubkey)")
	done
	for ((i = 1; i <= 40; i++)); do list+=${list:+,}abcd::$i/128; done
	wg set "$DA" "${args[@]}" peer "$KB" allowed-ips "$list"
	wg showconf "$DA" >"$D/x.conf"
	[ "$(grep -c '^PublicKey' "$D/x.conf")" -eq 30 ]
	[ "$(grep -c '^AllowedIPs' "$D/x.conf")" -eq 1 ]
	[ "$(grep '^AllowedIPs' "$D/x.conf" | tr ',' '\n' | wc -l)" -eq 40 ]
	wg setconf "$DA" "$D/x.conf"
	[ "$(wg showconf "$DA" | sort)" = "$(sort "$D/x.conf")" ]
}

@test "130,560 allowed-ips need no more than 64 KiB of stack (others W12)" {
	(ulimit -s 64 && alone_start "$A" "$DA" && echo "$PID" >"$D/pid")
	PIDS+=("$(cat "$D/pid")")
	grep -q '^Max stack size *65536 ' "/proc/$(cat "$D/pid")/limits"
	{
		printf '[Peer]\nPublicKey = %s\n' "$KB"
		printf 'AllowedIPs = %s.0.0/16\n' {0..254}.{0..255}
		printf 'AllowedIPs = 2001:db8:%s::/64\n' {0..254}:{0..255}
	} >"$D/big.conf"
	wg addconf "$DA" "$D/big.conf"
	[ "$(wg show "$DA" allowed-ips | tr ' ' '\n' | grep -c /)" -eq 130560 ]
	[ "$(wg show "$DA" allowed-ips | cut -f2- | tr ' ' '\n' | sort -u |
		wc -l)" -eq 130560 ]
}
