/* SPDX-License-Identifier: ISC */
#include "proc/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

enum { FIRST = 3, MOST = 24, ABOVE = 64 };

void
descriptors_keep(const int fd[], int n)
{
	int at[MOST];

	/* out of each other's way first */
	for (int i = 0; i < n; i++)
		at[i] = fd[i] < 0 ? -1 : fcntl(fd[i], F_DUPFD, ABOVE);
	for (int i = 0; i < n; i++)
		if (at[i] < 0)
			close(FIRST + i);
		else
			dup2(at[i], FIRST + i);
	close_range(FIRST + (unsigned)n, ~0u, 0);
}
