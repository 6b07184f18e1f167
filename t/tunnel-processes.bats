# bh-tunnel is several processes: the data process, the key process, its parent,
# which starts it again, and the uapi process.  What each has, and what happens
# when one of them dies.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	# names of interfaces of their own: no other gateway of this host has
	# their configuration sockets
	world_domain "interface = ${W}s\n" "interface = ${W}c\n"
	srv_backhaul up
	cli_backhaul up
	in_lan ping -q -c 1 -W 5 203.0.113.80
}

# The data process: who the supervisor started.
data_process() {	# cli|srv
	"$1_backhaul" status | awk '$1 == "bh-tunnel" { print $3 }'
}
spare() { pgrep -P "$(data_process "$1")" -x bh-tunnel-keys; }
key_process() { pgrep -P "$(spare "$1")" -x bh-tunnel-keys; }
uapi() { pgrep -P "$(data_process "$1")" -x bh-tunnel-uapi; }

all_of() {	# cli|srv
	data_process "$1" && spare "$1" && key_process "$1" && uapi "$1"
}

@test "the private key is in the key process's memory, and not with the packets" {
	local host key
	for host in cli:branch1 srv:hq; do
		key=$W_DIR/keys/${host#*:}.key host=${host%:*}
		[ "$(python3 t/lib/memory.py "$(key_process $host)" "$key")" -gt 0 ]
		[ "$(python3 t/lib/memory.py "$(data_process $host)" "$key")" -eq 0 ]
		[ "$(python3 t/lib/memory.py "$(uapi $host)" "$key")" -eq 0 ]
	done
}

@test "each of the processes is caged, and not root" {
	local pid uid n=0
	for pid in $(all_of cli) $(all_of srv); do
		grep -qx 'Seccomp:	2' "/proc/$pid/status"
		grep -qx 'NoNewPrivs:	1' "/proc/$pid/status"
		grep -qx 'CapEff:	0000000000000000' "/proc/$pid/status"
		grep -qx 'CapBnd:	0000000000000000' "/proc/$pid/status"
		uid=$(awk '$1 == "Uid:" { print $2 $3 $4 $5 }' "/proc/$pid/status")
		[[ $uid != *0000* ]]
		n=$((n + 1))
	done
	[ "$n" -eq 8 ]
}

@test "who runs as their user can neither read nor trace any of them" {
	local pid user
	for pid in $(all_of cli); do
		user=$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")
		setpriv --reuid "$user" --clear-groups --regid "$user" \
			/usr/bin/python3 - "$pid" <<-'E'
		import ctypes, errno, os, sys
		pid = int(sys.argv[1])
		c = ctypes.CDLL(None, use_errno=True)
		for name in ("mem", "fd", "environ"):
		    try:
		        path = f"/proc/{pid}/{name}"
		        os.listdir(path) if name == "fd" else open(path, "rb").read(1)
		        sys.exit(f"{path} was opened")
		    except PermissionError:
		        pass
		PTRACE_ATTACH = 16
		assert c.ptrace(PTRACE_ATTACH, pid, None, None) == -1
		assert ctypes.get_errno() == errno.EPERM
		E
	done
}

@test "keys and handshakes have their socket, packets theirs, of one port" {
	local host pid n
	for host in cli srv; do
		# handshakes, junk; and data
		[ "$(in_$host ss -Hluanp 'sport = :51820' | grep -c .)" -eq 3 ]
		for pid in "$(key_process $host)" "$(data_process $host)"; do
			n=$(in_$host ss -Hluanp 'sport = :51820' |
				grep -c "pid=$pid,")
			[ "$n" -eq $((pid == $(data_process $host) ? 1 : 2)) ]
		done
	done
}

@test "each process's packets are the sum of its verdicts" {
	in_lan ping -q -c 5 -i 0.01 203.0.113.80
	python3 - "$W_DIR"/run/*/bh-*.stat <<-'E'
	import struct, sys
	assert len(sys.argv) == 1 + 7, sys.argv
	for path in sys.argv[1:]:
	    data = open(path, "rb").read()
	    n = struct.unpack_from("I", data, 12)[0]
	    taken, *counts = struct.unpack_from(f"{n + 1}Q", data, 32)
	    assert taken == sum(counts), (path, taken, counts)
	    assert taken > 0, path
	E
}

@test "G31 the key process is killed: no packet is lost, and it is started again" {
	local host was
	world_bg lan ping -c 300 -i 0.01 203.0.113.80
	world_until eval "[ \$(grep -c ttl= '$W_DIR/lan.log') -gt 5 ]"
	for host in cli srv; do
		was=$(key_process $host)
		kill -9 "$was"
		world_until eval "[ -n \"\$(key_process $host)\" ] &&
			[ \"\$(key_process $host)\" != $was ]"
	done
	# it answers wg(8), with what the other process knows
	[ "$(in_cli wg show "${W}c" latest-handshakes | wc -l)" -eq 1 ]
	world_until grep -q 'packet loss' "$W_DIR/lan.log"
	grep -q ' 0% packet loss' "$W_DIR/lan.log"
	grep -q 'the process that makes handshakes has died (signal 9)' \
		"$W_DIR/run/branch1/log"
}

@test "G31 the data process is killed, on either side: all comes back" {
	local host was
	for host in cli srv; do
		was=$(data_process $host)
		kill -9 "$was"
		world_until in_lan ping -q -c 1 -W 1 203.0.113.80
		[ "$(data_process $host)" != "$was" ]
		# nobody of the old ones is left
		world_until eval "[ \$(in_$host ss -Hluanp | grep -c :51820) -eq 3 ]"
		[ "$(netns_named "$W-$host" bh-tunnel-keys | wc -l)" -eq 2 ]
	done
}

# What an initiation, a response and a cookie look like on the outer cable.
W_FROM_SERVER='src host 198.51.100.2 and udp port 51820'

@test "a server that was killed asks its client at once, where it was last" {
	world_capture wan cli0 "$BATS_TEST_TMPDIR/asked" \
		"$W_FROM_SERVER and udp[8] = 1"
	kill -9 "$(data_process srv)"
	world_until eval "[ \$(world_packets '$BATS_TEST_TMPDIR/asked') -gt 0 ]"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	world_captured
}

@test "W6 an initiation from before a restart is a replay after it" {
	local n answers="$BATS_TEST_TMPDIR/answers"
	# the client makes one
	world_capture wan cli0 "$BATS_TEST_TMPDIR/one" \
		'dst host 198.51.100.2 and udp port 51820 and udp[8] = 1'
	kill -9 "$(data_process cli)"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	world_captured
	kill -9 "$(data_process srv)"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	n=$(world_count hq bh-tunnel stale)
	world_capture wan cli0 "$answers" "$W_FROM_SERVER and dst port 4444"
	# its last 148 bytes
	tail -c 148 "$BATS_TEST_TMPDIR/one" | in_wan socat -u -b 148 - \
		UDP4-SENDTO:198.51.100.2:51820,sourceport=4444
	world_until eval "[ \$(world_count hq bh-tunnel stale) -gt $n ]"
	in_lan ping -q -c 3 -i 0.05 203.0.113.80
	world_captured
	world_none "$answers"
	# the key process alone is started again: the same
	n=$(world_count hq bh-tunnel stale)
	kill -9 "$(key_process srv)"
	world_until eval "[ -n \"\$(key_process srv)\" ]"
	tail -c 148 "$BATS_TEST_TMPDIR/one" | in_wan socat -u -b 148 - \
		UDP4-SENDTO:198.51.100.2:51820,sourceport=4444
	world_until eval "[ \$(world_count hq bh-tunnel stale) -gt $n ]"
}

@test "stamps that are damaged are as if there were none" {
	local was
	was=$(data_process srv)
	head -c 200 /dev/urandom >"$W_DIR/run/hq/bh-tunnel.stamps"
	kill -9 "$was"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	[ "$(data_process srv)" != "$was" ]
	[ "$(stat -c %a "$W_DIR/run/hq/bh-tunnel.stamps")" = 600 ]
}

@test "the key process and what would start it again die: all ends, and comes back" {
	local was spare key_process
	was=$(data_process cli) spare=$(spare cli) key_process=$(key_process cli)
	kill -9 "$spare" "$key_process"
	world_until eval "[ \"\$(data_process cli)\" != $was ]"
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	grep -q 'ending: the process that makes handshakes has died' \
		"$W_DIR/run/branch1/log"
}

# What the server's two processes have counted, or its key process alone.
counted() {	# PROGRAM [VERDICT]
	"$BH_BIN/bh-ctl" -D "$W_DIR/run/hq" counters "$1" |
		awk -v v="${2:-}" 'v == "" || $2 == v { n += $3 }
			END { print n + 0 }'
}

# 100 trains to the server, until all is counted; `passed' is what went from the
# process that had it to the other.
joined() {	# FIRST REST
	local all keys full sent
	all=$(counted bh-tunnel) keys=$(counted bh-tunnel-keys)
	full=$(counted bh-tunnel full)
	sent=$(in_wan python3 t/lib/joined.py 198.51.100.2 "$1" "$2" 100)
	world_until eval "[ \$((\$(counted bh-tunnel) - $all)) -ge $sent ]"
	keys=$(($(counted bh-tunnel-keys) - keys))
	full=$(($(counted bh-tunnel full) - full))
	[ "$1" -eq 4 ] && passed=$keys || passed=$((sent - keys))
	echo "$sent sent, $passed passed on, $full not"
	[ "$passed" -gt 0 ]
	[ "$passed" -le $((16 * 100)) ]
	[ $((passed + full + 100)) -ge "$sent" ]
	in_lan ping -q -c 3 -i 0.05 203.0.113.80
}

@test "H6: initiations behind a junk data message: few are passed on" {
	joined 4 1
}

@test "H6: so are data behind a junk initiation" {
	joined 1 4
}

lost() { world_count branch1 bh-tunnel helpers-lost; }

@test "F22: helpers that die are told of and counted, and all goes on" {
	local was before spare
	was=$(data_process cli) before=$(lost) spare=$(spare cli)
	kill -9 "$(uapi cli)"
	world_until grep -q 'wg(8) gets no more answers' \
		"$W_DIR/run/branch1/log"
	world_until eval "[ \$(lost) -eq $((before + 1)) ]"
	kill -9 "$spare"
	world_until grep -q 'who would start the process that makes handshakes again' \
		"$W_DIR/run/branch1/log"
	world_until eval "[ \$(lost) -eq $((before + 2)) ]"
	in_lan ping -q -c 1 -W 1 203.0.113.80
	[ "$(data_process cli)" = "$was" ]
	# who ends as it should is missed by nobody
	cli_backhaul down
	! grep -q 'died' <(tail -n 1 "$W_DIR/run/branch1/log" 2>/dev/null)
	cli_backhaul up
	world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	! grep -q 'who would start' "$W_DIR/run/branch1/log"
}


@test "F22b: whose end was another's is started again at once, again and again" {
	local was i
	for i in 1 2 3 4 5; do
		was=$(data_process cli)
		kill -9 "$was"
		world_until eval "[ -n \"\$(data_process cli)\" ] &&
			[ \"\$(data_process cli)\" != $was ]"
		world_until in_lan ping -q -c 1 -W 1 203.0.113.80
	done
	# the program that was killed is slowed down, the other is not
	[ "$(grep -c 'bh-tunnel is gone' "$W_DIR/run/branch1/log")" -ge 5 ]
	[ "$(awk '{ print $NF }' "$W_DIR/run/branch1/bh-classify.state")" -eq 112 ]
}
