#include "wire/msg.h"
#include "wire/rd.h"
#include "wire/wr.h"

#define R(NAME) (1u << ROLE_##NAME)
#define ANY ((1u << ROLE_COUNT) - 1)

static const char *const role_names[ROLE_COUNT] = {
#define X(NAME, text) [ROLE_##NAME] = text,
	ROLE_MAP(X)
#undef X
};

const char *role_name(enum role_id id)
{
	return id < ROLE_COUNT ? role_names[id] : "unknown";
}

static const char *const service_names[SERVICE_COUNT] = {
	[SERVICE_SMTP] = "smtp",
	[SERVICE_SUBMISSION] = "submission",
	[SERVICE_SUBMISSIONS] = "submissions",
	[SERVICE_IMAP] = "imap",
	[SERVICE_IMAPS] = "imaps",
	[SERVICE_POP3] = "pop3",
	[SERVICE_POP3S] = "pop3s",
	[SERVICE_LOCAL] = "local",
};

const char *service_name(enum service s)
{
	return s < SERVICE_COUNT ? service_names[s] : "unknown";
}

const struct msg_rule msg_rules[MSG_COUNT] = {
#define MSG(NAME, name, senders, receivers, fds, fields)                       \
	[MSG_##NAME] = { #NAME, (senders), (receivers), (fds) },
#include "wire/msg.def"
#undef MSG
};

static void wr_str(struct wr *w, struct view v, size_t max)
{
	if (view_has_byte(v, '\0'))
		w->failed = true;
	wr_bytes(w, v, max);
}

static struct view rd_str(struct rd *r, size_t max)
{
	struct view v = rd_bytes(r, max);
	if (view_has_byte(v, '\0'))
		r->failed = true;
	return v;
}

#define F_U8(field) wr_u8(w, m->field);
#define F_U16(field) wr_u16(w, m->field);
#define F_U32(field) wr_u32(w, m->field);
#define F_U64(field) wr_u64(w, m->field);
#define F_STR(field, max) wr_str(w, m->field, (max));
#define F_BYTES(field, max) wr_bytes(w, m->field, (max));
#define MSG(NAME, name, senders, receivers, fds, fields)                       \
	static void encode_##name(struct wr *w, const struct msg *whole)       \
	{                                                                      \
		const struct msg_##name *m = &whole->name;                     \
		fields                                                         \
	}
#include "wire/msg.def"
#undef MSG
#undef F_U8
#undef F_U16
#undef F_U32
#undef F_U64
#undef F_STR
#undef F_BYTES

#define F_U8(field) m->field = rd_u8(r);
#define F_U16(field) m->field = rd_u16(r);
#define F_U32(field) m->field = rd_u32(r);
#define F_U64(field) m->field = rd_u64(r);
#define F_STR(field, max) m->field = rd_str(r, (max));
#define F_BYTES(field, max) m->field = rd_bytes(r, (max));
#define MSG(NAME, name, senders, receivers, fds, fields)                       \
	static void decode_##name(struct rd *r, struct msg *whole)             \
	{                                                                      \
		struct msg_##name *m = &whole->name;                           \
		fields                                                         \
	}
#include "wire/msg.def"
#undef MSG

static const struct codec {
	void (*encode)(struct wr *w, const struct msg *m);
	void (*decode)(struct rd *r, struct msg *m);
} codecs[MSG_COUNT] = {

#define MSG(NAME, name, senders, receivers, fds, fields)                       \
	[MSG_##NAME] = { encode_##name, decode_##name },
#include "wire/msg.def"
#undef MSG
};

int msg_encode(const struct msg *m, char *out, size_t cap, size_t *n)
{
	struct wr w = wr_into(out, cap);
	wr_u16(&w, (uint16_t)m->type);
	codecs[m->type].encode(&w, m);
	if (w.failed)
		return MC_E_LIMIT;
	*n = w.n;
	return 0;
}

int msg_decode_first(struct view *v, struct msg *out)
{
	struct rd r = rd_of(*v);
	unsigned type = rd_u16(&r);
	if (r.failed || type >= MSG_COUNT)
		return MC_E_PROTO;
	struct msg m = { .type = (enum msg_type)type };
	codecs[type].decode(&r, &m);
	if (r.failed)
		return MC_E_PROTO;
	*v = r.rest;
	*out = m;
	return 0;
}

int msg_decode(struct view v, struct msg *out)
{
	struct msg m;
	if (msg_decode_first(&v, &m) || v.n)
		return MC_E_PROTO;
	*out = m;
	return 0;
}

uint64_t msg_def_hash(void)
{
	static const struct view rows[] = {
#define MSG(NAME, name, senders, receivers, fds, fields)                       \
	V_INIT(#NAME #senders #receivers #fds #fields),
#include "wire/msg.def"
#undef MSG
	};
	uint64_t hash = 0;
	for (size_t i = 0; i < MSG_COUNT; i++)
		hash = hash * 31 + view_hash(rows[i]);
	return hash;
}
