/* SPDX-License-Identifier: ISC */
#include "base/part.h"

#include <stdio.h>

const char *
part_name(char buf[PART_NAMELEN], const char *of, unsigned part)
{
	snprintf(buf, PART_NAMELEN, part == 0 ? "%s" : "%s-%u", of, part);
	return buf;
}
