# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Standalone tunnels, as the Linux kernel's own test of WireGuard has them: each
# host has a device whose UDP socket is in that host, too.
#
#   ┌────────────┐                      ┌────────────┐
#   │ $A    $A-w │ v0                v0 │ $B    $B-w │
#   │ 10.9.0.1   ├──────────────────────┤ 10.9.0.2   │
#   │ fd00:9::1  │ 192.0.2.1  192.0.2.2 │ fd00:9::2  │
#   └────────────┘                      └────────────┘
#
# Set by alone_up: A, B, names of namespaces; DA, DB, of devices; D, a directory.

. t/lib/until.bash

: "${BH_BIN:=$PWD/build/release}"

in_a() { ip netns exec "$A" "$@"; }
in_b() { ip netns exec "$B" "$@"; }

alone_up() {
	A=bhs$$a B=bhs$$b DA=bhs$$x DB=bhs$$y D=$BATS_TEST_TMPDIR PIDS=()
	local n i=0
	ip netns add "$A"
	ip netns add "$B"
	ip -n "$A" link add v0 type veth peer name v0 netns "$B"
	for n in "$A" "$B"; do
		i=$((i + 1))
		ip netns exec "$n" sysctl -qw net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.all.accept_dad=0
		ip -n "$n" link set lo up
		ip -n "$n" addr add "192.0.2.$i/24" dev v0
		ip -n "$n" addr add "2001:db8:f::$i/64" dev v0 nodad
		ip -n "$n" link set v0 up
	done
	(umask 077; for n in a b psk; do wg genkey >"$D/$n.key"; done)
	KA=$(wg pubkey <"$D/a.key") KB=$(wg pubkey <"$D/b.key")
}

# What was started ends, and the namespaces are gone.
alone_end() {	# NAMESPACE...
	local what
	for what in "${PIDS[@]}"; do
		kill "$what" 2>/dev/null && wait "$what" 2>/dev/null
	done
	for what; do ip netns del "$what" 2>/dev/null; done
	return 0
}

alone_down() {
	alone_end "$A" "$B"
	rm -f "/var/run/wireguard/$DA.sock" "/var/run/wireguard/$DB.sock"
}

# A tunnel of ours that is ready; its pid is in $PID.
alone_start() {	# NAMESPACE DEVICE OPTION...
	local fifo=$D/ready.$2 fd ns=$1 dev=$2
	shift 2
	rm -f "$fifo"
	mkfifo "$fifo"
	exec {fd}<>"$fifo"
	ip netns exec "$ns" "$BH_BIN/bh-tunnel" -i "$dev" -R "$fd" "$@" \
		</dev/null 2>>"$D/$dev.log" 3>&- &
	PID=$!
	PIDS+=("$PID")
	read -r -t 10 -u "$fd" _ || { cat "$D/$dev.log"; return 1; }
	exec {fd}<&-
}

# Addresses and link of both devices, and each the other's peer.
alone_devices() {
	ip -n "$A" addr add 10.9.0.1/24 dev "$DA"
	ip -n "$B" addr add 10.9.0.2/24 dev "$DB"
	ip -n "$A" addr add fd00:9::1/64 dev "$DA" nodad
	ip -n "$B" addr add fd00:9::2/64 dev "$DB" nodad
	ip -n "$A" link set "$DA" up
	ip -n "$B" link set "$DB" up
}

alone_peers() {
	wg set "$DA" private-key "$D/a.key" listen-port 1 peer "$KB" \
		preshared-key "$D/psk.key" endpoint 192.0.2.2:2 \
		allowed-ips 10.9.0.2/32,fd00:9::2/128
	wg set "$DB" private-key "$D/b.key" listen-port 2 peer "$KA" \
		preshared-key "$D/psk.key" endpoint 192.0.2.1:1 \
		allowed-ips 10.9.0.1/32,fd00:9::1/128
}

# Lines of a request, an empty one, and what is answered.
alone_ask() {	# DEVICE LINE...
	local dev=$1
	shift
	printf '%s\n' "$@" '' |
		socat -t 5 - "UNIX-CONNECT:/var/run/wireguard/$dev.sock"
}

alone_until() { until_holds 10 "$@"; }

# 20 MB from one namespace to an address of the other.
alone_transfer() {	# FROM TO ADDRESS
	local family=4 target=$3 pid
	[[ $3 == *:* ]] && family=6 target="[$3]"
	[ -e "$D/data" ] || head -c 20000000 /dev/urandom >"$D/data"
	ip netns exec "$2" timeout 60 socat -u \
		"TCP$family-LISTEN:7000,reuseaddr" "CREATE:$D/got" 3>&- &
	pid=$!
	alone_until eval "ip netns exec $2 ss -Hltn 'sport = :7000' | grep -q ."
	ip netns exec "$1" timeout 60 socat -u "OPEN:$D/data" \
		"TCP$family:$target:7000"
	wait "$pid"
	cmp "$D/data" "$D/got"
}
