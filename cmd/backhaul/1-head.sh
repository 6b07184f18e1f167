#!/bin/sh
# SPDX-License-Identifier: ISC
# Sets a gateway up, keeps its programs running, takes it down: backhaul(8).
#
# The order is what makes it fail closed.  Up: guard (nftables), devices,
# routes, rules, forwarding, programs.  Down: the same backwards, the guard
# last.  The guard needs nothing but the domain file, and stays until `down',
# whatever comes between.  What the kernel is told comes from bh-plan(8).
set -u
umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

self=$(readlink -f "$0")
bin=${self%/*}
synopsis='up [-rF] | guard | stop | down | status [-v] | restart [PROGRAM]
                [-f FILE] [-l LOCATION] [-k KEYDIR] [-d RUNDIR]'

NO=1 FIX=100 RETRY=111	# as base/die.h
READY_TIME=15			# seconds until a program must be ready
BOLT_TRIES=750			# times 20 ms until the second bolt must hold
STOP_TRIES=250			# times 20 ms until it must have ended
RELOAD_TRIES=600		# times 100 ms until `up -F' must have replaced
RUN_TRIES=100			# times 20 ms until bh-run must have them

# $patience bounds how long we wait for whoever reads it.
say() { $patience printf 'backhaul: %s\n' "$*" >&2; }
fail() { reason=$*; say "$@"; return 1; }
die() { code=$1; shift; say "$@"; exit "$code"; }
usage() { printf 'usage: backhaul %s\n' "$synopsis" >&2; exit $FIX; }

print_version() { printf 'backhaul %s\n' "$("$bin/bh-plan" -V | cut -d ' ' -f 2)"; }

