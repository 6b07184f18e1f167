# What is on the wire, as Wireshark's dissector reads it with our session
# secrets: from `make keylog', which no other build has anything of.

bats_require_minimum_version 1.8.0
load lib/each-alone.bash

# Reads the capture with the secrets of A.
decode() {	# OPTION...
	tshark -n -o "wg.keylog_file:$D/keys" -o wg.dissect_packet:TRUE \
		-r "$D/cap" "$@" 2>>"$D/tshark.log"
}

fields() {	# FIELD FILTER: its values in what matches
	decode -Y "$2" -T fields -e "$1"
}

@test "tshark decodes all that we say, in both roles, without an error (W20)" {
	make -s BUILD="$(basename "$BH_BIN")" keylog
	BH_BIN=build/keylog alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	ip netns exec "$A" tcpdump -i v0 -U --immediate-mode -w "$D/cap" udp \
		</dev/null >/dev/null 2>"$D/tcpdump" 3>&- &
	local capture=$!
	PIDS+=("$capture")
	alone_until grep -q 'listening on' "$D/tcpdump"
	alone_devices
	in_a ping -q -c 3 -i 0.05 -W 5 -s 100 10.9.0.2
	in_b ping -q -c 3 -i 0.05 -W 5 -s 101 fd00:9::1
	# the other one begins, over IPv6 and without a preshared key
	wg set "$DA" peer "$KB" remove
	wg set "$DB" peer "$KA" remove
	wg set "$DA" peer "$KB" allowed-ips 10.9.0.2/32,fd00:9::2/128
	wg set "$DB" peer "$KA" endpoint '[2001:db8:f::1]:1' \
		allowed-ips 10.9.0.1/32,fd00:9::1/128
	in_b ping -q -c 3 -i 0.05 -W 5 -s 102 10.9.0.1
	alone_until captured 8
	kill "$capture"
	wait "$capture" || true

	echo "LOCAL_STATIC_PRIVATE_KEY = $(cat "$D/a.key")" >"$D/keys"
	grep '_KEY = ' "$D/$DA.log" >>"$D/keys"
	# nothing is malformed, all is WireGuard's
	[ "$(decode -Y '_ws.malformed || _ws.expert.severity >= 0x600000' |
		wc -l)" -eq 0 ]
	[ "$(decode -Y '!wg' | wc -l)" -eq 0 ]
	# both handshakes, with their keys, stamps and ends
	[ "$(fields wg.static 'wg.type == 1' | sort)" = \
		"$(printf '%s\n' "$KA" "$KB" | sort)" ]
	[ "$(decode -Y 'wg.handshake_ok == 1' | wc -l)" -eq 2 ]
	[ "$(fields wg.timestamp.value 'wg.type == 1' | grep -c .)" -eq 2 ]
	# handshakes are AF41, data shows nothing of what is within
	[ "$(decode -Y 'wg.type <= 2 && (ip.dsfield == 0x88 ||
		ipv6.tclass == 0x88)' | wc -l)" -eq 4 ]
	# every data message opens: it has a packet within, or is a keepalive
	[ "$(decode -Y 'wg.type == 4 && !(icmp || icmpv6 || tcp) &&
		udp.length > 40' | wc -l)" -eq 0 ]
	[ "$(decode -Y 'icmp && wg' | wc -l)" -eq 12 ]
	[ "$(decode -Y 'icmpv6.type >= 128 && icmpv6.type <= 129 && wg' |
		wc -l)" -eq 6 ]
}

captured() {	# COUNT: so many data messages over IPv6 at least
	[ "$(tcpdump -nr "$D/cap" ip6 2>/dev/null | wc -l)" -ge "$1" ]
}

@test "no other build has any of that" {
	run strings "$BH_BIN/bh-tunnel"
	[[ $output != *EPHEMERAL_PRIVATE* ]]
	run nm "$BH_BIN/bh-tunnel"
	[[ $output == *noise_create_initiation* ]]
	[[ $output != *__wrap* ]]
	run nm build/keylog/bh-tunnel
	[[ $output == *__wrap_noise_create_initiation* ]]
}
