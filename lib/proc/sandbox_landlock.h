/* SPDX-License-Identifier: ISC */
#ifndef BH_SANDBOX_LANDLOCK_H
#define BH_SANDBOX_LANDLOCK_H

#include <stdbool.h>

/*
 * Takes away every right that this kernel's landlock(7) knows, or exits with
 * EXIT_RETRY; false if it has none.  A program that connects
 * may still connect by TCP.  With a directory files may be read and programs
 * run, and in that directory files may be made anew, too; it need not be there.
 */
bool landlock_enter(bool connects, const char *dir);
/* Of which version of its ABI, as far as we know them; 0: none. */
int landlock_version(void);

#endif
