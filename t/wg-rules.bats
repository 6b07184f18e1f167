# What WireGuard demands of an endpoint: t/data/wireguard.txt.

bats_require_minimum_version 1.8.0

@test "each rule and each scenario is named by the tests that the table says" {
	. t/lib/named.bash
	named_by_all t/data/wireguard.txt 'mixed*'
}

@test "the table is complete" {
	local i
	for i in W{1..24} 'scenario '{1..31} 'mixed '{1..31}; do
		grep -q "^$i	" t/data/wireguard.txt || { echo "$i"; false; }
	done
}
