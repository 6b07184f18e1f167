#!/usr/bin/env bats
# SPDX-License-Identifier: ISC

bats_require_minimum_version 1.8.0
load lib/gate.bash

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	T=$BATS_TEST_TMPDIR
}

teardown() {
	if [ -n "${W-}" ]; then gate_down; fi
	if [ -n "${CABLE-}" ]; then ip link del "$CABLE-a"; fi
}

DOMAIN=t/data/truth.ini
classify() { "$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 "$@"; }

# ---- offline ----------------------------------------------------------------

@test "decides every cell of the truth table, both ways (C1-C14, C32, C44)" {
	python3 t/lib/truth.py "$T"
	n=0
	for args in "$T"/*.args; do
		read -r location point rest <"$args"
		case $point in egress | return) continue ;; esac
		# shellcheck disable=SC2086 # -d and -p
		"$BH_BIN/bh-classify" -f "$DOMAIN" -l "$location" $rest \
			-r "${args%.args}.pcap" | cut -f 7,9 |
			diff "${args%.args}.want" -
		n=$((n + 1))
	done
	[ "$n" -eq 12 ]
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

@test "reads every link type, both byte orders, and pcapng, alike" {
	python3 t/lib/captures.py "$T"
	classify -r "$T/raw.pcap" | cut -f 1,3- >"$T/want"
	[ "$(wc -l <"$T/want")" -eq 3 ]
	n=0
	for f in "$T"/*.pcap "$T"/*.pcapng; do
		classify -r "$f" | cut -f 1,3- | head -n 3 | diff "$T/want" -
		n=$((n + 1))
	done
	[ "$n" -eq 21 ]
}

@test "keeps nanoseconds, and writes them" {
	python3 t/lib/captures.py "$T"
	classify -r "$T/raw-be-nano.pcap" -w "$T/out.pcap"
	run --separate-stderr classify -r "$T/out.pcap"
	[ "$(cut -f 2 <<<"${lines[0]}")" = 1700000000.123456789 ]
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

@test "F27: a time that is none is made one, counted, and never printed" {
	for magic in a1b2c3d4 a1b23c4d; do
		python3 t/lib/frames.py times "$T/t.pcap" $magic 1418145370:-2147483648 1:4294967295 \
			2:1000000 3:1000000000 -1000000000:0 \
			-2147483648:999999 0:0
		classify -j -r "$T/t.pcap" >"$T/json" 2>"$T/err"
		jq -e . "$T/json" >"$T/parsed"
		[ "$(wc -l <"$T/json")" -eq 7 ]
		! grep -E '"time":-|"time":[0-9]*\.-|"time":[0-9]*\.[0-9]{10}' \
			"$T/json"
		grep -qE ': [34] packets have a time that is none;' "$T/err"
		# seconds have no sign in the file
		grep -q '"number":5,"time":3294967296\.0' "$T/json"
		# lines and what is written say the same, and no other
		diff <(classify -r "$T/t.pcap" 2>"$T/err" | cut -f 2) \
			<(sed 's/.*"time":\([^,]*\),.*/\1/' "$T/json")
		classify -r "$T/t.pcap" -w "$T/out.pcap" 2>"$T/err"
		classify -r "$T/out.pcap" 2>"$T/err2" | cut -f 2 >"$T/again"
		diff <(classify -r "$T/t.pcap" 2>"$T/err" | cut -f 2) "$T/again"
		[ ! -s "$T/err2" ]
	done
	# nor does a jump to the end of time keep a translator busy
	python3 t/lib/frames.py times "$T/t.pcap" a1b2c3d4 0:0 -1:0 5:0 -1:1 7:7
	timeout 60 "$BH_BIN/bh-egress" -f t/data/pool.ini -l hq -p branch1 \
		-r "$T/t.pcap" >"$T/out" 2>"$T/err"
	[ "$(wc -l <"$T/out")" -eq 5 ]
	# good ones are as they were
	python3 t/lib/frames.py times "$T/t.pcap" a1b23c4d 1700000000:999999999 0:0
	run --separate-stderr classify -r "$T/t.pcap"
	[ -z "$stderr" ]
	[ "$(cut -f 2 <<<"$output")" = "1700000000.999999999
0.000000000" ]
}

@test "F27b: so is a time of pcapng, and lengths that no packet has" {
	python3 t/lib/frames.py pcapng "$T/t.pcapng"
	classify -j -r "$T/t.pcapng" >"$T/json" 2>"$T/err" || true
	jq -es 'length == 18 and all(.time >= 0 and .time < 4294967296 and
		.length == 28)' "$T/json"
	! grep -E '"time":-|"time":[0-9]*\.-' "$T/json"
	grep -q 'have a time that is none' "$T/err"
}

@test "takes a packet that was not captured whole for the whole one" {
	python3 t/lib/captures.py "$T"
	editcap -s 40 "$T/raw.pcap" "$T/cut.pcap"
	classify -r "$T/raw.pcap" | cut -f 3- >"$T/want"
	classify -r "$T/cut.pcap" | cut -f 3- | head -n 2 |
		diff <(head -n 2 "$T/want") -
	# ... but not if the ports are cut off
	editcap -s 22 "$T/raw.pcap" "$T/cut.pcap"
	[ "$(classify -r "$T/cut.pcap" | cut -f 7 | uniq)" = short ]
}

@test "survives a capture that claims more than it has" {
	python3 t/lib/captures.py "$T"
	# the second packet's length, 28, becomes 20: less than was captured
	python3 - "$T/raw.pcap" <<-'PY'
	import sys
	b = bytearray(open(sys.argv[1], "rb").read())
	at = 24 + 16 + 40 + 12
	assert b[at] == 28
	b[at] = 20
	open(sys.argv[1], "wb").write(b)
	PY
	run --separate-stderr classify -r "$T/raw.pcap"
	[ "$status" -eq 0 ]
	[ "$(cut -f 7 <<<"$output" | tr '\n' ' ')" = "internet short internet " ]
}

@test "processes what comes before the damage, says so and exits 1" {
	python3 t/lib/captures.py "$T"
	head -c -10 "$T/raw.pcap" >"$T/cut.pcap"
	run --separate-stderr classify -r "$T/cut.pcap" -j
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ $stderr = "bh-classify: $T/cut.pcap: after packet 2: truncated "* ]]
	run --separate-stderr classify -r "$T/cut.pcap" -w "$T/out.pcap"
	[ "$status" -eq 1 ]
	[ "$(tcpdump -nr "$T/out.pcap" --count 2>/dev/null)" = "2 packets" ]
}

@test "reads all that is whole of a capture cut anywhere, and says what is not" {
	python3 t/lib/captures.py "$T"
	python3 - "$BH_BIN/bh-classify" "$DOMAIN" "$T/raw.pcap" \
		"$T/raw.pcapng" <<-'PY'
	import struct, subprocess, sys
	prog, domain, *files = sys.argv[1:]
	def ends(b):    # offsets after which a capture is whole
	    if b[:4] == b"\x0a\x0d\x0d\x0a":
	        at, n = 0, -2    # two blocks are no packets
	        while at < len(b):
	            at += struct.unpack("<I", b[at + 4:at + 8])[0]
	            n += 1
	            yield at, n
	    else:
	        at = 24
	        yield at, 0
	        for n in range(1, 9):
	            if at >= len(b): return
	            at += 16 + struct.unpack("=I", b[at + 8:at + 12])[0]
	            yield at, n
	for name in files:
	    b = open(name, "rb").read()
	    whole = dict(ends(b))
	    assert whole[len(b)] == 3
	    n = 0
	    for cut in range(len(b) + 1):
	        n = max([n] + [whole[cut]] if cut in whole else [n])
	        p = subprocess.run([prog, "-f", domain, "-l", "branch1",
	            "-r", "-"], input=b[:cut], capture_output=True)
	        lines = p.stdout.count(b"\n")
	        good = cut in whole and whole[cut] >= 0
	        assert lines == n, (name, cut, lines, n)
	        assert p.returncode == (0 if good else 1), (name, cut, p)
	        assert (p.stderr == b"") == good, (name, cut, p.stderr)
	PY
	gzip -c "$T/raw.pcapng" >"$T/gz"
	run --separate-stderr classify -r "$T/gz"
	[ "$status" -eq 1 ]
	[ "$stderr" = "bh-classify: $T/gz: unknown file format; it is \
compressed: zcat it into -r -" ]
	zcat <"$T/gz" | classify -r - | wc -l | grep -qx 3
}

@test "says what is not a capture, or not one that it can read" {
	run --separate-stderr classify -r "$DOMAIN"
	[ "$status" -eq 1 ]
	[ "$stderr" = "bh-classify: $DOMAIN: unknown file format" ]
	: >"$T/empty"
	run --separate-stderr classify -r "$T/empty"
	[ "$status" -eq 1 ]
	[[ $stderr = "bh-classify: $T/empty: truncated dump file"* ]]
	run --separate-stderr classify -r "$T/none"
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-classify: cannot open $T/none: No such file or directory" ]
	printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\377\377\0\0\151\0\0\0' \
		>"$T/wifi"
	run --separate-stderr classify -r "$T/wifi"
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-classify: $T/wifi: packets of link type IEEE802_11 \
(105) cannot be read" ]
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

# ---- watching -----------------------------------------------------------------

# Frames of a capture onto an interface, as they are and with the two ends
# swapped.
replay() {	# FILE INTERFACE
	python3 - "$@" <<-'PY'
	import socket, struct, sys
	b = open(sys.argv[1], "rb").read()
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind((sys.argv[2], 0))
	at = 24
	while at < len(b):
	    n = struct.unpack("=I", b[at + 8:at + 12])[0]
	    f = b[at + 16:at + 16 + n]
	    at += 16 + n
	    s.send(f.ljust(60, b"\0"))
	    o, k = {0x45: (26, 4), 0x60: (22, 16)}.get(f[14:15] and f[14], (0, 0))
	    if k:
	        f = f[:o] + f[o + k:o + 2 * k] + f[o:o + k] + f[o + 2 * k:]
	        o += 2 * k
	        s.send((f[:o] + f[o + 2:o + 4] + f[o:o + 2] + f[o + 4:])
	            .ljust(60, b"\0"))
	PY
}

watched() {	# OPTION...: one end of a cable, while frames come by the other
	{ cat "$DOMAIN"; printf '[group %s]\nmembers = %s\n' web \
		203.0.113.0/24 other 10.9.0.0/16; } >"$T/d.ini"
	mkfifo "$T/ready"
	"$BH_BIN/bh-classify" -f "$T/d.ini" -l branch1 -i "$CABLE-a" -R 7 "$@" \
		7<>"$T/ready" >"$T/out" 2>"$T/err" 3>&- &
	pid=$!
	read -r -t 10 _ <>"$T/ready"
	replay "$T/ethernet.pcap" "$CABLE-b"
	kill -INT $pid
	wait $pid
}

@test "C40 watches an interface, and adds up both directions" {
	python3 t/lib/captures.py "$T"
	CABLE=bhw$$
	ip link add "$CABLE-a" type veth peer name "$CABLE-b"
	sysctl -qw "net.ipv6.conf.$CABLE-a.disable_ipv6=1" \
		"net.ipv6.conf.$CABLE-b.disable_ipv6=1"
	ip link set "$CABLE-a" up
	ip link set "$CABLE-b" up
	watched -j
	[ ! -s "$T/err" ]
	row() { jq -c --arg t "$1" --arg n "$2" 'select(.table == $t and
		.name == $n) | [.packets, .bytes_out, .bytes_in]' "$T/out"; }
	[ "$(jq -c 'select(.table == "total") |
		[.packets, .bytes_out, .bytes_in, .not_ip, .missed]' \
		"$T/out")" = '[6,116,116,1,0]' ]
	[ "$(row class internet)" = '[6,116,116]' ]
	[ "$(row rule internet)" = '[6,116,116]' ]
	[ "$(row host 10.1.0.5)" = '[4,68,68]' ]
	[ "$(row host 2001:db8:1::5)" = '[2,48,48]' ]
	[ "$(row network 203.0.113.0/24)" = '[4,68,68]' ]
	[ "$(row group web)" = '[4,68,68]' ]
	[ -z "$(row group other)" ]
	[ "$(jq -r 'select(.name == "internet" and .table == "class").note' \
		"$T/out")" = hq ]
	rm "$T/ready"
	watched
	[[ $(head -n 1 "$T/out") = "branch1 on $CABLE-a: "*", 6 packets, 1 frames \
that are no IP, 0 missed" ]]
	[ "$(awk '$1 == "10.1.0.5" { print $2, $3, $4, $6 }' "$T/out")" = \
		"4 68 68 branch1" ]
	# nothing was changed
	[[ $(ip -d link show "$CABLE-a") != *"promiscuity 1"* ]]
}

@test "watches for so many seconds, with a line of progress on a terminal" {
	run --separate-stderr classify -i lo -s 1
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = "branch1 on lo: 1.0 s, "* ]]
	[ -z "$stderr" ]
	python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
		"$BH_BIN/bh-classify" -f "$DOMAIN" \
		-l branch1 -i lo -s 1 </dev/null >"$T/tty"
	grep -q "$(printf '\rlo: [0-9] s, [0-9]* packets')" "$T/tty"
	run --separate-stderr classify -i "$BATS_TEST_NUMBER-none"
	[ "$status" -eq 111 ]
	[[ $stderr = "bh-classify: cannot watch "*"-none: "* ]]
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

# ---- live -------------------------------------------------------------------

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
	"$BH_BIN/bh-ctl" -D "$RUN" counters bh-classify |
		awk '{ print $2, $3 }' | grep -v '^m' | sort >"$T/got"
	cut -d ' ' -f 1 "$T/packets" | sort | uniq -c |
		awk '{ print $2, $1 }' | diff - "$T/got"
	adds_up bh-classify
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
