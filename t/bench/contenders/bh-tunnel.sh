# Our tunnel by itself, in wireguard-go's place: bh-tunnel -i, set up by wg(8).
WG_BIN=${BH_BIN:-$here/../../build/release}/bh-tunnel
WG_OPT=-i
. "$here/lib/wg.sh"
version() { "$WG_BIN" -V; }
