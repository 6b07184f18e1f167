# SPDX-License-Identifier: ISC
# The table of bh-egress(8) against the tests: no claim without one, no test of
# a requirement that the table does not have.

bats_require_minimum_version 1.8.0

setup() {
	T=$BATS_TEST_TMPDIR
	BH_BIN=${BH_BIN:-$PWD/build/release}
	sed -n '/^\.Sh CONFORMANCE/,/^\.El/s/^\.It \([0-9N][^ ]*\) Ta \([a-z]*\) Ta \(.*\) Ta *\(.*\)$/\1|\2|\3|\4/p' \
		man/bh-egress.8 >"$T/table"
}

# What the tests say that they show: a requirement and a test, a line each.
shown() {
	local t
	for t in "$BH_BIN"/t/unit/nat/*_test; do
		"$t" >"$T/out" || return 1
		sed -n 's/^ok [0-9]* - \([^:]*\): .*/\1/p' "$T/out" |
			tr -s ', ' '\n' | sed "s/\$/|${t##*/}/"
	done
	for t in t/nat-pool.bats t/bh-egress-nat.bats t/nat-stun.bats t/nat-publish.bats \
	    t/nat-npt.bats; do
		sed -n 's/^@test "\(.*\)" {$/\1/p' "$t" | tr -cs 'A-Za-z0-9.-' '\n' |
			sed "s,\$,|$t,"
	done
}

@test "every claim of the table of bh-egress(8) has a test, and every test a row" {
	[ "$(wc -l <"$T/table")" -gt 70 ]
	shown | grep -E '^([0-9]{4}(-[0-9a-z.]+)?|N[0-9]+)\|' | sort -u >"$T/shown"
	while IFS='|' read -r id kept tests note; do
		case $kept in
		yes | partly) ;;
		no) [ "$tests" = - ] && [ -n "$note" ]; continue ;;
		*) echo "$id: $kept"; false ;;
		esac
		[ "$kept" = yes ] || [ -n "$note" ]
		for t in ${tests//,/ }; do
			grep -qx "$id|$t" "$T/shown" || { echo "$id: not in $t"; false; }
		done
	done <"$T/table"
	cut -d '|' -f 1 "$T/shown" | sort -u >"$T/ids"
	cut -d '|' -f 1 "$T/table" | sort -u >"$T/rows"
	comm -23 "$T/ids" "$T/rows" | tee "$T/missing"
	[ ! -s "$T/missing" ]
}
