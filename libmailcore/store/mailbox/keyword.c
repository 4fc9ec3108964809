#include "store/mailbox/keyword.h"
#include "base/chars.h"
#include "store/txn/edit.h"

int keyword_name(struct store_txn *t, unsigned slot, struct view *out)
{
	if (slot >= KEYWORDS_MAX)
		return MC_E_NOENT;
	struct key k = key_keyword((uint8_t)slot);
	return kv_get(&t->kv, TABLE_ATT, key_view(&k), out);
}

/* Also the lowest slot that is free, KEYWORDS_MAX when there is none. */
static int find(
    struct kv_txn *t, struct view name, unsigned *found, unsigned *vacant)
{
	struct kv_cursor c;
	struct key k = key_tag('K');
	*found = KEYWORDS_MAX;
	*vacant = 0;
	int error = kv_cursor_open(&c, t, TABLE_ATT);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error && c.key.n == 2 && c.key.p[0] == 'K') {
		unsigned slot = (unsigned char)c.key.p[1];
		if (slot == *vacant)
			++*vacant;
		if (slot < KEYWORDS_MAX && view_ieq(c.value, name)) {
			*found = slot;
			break;
		}
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

int keyword_find(struct store_txn *t, struct view name)
{
	unsigned slot, vacant;
	if (find(&t->kv, name, &slot, &vacant) != 0 || slot == KEYWORDS_MAX)
		return -1;
	return (int)slot;
}

static int check(struct view name)
{
	if (name.n > KEYWORD_OCTETS_MAX)
		return MC_E_LIMIT;
	for (size_t i = 0; i < name.n; i++)
		if (!char_is(name.p[i], CHAR_IMAP_ATOM) && name.p[i] != ']')
			return MC_E_BAD;
	return name.n ? 0 : MC_E_BAD;
}

bool keyword_is_valid(struct view name)
{
	return check(name) == 0;
}

static int resolve(
    struct edit *e, struct view name, bool add, struct keywords *out)
{
	unsigned slot, vacant;
	int error = check(name);
	if (!error)
		error = find(&e->kv, name, &slot, &vacant);
	if (error)
		return error;
	if (slot == KEYWORDS_MAX) {
		if (!add)
			return 0;
		if (vacant >= KEYWORDS_MAX)
			return MC_E_LIMIT;
		slot = vacant;
		struct key k = key_keyword((uint8_t)slot);
		kv_put(&e->kv, TABLE_ATT, key_view(&k), name);
		out->added = true;
	}
	out->bits[slot / 8] |= (uint8_t)(1U << slot % 8);
	return e->kv.error;
}

int keywords_resolve(struct edit *e, const struct view *names, size_t n,
    bool add, struct keywords *out)
{
	int error = 0;
	*out = (struct keywords){ .added = false };
	for (size_t i = 0; i < n && !error; i++)
		error = resolve(e, names[i], add, out);
	return error;
}
