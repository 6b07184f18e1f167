# SPDX-License-Identifier: ISC
# What the programs of a client and a server may still do while they run.
bats_require_minimum_version 1.8.0

# One line a program: its name and its pid.
programs() {
	{ cli_backhaul status; srv_backhaul status; } |
		awk '$2 == "running" { print $1, $3 }'
}

setup_file() {
	. t/lib/world.bash
	world_up "$BATS_FILE_TMPDIR"
	world_domain ''
	srv_backhaul up
	cli_backhaul up
	PROGRAMS=$(programs)
	export PROGRAMS
}

teardown_file() {
	. t/lib/world.bash
	cli_backhaul down
	srv_backhaul down
	world_down
}

setup() {
	. t/lib/world.bash
}

# Runs a check, with the name and the pid, for all five; names who fails it.
each_program() {	# COMMAND...
	local name pid n=0
	while read -r name pid; do
		"$@" "$name" "$pid" || { echo "$name ($pid): $*"; return 1; }
		n=$((n + 1))
	done <<<"$PROGRAMS"
	[ "$n" -eq 5 ]
}

# A field of the process's status is this.
field_is() {	# FIELD VALUE NAME PID
	[ "$(sed -n "s/^$1:[[:space:]]*//p" "/proc/$4/status")" = "$2" ]
}

limit_is_0() {	# NAME-OF-LIMIT NAME PID
	[ "$(sed -n "s/^$1  *\([^ ]*\)  *\([^ ]*\) .*/\1 \2/p" \
		"/proc/$3/limits")" = '0 0' ]
}

# What the descriptors are: a kind, or a path.
descriptors() {	# PID
	local fd
	for fd in "/proc/$1/fd"/*; do
		readlink "$fd"
	done | sed 's/:.*//' | sort -u
}

@test "each program runs under a system call filter" {
	each_program field_is Seccomp 2
	each_program field_is NoNewPrivs 1
}

@test "no program has a capability, or could get one" {
	local set
	for set in CapEff CapPrm CapInh CapBnd CapAmb; do
		each_program field_is "$set" 0000000000000000
	done
}

is_nobody() {	# NAME PID
	local user=backhaul
	id "$user" >/dev/null 2>&1 || user=nobody
	local u g
	u=$(id -u "$user") g=$(id -g "$user")
	[ "$u" -ne 0 ] && [ "$g" -ne 0 ] &&
		field_is Uid "$u	$u	$u	$u" "$@" &&
		field_is Gid "$g	$g	$g	$g" "$@" &&
		field_is Groups '' "$@"
}

@test "no program is root or in a group of root's" {
	each_program is_nobody
}

# The kernel gives what belongs to who cannot be dumped to root.
is_not_dumpable() {	# NAME PID
	[ "$(stat -c %u "/proc/$2/mem")" -eq 0 ] &&
		! field_is Uid "0	0	0	0" "$@"
}

@test "no program leaves a core, lets itself be read, or can fork" {
	each_program limit_is_0 'Max core file size'
	each_program limit_is_0 'Max processes'
	each_program is_not_dumpable
}

# Standard streams apart, which the supervisor chose.
holds() {	# NAME PID
	local have
	have=$(descriptors "$2" | grep -vxF -e "$(readlink "/proc/$2/fd/0")" \
		-e "$(readlink "/proc/$2/fd/1")" \
		-e "$(readlink "/proc/$2/fd/2")" | tr '\n' ' ')
	case $1 in
	bh-tunnel) [[ $have != *tun* && $have != *keys* && $have != *ini* ]] ;;
	*) [[ $have == *'/dev/net/tun'* && $have != *ini* ]] ;;
	esac || { echo "$1 holds $have"; return 1; }
}

@test "bh-tunnel holds no TUN device, and nobody a file of the configuration" {
	each_program holds
}

# No inode of a UDP socket is among the descriptors.
has_udp() {	# PID HOST
	local inode
	for inode in $(in_host "$2" ss -Huane | grep -o 'ino:[0-9]*'); do
		find "/proc/$1/fd" -lname "socket:\[${inode#ino:}\]" |
			grep -q . && return 0
	done
	return 1
}

@test "only bh-tunnel has a UDP socket" {
	local host name pid
	for host in cli srv; do
		while read -r name pid; do
			if [ "$name" = bh-tunnel ]; then
				has_udp "$pid" "$host"
			else
				! has_udp "$pid" "$host" || return 1
			fi
		done < <("${host}_backhaul" status |
			awk '$2 == "running" { print $1, $3 }')
	done
}

@test "what a program does while it runs passes the filter" {
	in_lan ping -q -c 3 -i 0.1 -W 5 203.0.113.80
	each_program poke
	in_lan ping -q -c 3 -i 0.1 -W 5 203.0.113.80
	[ "$(programs)" = "$PROGRAMS" ]
}

# Its counters on standard error; a wait that is taken up again.
poke() {	# NAME PID
	kill -USR1 "$2" && kill -STOP "$2" && kill -CONT "$2"
}

@test "a sibling that was killed finds the others as they were" {
	local before
	before=$(grep bh-tunnel <<<"$PROGRAMS")
	kill -KILL "$(cli_backhaul status | awk '$1 == "bh-classify" { print $3 }')"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	[ "$(programs | grep bh-tunnel)" = "$before" ]
}

@test "H17: every program is built with what the compiler has against attacks" {
	cc=${CC:-cc}
	for flag in -fcf-protection -fstack-clash-protection \
		-ftrivial-auto-var-init=zero -fstack-protector-strong; do
		$cc -Werror "$flag" -c -x c -o /dev/null /dev/null 2>/dev/null ||
			continue
		for p in cmd/*.c; do
			p=$BH_BIN/$(basename "$p" .c)
			# gcc writes its own flags down; every part has them
			readelf --debug-dump=info "$p" |
				awk -v f="$flag" '/DW_AT_producer/ {
					n += index($0, "-std=c11") > 0
					with += index($0, f) > 0
				} END { exit !n || n != with }' ||
				{ echo "$p: not $flag"; false; }
		done
	done
	# what copies into a buffer of ours knows how large it is
	nm -D "$BH_BIN/bh-tunnel" | grep -q __memcpy_chk
}
