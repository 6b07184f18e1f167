#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bh-classify between a TUN device and the link: what it hands on, and when it
# ends.

bats_require_minimum_version 1.8.0
load lib/gate.bash

DOMAIN=t/data/truth.ini
classify() { "$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 "$@"; }

branch_up() {
	gate_net bh0 10.1.0.5/32 10.1.200.5/32 10.99.0.5/32 2001:db8:1::5/128
	gate_peer classify
	gate_start bh-classify branch1
	hear "hello 1 1"
}

@test "hands Internet packets to the link, refuses what is none" {
	branch_up
	cat >"$T/packets" <<-'END'
	internet 10.1.0.5 203.0.113.9
	internet 10.1.200.5 203.0.113.9
	internet 2001:db8:1::5 2a00::1
	elsewhere 10.1.0.5 192.0.2.7
	elsewhere 2001:db8:1::5 2001:db8:0:f000::7
	not-partner 10.1.0.5 10.2.0.5
	private 10.1.0.5 172.20.0.1
	source 10.99.0.5 203.0.113.9
	excluded 10.1.200.5 10.0.0.5
	special 10.1.0.5 198.18.0.1
	special 2001:db8:1::5 2002:a00:1::1
	local 10.1.0.5 10.1.0.77
	internet 10.1.0.5 203.0.113.1
	END
	cut -d ' ' -f 2- "$T/packets" | in_gate python3 t/lib/udp.py each 53 10
	for _ in 1 2 3 4; do
		hear "0 3 0 0 *"
	done
	counts_the_packets bh-classify
}

@test "hands partner packets over with the location they are for" {
	branch_up
	for n in 0 3; do
		in_gate python3 t/lib/udp.py send 10.1.0.5 10.$n.0.5 53 1 10
		hear "$n 2 0 0 38 *"
	done
}

@test "passes a super-packet on as one" {
	branch_up
	in_gate python3 t/lib/udp.py send 10.1.0.5 203.0.113.9 53 1 50000 1000
	hear "0 3 5 1000 50028 *"
	[ "$(counted bh-classify internet)" -eq 1 ]
}

@test "writes what comes over the link to the device, and guards it too" {
	branch_up
	receive 10.1.0.5 7777 2
	good='203.0.113.9 10.1.0.5 7777 30'
	say udp 3 2 "$good"	# spoof: dc is not our server
	say udp 0 3 10.0.200.5 10.1.0.5 7777 4	# excluded
	say udp 9 3 "$good"	# no such peer
	say udp 1 3 "$good"	# this location itself
	say udp 0 3 "$good"
	say udp 3 2 10.3.0.5 10.1.0.5 7777 40
	received "203.0.113.9 30"
	received "10.3.0.5 40"
	[ "$(counted bh-classify spoof)" -eq 1 ]
	[ "$(counted bh-classify excluded)" -eq 1 ]
	[ "$(counted bh-classify peer)" -eq 2 ]
	[ "$(counted bh-classify internet)" -eq 1 ]
	[ "$(counted bh-classify partner)" -eq 1 ]
	adds_up bh-classify
}

@test "does not let a checksum be written into the addresses it has judged" {
	branch_up
	packet='203.0.113.9 10.1.0.5 7777 30'
	say udp 0 3 "$packet" 1 0 0 0 12	# NEEDS_CSUM, source address
	say udp 0 3 "$packet" 1 0 0 20 60	# behind the packet
	say udp 0 3 "$packet" 0 5 1000 0 0	# GSO without it
	in_gate python3 t/lib/udp.py send 10.1.0.5 203.0.113.1 7 1 1
	hear
	[ "$(counted bh-classify offload)" -eq 3 ]
}

@test "drops and counts when the link is full, and goes on" {
	branch_up
	say stall
	hear stall
	in_gate python3 t/lib/udp.py send 10.1.0.5 203.0.113.9 53 9000 1200
	[ "$(counted bh-classify full)" -gt 0 ]
	say wait "$(counted bh-classify internet)"
	say go
	hear go
	hear "got *"
	adds_up bh-classify
}

@test "F22: ends with 112 when bh-tunnel is gone" {
	branch_up
	kill "$PEER"
	gate_ends 112
	complains "bh-classify: bh-tunnel is gone"
}

@test "ends with 111 at what is no frame" {
	branch_up
	say raw ffffff0000000000000000000000000000000000
	gate_ends 111
	complains "bh-classify: bh-tunnel has broken the link"
}

@test "ends with 111 when its device is gone" {
	branch_up
	ip -n "$W" link del bh0
	gate_ends 111
	complains "bh-classify: cannot read from bh0: *"
}

@test "reports its counters on SIGUSR1 and ends with 0 on SIGTERM" {
	branch_up
	in_gate python3 t/lib/udp.py send 10.1.0.5 203.0.113.9 53 3 10
	hear
	hear
	hear
	kill -USR1 "$GATE"
	complains "bh-classify: in=* internet=3*"
	kill "$GATE"
	gate_ends 0
}

@test "says that another program has its device (111)" {
	branch_up
	run --separate-stderr in_gate "$BH_BIN/bh-classify" -f "$DOMAIN" \
		-l branch1 -D "$T"
	[ "$status" -eq 111 ]
	[ "$stderr" = \
		"bh-classify: cannot use TUN device bh0: Device or resource busy" ]
}

@test "says that there is no /dev/net/tun (111)" {
	# shellcheck disable=SC2016 # for the inner shell
	run --separate-stderr unshare -m sh -c \
		'mount -t tmpfs none /dev/net && exec "$@"' - \
		"$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 -D "$T"
	[ "$status" -eq 111 ]
	[ "$stderr" = \
		"bh-classify: cannot open /dev/net/tun: No such file or directory" ]
}

@test "says that there is no run directory, or nobody in it (111)" {
	run --separate-stderr classify -D "$T/none"
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-classify: cannot write $T/none/bh-classify.stat: \
No such file or directory" ]
	gate_net bh0
	run --separate-stderr in_gate "$BH_BIN/bh-classify" -f "$DOMAIN" \
		-l branch1 -D "$T"
	[ "$status" -eq 111 ]
	[ "$stderr" = "bh-classify: cannot connect to bh-tunnel at \
$T/classify.link: No such file or directory" ]
}

@test "F12b: bh-classify does not wait for its log" {
	branch_up
	log_is_lossy bh-classify
	in_gate python3 t/lib/udp.py send 10.1.0.5 203.0.113.9 53 1 10
	hear "0 3 0 0 38 *"
	log_is_read bh-classify
	adds_up bh-classify
}
