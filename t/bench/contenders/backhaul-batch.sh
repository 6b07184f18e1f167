# The same on gateways that do nothing else (backhaul(8), EXAMPLES).
# shellcheck source=t/bench/contenders/backhaul.sh
. "$here/contenders/backhaul.sh"
BP_BATCH='chrt --batch 0'
