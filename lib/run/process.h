/* SPDX-License-Identifier: ISC */
#ifndef BH_PROCESS_H
#define BH_PROCESS_H

/* A process by its number and by when it began: together they name it until the
 * next boot, whoever gets the number later. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* When it began, in clock ticks since boot; 0: there is none, or a zombie.
 * *state, if not NULL, is its letter in proc_pid_stat(5). */
uint64_t process_born(pid_t pid, char *state);
bool process_is_alive(pid_t pid, uint64_t ticks);

#endif
