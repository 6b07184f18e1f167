/* SPDX-License-Identifier: ISC */
#ifndef BH_READY_H
#define BH_READY_H

/* Signals as a descriptor, and telling a supervisor that we are there. */

/* Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and returns a signalfd for them;
 * -1 and errno.  SIGPIPE is ignored. */
int ready_signals(void);

/* Takes one signal off the descriptor; its number, 0 if there is none. */
int ready_signal(int fd);

/* One line ("NAME ready\n") to fd, which is then closed (-1: no such
 * descriptor), and READY=1 to NOTIFY_SOCKET if systemd set that. */
void ready_tell(int fd);

#endif
