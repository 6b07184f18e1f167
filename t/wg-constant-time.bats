# What time could tell of a secret.
bats_require_minimum_version 1.8.0

@test "constant time: nothing but an answer depends on a secret, as far as memcheck sees" {
	run t/ct/run "${BH_BIN:-$PWD/build/release}/t/ct/secrets"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -gt 5 ]
}
