/* SPDX-License-Identifier: ISC */
/* Memory that is passed with its seals can be neither cut nor newly written to
 * by who gets it, while an older mapping of who made it stays writable; and a
 * file that cannot have seals says -1, not none (io/link.c). */
#include "../unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SIZE = 4096,
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE,
};

int
main(void)
{
	int fd = memfd_create("assume", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int pipes[2];

	OK(fd >= 0 && ftruncate(fd, SIZE) == 0);
	char *mine = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	OK(mine != MAP_FAILED);
	OK(fcntl(fd, F_ADD_SEALS, SEALS) == 0);
	OK((fcntl(fd, F_GET_SEALS) & SEALS) == SEALS);
	OK(ftruncate(fd, 0) < 0 && errno == EPERM);
	OK(ftruncate(fd, 2 * SIZE) < 0 && errno == EPERM);
	OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0 && errno == EPERM);
	OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	    MAP_FAILED);
	OK(write(fd, "x", 1) < 0 && errno == EPERM);
	char *theirs = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	OK(theirs != MAP_FAILED);
	OK(mprotect(theirs, SIZE, PROT_READ | PROT_WRITE) < 0);
	mine[7] = 'x';
	OK(theirs[7] == 'x');
	OK(pipe(pipes) == 0 && fcntl(pipes[0], F_GET_SEALS) == -1);
	return DONE();
}
