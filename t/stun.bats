# SPDX-License-Identifier: ISC
# Somebody else's judgement of our translation: coturn's RFC 5780 tools, behind
# a branch, and its server with two addresses on the Internet.
bats_require_minimum_version 1.8.0

setup_file() {
	. t/lib/world.bash
	world_up "$BATS_FILE_TMPDIR"
	ip -n "$W-inet" addr add 203.0.113.81/24 dev eth0
	ip -n "$W-lan" addr add 10.1.0.6/20 dev eth0
	world_bg inet turnserver -n --stun-only --no-tls --no-dtls --no-cli \
		-L 203.0.113.80 -L 203.0.113.81 -p 3478 \
		--alt-listening-port 3479 --db "$W_DIR/turndb" \
		--pidfile "$W_DIR/turn.pid" --log-file stdout
	world_until world_listens inet udp 3478
	world_until world_listens inet udp 3479
}

teardown_file() {
	. t/lib/world.bash
	world_down
}

setup() {
	. t/lib/world.bash
}

teardown() {
	cli_backhaul down
	srv_backhaul down
}

up() {	# the lines of world_domain
	world_domain "$@"
	srv_backhaul up
	cli_backhaul up
}

discover() {	# OPTION...
	in_lan timeout 60 turnutils_natdiscovery "$@" 203.0.113.80 3>&-
}

# Mapping, filtering and hairpin, each in a file; the last two wait for answers
# that do not come.
judge() {
	discover -f >"$W_DIR/filtering" 2>&1 &
	discover -H >"$W_DIR/hairpin" 2>&1 &
	discover -m >"$W_DIR/mapping" 2>&1
	wait
}
says() {	# WHAT TEXT
	grep -qx "$2" "$W_DIR/$1" || { cat "$W_DIR/$1"; return 1; }
}
# The datagrams that came back to the host that sent them.
answers() {	# WHAT
	grep -c 'UDP reflexive addr' "$W_DIR/$1"
}

@test "RFC 5780 the kernel's masquerade, the oracle: by address and port, no hairpin" {
	up
	judge
	says mapping 'NAT with Address and Port Dependent Mapping!'
	says filtering 'NAT with Address and Port Dependent Filtering!'
	[ "$(answers hairpin)" -eq 1 ]
	# its ports are those of nat-ports
	sed -n 's/.*reflexive addr: 203.0.113.1:\([0-9]*\)$/\1/p' \
		"$W_DIR/mapping" | awk '$1 < 16384 || $1 > 32767 { bad = 1 }
			{ n++ } END { exit bad || n != 3 }'
}
