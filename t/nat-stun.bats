# SPDX-License-Identifier: ISC
# Somebody else's judgement of our translation: coturn's RFC 5780 tools, behind
# a branch, and its server with two addresses on the Internet.
bats_require_minimum_version 1.8.0
load lib/one-world.bash

setup_file() {
	world_up "$BATS_FILE_TMPDIR"
	ip -n "$W-inet" addr add 203.0.113.81/24 dev eth0
	ip -n "$W-lan" addr add 10.1.0.6/20 dev eth0
	world_bg inet turnserver -n --stun-only --no-tls --no-dtls --no-cli \
		-L 203.0.113.80 -L 203.0.113.81 -p 3478 \
		--alt-listening-port 3479 --db "$W_DIR/turndb" \
		--pidfile "$W_DIR/turn.pid" --log-file stdout
	world_until world_listens inet udp 3478
	world_until world_listens inet udp 3479
	ip -n "$W-inet" route add 198.51.100.8/29 via 203.0.113.1
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
hairpins() {	# a request to its own outside address arrived
	grep -q '^Received a request' "$W_DIR/hairpin"
}

@test "RFC 5780 the kernel's masquerade, the oracle: by address and port, no hairpin" {
	up
	judge
	says mapping 'NAT with Address and Port Dependent Mapping!'
	says filtering 'NAT with Address and Port Dependent Filtering!'
	run ! hairpins
	# its ports are those of nat-ports
	sed -n 's/.*reflexive addr: 203.0.113.1:\([0-9]*\)$/\1/p' \
		"$W_DIR/mapping" | awk '$1 < 16384 || $1 > 32767 { bad = 1 }
			{ n++ } END { exit bad || n != 3 }'
}

pool() {	# FILTERING
	up "nat = pool\\nnat-pool = 198.51.100.8/29\\nfiltering = $1\\n"
	judge
	says mapping 'NAT with Endpoint Independent Mapping!'
}

@test "RFC 5780 nat = pool: 4787-1 mapping independent, filtering by address and port" {
	pool address-port
	says filtering 'NAT with Address and Port Dependent Filtering!'
	run ! hairpins
}

@test "RFC 5780 nat = pool: filtering = address" {
	pool address
	says filtering 'NAT with Address Dependent Filtering!'
}

@test "RFC 5780 nat = pool: 4787-8 4787-9 filtering independent, hairpin works" {
	pool endpoint-independent
	says filtering 'NAT with Endpoint Independent Filtering!'
	hairpins
}

@test "RFC 5780 nat = pool: 4787-3 two hosts of one port have two outside" {
	up 'nat = pool\nnat-pool = 198.51.100.8\n'
	discover -c -A 10.1.0.6 -L 10.1.0.5 -l 5000 >"$W_DIR/collision" 2>&1
	[ "$(grep -o 'reflexive addr: .*' "$W_DIR/collision" | sort -u |
		wc -l)" -eq 2 ]
}
