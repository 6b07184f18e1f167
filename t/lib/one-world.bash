# SPDX-License-Identifier: ISC
# shellcheck shell=bash disable=SC2034
#
# For a bats file with one world that its tests share: setup_file makes it, with
# world_up.  What a test begins with, and how all of it ends, unless the file has
# something else.

# shellcheck source=t/lib/world.bash
. "${BASH_SOURCE%/*}/world.bash"

# The domain file is what it was when the world was made, if that was kept.
setup() {
	T=$BATS_TEST_TMPDIR
	run=$W_DIR/run/branch1
	[ ! -e "$W_DIR/good.ini" ] || cp "$W_DIR/good.ini" "$W_DIR/domain.ini"
}

# A gateway that still runs has things outside of its namespace, too.
teardown_file() {
	cli_backhaul down || true
	srv_backhaul down || true
	[ ! -d "$W_DIR/run/branch2" ] ||
		world_backhaul cli2 branch2 down || true
	world_down
}
