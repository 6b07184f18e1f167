#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bh-classify reads captures: of every kind, damaged, cut, and of any time.

bats_require_minimum_version 1.8.0
load lib/gate.bash

DOMAIN=t/data/truth.ini
classify() { "$BH_BIN/bh-classify" -f "$DOMAIN" -l branch1 "$@"; }

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
