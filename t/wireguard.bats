# What WireGuard demands of an endpoint: t/data/wireguard.txt.

bats_require_minimum_version 1.8.0

# The names of the tests in a file.
names() {	# FILE
	case $1 in
	*.bats) sed -n 's/^@test "\(.*\)" {$/\1/p' "$1" ;;
	*) grep -oE '"([^"\\]|\\.)*"' "$1" ;;
	esac
}

# Whether a test of a file has a name that says so.
is_named() {	# WHAT FILE
	local n=${1##* }
	case $1 in
	others*) names "$2" | grep -qE "others ([WF][0-9]+, )*$n\b" ;;
	mixed*) names "$2" | grep wireguard-go |
		grep -qE "scenarios? ([0-9]+, )*$n\b" ;;
	scenario*) names "$2" | grep -qE "scenarios? ([0-9]+, )*$n\b" ;;
	*) names "$2" | sed -E 's/others [WF][0-9]+(, [WF][0-9]+)*//' |
		grep -qE "\b$n\b" ;;
	esac
}

@test "each rule and each scenario is named by the tests that the table says" {
	local what about files f bad=0
	while IFS=$'\t' read -r what about files; do
		[[ $what == '#'* ]] && continue
		[ -n "$files" ] || [[ $what$about == mixed*none:* ]] ||
			{ echo "$what: no test"; bad=1; }
		for f in $files; do
			is_named "$what" "$f" ||
				{ echo "$what is not in $f"; bad=1; }
		done
	done <t/data/wireguard.txt
	[ "$bad" -eq 0 ]
}

@test "the table is complete" {
	local i
	for i in W{1..24} 'scenario '{1..31} 'mixed '{1..31}; do
		grep -q "^$i	" t/data/wireguard.txt || { echo "$i"; false; }
	done
}
