/* SPDX-License-Identifier: ISC */
#ifndef BH_VIEW_MESH_H
#define BH_VIEW_MESH_H

/*
 * Partnerships, few enough to be drawn.  Locations that are all partners of
 * each other, and of the same others, are a mesh; it has a line to each of
 * them, where there were n (n - 1) / 2, and one line to whoever is a partner of
 * them all, which is exactly what the lines were.
 */

#include "conf/conf.h"

enum { MESH_MIN = 5 };		/* fewer are drawn one by one */

struct mesh {
	const struct conf *cf;
	uint16_t *of;		/* of a location: the first one of its mesh;
				 * itself if it is in none */
	uint16_t *size;		/* of the mesh whose first it is */
	size_t lines;		/* between locations and meshes */
};

/* False: no memory. */
bool mesh_init(struct mesh *m, const struct conf *cf);
void mesh_fini(struct mesh *m);
bool mesh_has(const struct mesh *m, size_t location);
/* The next partner of the location, from *at 0 on, to which a line is drawn
 * from it, or from its mesh; CONF_NONE: that was all. */
int mesh_next(const struct mesh *m, size_t location, size_t *at);

#endif
