/* SPDX-License-Identifier: ISC */
#ifndef BH_SET_H
#define BH_SET_H

/* What a value becomes, for the table of keys. */

#include "conf/keys.h"

keys_setter set_name, set_bool, set_word, set_u16, set_unsigned, set_ports,
    set_public_key, set_endpoint, set_interface, set_prefix,
    set_address, set_one_ref, set_ref, set_filter, set_mtu,
    set_dscp, set_pair, set_gateway, set_nat6, set_match, set_to,
    set_failback, set_probe;

#endif
