/* SPDX-License-Identifier: ISC */
/* To be preloaded: a kernel that announces segmentation, and answers EINVAL to
 * super-packets that are written to a TUN device, as some of 6.1 and 6.6 do. */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	const uint8_t *vnet = iov[0].iov_base;

	if (iov[0].iov_len >= 10 && vnet[0] <= 1 && vnet[1] != 0 &&
	    vnet[1] <= 5) {
		errno = EINVAL;
		return -1;
	}
	return syscall(SYS_writev, fd, iov, n);
}
