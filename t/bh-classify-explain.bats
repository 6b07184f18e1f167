#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bh-classify -e: why a packet is judged so; and -c, -s: who talks to whom.

bats_require_minimum_version 1.8.0
load lib/gate.bash

DOMAIN=t/data/truth.ini
classify() { "$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 "$@"; }

@test "explains a packet rule by rule, to the far end" {
	run --separate-stderr classify -e '10.1.0.5 > 192.0.2.7 tcp 443'
	[ "$status" -eq 1 ]
	diff <(echo "$output") - <<-'END'
	branch1: bh-classify, from the LAN
	  source       10.1.0.5: in 10.1.0.0/20 of branch1, takes part
	  destination  192.0.2.7: in 192.0.2.0/24 of hq, internal, does not take part
	  no   martian          source is loopback, multicast, link-local or reserved
	  no   self             destination is this gateway
	  no   multicast        destination is multicast or broadcast
	  no   link-local       destination is link-local
	  no   special          destination is a special-purpose address
	  no   source           source is not an address of this location
	  no   local            destination takes part, at this location
	  no   internal         destination is internal at this location
	  no   not-taking-part  destination takes part at a partner, source does not take part
	  no   partner          destination takes part at a partner
	  no   not-partner      destination takes part at a location that is no partner
	  yes  elsewhere        destination is internal at another location
	  refused: elsewhere (internal at another location)
	END
	run --separate-stderr classify -e '[2001:db8:1::5]:40000>[2a00::1]:53 udp'
	[ "$status" -eq 0 ]
	grep -qx '  next hop hq, by its tunnel' <<<"$output"
	grep -qx '  the tunnel takes at most 1440 bytes in one piece, TCP segments of 1380' \
		<<<"$output"
	grep -qx 'hq: bh-egress, out of the tunnel from branch1' <<<"$output"
	[ "${lines[-2]}" = "  pass: internet (to or from the Internet, by backhaul)" ]
	[[ ${lines[-1]} = *"(nat = masquerade)" ]]
	run --separate-stderr classify -d in -p dc \
		-e '10.3.0.5 > 10.1.0.5 icmp 8'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "branch1: bh-classify, out of the tunnel from dc" ]
	[ "${lines[-1]}" = \
		"  pass: partner (between participating hosts of partners)" ]
}

@test "explains which groups an address is in (C16)" {
	{ cat "$DOMAIN"; cat <<-'END'; } >"$T/d.ini"
	[group printers]
	members = 10.1.0.5-10.1.0.9, !10.1.0.7
	[group all-of-it]
	members = 10.1.0.0/16, 203.0.113.0/24
	END
	run --separate-stderr "$BH_BIN/bh-classify" -f "$T/d.ini" -l branch1 \
		-e '10.1.0.6 > 203.0.113.9 udp 53'
	[ "$status" -eq 0 ]
	[ "${lines[2]}" = "               in group printers" ]
	[ "${lines[3]}" = "               in group all-of-it" ]
	[ "$(grep -c 'in group' <<<"$output")" -eq 6 ]
	run --separate-stderr "$BH_BIN/bh-classify" -f "$T/d.ini" -l branch1 \
		-e '10.1.0.7 > 203.0.113.9 udp 53'
	[ "$(grep -c 'in group printers' <<<"$output")" -eq 0 ]
}

@test "adds up what came from a group's members and went to them (C16)" {
	python3 t/lib/captures.py "$T"
	{ cat "$DOMAIN"; cat <<-'END'; } >"$T/d.ini"
	[group desk]
	members = 10.1.0.0/28, !10.1.0.6
	[group video]
	members = 203.0.113.9, 2001:db8:1::5
	[group nobody]
	members = 198.51.100.0/24
	END
	run --separate-stderr "$BH_BIN/bh-classify" -f "$T/d.ini" -l branch1 \
		-s -r "$T/ethernet.pcap"
	[ "$status" -eq 0 ]
	[ "$(grep -v ^group <<<"$output")" = \
		"$(classify -s -r "$T/ethernet.pcap")" ]
	# of three packets that parse, counted by hand from the verdict lines
	desk=$(classify -r "$T/ethernet.pcap" | grep -c $'\t10\\.1\\.0\\.5[:\t]')
	[ "$desk" -gt 0 ]
	[ "$(grep -c "^group desk"$'\t'"$desk"$'\t' <<<"$output")" -eq 1 ]
	[ "$(grep '^group nobody' <<<"$output")" = $'group nobody\t0\t0' ]
	"$BH_BIN/bh-classify" -f "$T/d.ini" -l branch1 -js \
		-r "$T/ethernet.pcap" >"$T/json"
	[ "$(jq -r 'select(.group) | ["group " + .group, .packets, .bytes] |
		@tsv' "$T/json")" = "$(grep ^group <<<"$output")" ]
}

@test "explains with the far end's own rules: partner here, guard there" {
	run --separate-stderr classify -e '10.1.0.5 > 10.0.0.1 tcp 22'
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "  pass: self (for the gateway itself)" ]
	run --separate-stderr classify -e '10.1.0.5 > 198.51.100.1 udp 51820'
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = \
		"  refused: endpoint (a tunnel endpoint of this domain)" ]
}

@test "takes a packet to explain as people write it" {
	local text
	for text in '10.1.0.5 > 203.0.113.9:443 tcp' '10.1.0.5>203.0.113.9 6 443' \
	    '10.1.0.5 -> 203.0.113.9 TCP https'; do
		diff <(classify -e "$text") \
			<(classify -e '10.1.0.5 > 203.0.113.9 tcp 443')
	done
	classify -e '10.1.0.5 > 203.0.113.9 gre' >"$T/gre"
	diff "$T/gre" <(classify -e '10.1.0.5 > 203.0.113.9 47')
}

@test "says what is wrong with a packet to explain" {
	while IFS='|' read -r text why; do
		run --separate-stderr classify -e "$text"
		[ "$status" -eq 100 ]
		[ "$stderr" = "bh-classify: -e: '$text': $why" ]
	done <<-'END'
	10.1.0.5 10.0.0.1 tcp|there is no '>' between source and destination
	10.1.0.5 > 10.0.0.1|it needs a source, a destination and a protocol
	10.1.0 > 10.0.0.1 tcp|the source is no address
	10.1.0.5:99999 > 10.0.0.1 tcp|the source is no address
	10.1.0.5 > [10.0.0.1 tcp|the destination is no address
	10.1.0.5 > ::1 tcp|source and destination are of two families
	10.1.0.5 > 10.0.0.1 tpc|the protocol is neither a name nor a number
	10.1.0.5 > 10.0.0.1 tcp 65536|the port is no number up to 65535 and no service
	10.1.0.5 > 10.0.0.1 icmp https|the port is no number up to 65535 and no service
	10.1.0.5 > 10.0.0.1 tcp 1 2|there is something after the port
	END
}
