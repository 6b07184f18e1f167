# SPDX-License-Identifier: ISC
# The decision table, live: one packet of each row, in both families, through
# the programs as they run at a gateway.  (Every cell of it, offline, is in
# t/bh-classify.bats and t/bh-egress.bats, and in t/unit/policy/policy_test.)
bats_require_minimum_version 1.8.0

# Nobody but the test talks here: no address, no forwarding, no IPv6 of the
# kernel's.
setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	: "${BH_BIN:=$PWD/build/release}"
	export BH_BIN
	T=$BATS_TEST_TMPDIR
	W=bht$$
	ip netns add "$W"
	for v in all default; do
		ip netns exec "$W" sysctl -qw "net.ipv6.conf.$v.disable_ipv6=1"
	done
	ip netns exec "$W" sysctl -qw net.ipv4.ip_forward=0
	for tun in bh0 bhx0; do
		ip -n "$W" tuntap add dev "$tun" mode tun
		ip -n "$W" link set "$tun" mtu 1440 up
	done
	{ cat t/data/truth.ini; cat <<-'END'; } >"$T/domain.ini"
	[breakout one]
	location = branch1
	filter = udp dst port 7
	[breakout two]
	location = branch2
	filter = udp dst port 7
	END
}

teardown() {
	ip netns del "$W"
}

live() { ip netns exec "$W" python3 t/lib/truth-live.py "$@" 3>&-; }

@test "one packet of each row gets its verdict live, and all counters add up (C1-C14, C32, C44, B1)" {
	run --separate-stderr live "$T/domain.ini" "$T"
	echo "$output$stderr"
	[ "$status" -eq 0 ]
	# tables of t/data/truth.txt, but the one where nothing runs
	[ "${#lines[@]}" -eq $(($(grep -c '^at ' t/data/truth.txt) - 1)) ]
	[ "$(awk '{ n += $NF } END { print n }' <<<"$output")" -gt 250 ]
	# C44: each gateway with a LAN names the first host it does not know, and
	# no more within a minute
	[ "$(grep -c '^bh-classify: refused ' <<<"$stderr")" -eq 4 ]
	grep -qx "bh-classify: refused 1 packets from the LAN, the last from \
10.1.200.5, which takes no part here: is it missing in 'lan' or 'internal'?" \
		<<<"$stderr"
	run --separate-stderr "$BH_BIN/bh-egress" -f t/data/truth.ini -l dc \
		-D "$T"
	[ "$status" -eq 100 ]
	[ "$stderr" = "bh-egress: dc is no backhaul server" ]
}

@test "what breaks out does so without a server, all else is refused (C4)" {
	sed 's/^server     = hq/&\nprobe = 203.0.113.80/' "$T/domain.ini" \
		>"$T/probe.ini"
	run --separate-stderr live "$T/domain.ini" "$T" "$T/probe.ini"
	echo "$output$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "no-server 2 4" ]
}
