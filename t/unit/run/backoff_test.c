/* SPDX-License-Identifier: ISC */
#include "run/backoff.h"

#include "test.h"

int
main(void)
{
	static const unsigned ms[] = { 0, 10, 20, 40, 80, 160, 320, 640, 1000,
		1000, 1000 };
	struct backoff b = { 0 };
	bool same = true;

	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
		same &= backoff_next(&b, 0, false) == ms[i] * NSEC_MS;
	OK(same);		/* G34: 10 ms to 1 s, it never gives up */

	/* another's end is neither waited for nor counted */
	OK(backoff_next(&b, 0, true) == 0);
	OK(backoff_next(&b, 0, false) == NSEC_SEC);
	OK(backoff_next(&b, 10 * NSEC_SEC - 1, false) == NSEC_SEC);

	/* it has lived: at once, and the next soon again */
	OK(backoff_next(&b, 10 * NSEC_SEC, false) == 0);
	OK(backoff_next(&b, 0, false) == 10 * NSEC_MS);
	return DONE();
}
