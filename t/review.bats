# SPDX-License-Identifier: ISC
# What an attacker and an unlucky operator found, so that they do not again.
bats_require_minimum_version 1.8.0

setup_file() {
	. t/lib/world.bash
	world_up "$BATS_FILE_TMPDIR"
	world_domain 'partners = branch1\n' 'partners = hq\n'
	# an ordinary router, before us and after us
	world_routes cli
	cp "$W_DIR/domain.ini" "$W_DIR/good.ini"
}

teardown_file() {
	. t/lib/world.bash
	world_down
}

setup() {
	. t/lib/world.bash
	cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
	run=$W_DIR/run/branch1
}

teardown() {
	cli_backhaul down
	srv_backhaul down
}

# Trains of datagrams, 64 of 16 bytes each: sent as one, cut in the tunnel.
trains() {	# HOST ADDRESS COUNT
	in_host "$1" python3 - "$2" "$3" <<-'EOF'
	import socket, sys
	SOL_UDP, UDP_SEGMENT = 17, 103
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(SOL_UDP, UDP_SEGMENT, 16)
	for i in range(int(sys.argv[2])):
	    s.sendto(b"x" * 16 * 64, (sys.argv[1], 9))
	EOF
}

@test "a burst of very small packets is more pieces than one sendmsg takes" {
	srv_backhaul up
	cli_backhaul up
	world_until in_hq ping -c 1 -W 1 10.1.0.5
	trains hq 10.1.0.5 300
	in_hq ping -c 1 -W 5 10.1.0.5	# behind them
	[ "$(world_count branch1 bh-tunnel full)" -eq 0 ]
	[ "$(world_count branch1 bh-tunnel partner)" -gt 100 ]
}
