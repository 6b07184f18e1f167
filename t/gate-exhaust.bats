#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bh-classify, bh-egress and the loaded nftables say the same of every packet
# there can be (t/exhaust/exhaust.c): each pair of atoms of the addresses.
bats_require_minimum_version 1.8.0

setup() {
	export BH_BIN=${BH_BIN:-$PWD/build/release}
	D=$BATS_TEST_TMPDIR/d.ini
}

# The kernel answers in a network namespace of its own, which ends with it.
exhaust() { unshare -n "$BH_BIN/t/exhaust/exhaust" "$@"; }

# It finds a difference, and says in a line who lets more through.
differs() {	# LINE SED FILE
	run exhaust -s "$2" "$3"
	[ "$status" -eq 1 ]
	grep -qxF -- "$1" <<<"$output"
}

@test "N9 every pair of atoms, for the example and those in etc/examples" {
	for f in etc/backhaul.ini etc/examples/*.ini; do
		[ "$f" != etc/examples/hub-20.ini ] || continue
		run --separate-stderr exhaust "$f"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *' 0 differences' ]]
	done
}

@test "N9 every special address, its neighbours, private-is-internal yes and no" {
	for private in yes no; do
		sed "s/^name .*/&\nprivate-is-internal = $private/" \
			t/data/truth.ini >"$D"
		exhaust "$D"
	done
	exhaust t/data/pool.ini
}

@test "N9 where something breaks out, and where a location is not active" {
	{ cat t/data/truth.ini; printf '[breakout web]\nfilter = tcp\n'
		echo 'location = branch1'; } >"$D"
	run exhaust "$D"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *', 2 guards, '* ]]
	sed 's/^\[location dc\]/&\nactive = no/' t/data/truth.ini >"$D"
	exhaust "$D"
}

@test "exhaust finds who lets more through" {
	differs "branch1, to hq: 10.1.0.0 > 198.18.0.0 tcp: nftables lets more through than bh-egress" \
		/198.18.0.0/d etc/backhaul.ini
	differs "branch1, to hq: 10.1.0.0 > 1.0.0.0 tcp: bh-egress lets more through than nftables" \
		's/10.0.0.0.8,/0.0.0.0\/1,/' t/data/truth.ini
}
