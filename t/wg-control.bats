# bh-tunnel by itself, driven by Debian's wg(8): the control plane and the life
# of the Linux kernel's own test of WireGuard (its scenarios by number).

bats_require_minimum_version 1.8.0
load lib/each-alone.bash

@test "two tunnels of ours: pings and TCP of both families (W24)" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	alone_devices
	in_a ping -q -c 3 -i 0.1 -W 5 10.9.0.2
	in_b ping -q -c 3 -i 0.1 -W 5 fd00:9::1
	alone_transfer "$A" "$B" 10.9.0.2
	alone_transfer "$B" "$A" fd00:9::1
}

wgo_start() {	# NAMESPACE DEVICE
	ip netns exec "$1" env WG_PROCESS_FOREGROUND=1 wireguard-go -f "$2" \
		</dev/null >"$D/wgo.log" 2>&1 3>&- &
	PIDS+=($!)
	alone_until [ -S "/var/run/wireguard/$2.sock" ]
}

accounting() {
	alone_peers
	ip -n "$A" addr add 10.9.0.1/24 dev "$DA"
	ip -n "$B" addr add 10.9.0.2/24 dev "$DB"
	in_a sysctl -qw "net.ipv6.conf.$DA.disable_ipv6=1"
	in_b sysctl -qw "net.ipv6.conf.$DB.disable_ipv6=1"
	ip -n "$A" link set "$DA" up
	ip -n "$B" link set "$DB" up
	in_a ping -q -c 10 -i 0.05 -W 5 10.9.0.2
	run wg show "$DA" transfer
	[ "$output" = "$KB	1372	1428" ]
	[ "$(wg show "$DA" latest-handshakes | cut -f2)" -gt 0 ]
}

@test "exact accounting of ten pings (scenario 1)" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	accounting
}

@test "exact accounting with wireguard-go (scenario 1, W24)" {
	alone_start "$A" "$DA"
	wgo_start "$B" "$DB"
	accounting
}

@test "ours and wireguard-go: pings and TCP of both families (W24)" {
	alone_start "$A" "$DA"
	wgo_start "$B" "$DB"
	alone_peers
	alone_devices
	in_a ping -q -c 3 -i 0.1 -W 5 10.9.0.2
	in_b ping -q -c 3 -i 0.1 -W 5 fd00:9::1
	alone_transfer "$A" "$B" fd00:9::2
	alone_transfer "$B" "$A" 10.9.0.1
}

@test "the device in another namespace, its socket where it was born" {
	ip netns add "$A-in"
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	ip -n "$A" link set "$DA" netns "$A-in"
	ip -n "$A-in" addr add 10.9.0.1/24 dev "$DA"
	ip -n "$A-in" link set "$DA" mtu 1300 up
	ip -n "$B" addr add 10.9.0.2/24 dev "$DB"
	ip -n "$B" link set "$DB" up
	run ip netns exec "$A-in" ping -q -c 3 -i 0.1 -W 5 -s 1272 10.9.0.2
	[ "$status" -eq 0 ]
	wg set "$DA" listen-port 77
	run in_b ping -q -c 1 -W 1 10.9.0.1
	run ip netns exec "$A-in" ping -q -c 1 -W 5 10.9.0.2
	[ "$status" -eq 0 ]
	[ "$(wg show "$DB" endpoints | cut -f2)" = 192.0.2.1:77 ]
	ip netns del "$A-in"
	# the device went with its namespace, and so does the program
	alone_until eval "! kill -0 ${PIDS[0]} 2>/dev/null"
}

@test "show, showconf, set, setconf, addconf, syncconf agree with each other" {
	alone_start "$A" "$DA"
	alone_peers 2>/dev/null || true
	wg set "$DA" fwmark 0x1234 peer "$KB" persistent-keepalive 25
	wg showconf "$DA" >"$D/1.conf"
	grep -qx 'FwMark = 0x1234' "$D/1.conf"
	grep -qx "PrivateKey = $(cat "$D/a.key")" "$D/1.conf"
	grep -qx "PresharedKey = $(cat "$D/psk.key")" "$D/1.conf"
	grep -qx 'PersistentKeepalive = 25' "$D/1.conf"
	wg set "$DA" fwmark 0 peer "$KB" remove
	run wg show "$DA" peers
	[ "$output" = '' ]
	wg setconf "$DA" "$D/1.conf"
	wg showconf "$DA" | diff "$D/1.conf" -
	local k
	k=$(wg genkey | wg pubkey)
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.8.0/24\n' "$k" \
		>"$D/2.conf"
	wg addconf "$DA" "$D/2.conf"
	[ "$(wg show "$DA" peers | wc -l)" -eq 2 ]
	wg syncconf "$DA" "$D/1.conf"
	wg showconf "$DA" | diff "$D/1.conf" -
	wg set "$DA" peer "$KB" allowed-ips ''
	[ "$(wg show "$DA" allowed-ips)" = "$KB	(none)" ]
}

@test "an unchanged peer keeps its session through set and syncconf" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	alone_devices
	in_a ping -q -c 1 -W 5 10.9.0.2
	wg showconf "$DA" >"$D/a.conf"
	local before
	before=$(wg show "$DB" transfer | cut -f2)
	wg syncconf "$DA" "$D/a.conf"
	wg set "$DA" peer "$(wg genkey | wg pubkey)" allowed-ips 10.9.9.0/24
	wg set "$DA" private-key "$D/a.key"
	in_a ping -q -c 1 -W 5 10.9.0.2
	# one packet of data, and no handshake
	[ "$(wg show "$DB" transfer | cut -f2)" -eq $((before + 128)) ]
}

@test "a bad line changes nothing, whatever stands around it" {
	alone_start "$A" "$DA"
	alone_peers 2>/dev/null || true
	local before
	before=$(wg show "$DA" dump)
	local bad
	for bad in nonsense=1 listen_port=99999 endpoint=192.0.2.9 allowed_ip=x \
	    private_key=00 get=1 rx_bytes=5 '=' remove=yes; do
		run alone_ask "$DA" set=1 listen_port=9 replace_peers=true \
			"public_key=$(printf '%064d' 9)" "$bad" \
			allowed_ip=10.0.0.0/8
		[ "$output" = 'errno=-22' ] || { echo "$bad: $output"; false; }
		[ "$(wg show "$DA" dump)" = "$before" ]
	done
}

@test "a port that is taken is refused, and nothing has changed" {
	alone_start "$A" "$DA"
	alone_peers 2>/dev/null || true
	in_a timeout 60 socat -u UDP6-RECV:4444 "CREATE:$D/x" 3>&- &
	PIDS+=($!)
	alone_until eval "ip netns exec $A ss -Hlun 'sport = :4444' | grep -q ."
	local before
	before=$(wg show "$DA" dump)
	run wg set "$DA" listen-port 4444 peer "$KB" remove
	[ "$status" -ne 0 ]
	[[ $output == *'Address already in use'* ]]
	[ "$(wg show "$DA" dump)" = "$before" ]
}

@test "more peers than there is room for are refused as a whole" {
	alone_start "$A" "$DA" -n 2
	wg set "$DA" peer "$KA"
	run wg set "$DA" peer "$KB" peer "$(wg genkey | wg pubkey)"
	[ "$status" -ne 0 ]
	[[ $output == *'No space left'* ]]
	[ "$(wg show "$DA" peers)" = "$KA" ]
	wg set "$DA" peer "$KB"
	[ "$(wg show "$DA" peers | wc -l)" -eq 2 ]
}

@test "130,560 allowed-ips on one peer, dumped completely (scenario 23)" {
	alone_start "$A" "$DA"
	python3 - "$KB" >"$D/big.conf" <<-'E'
	import ipaddress, sys
	print("[Peer]\nPublicKey =", sys.argv[1])
	for a in range(255):
	    for b in range(256):
	        six = ipaddress.ip_network(f"2001:db8:{a:x}:{b:x}::/64")
	        print(f"AllowedIPs = {a}.{b}.0.0/16, {six}")
	E
	wg addconf "$DA" "$D/big.conf"
	[ "$(wg show "$DA" allowed-ips | cut -f2 | tr ' ' '\n' | grep -c /)" -eq 130560 ]
	wg show all dump | grep -F "$DA	$KB" | cut -f5 | tr ',' '\n' | sort >"$D/got"
	sed -n 's/^AllowedIPs = //p' "$D/big.conf" | tr -d ' ' | tr ',' '\n' |
		sort >"$D/want"
	cmp "$D/got" "$D/want"
	# and once more over it
	wg syncconf "$DA" "$D/big.conf"
	[ "$(wg show "$DA" allowed-ips | cut -f2 | tr ' ' '\n' | grep -c /)" -eq 130560 ]
}

@test "1,000 peers with 52 allowed-ips each (scenario 24)" {
	alone_start "$A" "$DA"
	python3 >"$D/many.conf" <<-'E'
	import base64
	for p in range(1, 1001):
	    k = base64.b64encode(p.to_bytes(4, "little") * 8).decode()
	    print("[Peer]\nPublicKey =", k)
	    for i in range(52):
	        print(f"AllowedIPs = {10 + p // 250}.{p % 250}.{i}.0/24")
	E
	wg setconf "$DA" "$D/many.conf"
	[ "$(wg show "$DA" peers | wc -l)" -eq 1000 ]
	[ "$(wg show "$DA" allowed-ips | cut -f2 | tr ' ' '\n' | grep -c /)" -eq 52000 ]
}

@test "197 IPv6 entries on the second peer, none on the first (scenario 26)" {
	alone_start "$A" "$DA"
	local i list=
	for i in {1..197}; do
		list+=${list:+,}abcd::$i/128
	done
	wg set "$DA" peer "$KA"
	wg set "$DA" peer "$KB" allowed-ips "$list"
	[ "$(wg show "$DA" allowed-ips | head -1)" = "$KA	(none)" ]
	[ "$(wg show "$DA" allowed-ips | tail -1 | tr ' ' '\n' | wc -l)" -eq 197 ]
}

@test "a device that is not there is an error (scenario 27)" {
	run wg show "$DA-no"
	[ "$status" -ne 0 ]
}

@test "keys: read back, clamped, cleared; the own key is no peer (scenario 28)" {
	alone_start "$A" "$DA"
	wg set "$DA" private-key "$D/a.key"
	[ "$(wg show "$DA" private-key)" = "$(cat "$D/a.key")" ]
	wg set "$DA" peer "$KB" preshared-key "$D/psk.key"
	[ "$(wg show "$DA" preshared-keys)" = "$KB	$(cat "$D/psk.key")" ]
	wg set "$DA" peer "$KB" preshared-key /dev/null
	[ "$(wg show "$DA" preshared-keys)" = "$KB	(none)" ]
	# added, it is passed over; given as private key, its peer goes
	wg set "$DA" peer "$KA" allowed-ips 10.0.0.0/8
	[ "$(wg show "$DA" peers)" = "$KB" ]
	wg set "$DA" private-key "$D/b.key"
	[ "$(wg show "$DA" peers)" = '' ]
	wg set "$DA" private-key /dev/null
	[ "$(wg show "$DA" private-key)" = '(none)' ]
	wg set "$DA" peer "$KA"
	[ "$(wg show "$DA" peers)" = "$KA" ]
	wg set "$DA" private-key \
		<(echo //////////////////////////////////////////8=)
	[ "$(wg show "$DA" private-key | base64 -d | xxd -p -c 64)" = \
		"f8$(printf 'ff%.0s' {1..30})7f" ]
}

@test "allowed-ips move, overlap, are replaced, and go (scenario 29)" {
	alone_start "$A" "$DA"
	wg set "$DA" peer "$KA" allowed-ips 10.1.0.0/16,10.2.0.0/16
	wg set "$DA" peer "$KB" allowed-ips 0.0.0.0/0,10.2.0.0/16,::/0
	[ "$(wg show "$DA" allowed-ips | grep -F "$KA")" = "$KA	10.1.0.0/16" ]
	alone_ask "$DA" set=1 \
		"public_key=$(base64 -d <<<"$KB" | xxd -p -c 64)" \
		allowed_ip=-10.2.0.0/16 allowed_ip=-10.1.0.0/16
	[ "$(wg show "$DA" allowed-ips | grep -F "$KB")" = \
		"$KB	::/0 0.0.0.0/0" ]
	[ "$(wg show "$DA" allowed-ips | grep -F "$KA")" = "$KA	10.1.0.0/16" ]
	wg set "$DA" peer "$KA" remove
	[ "$(wg show "$DA" allowed-ips)" = "$KB	::/0 0.0.0.0/0" ]
	# an update of who is not there makes nobody
	alone_ask "$DA" set=1 "public_key=$(printf '%064d' 9)" update_only=true \
		allowed_ip=10.7.0.0/16
	[ "$(wg show "$DA" peers)" = "$KB" ]
}

@test "low-order public keys with keepalive 1 emit no datagram (scenario 30)" {
	alone_start "$A" "$DA"
	wg set "$DA" private-key "$D/a.key"
	in_a timeout 4 tcpdump -l -n -i v0 udp >"$D/seen" 2>"$D/tcpdump" 3>&- &
	local pid=$! k i=0
	alone_until grep -q listening "$D/tcpdump"
	for k in AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
	    AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
	    4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA= \
	    X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc= \
	    7P///////////////////////////////////////38= \
	    7f///////////////////////////////////////38= \
	    7v///////////////////////////////////////38=; do
		i=$((i + 1))
		wg set "$DA" peer "$k" endpoint "192.0.2.2:$i" \
			persistent-keepalive 1 allowed-ips "10.9.0.1$i/32"
	done
	[ "$(wg show "$DA" peers | wc -l)" -eq 7 ]
	ip -n "$A" addr add 10.9.0.1/24 dev "$DA"
	ip -n "$A" link set "$DA" up
	run in_a ping -q -c 2 -W 1 10.9.0.11
	wait "$pid" || true
	run grep UDP "$D/seen"
	[ "$status" -eq 1 ]
	[ "$(wg show "$DA" transfer | awk '{ n += $3 } END { print n }')" -eq 0 ]
}

no_longer() {
	alone_peers
	alone_devices
	wg set "$DA" peer "$KB" allowed-ips 10.9.0.0/24
	in_b ping -q -c 1 -W 5 10.9.0.1
	wg set "$DA" peer "$(wg genkey | wg pubkey)" allowed-ips 10.9.0.2/32
	run in_b ping -q -c 1 -W 1 10.9.0.1
	[ "$status" -ne 0 ]
	# the endpoint still follows who authenticates (W17)
	wg set "$DB" listen-port 9999
	run in_b ping -q -c 1 -W 1 10.9.0.1
	wg show "$DA" endpoints | grep -q 192.0.2.2:9999
}

@test "a more specific prefix of another peer: no longer let in (scenario 10)" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	no_longer
}

@test "a more specific prefix than wireguard-go's (scenario 10, W24)" {
	alone_start "$A" "$DA"
	wgo_start "$B" "$DB"
	no_longer
}

other_keys() {
	alone_peers
	alone_devices
	in_a ping -q -c 1 -W 5 10.9.0.2
	(umask 077; wg genkey >"$D/c.key"; wg genkey >"$D/d.key")
	wg set "$DA" private-key "$D/c.key" peer "$KB" remove \
		peer "$(wg pubkey <"$D/d.key")" endpoint 192.0.2.2:2 \
		allowed-ips 10.9.0.2/32
	wg set "$DB" private-key "$D/d.key" peer "$KA" remove \
		peer "$(wg pubkey <"$D/c.key")" endpoint 192.0.2.1:1 \
		allowed-ips 10.9.0.1/32
	in_a ping -q -c 1 -W 2 10.9.0.2
}

@test "private keys changed on both sides: the next ping passes (scenario 11)" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	other_keys
}

@test "private keys changed, wireguard-go's too (scenario 11, W24)" {
	alone_start "$A" "$DA"
	wgo_start "$B" "$DB"
	other_keys
}

@test "no peer, or no endpoint: the sender is told (W18)" {
	alone_start "$A" "$DA"
	wg set "$DA" private-key "$D/a.key" peer "$KB" allowed-ips \
		10.9.0.2/32,fd00:9::2/128
	alone_start "$B" "$DB"
	alone_devices
	# each of several in a row
	run in_a ping -c 3 -i 0.002 -W 2 10.9.0.3
	[ "$(grep -c 'Destination Host Unreachable' <<<"$output")" -eq 3 ]
	run in_a ping -c 1 -W 2 fd00:9::2
	[[ $output == *'Address unreachable'* ]]
}

@test "a mark keeps its own packets out of the tunnel (scenario 17)" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	alone_devices
	wg set "$DA" fwmark 51820 peer "$KB" allowed-ips 0.0.0.0/0,::/0
	ip -n "$A" addr add 10.8.0.1/32 dev "$DA"
	ip -n "$A" route add default dev "$DA" table 51820
	ip -n "$A" rule add not fwmark 51820 table 51820
	ip -n "$A" rule add table main suppress_prefixlength 0
	ip -n "$B" addr add 203.0.113.7/32 dev lo
	in_a ping -q -f -c 100 -W 5 -I 10.9.0.1 203.0.113.7
	wg set "$DA" listen-port 3
	in_a ping -q -f -c 100 -W 5 -I 10.9.0.1 203.0.113.7
}

@test "a larger MTU is followed" {
	alone_start "$A" "$DA"
	alone_start "$B" "$DB"
	alone_peers
	alone_devices
	[ "$(in_a cat "/sys/class/net/$DA/mtu")" -eq 1420 ]
	ip -n "$A" link set "$DA" mtu 8921
	ip -n "$B" link set "$DB" mtu 8921
	in_a ping -q -c 3 -i 0.1 -W 5 -M do -s 8893 10.9.0.2
	alone_transfer "$A" "$B" 10.9.0.2
}

@test "the socket is for its owner only, and one program's" {
	alone_start "$A" "$DA"
	[ "$(stat -c %a "/var/run/wireguard/$DA.sock")" = 600 ]
	[ "$(stat -c %a /var/run/wireguard)" = 700 ]
	run in_b "$BH_BIN/bh-tunnel" -i "$DA"
	[ "$status" -eq 111 ]
	[[ $output == *"cannot listen on /var/run/wireguard/$DA.sock: Address already in use"* ]]
	# killed, it leaves no heir
	kill -9 "$PID"
	wait "$PID" || true
	alone_start "$A" "$DA"
	wg show "$DA" listen-port
}

@test "packets, keys and strangers have a process each; all are caged" {
	alone_start "$A" "$DA"
	local uapi keys p caps
	uapi=$(pgrep -P "$PID" -x bh-tunnel-uapi)
	keys=$(pgrep -P "$PID" -x bh-tunnel-keys)
	for p in "$PID" "$keys" "$uapi"; do
		# CAP_NET_ADMIN and CAP_NET_BIND_SERVICE: the mark and the port
		caps=0000000000000000
		[ "$p" != "$keys" ] || caps=0000000000001400
		grep -qx 'Seccomp:	2' "/proc/$p/status"
		grep -qx "CapEff:	$caps" "/proc/$p/status"
		[ "$(sed -n 's/^Uid:	\([0-9]*\).*/\1/p' \
			"/proc/$p/status")" -ne 0 ]
	done
	# the uapi process may die; the tunnel carries on
	kill -9 "$uapi"
	alone_until grep -q 'gets no more answers' "$D/$DA.log"
	kill -0 "$PID"
}

# Marks of the three sockets of a port.
marks() {	# PORT
	in_a ss -Hluane "sport = :$1" | grep -o 'fwmark:[^ ]*' | sort | uniq -c |
		tr -s ' '
}

@test "H9: who has packets makes no socket: ports and marks come from the keys" {
	alone_start "$A" "$DA"
	local packets=$PID
	alone_start "$B" "$DB"
	alone_peers
	alone_devices
	in_a ping -q -c 1 -W 5 10.9.0.2
	[ "$(sed -n 's/^CapPrm:	//p' "/proc/$packets/status")" = 0000000000000000 ]
	# both at once, a port below 1024; the mark alone; another port
	wg set "$DA" listen-port 99 fwmark 7
	[ "$(marks 99)" = ' 3 fwmark:0x7' ]
	in_a ping -q -c 1 -W 5 10.9.0.2
	in_b ping -q -c 1 -W 5 10.9.0.1
	wg set "$DA" fwmark 9
	[ "$(marks 99)" = ' 3 fwmark:0x9' ]
	wg set "$DA" listen-port 5555
	[ "$(marks 5555)" = ' 3 fwmark:0x9' ]
	[ -z "$(in_a ss -Hluan 'sport = :99')" ]
	wg set "$DA" fwmark 0
	[ -z "$(marks 5555)" ]
	in_a ping -q -c 1 -W 5 10.9.0.2
	# a socket has the room that it had before
	[ "$(in_a ss -Hluanm 'sport = :5555' | grep -o 'rb[0-9]*' |
		sort -u | tail -n 1)" = rb8388608 ]
}

@test "it ends when its device is deleted, and by SIGTERM" {
	alone_start "$A" "$DA"
	ip -n "$A" link del "$DA"
	wait "$PID"
	alone_start "$A" "$DA"
	kill "$PID"
	wait "$PID"
}

answered() { [ "$(wg show "$DB" transfer | cut -f 3)" -ge "$1" ]; }

@test "F21: a handshake that nobody has confirmed is none (wrong preshared key)" {
	mkdir "$D/run"
	alone_start "$A" "$DA"
	alone_start "$B" "$DB" -D "$D/run"
	alone_peers
	alone_devices
	wg genpsk >"$D/other.key"
	wg set "$DB" peer "$KA" preshared-key "$D/other.key"
	run in_a ping -q -c 1 -W 1 10.9.0.2
	[ "$status" -eq 1 ]
	# it has answered: a response is 92 bytes
	alone_until answered 92
	local n
	for n in "$DA" "$DB"; do
		[ "$(wg show "$n" latest-handshakes | cut -f 2)" -eq 0 ]
	done
	"$BH_BIN/bh-ctl" -j -D "$D/run" peers |
		jq -e '.latest_handshake == 0'
	# with the right one both sides have it, whoever began
	wg set "$DB" peer "$KA" preshared-key "$D/psk.key"
	alone_until in_a ping -q -c 1 -W 1 10.9.0.2
	for n in "$DA" "$DB"; do
		[ "$(wg show "$n" latest-handshakes | cut -f 2)" -gt 0 ]
	done
	"$BH_BIN/bh-ctl" -j -D "$D/run" peers | jq -e '.latest_handshake > 0'
	# and keep it while another is not confirmed
	n=$(wg show "$DB" latest-handshakes)
	wg set "$DB" peer "$KA" preshared-key "$D/other.key"
	local sent
	sent=$(wg show "$DB" transfer | cut -f 3)
	# standalone A begins anew with another key of its own, and back
	wg set "$DA" private-key "$D/psk.key"
	wg set "$DA" private-key "$D/a.key"
	run in_a ping -q -c 1 -W 1 10.9.0.2
	alone_until answered $((sent + 92))
	[ "$(wg show "$DB" latest-handshakes)" = "$n" ]
}

@test "F18b: TCP passes a TUN device that refuses super-packets" {
	. t/lib/gate.bash
	mkdir "$D/run"
	alone_start "$A" "$DA"
	refuse_super
	export LD_PRELOAD=$PRELOAD
	alone_start "$B" "$DB" -D "$D/run"
	unset LD_PRELOAD
	alone_peers
	alone_devices
	alone_transfer "$A" "$B" 10.9.0.2
	alone_transfer "$A" "$B" fd00:9::2
	"$BH_BIN/bh-ctl" -D "$D/run" counters bh-tunnel >"$D/counters"
	grep -q '	cut	' "$D/counters"
	! grep -q '	send	' "$D/counters"
}
