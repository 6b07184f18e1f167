# The protocol as a third implementation speaks it: t/lib/wgpeer.py, which was
# written from the whitepaper and shares no code with ours or wireguard-go.

bats_require_minimum_version 1.8.0

setup() {
	. t/lib/alone.bash
	alone_up
	mkdir "$D/run"
	alone_start "$A" "$DA" -D "$D/run"
	wg set "$DA" private-key "$D/a.key" listen-port 1 peer "$KB" \
		preshared-key "$D/psk.key" endpoint 127.0.0.1:7 \
		allowed-ips 10.9.0.2/32
	ip -n "$A" addr add 10.9.0.1/24 dev "$DA"
	ip -n "$A" link set "$DA" up
}

teardown() {
	alone_down
}

scene() {
	in_a timeout 60 /usr/bin/python3 t/lib/wgpeer.py "$1" \
		"$(cat "$D/b.key")" "$KA" "$(cat "$D/psk.key")"
}

count() {	# VERDICT
	"$BH_BIN/bh-ctl" -D "$D/run" counters bh-tunnel |
		awk -v v="$1" '$2 == v { n = $3 } END { print n + 0 }'
}

# The tunnel has a reason to begin: a ping to the peer, once that listens.
from_us() {	# SCENE
	scene "$1" 3>&- &
	local peer=$!
	alone_until eval "ip netns exec $A ss -Hlun 'sport = :7' | grep -q ."
	in_a ping -q -c 1 -W 30 10.9.0.2 >"$D/ping" 3>&- &
	PING=$!
	wait "$peer"
}

@test "it initiates, and data passes both ways (W1, W10, W15, W21)" {
	scene initiator
}

@test "it responds, and our ping is answered (W21, W24)" {
	from_us responder
	wait "$PING"
}

@test "what is not authentic gets no answer, changes nothing (W1, W2, W6, others F2)" {
	scene silence
}

@test "what is inside is cut to its length, or is no packet (W15)" {
	local v
	scene inner
	for v in version short header; do
		count $v >"$D/count"
		[ "$(cat "$D/count")" -ge 2 ] || { cat "$D/count"; false; }
	done
	[ $(($(count version) + $(count short) + $(count header))) -eq 10 ]
}

@test "messages come once, in any order, none too old (W12)" {
	scene replay
}

@test "nothing is taken past REJECT_AFTER_MESSAGES (W9)" {
	scene limits
}

@test "a new session is used once confirmed; the old one receives (W10, W11)" {
	scene rekey
}

@test "authentic messages move the endpoint, and no others (W17)" {
	scene roam
}

@test "under load: a cookie first, good for one address and port (W4, W5, others W4)" {
	scene cookie
}

@test "a cookie for us goes into the next try, after 5 s (W5, W7, W21)" {
	from_us given
	kill "$PING"
}
