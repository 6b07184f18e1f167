/* SPDX-License-Identifier: ISC */
#ifndef BH_STAMPFILE_H
#define BH_STAMPFILE_H

/*
 * The time stamps of handshakes, in RUNDIR/bh-tunnel.stamps: a program that is
 * started again accepts nothing that was recorded before, and says nothing
 * that would be refused.  A file that is mapped: to note a stamp costs no
 * system call, and is done before anything that follows from it is sent.
 */

#include "wg/device.h"

struct stampfile;

/* Tells the device what an earlier file says of its peers, by their keys, and
 * makes a new one.  NULL and errno.  Starting up only. */
struct stampfile *stampfile_open(const char *dir, struct device *d,
    uint16_t npeers);
/* Notes the stamps of a peer of the device. */
void stampfile_note(struct stampfile *f, struct device *d, uint16_t i);
/* Tells the device what was noted, of as many peers as at first. */
void stampfile_recall(const struct stampfile *f, struct device *d,
    uint16_t npeers);

#endif
