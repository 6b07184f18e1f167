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
	in_lan timeout 60 turnutils_natdiscovery "$@" 203.0.113.80
}

@test "try" {
	up
	for o in -m -f -H '-c -A 10.1.0.6 -L 10.1.0.5'; do
		echo "# == $o" >&3
		SECONDS=0
		discover $o 2>&1 | sed 's/^/# /' >&3 || :
		echo "# $SECONDS s" >&3
	done
}
