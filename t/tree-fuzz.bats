# SPDX-License-Identifier: ISC
# A short run of every fuzz target, always the same one; SEED=N for another.
# The long ones are make fuzz and make hunt; t/fuzz/LEDGER says how long.
bats_require_minimum_version 1.8.0

# A target, and how many mutations take about half a second.
mutations() {
	case $1 in
	lpm) echo 300 ;;
	conf) echo 1000 ;;
	gso | nat | policy) echo 2000 ;;
	import | channel) echo 20000 ;;
	link) echo 8000 ;;
	judge) echo 300000 ;;
	device) echo 4000 ;;
	*) echo 100000 ;;
	esac
}

@test "every message and text of a stranger has a fuzz target and a corpus" {
	local name
	for name in initiation response cookie data ip uapi conf load stat \
		link channel adopt who import completion; do
		[ -f "t/fuzz/fuzz_$name.c" ]
	done
	for name in t/fuzz/fuzz_*.c; do
		name=${name#t/fuzz/fuzz_}
		[ -n "$(ls "t/fuzz/corpus/${name%.c}")" ]
	done
}

@test "every fuzz target's properties hold for its corpus and what is near it" {
	local f name
	for f in t/fuzz/fuzz_*.c; do
		name=${f#t/fuzz/fuzz_}
		name=${name%.c}
		echo "$name"
		timeout 60 "$BH_BIN/t/short/fuzz_$name" \
			"t/fuzz/corpus/$name" "$(mutations "$name")"
	done
}

@test "the loader's corpus has every key of every kind of section" {
	local kind key n=0
	while read -r kind key; do
		echo "$kind $key"
		n=$((n + 1))
		grep -q "^$key *=" "t/fuzz/corpus/load/$kind-$key.ini"
	done < <(sed -n 's/^	X(\([A-Z]*\), [A-Z0-9_]*, "\([^"]*\)".*/\L\1 \E\2/p' \
		lib/conf/keys.h)
	[ "$n" -gt 50 ]
}

@test "the short run gives a target what it should, and says what" {
	run "$BH_BIN/t/short/fuzz_cookie" t/fuzz/corpus/cookie 5
	[ "$status" -eq 0 ]
	[ "$output" = "$(ls t/fuzz/corpus/cookie | wc -l) inputs, 5 mutations" ]
	run "$BH_BIN/t/short/fuzz_cookie" /nonexistent 5
	[ "$status" -eq 100 ]
}
