#include "store/record/references.h"
#include "store/record/le.h"
#include "text/message/envelope.h"
#include "text/message/header.h"

enum {
	MSGID_OCTETS_MAX = 998,  /* a line of RFC 5322 */
	VALUE_OCTETS_MAX = 65536 /* of References; the oldest are left out */
};

/* 0 means none. */
static uint64_t hash_of(struct view v)
{
	uint64_t h = view_hash(v);
	return h ? h : 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cuts the next "<...>" and hashes what is inside, without the blanks that a
 * fold has left there. False: there is none. */
static bool next_id(struct view *rest, uint64_t *hash)
{
	char id[MSGID_OCTETS_MAX];
	struct view inside;
	for (;;) {
		size_t n = 0;
		if (!view_cut(rest, '<', &inside) ||
		    !view_cut(rest, '>', &inside))
			return false;
		for (size_t i = 0; i < inside.n && n < sizeof id; i++)
			if (!is_blank(inside.p[i]))
				id[n++] = inside.p[i];
		*hash = hash_of((struct view){ id, n });
		if (n && n < sizeof id)
			return true;
	}
}

/* Moves to the end when it is there: that is where the newest are. */
static void add(struct references *r, uint64_t hash)
{
	unsigned i = 0;
	if (hash == r->id)
		return;
	while (i < r->n && r->refs[i] != hash)
		i++;
	if (i == r->n && r->n < REFERENCES_MAX)
		r->n++;
	else if (i == r->n)
		i = 0;
	memmove(
	    r->refs + i, r->refs + i + 1, (r->n - 1 - i) * sizeof r->refs[0]);
	r->refs[r->n - 1] = hash;
}

static void add_all(struct references *r, struct view value)
{
	uint64_t hash;
	if (value.n > VALUE_OCTETS_MAX)
		value = view_skip(value, value.n - VALUE_OCTETS_MAX);
	while (next_id(&value, &hash))
		add(r, hash);
}

static uint64_t subject_hash(struct view header)
{
	struct header_field f;
	struct buf plain;
	struct view value = V("");
	if (header_find(header, V("Subject"), &f))
		value = f.value;
	buf_init(&plain, VALUE_OCTETS_MAX);
	base_subject(value, &plain);
	uint64_t hash = hash_of(buf_view(&plain));
	buf_deinit(&plain);
	return hash;
}

void references_of(struct view header, struct references *out)
{
	struct header_field f;
	*out = (struct references){ .subject = subject_hash(header) };
	if (header_find(header, V("Message-ID"), &f))
		(void)next_id(&f.value, &out->id);
	if (header_find(header, V("References"), &f))
		add_all(out, f.value);
	if (header_find(header, V("In-Reply-To"), &f))
		add_all(out, f.value);
}

struct view references_encode(
    const struct references *r, char out[REFERENCES_OCTETS_MAX])
{
	if (!r->id && !r->n)
		return V("");
	put_le(out, r->subject, 8);
	put_le(out + 8, r->id, 8);
	for (unsigned i = 0; i < r->n; i++)
		put_le(out + 16 + 8 * (size_t)i, r->refs[i], 8);
	return (struct view){ out, 16 + 8 * (size_t)r->n };
}

int references_decode(struct view v, struct references *out)
{
	*out = (struct references){ .n = 0 };
	if (v.n == 0)
		return 0;
	if (v.n < 16 || v.n > REFERENCES_OCTETS_MAX || v.n % 8)
		return MC_E_CORRUPT;
	out->subject = get_le64(v.p);
	out->id = get_le64(v.p + 8);
	out->n = (unsigned)(v.n / 8 - 2);
	for (unsigned i = 0; i < out->n; i++)
		out->refs[i] = get_le64(v.p + 16 + 8 * (size_t)i);
	return out->id || out->n ? 0 : MC_E_CORRUPT;
}
