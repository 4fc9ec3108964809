#ifndef QUEUED_RESOLVER_DNS_EVENTS_H
#define QUEUED_RESOLVER_DNS_EVENTS_H
/* The event loop that libunbound wants, made of ours. */
#include "net/loop.h"
#include <unbound-event.h>

struct dns_events;
struct dns_events *dns_events_new(struct loop *l);
/* libunbound is done with it: all its events were freed. */
void dns_events_free(struct dns_events **e);
struct ub_event_base *dns_events_base(struct dns_events *e);
#endif
