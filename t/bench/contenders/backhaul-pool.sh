# The same with our own translation.
# shellcheck source=t/bench/contenders/backhaul.sh
. "$here/contenders/backhaul.sh"
BP_NAT='nat = pool
nat-pool = 10.77.4.8/29'
