/* SPDX-License-Identifier: ISC */
#ifndef BH_IMPORT_H
#define BH_IMPORT_H

#include <stdio.h>

/* Makes one domain file of the wg-quick(8) files of several hosts: each file is
 * a location, named after the file; so is each peer whose file is not there.
 * Prints it, or every mistake on standard error, where it also says what is not
 * taken over.  Secrets go to files of keydir, unless NULL.  Returns the exit
 * status. */
int import_files(char *const *path, size_t n, const char *keydir, FILE *out);

#endif
