/* SPDX-License-Identifier: ISC */
#ifndef BH_DESCRIPTORS_H
#define BH_DESCRIPTORS_H

/* Only what a process needs: fd[0], fd[1] ... become 3, 4 ..., and all others
 * but the standard ones are closed.  A number whose descriptor is -1 is free
 * afterwards. */

void descriptors_keep(const int fd[], int n);

#endif
