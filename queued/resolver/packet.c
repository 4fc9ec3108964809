#include "queued/resolver/packet.h"
#include <string.h>

int packet_open(struct view bytes, uint16_t type, struct packet *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	if (bytes.n > NS_MAXMSG || !bytes.n ||
	    ns_initparse(p, (int)bytes.n, &out->msg) != 0)
		return MC_E_BAD;
	out->next = 0;
	out->count = ns_msg_count(out->msg, ns_s_an);
	out->type = type;
	return 0;
}

bool packet_next(struct packet *p, struct packet_record *out)
{
	while (p->next < p->count) {
		if (ns_parserr(&p->msg, ns_s_an, p->next++, &out->rr) != 0)
			return false;
		if (ns_rr_type(out->rr) != p->type ||
		    ns_rr_class(out->rr) != ns_c_in)
			continue;
		out->owner = ns_rr_name(out->rr);
		out->data = (struct view){ (const char *)ns_rr_rdata(out->rr),
			ns_rr_rdlen(out->rr) };
		return true;
	}
	return false;
}

static void lower_to(uint32_t *ttl, bool *any, uint32_t n)
{
	if (!*any || n < *ttl)
		*ttl = n;
	*any = true;
}

uint32_t packet_ttl(struct view bytes, uint32_t fallback)
{
	struct packet p;
	ns_rr rr;
	uint32_t ttl = fallback;
	bool any = false;
	if (packet_open(bytes, 0, &p) != 0)
		return fallback;
	for (int i = 0; i < p.count; i++)
		if (ns_parserr(&p.msg, ns_s_an, i, &rr) == 0)
			lower_to(&ttl, &any, ns_rr_ttl(rr));
	for (int i = 0; i < ns_msg_count(p.msg, ns_s_ns); i++)
		if (ns_parserr(&p.msg, ns_s_ns, i, &rr) == 0 &&
		    ns_rr_type(rr) == ns_t_soa)
			lower_to(&ttl, &any, ns_rr_ttl(rr));
	return ttl;
}

int packet_mx(const struct packet *p, const struct packet_record *r,
    uint16_t *preference, char name[PACKET_NAME_MAX])
{
	const unsigned char *at = (const unsigned char *)r->data.p;
	char text[NS_MAXDNAME];
	if (r->data.n < 3)
		return MC_E_BAD;
	int n = ns_name_uncompress(ns_msg_base(p->msg), ns_msg_end(p->msg),
	    at + NS_INT16SZ, text, sizeof text);
	if (n < 0 || (size_t)n + NS_INT16SZ != r->data.n)
		return MC_E_BAD;
	size_t length = strcmp(text, ".") == 0 ? 0 : strlen(text);
	if (length >= PACKET_NAME_MAX)
		return MC_E_BAD;
	memcpy(name, text, length);
	name[length] = '\0';
	*preference = (uint16_t)(at[0] << 8 | at[1]);
	return 0;
}

size_t packet_txt(struct view data, char *out, size_t cap)
{
	size_t n = 0;
	while (data.n) {
		size_t length = (unsigned char)data.p[0];
		data = view_skip(data, 1);
		if (length > data.n)
			break;
		if (length > cap - n)
			length = cap - n;
		memcpy(out + n, data.p, length);
		n += length;
		data = view_skip(data, length);
	}
	return n;
}
