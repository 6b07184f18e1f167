# Our own toolkit as a site runs it: backhaul up at both ends, masquerade.
BP_NAT='nat = masquerade'
BP_BIN=${BH_BIN:-$here/../../build/release}
avail() { [ -x "$BP_BIN/backhaul" ] || { echo "not built"; return 1; }; }
version() { "$BP_BIN/bh-tunnel" -V; }
up() {
	local keys=$BP_DIR/keys
	mkdir -p "$keys"
	(umask 077; for l in cli srv; do
		"$BP_BIN/bh-key" genkey >"$keys/$l.key"; done)
	cat >"$BP_DIR/d.ini" <<-C
	[domain]
	name = bench
	private-is-internal = no
	[location srv]
	public-key = $("$BP_BIN/bh-key" pubkey <"$keys/srv.key")
	endpoint = $BP_SRV_WAN_IP:$BP_PORT
	lan = 10.99.1.0/24
	internal = 10.99.0.0/16
	backhaul = server
	$BP_NAT
	uplink = inet1
	lan-interface = wan0
	mtu = $BP_MTU
	[location cli]
	public-key = $("$BP_BIN/bh-key" pubkey <"$keys/cli.key")
	lan = $BP_LAN_NET
	internal = $BP_LAN_NET
	backhaul = client
	server = srv
	uplink = wan0
	lan-interface = lan1
	mtu = $BP_MTU
	C
	ip -n "$BP_CLI" rule del pref 1000
	bp_srv "$BP_BIN/backhaul" up -f "$BP_DIR/d.ini" -l srv -k "$keys" -d "$BP_DIR/srv.run" &&
	bp_cli "$BP_BIN/backhaul" up -f "$BP_DIR/d.ini" -l cli -k "$keys" -d "$BP_DIR/cli.run"
}
setup_net() { :; }
pids() { # the programs, not the shell that watches them
	local p ns
	for e in cli srv; do
		[ $e = cli ] && ns=$BP_CLI || ns=$BP_SRV
		for p in $(netns_pids "$ns"); do
			case $(cat "/proc/$p/comm" 2>/dev/null) in
			bh-announce) ;;	# only at the beginning
			bh-*) echo "$e $p" ;;
			esac
		done
	done
}
down() {
	bp_cli "$BP_BIN/backhaul" down -f "$BP_DIR/d.ini" -l cli -d "$BP_DIR/cli.run"
	bp_srv "$BP_BIN/backhaul" down -f "$BP_DIR/d.ini" -l srv -d "$BP_DIR/srv.run"
}
