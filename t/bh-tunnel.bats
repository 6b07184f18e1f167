# bh-tunnel by itself: how it starts, what it refuses, what it survives.  With a
# peer: wg-interop.bats; in a gateway: path-whole.bats.

bats_require_minimum_version 1.8.0

setup() {
	. t/lib/interop.bash
	interop_up "$BATS_TEST_TMPDIR/i"
	interop_domain 192.0.2.1:51820 -
	bin=${BH_BIN:-$PWD/build/release}
}

teardown() {
	interop_down
}

tunnel() {	# OPTION...
	# no other gateway's bh0 is in its /run/wireguard
	run --separate-stderr timeout 10 ip netns exec "$I-our" sh -c \
		'mkdir -p /run/wireguard && mount -t tmpfs none /run/wireguard &&
		exec "$@"' sh "$bin/bh-tunnel" -f "$I_DIR/domain.ini" -l hq \
		-k "$I_DIR/keys" -D "$I_DIR/run" "$@"
}

count() {	# VERDICT
	interop_count bh-tunnel "$1"
}

counted() {	# VERDICT N
	[ "$(count "$1")" -eq "$2" ]
}
counted_least() {
	[ "$(count "$1")" -ge "$2" ]
}

# Bytes in hexadecimal, as one datagram from the other host.
datagram() {	# HEX...
	local d
	for d; do
		xxd -r -p <<<"$d" | in_wgo timeout 5 socat -u -b 65536 - \
			UDP4-SENDTO:192.0.2.1:51820,sourceport=4444
	done
}

zeros() {	# BYTES
	printf '00%.0s' $(seq "$1")
}

# A coprocess that plays a sibling; it has said hello when this returns.
sibling() {	# NAME ROLE
	local line
	coproc SIBLING { python3 t/lib/sibling.py "$I_DIR/run/$1.link" "$2"; }
	read -r -t 10 line <&"${SIBLING[0]}"
	[ "$line" = hello ]
}
tell() {
	printf '%s\n' "$*" >&"${SIBLING[1]}"
}

# An IPv4 UDP packet of 28 bytes; the checksum of the header is right.
packet_to_branch=4500001c00000000401166c70a0000050a0100050001000200080000

@test "a key that is not there: one line, 100" {
	rm "$I_DIR/keys/hq.key"
	tunnel
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-tunnel: there is no key file $I_DIR/keys/hq.key; run 'bh-key genkey -o $I_DIR/keys/hq.key'" ]
}

@test "a key that others may read: one line, 100" {
	chmod 640 "$I_DIR/keys/hq.key"
	tunnel
	[ "$status" -eq 100 ]
	[[ $stderr == "bh-tunnel: key file $I_DIR/keys/hq.key can be read by others than its owner; run 'chmod 600 $I_DIR/keys/hq.key'"* ]]
}

@test "a key that is none: one line, 100, and nothing of it shown" {
	echo 'secretsecretsecret' >"$I_DIR/keys/hq.key"
	tunnel
	[ "$status" -eq 100 ]
	[[ $stderr == "bh-tunnel: key file $I_DIR/keys/hq.key does not hold a key in one line of 44 characters; remove it and run 'bh-key genkey -o $I_DIR/keys/hq.key'" ]]
}

@test "another location's key: one line, 100, with its public key" {
	cp "$I_DIR/keys/branch1.key" "$I_DIR/keys/hq.key"
	tunnel
	[ "$status" -eq 100 ]
	[[ $stderr == "bh-tunnel: location hq, public-key: it is not that of key file $I_DIR/keys/hq.key"* ]]
	[[ $stderr == *"$(wg pubkey <"$I_DIR/keys/branch1.key")"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a preshared key that is none, or that others may read: 100" {
	(umask 077; echo x >"$I_DIR/keys/branch1.psk")
	tunnel
	[ "$status" -eq 100 ]
	[[ $stderr == *"branch1.psk does not hold a key"* ]]
	wg genpsk >"$I_DIR/keys/branch1.psk"
	chmod 644 "$I_DIR/keys/branch1.psk"
	tunnel
	[ "$status" -eq 100 ]
	[[ $stderr == *"branch1.psk can be read by others"* ]]
}

@test "a port that another program has: one line, 111" {
	interop_bg our socat -u UDP6-RECV:51820,ipv6only=0 OPEN:/dev/null
	interop_until eval "ip netns exec $I-our ss -Hlun | grep -q 51820"
	tunnel
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-tunnel: cannot listen on UDP port 51820: another program has it" ]
}

@test "a run directory that is not there: one line, 111" {
	rmdir "$I_DIR/run"
	tunnel
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-tunnel: cannot make counters in $I_DIR/run: No such file or directory" ]
}

@test "an engine that is not there: one line, 100" {
	tunnel -a rot13
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-tunnel: no engine 'rot13' here; bh-tunnel -V prints those that are" ]
}

@test "a location without a public key: 100" {
	sed -i '/^\[location branch1/,$ { /^public-key/d }' "$I_DIR/domain.ini"
	tunnel
	[ "$status" -eq 100 ]
	[[ $stderr == *public-key* ]]
}

@test "an endpoint that cannot be resolved: a warning, and ready" {
	interop_domain 192.0.2.1:51820 nowhere.invalid:51820
	interop_tunnel hq
	interop_until grep -q \
		'^bh-tunnel: cannot resolve nowhere.invalid, endpoint of branch1' \
		"$I_DIR/our.log"
}

@test "a kernel without IPv6 addresses still has a tunnel" {
	in_our sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	interop_domain 192.0.2.1:51820 -
	interop_wgo_client endpoint 192.0.2.1:51820
	interop_tun bh0 10.0.0.5/20 -- 10.1.0.0/16
	interop_tunnel hq
	interop_gate bh-classify hq
	in_wgo ping -q -c 1 -W 5 10.0.0.5
}

@test "SIGTERM ends it with 0, SIGHUP and SIGUSR1 do not end it" {
	interop_tunnel hq
	kill -HUP "$I_TUNNEL"
	kill -USR1 "$I_TUNNEL"
	datagram 0102
	interop_until counted type 1
	kill -TERM "$I_TUNNEL"
	wait "$I_TUNNEL"
}

@test "junk of every kind is counted and not answered (W1, W2, W3)" {
	interop_tunnel hq
	in_wgo timeout 30 tcpdump -U -i v0 -w "$I_DIR/answers" \
		'src host 192.0.2.1 and udp' 2>"$I_DIR/dump.err" 3>&- &
	local dump=$!
	interop_until grep -q listening "$I_DIR/dump.err"
	datagram 00 05000000 "01000000$(zeros 143)" "01010000$(zeros 144)" \
		"04000000$(zeros 27)" ff"$(zeros 1999)"
	interop_until counted type 6
	datagram "01000000$(zeros 144)" "02000000$(zeros 88)"
	interop_until counted mac1 2
	datagram "03000000$(zeros 60)" "04000000$(zeros 28)" \
		"04000000$(zeros 1400)"
	interop_until counted index 3
	# it is still there, and so is what comes after an empty datagram
	in_wgo python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"", ("192.0.2.1", 51820))
s.sendto(b"x", ("192.0.2.1", 51820))'
	interop_until counted type 8
	in_wgo ping -q -c 1 192.0.2.1
	kill "$dump"
	wait "$dump" || true
	[ "$(tcpdump -nr "$I_DIR/answers" 2>/dev/null | wc -l)" -eq 0 ]
}

@test "with nothing to do it does not wake up" {
	interop_tunnel hq
	local before after
	before=$(grep ^voluntary "/proc/$I_TUNNEL/status")
	in_our ping -q -c 5 -i 0.2 127.0.0.1
	after=$(grep ^voluntary "/proc/$I_TUNNEL/status")
	[ "$before" = "$after" ]
}

@test "memory stays below 32 MiB" {
	interop_tunnel hq
	[ "$(awk '/^VmHWM/ { print $2 }' "/proc/$I_TUNNEL/status")" -lt 32768 ]
}

@test "a program with another domain file is refused, and told why" {
	interop_tun bh0 10.0.0.5/20 --
	interop_tunnel hq
	echo '; changed' >>"$I_DIR/domain.ini"
	run --separate-stderr timeout 10 ip netns exec "$I-our" \
		"$bin/bh-classify" -f "$I_DIR/domain.ini" -l hq -D "$I_DIR/run"
	[ "$status" -eq 100 ]
	[[ $stderr == *"another domain file"* ]]
	interop_until grep -q '^bh-tunnel: refused a program on classify.link: it has loaded another domain file' "$I_DIR/our.log"
}

@test "F12c: bh-tunnel does not wait for its log" {
	. t/lib/unread.bash
	mkfifo "$I_DIR/our.log"
	exec 7<>"$I_DIR/our.log"
	interop_tunnel hq
	unread_fill "$I_DIR/our.log"
	# each is refused once, which is a line
	for _ in 1 2; do
		sibling classify 1
		tell send 77 2 "$packet_to_branch"
		kill "$SIBLING_PID"
		wait "$SIBLING_PID" || true
	done
	interop_until counted peer 2
	[ "$(count log-dropped)" -ge 2 ]
	exec 7>&-
}

@test "a link takes frames for its own peers and classes only" {
	interop_tunnel hq
	sibling classify 1
	# the peer: unknown, ourselves, a client's Internet on the wrong link
	tell send 77 2 "$packet_to_branch"
	tell send 65535 3 "$packet_to_branch"
	tell send 0 2 "$packet_to_branch"
	tell send 1 3 "$packet_to_branch"
	# and classes that are none
	tell send 1 0 "$packet_to_branch"
	tell send 1 255 "$packet_to_branch"
	interop_until counted peer 6
}

@test "what is no packet, or larger than it may be, goes nowhere" {
	interop_tunnel hq
	sibling classify 1
	tell send 1 2 45
	tell send 1 2 "$(zeros 40)"
	interop_until counted short 1
	interop_until counted version 1
	# gso of size 0
	tell send 1 2 "$packet_to_branch" 1 5 0 20 6
	interop_until counted offload 1
	# no endpoint, no session
	tell send 1 2 "$packet_to_branch"
	interop_until counted down 1
}

@test "a broken message ends the link; the next program is welcome" {
	interop_tunnel hq
	sibling classify 1
	local line
	tell raw ffffffff
	tell over
	read -r -t 10 line <&"${SIBLING[0]}"
	[ "$line" = over ]
	kill "$SIBLING_PID"
	wait "$SIBLING_PID" || true
	sibling classify 1
	tell send 77 2 "$packet_to_branch"
	interop_until counted peer 1
}

@test "packets wait for a session: 128 of them, then the oldest go (W19)" {
	interop_domain 192.0.2.1:51820 192.0.2.2:51820
	interop_tunnel hq
	sibling classify 1
	local i
	for i in $(seq 140); do
		tell send 1 2 "$packet_to_branch"
	done
	interop_until counted staged 12
	counted down 0
	# the peer comes: all that waited is sent, beside what it sends
	interop_wgo_client endpoint 192.0.2.1:51820
	in_wgo ping -q -c 1 -W 1 10.0.0.5 || true
	interop_until counted_least partner 128
	counted staged 12
}

@test "a packet of a peer for which nobody is there is counted" {
	interop_wgo_client endpoint 192.0.2.1:51820
	interop_tunnel hq
	run in_wgo ping -q -c 2 -i 0.1 -W 1 10.0.0.5
	[ "$status" -eq 1 ]
	interop_until counted no-link 2
}
