/* SPDX-License-Identifier: ISC */
/* Datagrams near a handshake's response, to a device under load. */
#include "wire.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	wire_input(data, n, &wire.response, sizeof(wire.response));
	return 0;
}
