# The same without any: the Internet knows the way back.
# shellcheck source=t/bench/contenders/backhaul.sh
. "$here/contenders/backhaul.sh"
BP_NAT='nat = none'
setup_net() {
	ip -n "$BP_INET" route replace "$BP_LAN_NET" via "$BP_SRV_INET_IP"
}
