#!/usr/bin/env bats
# SPDX-License-Identifier: ISC

bats_require_minimum_version 1.8.0
load lib/gate.bash

DOMAIN=t/data/truth.ini
egress() { "$BH_BIN/bh-egress" -f "$DOMAIN" -l hq "$@"; }

# ---- offline ----------------------------------------------------------------

@test "decides every cell of the truth table, both ways (C11, C12, N9, B1)" {
	cells_are_decided bh-egress 'egress|return' 5
}

@test "names the client that an answer goes to" {
	run --separate-stderr egress -d in -e '203.0.113.9:53 > 10.2.0.5:7 udp'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "hq: bh-egress, from the Internet" ]
	grep -qx '  next hop branch2, by its tunnel' <<<"$output"
	grep -qx 'branch2: bh-classify, out of the tunnel from hq' <<<"$output"
	[ "${lines[-1]}" = \
		"  pass: internet (to or from the Internet, by backhaul)" ]
}

@test "writes the packets that pass, and only those" {
	python3 t/lib/truth.py "$T"
	for args in "$T"/*.args; do
		[ "$(cat "$args")" = "hq egress -d out -p branch1" ] && break
	done
	base=${args%.args}
	egress -p branch1 -r "$base.pcap" -w "$T/out.pcap"
	[ "$(tcpdump -nr "$T/out.pcap" --count 2>/dev/null)" = "6 packets" ]
	tcpdump -tnr "$T/out.pcap" 2>/dev/null | cut -d ' ' -f 4 | sort -u |
		diff - <(printf '203.0.113.9.53:\n2a00:1450::9.53:\n')
	# -c turns it round: what was refused as an endpoint
	egress -p branch1 -r "$base.pcap" -c endpoint -w - |
		tcpdump -tnr - 2>/dev/null | cut -d ' ' -f 4 | sort -u |
		diff - <(printf '198.51.100.1.53:\n2001:db8:ffff::3.53:\n')
}

@test "asks which client packets are from if there are several" {
	run --separate-stderr egress -r x
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-egress: which location do these packets come from? \
say it with -p" ]
}

@test "-n is a worker's number, and for a program that runs (100)" {
	local more
	sed '/^backhaul *= *server/a workers = 3' $DOMAIN >"$T/3.ini"
	for more in '-n 3' '-n x' '-n -1' '-n 1 -r x'; do
		# shellcheck disable=SC2086  # words
		run --separate-stderr "$BH_BIN/bh-egress" \
			-f "$T/3.ini" -l hq \
			-D "$T" $more
		[ "$status" -eq 100 ]
		[[ $stderr == "bh-egress: -n"* ]]
	done
}

# ---- live -------------------------------------------------------------------

hq_up() {
	gate_net bhx0 203.0.113.9/32 10.0.0.5/32 192.0.2.7/32 2a00::9/128
	gate_peer egress
	gate_start bh-egress hq
	hear "hello 2 1"
}

@test "lets a client's Internet traffic out to the device, nothing else" {
	hq_up
	receive 203.0.113.9 7777 2
	good='10.1.0.5 203.0.113.9 7777 30'
	say udp 1 3 10.1.0.5 192.0.2.7 7777 1	# internal
	say udp 1 3 10.1.0.5 10.0.0.5 7777 1	# not-partner
	say udp 1 3 10.1.0.5 10.2.0.5 7777 1	# elsewhere
	say udp 1 3 10.1.0.5 169.254.169.254 80 1	# link-local
	say udp 1 3 10.1.0.5 198.51.100.1 51820 1	# endpoint
	say udp 1 3 10.2.200.5 203.0.113.9 7777 1	# spoof
	say udp 2 3 10.2.200.5 203.0.113.9 7777 1	# excluded
	say udp 3 3 10.3.0.5 203.0.113.9 7777 1	# no-role
	say udp 77 3 "$good"					    # peer
	say udp 1 2 "$good"	# what the sibling calls its class is not asked
	say udp 2 3 10.2.0.5 203.0.113.9 7777 40
	received "10.1.0.5 30"
	received "10.2.0.5 40"
	for v in internal not-partner elsewhere link-local endpoint spoof \
		excluded no-role peer; do
		[ "$(counted bh-egress $v)" -eq 1 ]
	done
	[ "$(counted bh-egress internet)" -eq 2 ]
	adds_up bh-egress
}

@test "hands answers to the link with their client, refuses the rest" {
	hq_up
	cat >"$T/packets" <<-'END'
	not-partner 10.0.0.5 10.1.0.5
	internal 192.0.2.7 10.1.0.5
	internal 192.0.2.7 10.1.200.5
	no-role 203.0.113.9 10.3.0.5
	elsewhere 203.0.113.9 10.2.200.5
	internet 203.0.113.9 10.1.0.5
	internet 203.0.113.9 10.1.200.5
	internet 2a00::9 2001:db8:2::5
	END
	cut -d ' ' -f 2- "$T/packets" | in_gate python3 t/lib/udp.py each 53 10
	# of several flows: in any order
	for _ in 1 2 3; do hear; echo "$HEARD"; done | cut -d ' ' -f -5 |
		sort | diff - <(printf '%s\n' '1 3 0 0 38' '1 3 0 0 38' \
		'2 3 0 0 58')
	counts_the_packets bh-egress
}

@test "passes super-packets both ways as one" {
	hq_up
	in_gate python3 t/lib/udp.py send 203.0.113.9 10.1.0.5 53 1 50000 1000
	hear "1 3 5 1000 50028 *"
	# and one out: the kernel cuts it for a socket that wants datagrams
	receive 203.0.113.9 7777 3
	say udp 1 3 10.1.0.5 203.0.113.9 7777 300 1 5 100 20 6
	received "10.1.0.5 100"
	received "10.1.0.5 100"
	received "10.1.0.5 100"
	[ "$(counted bh-egress internet)" -eq 2 ]
}

@test "holds no privilege once it runs" {
	hq_up
	status=/proc/$GATE/status
	grep -qx $'Seccomp:\t2' "$status"
	grep -qx $'NoNewPrivs:\t1' "$status"
	grep -qx $'CapEff:\t0000000000000000' "$status"
	kill "$GATE"
	gate_ends 0
}

@test "has no business at a location that is no server (100)" {
	run --separate-stderr "$BH_BIN/bh-egress" -f "$DOMAIN" -l branch1
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-egress: branch1 is no backhaul server" ]
}

@test "F12: bh-egress does not wait for its log" {
	hq_up
	receive 203.0.113.9 7777 1
	log_is_lossy bh-egress
	say udp 2 3 10.2.0.5 203.0.113.9 7777 40
	received "10.2.0.5 40"
	log_is_read bh-egress
	adds_up bh-egress
}

@test "F18: what a TUN device refuses because it is large comes in pieces" {
	refuse_super
	hq_up
	receive 203.0.113.9 7777 5
	say udp 1 3 10.1.0.5 203.0.113.9 7777 300 1 5 100 20 6
	complains "*bhx0 refuses super-packets*"
	say udp 1 3 10.1.0.5 203.0.113.9 7777 150 1 5 100 20 6
	for n in 100 100 100 100 50; do
		received "10.1.0.5 $n"
	done
	[ "$(counted bh-egress internet)" -eq 2 ]
	[ "$(counted bh-egress send)" -eq 0 ]
	[ "$(counted bh-egress cut)" -eq 2 ]
	adds_up bh-egress
}
