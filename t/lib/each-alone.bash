# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# For a bats file each of whose tests has two standalone tunnels of its own.

# shellcheck source=t/lib/alone.bash
. "${BASH_SOURCE%/*}/alone.bash"

setup() { alone_up; }

teardown() { alone_down; }
