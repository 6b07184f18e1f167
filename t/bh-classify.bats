#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bh-classify -r: each packet of a capture gets the verdict that it would have
# had live.

bats_require_minimum_version 1.8.0
load lib/gate.bash

DOMAIN=t/data/truth.ini
classify() { "$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 "$@"; }

@test "decides every cell of the truth table, both ways (C1-C14, C32, C44)" {
	cells_are_decided bh-classify 'out|in|back' 12
}

@test "prints one line a packet, in ten columns and one" {
	python3 t/lib/captures.py "$T"
	run --separate-stderr classify -r "$T/ethernet.pcapng"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 4 ]
	IFS=$'\t' read -ra f <<<"${lines[0]}"
	[ "${#f[@]}" -eq 11 ]
	[ "${f[*]}" = "1 1700000000.123456789 out 10.1.0.5:40000\
 203.0.113.9:443 tcp internet internet hq internet to or from the Internet,\
 by backhaul" ]
	[ "$(cut -f 4,7,8,9,10 <<<"${lines[3]}")" = \
		$'-\tnot-ip\tnot-ip\t-\t-' ]
	[ "$(cut -f 11 <<<"${lines[3]}")" = ARP ]
}

@test "prints JSON that says the same with -j" {
	python3 t/lib/captures.py "$T"
	classify -j -r "$T/ethernet.pcapng" >"$T/json"
	jq -r '[.number, .direction, .source, .destination, .protocol,
		.verdict, .class, .next_hop // "-", .rule // "-", .reason] |
		map(. // "-") | @tsv' "$T/json" >"$T/a"
	classify -r "$T/ethernet.pcapng" | cut -f 1,3- |
		sed -E 's/\[([^]]*)\]:[0-9]+/\1/g;
			s/([0-9]\.[0-9]+):[0-9]+/\1/g' >"$T/b"
	diff "$T/a" "$T/b"
	[ "$(jq -s '.[2].destination_port' "$T/json")" = 53 ]
	[ "$(jq -s '.[0].time' "$T/json" | cut -c 1-10)" = 1700000000 ]
}

@test "gives each packet of real captures one verdict, and the counts add up" {
	dpkg -L python3-dpkt golang-github-google-gopacket-dev |
		grep -E '\.pcap(ng)?$' | grep -v /le/ >"$T/files"
	[ "$(wc -l <"$T/files")" -ge 30 ]
	sum=0
	while read -r f; do
		want=$(tcpdump -nr "$f" --count 2>/dev/null) || :
		want=${want%% *}
		classify -r "$f" >"$T/lines" 2>"$T/err" || [ $? -eq 1 ]
		[ "$(wc -l <"$T/lines")" -eq "${want:-0}" ]
		classify -s -r "$f" >"$T/sum" 2>>"$T/err" || [ $? -eq 1 ]
		[ "$(awk '$1 == "total" { print $2 }' "$T/sum")" = \
			"${want:-0}" ]
		cut -f 7 "$T/lines" | sort | uniq -c |
			awk '{ print $2, $1 }' >"$T/a"
		awk '$1 != "total" { print $1, $2 }' "$T/sum" | sort |
			diff "$T/a" -
		sum=$((sum + ${want:-0}))
	done <"$T/files"
	[ "$sum" -ge 200 ]
}

@test "classes a real capture by the domain of who made it" {
	cat >"$T/domain.ini" <<-INI
	[domain]
	name = real

	[location hq]
	public-key = f2VrIDLrU0pTGaTVjPKcWzJCNnoFWCUAZ9LMnFv5smo=
	endpoint = 198.51.100.1:51820
	lan = 10.0.0.0/20
	internal = 10.0.0.0/16
	backhaul = server
	nat = masquerade
	uplink = eth0
	lan-interface = eth1

	[location branch1]
	public-key = 2DDkT+Oc2aN5bEcfDYW4wgsIJwPVKxqvgMFSAEpn13Y=
	lan = 192.168.43.0/24
	internal = 192.168.43.0/24
	backhaul = client
	server = hq
	uplink = eth0
	lan-interface = eth1
	INI
	of() { "$BH_BIN/bh-classify" -f "$T/domain.ini" -l branch1 "$@"; }
	capture=$(dpkg -L python3-dpkt | grep /dns_icmp.pcap)
	run --separate-stderr of -s -d out -r "$capture"
	[ "$status" -eq 0 ]
	want=$(tcpdump -nr "$capture" --count \
		'src net 192.168.43 and not dst net 192.168.43' 2>/dev/null)
	[ "$(awk '$1 == "internet" { print $2 }' <<<"$output")" = "${want%% *}" ]
	# and as the tunnel brings it, the other half
	run --separate-stderr of -s -d in -r "$capture"
	want=$(tcpdump -nr "$capture" --count \
		'dst net 192.168.43 and not src net 192.168.43' 2>/dev/null)
	[ "$(awk '$1 == "internet" { print $2 }' <<<"$output")" = "${want%% *}" ]
}

# A client with a breakout for port 3478, a partner, a server; and what its LAN
# hears: both ways, and frames that are no packets.
lan_capture() {
	cat >"$T/domain.ini" <<-'INI'
	[domain]
	name = example
	[location hq]
	public-key = f2VrIDLrU0pTGaTVjPKcWzJCNnoFWCUAZ9LMnFv5smo=
	endpoint = 198.51.100.1:51820
	lan = 10.0.0.0/20
	internal = 10.0.0.0/16
	partners = branch1
	backhaul = server
	uplink = eth0
	lan-interface = eth1
	[location branch1]
	public-key = 2DDkT+Oc2aN5bEcfDYW4wgsIJwPVKxqvgMFSAEpn13Y=
	lan = 10.1.0.0/20
	internal = 10.1.0.0/16
	partners = hq
	backhaul = client
	server = hq
	uplink = eth0
	lan-interface = eth1
	[breakout calls]
	location = branch1
	filter = udp port 3478
	INI
	python3 t/lib/frames.py lan "$T/lan.pcap"
}

@test "F28: of a capture at the LAN each packet is judged the way it went" {
	lan_capture
	of() { "$BH_BIN/bh-classify" -f "$T/domain.ini" -l branch1 "$@"; }
	of -r "$T/lan.pcap" | cut -f 3,7,9,10 >"$T/got"
	diff - "$T/got" <<-EOF
		out	internet	hq	internet
		in	internet	-	internet
		out	partner	hq	partner
		in	partner	-	partner
		out	breakout	-	breakout calls
		back	breakout	-	breakout
		out	local	-	local
		out	local	-	local
		out	elsewhere	-	elsewhere
		in	excluded	-	not-taking-part
		out	not-ip	-	-
		out	not-ip	-	-
		out	not-ip	-	-
		out	not-ip	-	-
	EOF
	# as the same function says of each half alone
	diff <(of -d in -r "$T/lan.pcap" | sed -n '2p;4p;10p' | cut -f 7-) \
		<(of -r "$T/lan.pcap" | sed -n '2p;4p;10p' | cut -f 7-)
	diff <(of -d back -r "$T/lan.pcap" | sed -n 6p | cut -f 7-) \
		<(of -r "$T/lan.pcap" | sed -n 6p | cut -f 7-)
	# nothing of the answers is refused as `source', and most bytes pass
	of -s -r "$T/lan.pcap" >"$T/sum"
	! grep -q ^source "$T/sum"
	[ "$(awk '$1 == "internet" { print $2, $3 }' "$T/sum")" = "2 1090" ]
	# in JSON, and with what was not captured whole
	of -j -r "$T/lan.pcap" | jq -r .direction | sort | uniq -c | tr -s ' ' \
		>"$T/got"
	printf ' 1 back\n 3 in\n 10 out\n' | diff - "$T/got"
	editcap -s 60 "$T/lan.pcap" "$T/cut.pcap"
	diff <(of -r "$T/lan.pcap" | cut -f 3-) <(of -r "$T/cut.pcap" | cut -f 3-)
}

@test "F28b: a frame that is no IP packet is called what it is" {
	lan_capture
	run --separate-stderr classify -r "$T/lan.pcap"
	[ "$(tail -4 <<<"$output" | cut -f 11)" = "ARP
LLDP
not IP
LLC (spanning tree, ...)" ]
	run --separate-stderr classify -s -r "$T/lan.pcap"
	[[ $output == *$'not-ip\t4\t'* && $output != *version* ]]
	run --separate-stderr classify -c not-ip -r "$T/lan.pcap"
	[ "${#lines[@]}" -eq 4 ]
	classify -j -r "$T/lan.pcap" | jq -se '.[-4:] |
		all(.verdict == "not-ip" and .class == "not-ip")'
	classify -j -s -r "$T/lan.pcap" |
		jq -se 'any(.verdict == "not-ip" and .packets == 4)'
}

@test "chooses by verdict with -c, and exits 1 if there is none" {
	python3 t/lib/captures.py "$T"
	run --separate-stderr classify -r "$T/ethernet.pcap" -c not-ip,ttl
	[ "$status" -eq 0 ]
	[ "$(cut -f 1,7 <<<"$output")" = $'4\tnot-ip' ]
	run --separate-stderr classify -r "$T/ethernet.pcap" -c ttl -c spoof
	[ "$status" -eq 1 ]
	[ -z "$output$stderr" ]
	run --separate-stderr classify -r "$T/ethernet.pcap" -c nonsense
	[ "$status" -eq 100 ]
	[ "$stderr" = \
		"bh-classify: -c: no verdict is called 'nonsense'; see bh(7)" ]
}

@test "is a part of a pipeline from the LAN to the Internet" {
	python3 t/lib/captures.py "$T"
	classify -r - -c internet -w - <"$T/vlan.pcapng" |
		"$BH_BIN/bh-egress" -f "$DOMAIN" -l hq -p branch1 -r - -w - |
		tcpdump -tnr - 2>/dev/null >"$T/out"
	[ "$(wc -l <"$T/out")" -eq 3 ]
	[[ $(head -n 1 "$T/out") = "IP 10.1.0.5.40000 > 203.0.113.9.443: "* ]]
	[[ $(tail -n 1 "$T/out") = "IP6 2001:db8:1::5.40000 > "* ]]
}

@test "refuses options that do not fit together, with 100" {
	while IFS='|' read -r args why; do
		# shellcheck disable=SC2086 # a list
		run --separate-stderr classify $args
		[ "$status" -eq 100 ]
		[ "$stderr" = "bh-classify: $why" ]
	done <<-'END'
	-w x|-c, -d, -j, -p, -s and -w need -r
	-r x -d sideways|-d: 'sideways' is no direction: out, in or back
	-r x -p hq|-p: these packets come from no peer (see -d)
	-r x -d in -p nowhere|-p: no location is called 'nowhere'
	-r x -e y|-e goes with -d and -p only
	-i lo -r x|-i goes with -s SECONDS and -j only
	-i lo -s 0|-s: '0' is not a number from 1 to 31622400
	END
	run --separate-stderr "$BH_BIN/bh-classify" -f "$DOMAIN" -l dc -d in -r x
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-classify: which location do these packets come from? \
say it with -p" ]
	run --separate-stderr classify stray
	[ "$status" -eq 100 ]
	[[ $stderr = "usage: bh-classify "* ]]
	run --separate-stderr "$BH_BIN/bh-classify" -f "$DOMAIN" -l nowhere -r x
	[ "$status" -eq 100 ]
	[[ $stderr = *"no [location nowhere]"* ]]
}
