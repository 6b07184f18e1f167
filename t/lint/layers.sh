#!/bin/sh
# SPDX-License-Identifier: ISC
# cmd -> engine -> wg, net, conf -> base: no include points up or sideways.
cd "$(dirname "$0")/../.." || exit 1

deny() {	# directory, what it must not include
	grep -nE "^#include \"($2)/" -r "lib/$1" --include='*.[ch]'
}
deny base 'wg|net|conf|engine'
deny wg 'net|conf|engine'
deny net 'wg|conf|engine'
deny conf 'wg|net|engine'
exit 0
