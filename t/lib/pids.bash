# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# The processes that were started in a network namespace.  A program of ours
# that needs no network leaves it for an empty one, where ip-netns(8) does not
# find it any more: so whoever starts something there says so in its
# environment, by netns_exec or as
#
#	NETNS=NAMESPACE ip netns exec NAMESPACE COMMAND... &
#
# where $! is needed, and children have it from their parents.

netns_exec() {	# NAMESPACE COMMAND...
	local ns=$1
	shift
	NETNS=$ns ip netns exec "$ns" "$@"
}

# Those that have not ended, wherever they are by now.
netns_pids() {	# NAMESPACE
	{
		ip netns pids "$1" 2>/dev/null
		grep -Flzx "NETNS=$1" /proc/[0-9]*/environ 2>/dev/null |
			cut -d / -f 3
	} | sort -nu
}

# Of these, those of a program.
netns_named() {	# NAMESPACE PROGRAM
	local pid name
	for pid in $(netns_pids "$1"); do
		read -r name 2>/dev/null <"/proc/$pid/comm" || continue
		[ "$name" != "$2" ] || echo "$pid"
	done
}

netns_names() {	# NAMESPACE: a line for each process
	local pid
	for pid in $(netns_pids "$1"); do
		cat "/proc/$pid/comm" 2>/dev/null
	done
	return 0
}
