/* SPDX-License-Identifier: ISC */
#include "show/view.h"

#include "conf/publish.h"

/* The gateway's kernel: devices, routes, filters. */

static void
get_devices(struct view *v)
{
	const struct conf_location *l = v->l;
	char name[IFNAMSIZ];

	facts_add_prefixes(v->fs, TOPIC_ADDRESS, l->address.p, l->address.n);
	if (l->lan_interface[0] != '\0')
		facts_add(v->fs, TOPIC_DEVICE, "%s towards the LAN%s",
		    l->lan_interface, plan_one_arm(&v->plan) ?
		    " and towards the outer network: one arm" : "");
	if (l->uplink[0] != '\0' && !plan_one_arm(&v->plan))
		facts_add(v->fs, TOPIC_DEVICE, "%s towards the outer network",
		    l->uplink);
	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	facts_add(v->fs, TOPIC_DEVICE, "%s, a TUN device that `backhaul up' "
	    "makes, LAN side", l->interface);
	for (unsigned i = 0; plan_has_egress(&v->plan) &&
	    i < conf_egresses(l); i++)
		facts_add(v->fs, TOPIC_DEVICE, "%s, a TUN device that "
		    "`backhaul up' makes, Internet side",
		    conf_egress_device(l, i, name));
}

static void
get_routes(struct view *v)
{
	const struct conf_location *l = v->l;
	bool hop = plan_has_gateway(&v->plan);

	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	facts_add(v->fs, TOPIC_ROUTE, "what comes in by %s by table %d: other "
	    "locations%s into %s, else unreachable; %s stays", l->lan_interface,
	    PLAN_TABLE_LAN, v->client ? " and the Internet" : "", l->interface,
	    v->client ? "what takes part" : "the site");
	facts_add(v->fs, TOPIC_ROUTE, "the gateway's own packets to partners "
	    "by table %d into %s", PLAN_TABLE_OWN, l->interface);
	if (plan_breaks_out(&v->plan))
		facts_add(v->fs, TOPIC_ROUTE, "what comes in by %s for hosts "
		    "of the site by table %d into %s, else unreachable",
		    l->uplink, PLAN_TABLE_RETURN, l->egress_interface);
	if (!v->serves)
		return;
	facts_add(v->fs, TOPIC_ROUTE, "packets to clients' hosts%s by table "
	    "%d into %s, else unreachable", plan_pools(&v->plan, FAMILY_V4) ||
	    plan_pools(&v->plan, FAMILY_V6) ?
	    " and to the pool" : "", PLAN_TABLE_RETURN,
	    plan_egress_words(&v->plan).text);
	if (hop)
		facts_add(v->fs, TOPIC_ROUTE, "packets of clients by table %d "
		    "to the next hop, else unreachable", PLAN_TABLE_GATEWAY);
}

static bool
opens(const struct view *v)
{
	for (size_t i = 0; i < v->cf->npublish; i++)
		if (publish_is_of(v->cf, &v->cf->publish[i], v->i))
			return true;
	return false;
}

static void
get_filters(struct view *v)
{
	const struct conf_location *l = v->l;

	if (!plan_has_peers(&v->plan) || v->plain)
		return;
	if (v->client && plan_one_arm(&v->plan))
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s and "
		    "within the LAN, nothing of it back to the outer network",
		    l->lan_interface, l->interface);
	else if (v->client)
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s and "
		    "within the LAN, never to %s", l->lan_interface,
		    l->interface, l->uplink);
	else
		facts_add(v->fs, TOPIC_FILTER, "%s: nothing to other "
		    "locations but by %s", l->lan_interface, l->interface);
	facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s, to what "
	    "takes part%s", l->interface, l->lan_interface,
	    v->client && l->sources == CONF_SOURCES_LAN ?
	    " or is of the site" : "");
	if (plan_breaks_out(&v->plan))
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards only to %s, "
		    "translated, nothing to or from an internal address, and "
		    "inwards only answers", l->egress_interface, l->uplink);
	if (v->serves)
		facts_add(v->fs, TOPIC_FILTER, "%s: forwards nothing to or "
		    "from an internal address, and inwards only %s",
		    plan_egress_words(&v->plan).text, l->nat == CONF_NAT_NONE ?
		    "what is routed to clients' addresses" : opens(v) ?
		    "what is published and answers to what clients began" :
		    "answers to what clients began");
}

void
facts_get_host(struct view *v)
{
	get_devices(v);
	get_routes(v);
	get_filters(v);
}
