# bh-tunnel against Debian's wireguard-go, in both roles (W24).

bats_require_minimum_version 1.8.0

setup() {
	. t/lib/interop.bash
	interop_up "$BATS_TEST_TMPDIR/i"
}

teardown() {
	interop_down
}

ping_from() {	# our|wgo ADDRESS...
	local host=$1 a
	shift
	for a; do
		ip netns exec "$I-$host" ping -q -c 3 -i 0.1 -W 5 "$a"
	done
}

# 20 MB from one host to an address of the other; both see the same bytes.
transfer() {	# FROM TO ADDRESS
	[ -e "$I_DIR/data" ] || head -c 20000000 /dev/urandom >"$I_DIR/data"
	local family=4 target=$3
	[[ $3 == *:* ]] && family=6 target="[$3]"
	ip netns exec "$I-$2" timeout 60 socat -u \
		"TCP$family-LISTEN:7000,reuseaddr" \
		"CREATE:$I_DIR/got" 3>&- &
	local pid=$!
	interop_until eval "ip netns exec $I-$2 ss -Hltn 'sport = :7000' |
		grep -q ."
	ip netns exec "$I-$1" timeout 60 socat -u "OPEN:$I_DIR/data" \
		"TCP$family:$target:7000"
	wait "$pid"
	cmp "$I_DIR/data" "$I_DIR/got"
}

psk() {	# PEER: makes one; wg(8)'s arguments in $PSK
	(umask 077; wg genpsk >"$I_DIR/keys/$1.psk")
	PSK="preshared-key $I_DIR/keys/$1.psk"
}

@test "as client: pings of both families to partner and Internet (W24)" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	interop_wgo_server
	interop_our_client
	ping_from our 10.0.0.5 2001:db8::5 203.0.113.80 2001:db8:c::80
	[ "$(interop_count bh-tunnel internet)" -ge 12 ]
	[ "$(interop_count bh-tunnel partner)" -ge 12 ]
}

@test "as server: pings of both families to partner and Internet (W24)" {
	interop_domain 192.0.2.1:51820 -
	interop_wgo_client endpoint 192.0.2.1:51820
	interop_our_server
	ping_from wgo 10.0.0.5 2001:db8::5 203.0.113.80 2001:db8:c::80
	[ "$(interop_count bh-egress internet)" -ge 12 ]
	[ "$(interop_count bh-classify partner)" -ge 12 ]
}

@test "as client over IPv6, with a preshared key, TCP both ways (W21)" {
	interop_domain '[2001:db8:f::2]:51820' '[2001:db8:f::1]:51820'
	psk hq
	interop_wgo_server
	# shellcheck disable=SC2086
	in_wgo wg set "$I" peer "$(interop_key branch1)" $PSK
	interop_our_client
	transfer our wgo 10.0.0.5
	transfer wgo our 2001:db8:1::5
	in_wgo wg show "$I" endpoints | grep -qF '[2001:db8:f::1]:51820'
}

@test "as server over IPv6, with a preshared key, TCP both ways (W21)" {
	interop_domain '[2001:db8:f::1]:51820' -
	psk branch1
	interop_wgo_client endpoint '[2001:db8:f::1]:51820'
	# shellcheck disable=SC2086
	in_wgo wg set "$I" peer "$(interop_key hq)" $PSK
	interop_our_server
	transfer wgo our 203.0.113.80
	ping_from our 10.1.0.5
	transfer our wgo 2001:db8:1::5
}

@test "a wrong preshared key: no session, and nothing passes (W21)" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	psk hq
	interop_wgo_server
	interop_our_client
	run in_our ping -q -c 2 -W 1 10.0.0.5
	[ "$status" -ne 0 ]
	[ "$(in_wgo wg show "$I" transfer | cut -f2)" -gt 0 ]
	[ "$(interop_count bh-tunnel partner)" -eq 0 ]
	[ "$(interop_count bh-tunnel handshake)" -ge 1 ]
}

@test "every engine carries the same traffic" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	interop_wgo_server
	local engine
	for engine in $("$BH_BIN/bh-tunnel" -V | tr -d '()' |
		sed 's/.*engines: //'); do
		interop_our_client -a "$engine"
		transfer our wgo 10.0.0.5
		kill "$I_TUNNEL"
		wait "$I_TUNNEL"
		interop_gates_end
		ip -n "$I-our" link del bh0
	done
}

@test "wireguard-go starts again: traffic comes back" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	interop_wgo_server endpoint 192.0.2.1:51820
	interop_our_client
	ping_from our 10.0.0.5
	kill "$I_WGO"
	wait "$I_WGO" || true
	interop_wgo_server endpoint 192.0.2.1:51820
	# from its side at once; from ours after 15 s of silence (W13)
	ping_from wgo 10.1.0.5
	ping_from our 10.0.0.5
}

@test "bh-tunnel starts again: traffic comes back, from either side" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	interop_wgo_server endpoint 192.0.2.1:51820
	interop_our_client
	ping_from our 10.0.0.5
	kill -9 "$I_TUNNEL"
	wait "$I_TUNNEL" || true
	interop_gates_end
	interop_tunnel branch1
	interop_gate bh-classify branch1
	ping_from our 10.0.0.5
	ping_from wgo 10.1.0.5
}

@test "bh-tunnel falls silent: wireguard-go finds it again after 15 s (W13)" {
	interop_domain 192.0.2.1:51820 -
	interop_wgo_client endpoint 192.0.2.1:51820
	interop_our_server
	ping_from wgo 10.0.0.5
	kill -9 "$I_TUNNEL"
	wait "$I_TUNNEL" || true
	interop_gates_end
	interop_tunnel hq
	interop_gate bh-classify hq
	interop_gate bh-egress hq
	# its session is unknown to us now; it must ask anew
	in_wgo ping -q -c 1 -w 30 10.0.0.5
}

@test "roaming: answers go where the last good packet came from (W17)" {
	interop_domain 192.0.2.1:51820 -
	interop_wgo_client endpoint 192.0.2.1:51820
	interop_our_server
	ping_from wgo 10.0.0.5
	in_wgo wg set "$I" listen-port 9999
	ping_from wgo 10.0.0.5
	"$BH_BIN/bh-ctl" -D "$I_DIR/run" peers | grep -q '192.0.2.2:9999'
	# and to the other family
	in_wgo wg set "$I" peer "$(interop_key hq)" \
		endpoint '[2001:db8:f::1]:51820'
	ping_from wgo 10.0.0.5
	"$BH_BIN/bh-ctl" -D "$I_DIR/run" peers | grep -qF '[2001:db8:f::2]:9999'
	ping_from our 10.1.0.5
}

@test "answers come from the address that was contacted (W17)" {
	interop_domain 192.0.2.7:51820 -
	ip -n "$I-our" addr add 192.0.2.7/24 dev v0
	interop_wgo_client endpoint 192.0.2.7:51820
	interop_our_server
	ping_from wgo 10.0.0.5
	[ "$(in_wgo wg show "$I" endpoints | cut -f2)" = 192.0.2.7:51820 ]
	# the address goes away: ours falls over to another one
	ip -n "$I-our" addr del 192.0.2.7/24 dev v0
	ping_from our 10.1.0.5
	[ "$(in_wgo wg show "$I" endpoints | cut -f2)" = 192.0.2.1:51820 ]
}

@test "exact accounting of ten pings, as the kernel's own test does it" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	# no probes of the path's MTU
	sed -i '/^uplink/a mtu = 1420' "$I_DIR/domain.ini"
	interop_wgo_server
	interop_our_client
	# the only server is asked whether it is there: an initiation of 148, a
	# response of 92, and a keepalive of 32 that confirms it
	interop_until sent 92 180
	in_our ping -q -c 10 -i 0.05 -W 5 10.0.0.5
	# 10 x 128 of data
	sent 1372 1460
	[ "$(in_wgo wg show "$I" transfer | cut -f2)" -eq 1460 ]
}
sent() {	# RECEIVED SENT
	local peer
	read -r -a peer < <("$BH_BIN/bh-ctl" -D "$I_DIR/run" peers)
	[ "${peer[2]}" -gt 0 ] && [ "${peer[3]} ${peer[4]}" = "$1 $2" ]
}

@test "a peer may only speak for its own addresses (B2, W16)" {
	interop_domain 192.0.2.1:51820 -
	interop_wgo_client endpoint 192.0.2.1:51820
	interop_our_server
	ping_from wgo 10.0.0.5
	local before
	before=$(interop_count bh-tunnel spoof)
	ip -n "$I-wgo" addr add 10.0.0.77/32 dev "$I"
	run in_wgo ping -q -c 2 -i 0.1 -W 1 -I 10.0.0.77 10.0.0.5
	[ "$status" -ne 0 ]
	[ "$(interop_count bh-tunnel spoof)" -eq $((before + 2)) ]
}

@test "a large datagram in fragments passes, and ECN marks survive (W20)" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	interop_wgo_server
	interop_our_client
	in_our ping -q -c 2 -i 0.1 -W 5 -s 4000 10.0.0.5
	in_wgo timeout 20 tcpdump -c 1 -i v0 -nv 'udp port 51820 and
		ip[1] & 3 == 2' >"$I_DIR/ecn" 2>"$I_DIR/ecn.err" 3>&- &
	local pid=$!
	interop_until grep -q listening "$I_DIR/ecn.err"
	in_our ping -q -c 1 -W 5 -Q 0xba 10.0.0.5
	wait "$pid"
	# DSCP of the inner packet does not show outside
	grep -q 'tos 0x2,ECT(0)' "$I_DIR/ecn"
}

@test "wg(8) shows a gateway under its interface's name, and changes nothing" {
	interop_domain 192.0.2.2:51820 192.0.2.1:51820
	sed -i "/^\[location branch1\]/a interface = $I" "$I_DIR/domain.ini"
	interop_tunnel branch1
	[ "$(wg show "$I" peers)" = "$(interop_key hq)" ]
	[ "$(wg show "$I" listen-port)" = 51820 ]
	[ "$(wg show "$I" public-key)" = "$(interop_key branch1)" ]
	[ "$(wg show "$I" endpoints | cut -f2)" = 192.0.2.2:51820 ]
	[ "$(wg show "$I" allowed-ips | cut -f2)" = \
"::/0 2001:db8::/48 2001:db8::/64 0.0.0.0/0 10.0.0.0/16 10.0.0.0/20" ]
	run wg set "$I" listen-port 1
	[ "$status" -ne 0 ]
	[[ $output == *'Operation not permitted'* ]]
	[ "$(wg show "$I" listen-port)" = 51820 ]
}

@test "a peer's clock 20 years ahead for a moment, and a restart (others W1)" {
	interop_domain 192.0.2.1:51820 -
	interop_tunnel hq
	scene() {
		in_our env TUNNEL_PORT=51820 timeout 60 /usr/bin/python3 \
			t/lib/wgpeer.py "$1" "$(cat "$I_DIR/keys/branch1.key")" \
			"$(interop_key hq)" "$(head -c 32 /dev/zero | base64)" \
			"$I_DIR/recorded"
	}
	scene clock
	kill -9 "$I_TUNNEL"
	interop_tunnel hq
	scene again
}
