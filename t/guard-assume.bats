#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What the design relies on and a kernel could change: the guard's side of it.
# t/assume/*.c have what a program can ask for by itself.

setup() {
	N=bhas$$
	ip netns add $N
	ip -n $N link set lo up
}

teardown() {
	[ -z "${OWNER_PID:-}" ] || kill "$OWNER_PID" 2>/dev/null || true
	ip netns del $N
}

in_n() { ip netns exec $N "$@"; }

# Writes to the nft of another process, and waits until it has done it.
owner() {	# COMMAND
	echo "$1" >&"${OWNER[1]}"
	until in_n nft list tables | grep -q "$2"; do sleep 0.05; done
}

@test "an unreachable route behind a device's is what is left when it goes" {
	ip -n $N tuntap add dev t0 mode tun
	ip -n $N link set t0 up
	ip -n $N link add v0 type veth peer name v1
	ip -n $N link set v0 up
	ip -n $N link set v1 up
	ip -n $N addr add 192.0.2.1/24 dev v0
	ip -n $N addr add 2001:db8:2::1/64 dev v0 nodad
	ip -n $N route add default via 192.0.2.2
	ip -n $N route add default via 2001:db8:2::2
	for to in 198.51.100.0/24 2001:db8:5::/64; do
		ip -n $N route add $to dev t0 table 77
		ip -n $N route add unreachable $to metric 4294967294 table 77
	done
	ip -n $N rule add pref 77 lookup 77
	ip -6 -n $N rule add pref 77 lookup 77
	[[ $(ip -n $N route get 198.51.100.1) == *'dev t0'* ]]
	[[ $(ip -n $N route get 2001:db8:5::1) == *'dev t0'* ]]
	ip -n $N link del t0
	run ip -n $N route get 198.51.100.1
	[ "$status" -ne 0 ] && [[ $output == *'No route to host'* ]]
	run ip -n $N route get 2001:db8:5::1
	[ "$status" -ne 0 ] && [[ $output == *'No route to host'* ]]
}

@test "a table with an owner outlives what others flush, and not its owner" {
	in_n nft add table inet common
	coproc OWNER { ip netns exec $N nft -i 2>/dev/null 3>&-; }
	owner 'add table inet held { flags owner; }' held
	in_n nft flush ruleset
	[[ $(in_n nft list tables) == 'table inet held' ]]
	run in_n nft delete table inet held
	[ "$status" -ne 0 ]
	kill "$OWNER_PID"
	for _ in $(seq 100); do
		[ -n "$(in_n nft list tables)" ] || break
		sleep 0.05
	done
	[ -z "$(in_n nft list tables)" ]
}
