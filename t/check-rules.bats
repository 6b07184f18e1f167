# SPDX-License-Identifier: ISC
# The rules of the gateway that Backhaul follows, where a domain file alone
# shows them; and that each rule there is has a test: t/data/rules.txt.

bats_require_minimum_version 1.8.0

setup() {
	. t/lib/named.bash
	BH_BIN=${BH_BIN:-$PWD/build/release}
	T=$BATS_TEST_TMPDIR
	cp t/data/check/base.ini "$T/d.ini"
}

# The file is another from now on: a script for sed, and lines at its end.
changed() {	# SCRIPT [LINE...]
	sed "$1" t/data/check/base.ini >"$T/d.ini"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$T/d.ini"
}

# Exactly these findings.
finds() {	# [CODE...]
	local got
	got=$("$BH_BIN/bh-check" -f "$T/d.ini" |
		sed -n 's/^[^ ]* [a-z]* \(BH[0-9]*\): .*/\1/p' | sort -u |
		paste -sd ' ') || :
	[ "$got" = "$*" ] || { echo "found: $got"; return 1; }
}

# What becomes of a packet at a location, in the last word of the verdict.
is() {	# LOCATION PACKET VERDICT
	local got
	got=$("$BH_BIN/bh-classify" -f "$T/d.ini" -l "$1" -e "$2" |
		sed -n 's/^  \(pass\|refused\): \([^ ]*\) .*/\2/p' | head -n 1) || :
	[ "$got" = "$3" ] || { echo "$2: $got"; return 1; }
}

@test "C1 backhaul needs two active locations, a server and a client" {
	finds
	changed '12s/$/\nactive = no/;20s/$/\nactive = no/'
	finds BH201 BH203 BH402
	changed '16,17d'
	finds BH203
	changed 9d
	finds BH202 BH504
}

@test "C2 no role unless it says so, one role at most, no client of a client" {
	is site '10.2.0.5 > 203.0.113.9 udp 53' no-role
	changed '9s/$/\nserver = site/'
	finds BH506
	changed '9s/server/client server/'
	"$BH_BIN/bh-check" -f "$T/d.ini" | grep -q ' BH107: '
	changed '17s/hq/branch2/' '[location branch2]' \
		'public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' \
		'lan = 10.4.0.0/20' 'internal = 10.4.0.0/16' \
		'backhaul = client' 'server = hq'
	"$BH_BIN/bh-check" -f "$T/d.ini" | grep -q ' BH504: '
}

@test "C10 a server without internal is an error: it says what would leak" {
	changed 7d
	finds BH303
	[ "$("$BH_BIN/bh-check" -x BH303 | wc -l)" -gt 5 ]
}

@test "C13 what is internal only takes no part" {
	changed '25s/$/, branch/;17s/$/\npartners = site/'
	finds
	is branch '10.1.0.5 > 10.2.0.5 tcp 22' partner
	is branch '10.1.200.5 > 10.2.0.5 tcp 22' excluded
	is branch '10.1.0.5 > 10.2.200.5 tcp 22' elsewhere
	is branch '10.1.200.5 > 203.0.113.9 tcp 22' internet
	changed '17s/$/\nbackhaul-sources = participating/'
	is branch '10.1.200.5 > 203.0.113.9 tcp 22' excluded
}

@test "C14 each gateway has a lan, and its internal holds all of that" {
	changed 14d
	finds BH301
	changed '14s/10.1.0.0/10.9.0.0/'
	finds BH302
}

@test "C15 groups may overlap; two of the same addresses are refused" {
	changed '' '[group a]' 'members = 10.0.0.0/9' \
		'[group b]' 'members = 10.64.0.0/10'
	finds
	changed '' '[group a]' 'members = 10.0.0.0/9' \
		'[group b]' 'members = 10.64.0.0/10, 10.0.0.0-10.63.255.255'
	finds BH902
}

@test "C17 names that mean something already are no groups'" {
	local name
	for name in lan LAN internal any; do
		changed '' "[group $name]" 'members = 10.0.0.0/8'
		"$BH_BIN/bh-check" -f "$T/d.ini" | grep -q ' BH900: ' ||
			{ echo "$name"; return 1; }
	done
}

@test "C18 a partner that is the server as well has one tunnel" {
	changed '8s/$/, branch/;17s/$/\npartners = hq/'
	finds
	[ "$("$BH_BIN/bh-check" -f "$T/d.ini" -e wg branch |
		grep -c '^\[Peer\]')" -eq 1 ]
	is branch '10.1.0.5 > 10.0.0.5 tcp 22' partner
	is branch '10.1.0.5 > 203.0.113.9 tcp 22' internet
}

@test "C19 a partner is named once; what an earlier row takes is warned of" {
	changed '8s/site/site site/'
	finds BH405
	changed '' '[breakout v]' 'location = branch' 'filter = udp' \
		'[breakout w]' 'location = branch' 'filter = udp dst port 53'
	finds BH906
}

@test "C20 who receives inspects again what the sender has let through" {
	changed '8s/$/, branch/;17s/$/\npartners = hq/'
	"$BH_BIN/bh-classify" -f "$T/d.ini" -l branch \
		-e '10.1.0.5 > 10.0.0.5 tcp 22' >"$T/out"
	grep -qx 'hq: bh-classify, out of the tunnel from branch' "$T/out"
	[ "$(grep -c '^  pass: partner ' "$T/out")" -eq 2 ]
	# who sends without asking the rules is stopped by the other side's
	run "$BH_BIN/bh-classify" -f "$T/d.ini" -l hq -d in -p branch \
		-e '10.1.200.5 > 10.0.0.5 tcp 22'
	[ "$status" -eq 1 ]
	grep -q '^  refused: excluded ' <<<"$output"
}

@test "C22 a partnership that one side alone names is an error" {
	changed 25d
	finds BH404
	changed '8d;25d'
	finds
}

@test "C23 the gateway itself is a destination of its own" {
	changed '6s/$/\naddress = 10.0.0.1/;15s/$/\naddress = 10.1.0.1/'
	finds
	is branch '10.1.0.5 > 10.1.0.1 tcp 22' self
	is branch '10.1.0.5 > 10.0.0.1 tcp 22' not-partner
	is hq '10.0.0.5 > 10.0.0.1 tcp 22' self
}

@test "C30 two partners of a third that overlap, though they never meet" {
	local far=('[location far]'
		'public-key = CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
		'internal = 10.2.0.0/24, 10.2.1.0/24' 'lan = 10.2.1.0/24'
		'partners = hq' 'uplink = eth0' 'lan-interface = eth1')
	changed '8s/$/, far/' "${far[@]}"
	finds BH305 BH306 BH318
	changed '8s/$/, far/' "${far[@]//10.2/10.9}"
	finds
}

@test "C34 the addresses Corente keeps for itself, if the domain says so" {
	changed '7s/$/\naddress = 10.0.0.1/'
	finds
	changed '2s/$/\nreserved = corente/;7s/$/\naddress = 10.0.0.1/'
	finds BH312
	changed '2s/$/\nreserved = corente/;7s/$/, 1.1.1.0\/24/'
	finds BH312
}

@test "C35 connected networks do not overlap" {
	changed '14s/10.1.0.0/10.0.8.0/;14s/20/24/;15s/10.1.0.0/10.0.8.0/;15s/16/22/'
	finds BH305 BH306
	changed '14s/10.1.0.0/10.1.8.0/;14s/20/24/'
	finds
}

@test "C36 one side of each tunnel can be called; who cannot keeps it open" {
	changed '5d;21s/$/\nendpoint = 198.51.100.1:1/;22d'
	finds BH601
	changed '13s/$/\nkeepalive = 0/'
	finds BH710
	changed ''
	"$BH_BIN/bh-check" -f "$T/d.ini" -e wg branch |
		grep -qx 'PersistentKeepalive = 25'
}

@test "C41 a location that is not active yet is nobody's partner" {
	changed '8s/$/, new/' '[location new]' 'active = no' 'partners = hq' \
		'lan = 10.5.0.0/20' 'internal = 10.5.0.0/16'
	finds BH402
	is hq '10.0.0.5 > 10.5.0.5 tcp 22' elsewhere
	[ "$("$BH_BIN/bh-check" -f "$T/d.ini" -e wg site |
		grep -c '^\[Peer\]')" -eq 1 ]
}

@test "C42 a client's hosts reach each other as if there were no tunnel" {
	is branch '10.1.0.5 > 10.1.8.9 tcp 631' local
	is branch '2001:db8:1::5 > 2001:db8:1::9 tcp 631' local
}

@test "C43 public addresses and a server that does not translate" {
	changed '9s/$/\nnat = none/'
	finds BH509 BH510
	changed '9s/$/\nnat = none\nnat-upstream = yes/'
	finds
}

@test "each rule is named by the tests that the table says" {
	named_by_all t/data/rules.txt 'C*'
}

@test "the table is complete" {
	local i
	for i in C{1..44} B{1,2} R{1..12} P{1..10} L{1..6}; do
		grep -q "^$i	" t/data/rules.txt || { echo "$i"; false; }
	done
}
