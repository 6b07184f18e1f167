#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# nat = pool, offline: a capture in, a translated one out.

bats_require_minimum_version 1.8.0
load lib/gate.bash

egress() { "$BH_BIN/bh-egress" -f "${DOMAIN:-t/data/pool.ini}" -l hq "$@"; }
cap() { python3 t/lib/natcap.py "$@"; }

@test "translates a capture, the same way each time" {
	cap make "$T/out.pcap" 10.1.0.5 10.1.0.6
	egress -p branch1 -r "$T/out.pcap" -w "$T/a.pcap" 2>"$T/log"
	egress -p branch1 -r "$T/out.pcap" -w "$T/b.pcap" 2>/dev/null
	cmp "$T/a.pcap" "$T/b.pcap"
	egress -p branch1 -S other -r "$T/out.pcap" -w "$T/c.pcap" 2>/dev/null
	run ! cmp -s "$T/a.pcap" "$T/c.pcap"
	diff - <(cap flows "$T/a.pcap") <<-'END'
	17 198.51.100.8:52416 203.0.113.9:53 good
	17 198.51.100.8:52416 203.0.113.10:53 good
	6 198.51.100.8:52677 203.0.113.9:443 good
	icmp 8 198.51.100.8 203.0.113.9 id 52660 good
	17 198.51.100.8:52314 203.0.113.9:4000 fragment
	17 198.51.100.8 203.0.113.9 fragment
	17 198.51.100.9:19012 203.0.113.9:53 good
	17 198.51.100.9:19012 203.0.113.10:53 good
	6 198.51.100.9:19117 203.0.113.9:443 good
	icmp 8 198.51.100.9 203.0.113.9 id 19027 good
	17 198.51.100.9:19080 203.0.113.9:4000 fragment
	17 198.51.100.9 203.0.113.9 fragment
	END
	diff - "$T/log" <<-'END'
	bh-egress: nat 1000 take 198.51.100.8:52224-52735 branch1 10.1.0.5
	bh-egress: nat 1000 take 198.51.100.9:18944-19455 branch1 10.1.0.6
	END
}

@test "5722, N5 from the first overlap on a datagram's fragments are refused, both ways" {
	whole=$'internet\ninternet' rest=$'internet\nfragment\nfragment'
	want=$whole$'\n'$rest$'\n'$rest
	cap overlap "$T/out.pcap" 10.1.0.5,203.0.113.9
	[ "$(egress -p branch1 -r "$T/out.pcap" -j 2>/dev/null |
		jq -r .verdict)" = "$want" ]
	{ cat t/data/pool.ini; cat <<-'END'; } >"$T/d.ini"
	[publish all]
	server = hq
	match = 198.51.100.12 udp 4000
	to = 10.1.0.5
	END
	cap overlap "$T/in.pcap" 203.0.113.9,198.51.100.12
	[ "$(DOMAIN=$T/d.ini egress -d in -r "$T/in.pcap" -j |
		jq -r .verdict)" = "$want" ]
}

@test "and the answers back, with the state of the way out" {
	cap make "$T/out.pcap" 10.1.0.5
	egress -p branch1 -r "$T/out.pcap" -w "$T/a.pcap" -N "$T/state" \
		2>/dev/null
	cap answer "$T/a.pcap" "$T/answers.pcap"
	egress -d in -r "$T/answers.pcap" -w "$T/in.pcap" -N "$T/state"
	diff - <(cap flows "$T/in.pcap") <<-'END'
	17 203.0.113.9:53 10.1.0.5:5000 good
	icmp 11 203.0.113.254 10.1.0.5 good: 17 10.1.0.5:5000 203.0.113.9:53
	17 203.0.113.10:53 10.1.0.5:5000 good
	icmp 11 203.0.113.254 10.1.0.5 good: 17 10.1.0.5:5000 203.0.113.10:53
	6 203.0.113.9:443 10.1.0.5:40000 good
	icmp 0 203.0.113.9 10.1.0.5 id 77 good
	icmp 11 203.0.113.254 10.1.0.5 good: icmp 8 10.1.0.5 203.0.113.9 id 77
	END
	# what nobody asked, and an error about bytes that had arrived
	egress -d in -r "$T/answers.pcap" -N "$T/state" -s |
		diff - <(printf '%s\n' $'internet\t7\t312' \
			$'nat-closed\t2\t74' $'nat-error\t1\t56' \
			$'total\t10\t442')
	# without that state nothing comes in
	run egress -d in -r "$T/answers.pcap" -c internet
	[ "$status" -eq 1 ]
}

@test "the whole journey is a pipeline" {
	cap make "$T/lan.pcap" 10.1.0.5
	"$BH_BIN/bh-classify" -f t/data/pool.ini -l branch1 -r "$T/lan.pcap" \
		-c internet -w - |
		egress -p branch1 -r - -w - 2>/dev/null | cap flows - |
		diff - <(printf '%s\n' \
			'17 198.51.100.8:52416 203.0.113.9:53 good' \
			'17 198.51.100.8:52416 203.0.113.10:53 good' \
			'6 198.51.100.8:52677 203.0.113.9:443 good' \
			'icmp 8 198.51.100.8 203.0.113.9 id 52660 good' \
			'17 198.51.100.8:52314 203.0.113.9:4000 fragment' \
			'17 198.51.100.8 203.0.113.9 fragment')
}

@test "the guard comes first: a spoofed source makes no flow" {
	cap make "$T/out.pcap" 10.2.0.5
	egress -p branch1 -r "$T/out.pcap" -s | cut -f 1,2 |
		diff - <(printf 'spoof\t7\ntotal\t7\n')
}

@test "a state file that is damaged is not believed" {
	cap make "$T/out.pcap" 10.1.0.5
	egress -p branch1 -r "$T/out.pcap" -w "$T/a.pcap" -N "$T/state" \
		2>/dev/null
	cap answer "$T/a.pcap" "$T/answers.pcap"
	# no image at all
	echo nonsense >"$T/bad"
	run --separate-stderr egress -d in -r "$T/answers.pcap" -s -N "$T/bad"
	[ "$status" -eq 0 ]
	[[ $stderr == *"cannot take over $T/bad, beginning anew"* ]]
	run ! grep -q internet <<<"$output"
	# one of another version
	cp "$T/state" "$T/old"
	printf '\1' | dd of="$T/old" bs=1 seek=8 conv=notrunc status=none
	run --separate-stderr egress -d in -r "$T/answers.pcap" -s -N "$T/old"
	[ "$status" -eq 0 ]
	[[ $stderr == "bh-egress: cannot take over $T/old, beginning anew"* ]]
	run ! grep -q internet <<<"$output"
}

# What is left of flows once others have done their worst: all hundred that
# were there, as they were, and of a thousand new ones 990.
still_served() {	# BRANCH HOST
	egress -p "$1" -r "$T/$2.pcap" -w "$T/after.pcap" -N "$T/state" \
		2>/dev/null
	cmp <(cap flows "$T/$2.before") <(cap flows "$T/after.pcap")
	cap flood "$T/new.pcap" 1000 30000 "$2"
	[ "$(egress -p "$1" -r "$T/new.pcap" -s -N "$T/state" 2>/dev/null |
		sed -n 's/^internet\t\([0-9]*\)\t.*/\1/p')" -ge 990 ]
}

@test "6888-4, N2 a million flows of one host, then of a branch, cost nobody else one" {
	for who in branch1/10.1.0.5 branch2/10.2.0.5; do
		host=${who#*/}
		cap flood "$T/$host.pcap" 100 5000 "$host"
		egress -p "${who%/*}" -r "$T/$host.pcap" -w "$T/$host.before" \
			-N "$T/state" 2>/dev/null
		[ "$(cap flows "$T/$host.before" | wc -l)" -eq 100 ]
	done
	cap flood "$T/host.pcap" 1000000 1024 10.1.0.66
	egress -p branch1 -r "$T/host.pcap" -s -N "$T/state" >"$T/took" \
		2>"$T/log"
	# no more than its quota
	diff "$T/took" - <<-'END'
	internet	4096	114688
	nat-quota	995904	27885312
	total	1000000	28000000
	END
	grep -q ' quota branch1 10\.1\.0\.66$' "$T/log"
	still_served branch1 10.1.0.5
	still_served branch2 10.2.0.5
	cap flood "$T/branch.pcap" 1000000 1024 10.1.1.{1..200}
	egress -p branch1 -r "$T/branch.pcap" -s -N "$T/state" >"$T/took" \
		2>/dev/null
	[ "$(sed -n 's/^nat-quota\t\([0-9]*\)\t.*/\1/p' "$T/took")" \
		-gt 900000 ]
	# what it had goes on, and the other branch does not notice
	egress -p branch1 -r "$T/10.1.0.5.pcap" -w "$T/after.pcap" \
		-N "$T/state" 2>/dev/null
	cmp <(cap flows "$T/10.1.0.5.before") <(cap flows "$T/after.pcap")
	cap flood "$T/more.pcap" 1000 40000 10.2.0.7
	[ "$(egress -p branch2 -r "$T/more.pcap" -s -N "$T/state" \
		2>/dev/null | sed -n 's/^internet\t\([0-9]*\)\t.*/\1/p')" \
		-ge 990 ]
}

# ---- who was that -----------------------------------------------------------

who() { run --separate-stderr egress "$@"; }

@test "-q tells who had a port, by the log of blocks" {
	cat >"$T/log" <<-'END'
	bh-egress: nat 1000 take 198.51.100.8:1024-1535 branch1 10.1.0.5
	Nov 26 07:00:00 hq bh-egress: nat 1500 take 198.51.100.8:1536-2047 branch2 10.2.0.9
	bh-egress: nat 2000 free 198.51.100.8:1024-1535 branch1 10.1.0.5
	bh-egress: nat 3000 take 198.51.100.8:1024-1535 branch2 10.2.0.7
	END
	who -q '198.51.100.8:1400 tcp' -t 1999 "$T/log"
	[ "$output" = $'branch1\t10.1.0.5\tblock 1024-1535 since 1000' ]
	who -q '198.51.100.8:1535 udp' -t 1970-01-01T00:50:00 - <"$T/log"
	[ "$output" = $'branch2\t10.2.0.7\tblock 1024-1535 since 3000' ]
	who -q '198.51.100.8:1400 tcp at 1999' "$T/log"
	[ "$output" = $'branch1\t10.1.0.5\tblock 1024-1535 since 1000' ]
	who -q '198.51.100.8:1536 icmp' "$T/log"
	[ "$output" = $'branch2\t10.2.0.9\tblock 1536-2047 since 1500' ]
	for t in 999 2500; do
		who -q '198.51.100.8:1024 tcp' -t $t "$T/log"
		[ "$status" -eq 1 ]
		[ "$stderr" = "bh-egress: nobody had it" ]
	done
}

@test "-q computes it, and agrees with the packets (7422)" {
	sed 's/^nat-pool.*/&\nnat-deterministic = yes\nport-block = 64/
		s/internal   = 10.1.0.0.16/internal = 10.1.0.0\/24/
		s/lan        = 10.1.0.0.20/lan = 10.1.0.0\/24/
		s/internal   = 10.2.0.0.16/internal = 10.2.0.0\/24/
		s/lan        = 10.2.0.0.20/lan = 10.2.0.0\/24/' \
		t/data/pool.ini >"$T/fixed.ini"
	DOMAIN=$T/fixed.ini
	hosts=$(for i in 0 1 5 77 128 254 255; do echo "10.2.0.$i"; done)
	# shellcheck disable=SC2086 # a list
	cap make "$T/out.pcap" $hosts
	egress -p branch2 -r "$T/out.pcap" -w "$T/a.pcap" 2>"$T/log"
	[ ! -s "$T/log" ]
	cap flows "$T/out.pcap" | sed -n 's/^6 \([^:]*\):.*/\1/p' >"$T/in"
	cap flows "$T/a.pcap" | sed -n 's/^6 \([^ ]*\) .*/\1/p' |
		while read -r end; do
			egress -q "$end tcp" | cut -f 1,2
		done | diff - <(sed 's/^/branch2\t/' "$T/in")
	[ "$(wc -l <"$T/in")" -eq 7 ]
}

@test "-q answers an old question by the epoch of its time" {
	cat >"$T/log" <<-'END'
	bh-egress: nat 1000 epoch block=512 addresses=1
	bh-egress: nat 1000 pool 0 198.51.100.8
	bh-egress: nat 1000 hosts 0 16 10.1.0.0 branch1
	bh-egress: nat 1500 take 198.51.100.8:40960-41471 branch1 10.1.0.3
	bh-egress: nat 2000 epoch block=1024 addresses=2
	bh-egress: nat 2000 pool 0 198.51.100.8
	bh-egress: nat 2000 pool 1 198.51.100.9
	bh-egress: nat 2000 hosts 0 4 10.1.0.0 branch1
	bh-egress: nat 2000 hosts 4 8 10.2.0.0 branch2
	END
	who -q '198.51.100.8:2100 tcp' -t 1999 "$T/log"
	[ "$output" = $'branch1\t10.1.0.2\tdeterministic 2048-2559' ]
	who -q '198.51.100.8:2100 tcp' -t 2000 "$T/log"
	[ "$output" = $'branch1\t10.1.0.2\tdeterministic 2048-3071' ]
	who -q '198.51.100.9:5000 tcp' "$T/log"
	[ "$output" = $'branch2\t10.2.0.3\tdeterministic 4096-5119' ]
	who -q '198.51.100.8:41000 udp' -t 1600 "$T/log"
	[ "$output" = $'branch1\t10.1.0.3\tblock 40960-41471 since 1500' ]
	who -q '198.51.100.8:60000 tcp' "$T/log"
	[ "$status" -eq 1 ]
}

@test "F24: -q reads a ring of logs by their numbers, and what they do not begin with" {
	cat >"$T/nat-0.log" <<-'END'
	bh-egress: nat 5000 file 17
	bh-egress: nat 5000 free 198.51.100.8:1024-1535 branch1 10.1.0.5 since 4500
	bh-egress: nat 5001 take 198.51.100.8:1024-1535 branch2 10.2.0.7
	bh-egress: nat 5002 free 198.51.100.8:2048-2559 branch2 10.2.0.8 since 10
	bh-egress: nat 6000 begin
	END
	cat >"$T/nat-1.log" <<-'END'
	bh-egress: nat 4000 file 16
	bh-egress: nat 4100 take 198.51.100.8:1024-1535 branch1 10.1.0.4
	bh-egress: nat 4200 free 198.51.100.8:1024-1535 branch1 10.1.0.4 since 4100
	bh-egress: nat 4500 take 198.51.100.8:1024-1535 branch1 10.1.0.5
	END
	ask() { who -q "198.51.100.8:$1 tcp at $2" "$T/nat-0.log" "$T/nat-1.log"; }
	ask 1400 4150
	[ "$output" = $'branch1\t10.1.0.4\tblock 1024-1535 since 4100' ]
	ask 1400 4600
	[ "$output" = $'branch1\t10.1.0.5\tblock 1024-1535 since 4500' ]
	ask 1400 4200
	[ "$output" = $'branch1\t10.1.0.4\tblock 1024-1535 since 4100' ]
	ask 1400 5500
	[ "$output" = $'branch2\t10.2.0.7\tblock 1024-1535 since 5001' ]
	# taken when no log was kept yet, or what was is gone
	ask 2100 3000
	[ "$output" = $'branch2\t10.2.0.8\tblock 2048-2559 since 10' ]
	for q in '2100 9' '2100 5003' '1400 4300' '1400 6001'; do
		# shellcheck disable=SC2086 # two words
		ask $q
		[ "$status" -eq 1 ]
	done
}

@test "-q says what is wrong with a question" {
	who -q '198.51.100.8 tcp'
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-egress: 198.51.100.8 tcp: that is no ADDRESS:PORT" ]
	who -q '198.51.100.8:1 gre'
	[ "$status" -eq 100 ]
	who -q '198.51.100.8:1 tcp' -t yesterday
	[ "$status" -eq 100 ]
	who -q '198.51.100.8:1 tcp at yesterday'
	[ "$status" -eq 100 ]
	who -q '198.51.100.8:1 tcp at 5' -t 5
	[ "$status" -eq 100 ]
	who -q '198.51.100.8:1 tcp at'
	[ "$status" -eq 100 ]
	who -q '198.51.100.8:1'
	[ "$status" -eq 100 ]
	who -q '198.51.100.8:1 tcp' /nonexistent
	[ "$status" -eq 100 ]
	who -t 5
	[ "$status" -eq 100 ]
}

@test "-e says of the pool what the translator says, with the flows of -N" {
	run egress -d in -e '203.0.113.9:53 > 198.51.100.8:52416 udp'
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "  refused: nat-closed "* ]]
	cap make "$T/out.pcap" 10.1.0.5
	egress -p branch1 -N "$T/nat" -r "$T/out.pcap" >/dev/null 2>&1
	run egress -N "$T/nat" -d in -e '203.0.113.9:53 > 198.51.100.8:52416 udp'
	[ "$status" -eq 0 ]
	grep -qx '  destination  10.1.0.5: in .* of branch1, takes part' \
		<<<"$output"
	grep -qx '  next hop branch1, by its tunnel' <<<"$output"
}

@test "-e: a host that NPT has no address for is refused, with 1" {
	sed 's/^nat  *= masq.*/&\nnat6 = npt 2001:db8:f000::\/44/' \
		t/data/truth.ini >"$T/d.ini"
	DOMAIN=$T/d.ini run egress -p branch1 \
		-e '2001:db8:1:ffff::5 > 2a00::80 tcp 80'
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "  refused: npt "* ]]
}
