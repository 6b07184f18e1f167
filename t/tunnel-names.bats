# SPDX-License-Identifier: ISC
# An endpoint that is a name: what it stands for is noticed when it changes, by
# programs that go on meanwhile.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	for host in cli srv; do
		mkdir -p "/etc/netns/$W-$host"
		echo 127.0.0.1 localhost >"/etc/netns/$W-$host/hosts"
	done
}

teardown_file() {
	world_down
	rm -r "/etc/netns/${W:?}"-*
	rmdir --ignore-fail-on-non-empty /etc/netns
}

setup() {
	for host in cli srv; do
		echo nameserver 127.0.0.1 >"/etc/netns/$W-$host/resolv.conf"
	done
	ip -n "$W-srv" -4 addr flush dev wan0
	ip -n "$W-srv" addr add 198.51.100.2/24 dev wan0
	ip -n "$W-srv" route add 192.0.2.0/24 via 198.51.100.1
}

teardown() {
	unserve
	cli_backhaul down
	srv_backhaul down
	ip -n "$W-cli" addr del 192.0.2.7/24 dev up0 2>/dev/null || :
	ip -n "$W-cli" addr replace 192.0.2.2/24 dev up0
	ip -n "$W-cli" route replace default via 192.0.2.1
}

# ---- names ----

names() {	# LINE...: of a hosts file that is served from now on
	printf '%s\n' "$@" >"$W_DIR/names"
	[ -z "${DNS:-}" ] || kill -HUP "$DNS"
}
serve() {	# HOST TTL LINE...
	local host=$1 ttl=$2
	shift 2
	names "$@"
	: >"$W_DIR/$host.log"
	world_bg "$host" dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --addn-hosts="$W_DIR/names" \
		--local-ttl="$ttl" --local=/test/ --log-queries --log-facility=-
	DNS=$W_PID
	world_until world_listens "$host" udp 53
}
unserve() {
	[ -z "${DNS:-}" ] || { kill "$DNS"; world_until world_ended "$DNS"; }
	DNS=
}
asked() {	# HOST NAME TIMES
	[ "$(grep -c "query\[A\] $2 " "$W_DIR/$1.log")" -ge "$3" ]
}

# ---- tunnels ----

up() {		# ENDPOINT-OF-HQ ENDPOINT-OF-BRANCH1, as hosts or -
	world_domain ''
	sed -i -e "s/^endpoint = 198.51.100.2:/endpoint = $1:/" \
		-e "s/^endpoint = 192.0.2.2:/endpoint = $2:/" \
		-e '/^endpoint = -/d' "$W_DIR/domain.ini"
	srv_backhaul up
	cli_backhaul up
	PIDS=$(pids)
}
pids() {
	{ cli_backhaul status; srv_backhaul status; } |
		awk '$1 == "bh-tunnel" { print $3 }'
}
passes() { in_lan ping -q -c 1 -W 1 203.0.113.80; }
at() {		# LOCATION PEER ADDRESS: where it looks for its peer
	"$BH_BIN/bh-ctl" -D "$W_DIR/run/$1" peers |
		awk -v p="$2" '$1 == p' | grep -qF "$3"
}

@test "a name with another address, at its time: no restart, no packet lost" {
	serve cli 1 '198.51.100.2 hq.test'
	up hq.test -
	passes
	at branch1 hq 198.51.100.2
	ip -n "$W-srv" addr add 198.51.100.3/24 dev wan0
	in_lan ping -q -i 0.01 -c 150 203.0.113.80 >"$W_DIR/pings" &
	local pings=$!
	names '198.51.100.3 hq.test'
	world_until at branch1 hq 198.51.100.3
	wait "$pings"
	grep -q ' 0% packet loss' "$W_DIR/pings"
	# nobody has this address; the peer stays where it answers
	names '198.51.100.99 hq.test'
	world_until asked cli hq.test $(($(grep -c 'query\[A\]' \
		"$W_DIR/cli.log") + 2))
	passes
	at branch1 hq 198.51.100.3
	# and no such name, and answers that are no place, take nothing away
	names ''
	world_until grep -q 'hq.test is NXDOMAIN' "$W_DIR/cli.log"
	names '224.0.0.1 hq.test' '0.0.0.0 hq.test'
	world_until grep -q 'hq.test is 224' "$W_DIR/cli.log"
	passes
	at branch1 hq 198.51.100.3
	[ "$(pids)" = "$PIDS" ]
}

@test "nobody answers: asked for before its time, and each address has a turn" {
	# an address that nobody has
	serve cli 3600 '2001:db8:b::99 hq.test'
	up hq.test -
	world_until asked cli hq.test 1
	names '2001:db8:b::99 hq.test' '198.51.100.2 hq.test'
	run ! passes
	world_until passes || passes
	at branch1 hq 198.51.100.2
	[ "$(pids)" = "$PIDS" ]
}

@test "a name that nobody knows at first; a name server that is another then" {
	: >"/etc/netns/$W-cli/resolv.conf"
	up hq.test -
	world_until grep -q 'cannot resolve hq.test, endpoint of hq: ' \
		"$W_DIR/run/branch1/log"
	run ! passes
	echo nameserver 127.0.0.2 >"/etc/netns/$W-cli/resolv.conf"
	serve cli 60 '198.51.100.2 hq.test'
	world_until passes || passes
	[ "$(grep -c 'cannot resolve' "$W_DIR/run/branch1/log")" -eq 1 ]
	[ "$(pids)" = "$PIDS" ]
}

@test "F17c: a name server that is another later (DHCP, a VPN)" {
	serve cli 1 '198.51.100.2 hq.test'
	up hq.test -
	passes
	unserve
	world_bg cli dnsmasq -k -C /dev/null --pid-file --user=root \
		--no-resolv --no-hosts --bind-interfaces \
		--listen-address=127.0.0.9 --local-ttl=1 --log-queries \
		--log-facility=- --host-record=hq.test,198.51.100.2,1
	DNS=$W_PID
	: >"$W_DIR/cli.log"
	echo nameserver 127.0.0.9 >"/etc/netns/$W-cli/resolv.conf"
	world_until asked cli hq.test 1
	passes
	[ "$(pids)" = "$PIDS" ]
}

@test "a peer that has roamed stays where it speaks from" {
	serve srv 1 '192.0.2.2 branch.test'
	up 198.51.100.2 branch.test
	passes
	at hq branch1 192.0.2.2
	ip -n "$W-cli" addr add 192.0.2.7/24 dev up0
	ip -n "$W-cli" addr del 192.0.2.2/24 dev up0
	ip -n "$W-cli" addr replace 192.0.2.7/24 dev up0
	ip -n "$W-cli" route replace default via 192.0.2.1
	world_until passes
	at hq branch1 192.0.2.7
	world_until asked srv branch.test $(($(grep -c 'query\[A\]' \
		"$W_DIR/srv.log") + 2))
	at hq branch1 192.0.2.7
	passes
}

@test "who resolves has nothing to lose, and is started again" {
	local pid child
	serve cli 1 '198.51.100.2 hq.test'
	up hq.test -
	passes
	for pid in $(named); do
		grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status"
		grep -q '^CapEff:[[:space:]]*0*$' "/proc/$pid/status"
		[ "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" -ne 0 ]
		# it asks servers, and nothing else of the host
		[ "$(readlink "/proc/$pid/ns/net")" = \
			"$(in_cli readlink /proc/self/ns/net)" ]
		[ "$(readlink "/proc/$pid/ns/ipc")" != \
			"$(readlink /proc/self/ns/ipc)" ]
	done
	child=$(named | tail -n 1)
	kill -9 "$child"
	passes
	world_until grep -q 'resolves names has died (signal 9): started again' \
		"$W_DIR/run/branch1/log"
	ip -n "$W-srv" addr add 198.51.100.3/24 dev wan0
	names '198.51.100.3 hq.test'
	world_until at branch1 hq 198.51.100.3
	[ "$(pids)" = "$PIDS" ]
	cli_backhaul down
	world_until eval '[ -z "$(named)" ]'
}

@test "F22c: who would start it again dies: told; both: told and counted" {
	serve cli 1 '198.51.100.2 hq.test'
	up hq.test -
	passes
	kill -9 "$(named | head -n 1)"
	world_until grep -q 'who would start the process that resolves names' \
		"$W_DIR/run/branch1/log"
	kill -9 "$(named)"
	world_until grep -q 'names are not resolved any more' \
		"$W_DIR/run/branch1/log"
	[ "$(world_count branch1 bh-tunnel helpers-lost)" -eq 1 ]
	passes
}
# Both processes, the one that works last.
named() {
	local pid
	for pid in $(netns_named "$W-cli" bh-tunnel-names); do
		echo "$(awk '{ print $22 }' "/proc/$pid/stat") $pid"
	done | sort -n | cut -d ' ' -f 2
}
