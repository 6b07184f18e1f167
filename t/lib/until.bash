# SPDX-License-Identifier: ISC
# shellcheck shell=bash

# Until a condition holds; a machine may be busy.
until_holds() {	# SECONDS COMMAND...
	local most=$1 end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			echo "still not true after $most s: $*" >&2
			return 1
		fi
		sleep 0.02
	done
}
