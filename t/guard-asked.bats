# SPDX-License-Identifier: ISC
# The guard asked by packets, and the routes by ip(8): what is loaded for each
# example and role, whatever its text (t/lib/askguard.py has what must pass).
bats_require_minimum_version 1.8.0

setup() {
	BH_BIN=${BH_BIN:-$PWD/build/release}
	. t/lib/world.bash
	export W=ga$$ W_DIR=$BATS_TEST_TMPDIR
}

teardown() {
	world_down
}

ask() {	# FILE LOCATION HOW
	world_host gw far
	python3 t/lib/askguard.py "$W" "$BH_BIN/bh-plan" "$@"
	world_down
}

# The first location of each role that has a gateway.
roles() {	# FILE
	awk '/^\[/ { l = $2; sub(/].*/, "", l) }
		/^backhaul *=/ { r = $3 }
		/^lan-interface *=/ && !seen[r]++ { print l }' "$1"
}

@test "H: the guard of every example and role lets through what it should" {
	for f in etc/backhaul.ini etc/examples/*.ini; do
		for l in $(roles "$f"); do ask "$f" "$l" guard; done
	done
}

@test "H: so it does for other kinds of gateways" {
	ask etc/examples/many-sites.ini south guard	# one interface
	ask etc/examples/many-sites.ini warehouse guard	# partners only
	ask etc/examples/failover.ini campus guard
}

@test "H: published ports: first, last, beyond, other protocols, fragments" {
	ask t/data/guard.ini hq guard
}

@test "H: what a branch lets out itself leaves by the uplink, translated" {
	ask t/data/guard.ini branch1 guard
}

@test "H: a host that has not routed before routes for us only" {
	for l in hq branch1; do
		ask t/data/guard.ini $l closed
		ask etc/examples/failover.ini $l closed
	done
	ask etc/examples/many-sites.ini warehouse closed
}

@test "H: the second bolt alone keeps in what must never be in clear" {
	for l in hq branch1; do
		ask etc/examples/failover.ini $l bolt
		ask etc/examples/filter.ini $l bolt
	done
}

routes() {	# FILE LOCATION
	world_host gw far
	python3 t/lib/askroutes.py "$W" "$BH_BIN/bh-plan" "$@"
	world_down
}

@test "H: rules and routes lead each packet where it should go, or nowhere" {
	routes etc/examples/failover.ini hq
	routes etc/examples/failover.ini branch1
	routes etc/examples/filter.ini hq		# default-gateway
	routes etc/examples/cgn-pool.ini hub		# nat-pool
	routes etc/examples/one-interface.ini hq
	routes etc/examples/one-interface.ini branch1
	routes etc/examples/many-sites.ini warehouse	# partners only
	routes t/data/guard.ini hq			# published
	routes t/data/guard.ini branch1			# a breakout
}
