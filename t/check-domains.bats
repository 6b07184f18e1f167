# Domain files at random: the linter, the programs and the views agree.

bats_require_minimum_version 1.8.0

@test "a domain without errors loads everywhere, prints the same, and does what its views say" {
	export LIVE=4
	run t/lib/random-domains "${BH_BIN:-$PWD/build/release}" \
		"$BATS_TEST_TMPDIR" "${SEED:-1}" "${COUNT:-100}"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[-2]}" = "4 of them live" ]
	# both kinds were there, so that the test could fail
	[[ ${lines[-1]} =~ ^[0-9]+\ domains,\ ([0-9]+)\ without ]]
	((BASH_REMATCH[1] > 20 && BASH_REMATCH[1] < 90))
}

@test "a thousand locations with a hundred thousand prefixes have views" {
	t/bench/domain --write 1000 50 >"$BATS_TEST_TMPDIR/big.ini"
	bin=${BH_BIN:-$PWD/build/release}
	run "$bin/bh-check" -f "$BATS_TEST_TMPDIR/big.ini" -l l7
	[ "$status" -eq 0 ]
	[[ $output == *": 1000 locations, 0 errors, 0 warnings"* ]]
	[ "$(grep -c ' 10\..*/32$\| 10\.[0-9.]*$' <<<"$output")" -ge 50 ]
}
