# SPDX-License-Identifier: ISC
# Which rules the tests name.

# The names of the tests in a file.
names() {	# FILE
	case $1 in
	*.bats) sed -n 's/^@test "\(.*\)" {.*$/\1/p' "$1" ;;
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

# All that a table says: what, about, files, with tabs between.  Some may have
# none, and a reason.
named_by_all() {	# TABLE PATTERN
	local what about files f bad=0
	while IFS=$'\t' read -r what about files; do
		[[ $what == '#'* ]] && continue
		# shellcheck disable=SC2053 # a pattern
		[ -n "$files" ] || [[ $what == $2 && $about == *none:* ]] ||
			{ echo "$what: no test"; bad=1; }
		for f in $files; do
			is_named "$what" "$f" ||
				{ echo "$what is not in $f"; bad=1; }
		done
	done <"$1"
	[ "$bad" -eq 0 ]
}
