/* SPDX-License-Identifier: ISC */
#ifndef BH_READY_H
#define BH_READY_H

/* Signals as a descriptor, and telling a supervisor that we are there. */

/* Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1 and returns a signalfd for them;
 * -1 and errno.  SIGPIPE is ignored. */
int ready_signals(void);

/* Takes one signal off the descriptor; its number, 0 if there is none. */
int ready_signal(int fd);

/* A socket to where systemd set NOTIFY_SOCKET, -1 if there is no such place.
 * Starting up only. */
int ready_notifier(void);

/* One line ("NAME ready\n") to fd, and READY=1 to the notifier; both are
 * closed, either may be -1. */
void ready_tell(int fd, int notifier);
/* Closes both: it is somebody else's to tell. */
void ready_leave(int fd, int notifier);

#endif
