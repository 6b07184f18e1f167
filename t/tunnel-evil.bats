# Each end of each link and channel in the hands of an enemy, in turn: whoever
# it speaks to lives, or ends of its own accord, and neither grows nor lets
# anything through.  With BH_BIN=build/asan by programs that watch themselves.
bats_require_minimum_version 1.8.0

setup() {
	bin=${BH_BIN:-$PWD/build/release}
	T=$BATS_TEST_TMPDIR
}

teardown() {
	[ -z "${I-}" ] || interop_down
	[ -z "${W-}" ] || gate_down
}

evil() {
	timeout 60 python3 t/lib/evil.py "$@"
}

unhurt() {	# LOG
	run ! grep -nE 'Sanitizer|runtime error|signal (4|6|7|11|31)\)' "$1"
}

# ---- bh-tunnel --------------------------------------------------------------

tunnel_up() {
	. t/lib/interop.bash
	interop_up "$T/i"
	interop_domain 192.0.2.1:51820 192.0.2.2:51820
	# no other gateway's configuration socket
	sed -i "s/^nat = none/&\ninterface = $I/" "$I_DIR/domain.ini"
	interop_tunnel hq
	spare=$(pgrep -P "$I_TUNNEL" -x bh-tunnel-keys)
}
key_process() { pgrep -P "$spare" -x bh-tunnel-keys; }

# What it has of its own, and how many descriptors.
holds() {	# PID
	awk '$1 == "RssAnon:" { print $2 }' "/proc/$1/status"
	find "/proc/$1/fd" -mindepth 1 | wc -l
}
holds_still() {	# PID BEFORE
	local now before=$2
	read -r -d '' -a now < <(holds "$1") || true
	# shellcheck disable=SC2086
	set -- $before
	echo "kB $1, then ${now[0]}; descriptors $2, then ${now[1]}"
	[ $((now[0] - $1)) -le 256 ]
	[ "${now[1]}" -eq "$2" ]
}

# The descriptor of PID at the other end of one of OTHER's.
facing() {	# PID OTHER FD
	local inode peer fd
	inode=$(readlink "/proc/$2/fd/$3" | tr -dc 0-9)
	peer=$(in_our ss -xHn | awk -v i="$inode" '$6 == i { print $8 }')
	for fd in "/proc/$1/fd"/*; do
		[ "$(readlink "$fd")" != "socket:[$peer]" ] || echo "${fd##*/}"
	done
}

# It ends of its own accord.
ends() {	# PID STATUS
	local status=0
	timeout 20 tail -s 0.02 --pid="$1" -f /dev/null
	wait "$1" || status=$?
	[ "$status" -eq "$2" ] || { echo "it ended with $status"; return 1; }
}

@test "H8: siblings that were taken over, on both links of bh-tunnel" {
	local before
	tunnel_up
	# what they may have is had by then
	evil connect "$I_DIR/run/classify.link" 1 0.3
	evil connect "$I_DIR/run/egress.link" 2 0.3
	interop_until eval "[ \$(in_our ss -xHn | grep -c '\.link .*ESTAB') -eq 0 ]"
	before=$(holds "$I_TUNNEL")
	evil connect "$I_DIR/run/classify.link" 1 3 >"$T/one" &
	SEED=2 evil connect "$I_DIR/run/egress.link" 2 3
	wait $!
	cat "$T/one"
	kill -0 "$I_TUNNEL"
	unhurt "$I_DIR/our.log"
	# an honest one gets in, whom nobody has shut out
	printf 'send 77 2 45\n' >"$T/say"
	timeout 20 python3 t/lib/sibling.py "$I_DIR/run/classify.link" 1 \
		<"$T/say" | grep -x hello
	interop_until eval "holds_still $I_TUNNEL '$before'"
}

@test "H8: a key process that was taken over, and the packets" {
	local channel=6
	tunnel_up
	evil channel "$(key_process)" $channel 2 calm
	kill -0 "$I_TUNNEL"
	evil channel "$(key_process)" $channel 5
	ends "$I_TUNNEL" 111
	unhurt "$I_DIR/our.log"
}

@test "H8: packets that were taken over, and the key process" {
	local channel=6 was before
	tunnel_up
	was=$(key_process)
	fd=$(facing "$I_TUNNEL" "$was" $channel)
	evil channel "$I_TUNNEL" "$fd" 0.3 calm
	before=$(holds "$was")
	evil channel "$I_TUNNEL" "$fd" 2 calm
	[ "$(key_process)" = "$was" ]
	holds_still "$was" "$before"
	evil channel "$I_TUNNEL" "$fd" 5
	# nobody goes on with one that is mad
	ends "$I_TUNNEL" 111
	unhurt "$I_DIR/our.log"
}

@test "H8: the uapi process that was taken over, and the key process; and the other way" {
	local was uapi i
	tunnel_up
	was=$(key_process) uapi=$(pgrep -P "$I_TUNNEL" -x bh-tunnel-uapi)
	in_our wg show "$I" | grep -q 'listening port: 51820'
	for i in 1 2 3 4; do
		timeout 1 wg show "$I" >/dev/null 2>&1 || true
	done &
	evil channel "$was" 3 1.5 notes
	evil channel "$uapi" 3 1.5 notes
	wait $!
	[ "$(key_process)" = "$was" ]
	kill -0 "$I_TUNNEL"
	timeout 2 wg show "$I" >/dev/null 2>&1 &
	SEED=3 evil channel "$was" 3 1
	wait $! || true
	SEED=4 evil channel "$uapi" 3 1
	[ "$(key_process)" = "$was" ]
	kill -0 "$I_TUNNEL"
	unhurt "$I_DIR/our.log"
}

@test "H8: whoever talks to the configuration socket, and the uapi process" {
	local uapi was of_uapi of_keys
	tunnel_up
	was=$(key_process) uapi=$(pgrep -P "$I_TUNNEL" -x bh-tunnel-uapi)
	evil uapi "/var/run/wireguard/$I.sock" 0.5
	of_uapi=$(holds "$uapi") of_keys=$(holds "$was")
	run -0 evil uapi "/var/run/wireguard/$I.sock" 3
	echo "$output"
	[[ $output == *' requests, '[1-9]*' answers' ]]
	# the next is answered, by the same
	in_our wg show "$I" | grep -q 'listening port: 51820'
	kill -0 "$I_TUNNEL" "$uapi" "$was"
	[ "$(key_process)" = "$was" ]
	holds_still "$uapi" "$of_uapi"
	holds_still "$was" "$of_keys"
	unhurt "$I_DIR/our.log"
}

# Its partner's endpoint is a name, which the hosts file has.
tunnel_of_names() {
	. t/lib/interop.bash
	interop_up "$T/i"
	interop_domain 192.0.2.1:51820 branch1.test:51820
	mkdir -p "/etc/netns/$I-our"
	echo '192.0.2.2 branch1.test' >"/etc/netns/$I-our/hosts"
	: >"/etc/netns/$I-our/resolv.conf"
	interop_tunnel hq
	rm -r "/etc/netns/$I-our"
	rmdir --ignore-fail-on-non-empty /etc/netns
	names=$(pgrep -P "$I_TUNNEL" -x bh-tunnel-names)
}
names_process() { pgrep -P "$names" -x bh-tunnel-names; }
# They end for themselves; bh-tunnel may not even wait for them.
nobody_resolves() {
	! pgrep -r R,S,D,T -P "$I_TUNNEL" -x bh-tunnel-names
}

@test "H8: the names process that was taken over, and the packets" {
	local before
	tunnel_of_names
	# by the socket that both of its processes have
	evil channel "$names" 3 0.3 calm names
	before=$(holds "$I_TUNNEL")
	evil channel "$names" 3 2 calm names
	holds_still "$I_TUNNEL" "$before"
	interop_until names_process
	# what is no word ends what is between them, and nothing else
	evil channel "$names" 3 2 names
	interop_until grep -q 'names are not resolved any more' "$I_DIR/our.log"
	kill -0 "$I_TUNNEL"
	interop_until nobody_resolves
	unhurt "$I_DIR/our.log"
}

@test "H8: packets that were taken over, and the names process" {
	local fd
	tunnel_of_names
	fd=$(facing "$I_TUNNEL" "$names" 3)
	evil channel "$I_TUNNEL" "$fd" 2 names
	# it has gone, of its own accord
	interop_until nobody_resolves
	kill -0 "$I_TUNNEL"
	unhurt "$I_DIR/our.log"
}

# ---- the gates --------------------------------------------------------------

# bh-tunnel was taken over: nothing of what it says reaches the device.
gate() {	# PROGRAM LOCATION TUN LINK ADDRESS...
	local program=$1 location=$2 tun=$3 link=$4
	shift 4
	. t/lib/gate.bash
	gate_net "$tun" "$@"
	evil serve "$RUN/$link.link" 8 0.6 ip netns exec "$W" "$bin/$program" \
		-f t/data/truth.ini -l "$location" -D "$RUN" 2>"$T/err" ||
		{ cat "$T/err"; return 1; }
	unhurt "$T/err"
	[ "$(in_gate cat "/sys/class/net/$tun/statistics/rx_packets")" -eq 0 ]
}

@test "H8: bh-tunnel that was taken over, and bh-classify" {
	gate bh-classify branch1 bh0 classify 10.1.0.5/32
}

@test "H8: bh-tunnel that was taken over, and bh-egress" {
	gate bh-egress hq bhx0 egress 203.0.113.9/32
}
