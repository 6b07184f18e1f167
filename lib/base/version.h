/* SPDX-License-Identifier: ISC */
#ifndef BH_VERSION_H
#define BH_VERSION_H

/* Of the toolkit as a whole; what -V prints. */
#define BH_VERSION "0.1"

#endif
