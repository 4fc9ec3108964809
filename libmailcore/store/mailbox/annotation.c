#include "store/mailbox/annotation.h"
#include "base/chars.h"
#include "store/mailbox/annotations.h"
#include "store/txn/edit.h"
#include "store/txn/spill.h"
#include <errno.h>

enum {
	PIECES = ANNOTATION_VALUE_MAX / PIECE_OCTETS + 1,
	ROOM_BYTES = 64 * 1024,
};

/* Lower case; MC_E_BAD. RFC 5464 3: no "//", no "/" at the end, no "*" or "%",
 * nothing outside of ASCII and no controls. */
static int normalize(struct view in, char out[ANNOTATION_ENTRY_MAX])
{
	if (in.n > ANNOTATION_ENTRY_MAX)
		return MC_E_BAD;
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];
		bool doubled =
		    c == '/' && (i + 1 == in.n || in.p[i + 1] == '/');
		if (c < ' ' || c >= 127 || c == '*' || c == '%' || doubled)
			return MC_E_BAD;
		out[i] = char_lower(in.p[i]);
	}
	struct view v = { out, in.n };
	return view_starts(v, V("/private/")) || view_starts(v, V("/shared/"))
		   ? 0
		   : MC_E_BAD;
}

bool annotation_entry_ok(struct view entry)
{
	char name[ANNOTATION_ENTRY_MAX];
	return normalize(entry, name) == 0 &&
	       view_eq(entry, (struct view){ name, entry.n });
}

/* Reading. */

static int next_piece(struct kv_txn *t, uint32_t mailbox, struct view entry,
    unsigned i, struct view *out)
{
	struct key k = key_annotation(mailbox, entry, i);
	int error = kv_get(t, TABLE_ATT, key_view(&k), out);
	return !error && out->n > PIECE_OCTETS ? MC_E_CORRUPT : error;
}

/* All pieces; NIL when there is none. */
static int read_value(struct kv_txn *t, struct store_spill **spill,
    uint32_t mailbox, struct view entry, struct view *out)
{
	struct view piece;
	size_t n = 0;
	int error = next_piece(t, mailbox, entry, 0, &piece);
	*out = error ? V_NONE : piece.n ? piece : V("");
	if (error || piece.n < PIECE_OCTETS)
		return error == MC_E_NOENT ? 0 : error;
	char *all = spill_alloc(spill, (size_t)PIECES * PIECE_OCTETS);
	if (!all)
		return MC_E_TEMP;
	for (unsigned i = 1; i <= PIECES; i++) {
		memcpy(all + n, piece.p, piece.n);
		n += piece.n;
		*out = (struct view){ all, n };
		if (piece.n < PIECE_OCTETS)
			return 0;
		error = next_piece(t, mailbox, entry, i, &piece);
		if (error)
			break;
	}
	return error && error != MC_E_NOENT ? error : MC_E_CORRUPT;
}

int annotation_get(struct store_txn *t, uint32_t mailbox, struct view entry,
    struct view *value)
{
	char name[ANNOTATION_ENTRY_MAX];
	int error = normalize(entry, name);
	if (error)
		return error;
	return read_value(
	    &t->kv, &t->spill, mailbox, (struct view){ name, entry.n }, value);
}

/* The names of a mailbox's entries. */
static int walk(struct kv_txn *t, uint32_t mailbox,
    int (*fn)(void *ctx, struct view entry), void *ctx)
{
	struct kv_cursor c;
	struct view entry;
	uint32_t owner;
	unsigned piece;
	struct key first = key_annotation(mailbox, V(""), 0);
	int stop = 0, error = kv_cursor_open(&c, t, TABLE_ATT);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	while (!error && !stop && c.key.p[0] == 'A') {
		error = key_annotation_split(c.key, &owner, &entry, &piece);
		if (error || owner != mailbox)
			break;
		if (piece == 0)
			stop = fn(ctx, entry);
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	if (stop)
		return stop;
	return error == MC_E_NOENT ? 0 : error;
}

struct each {
	struct kv_txn *t;
	uint32_t mailbox;
	int (*fn)(void *ctx, const struct annotation *a);
	void *ctx;
};

static int give(void *ctx, struct view entry)
{
	struct each *x = ctx;
	struct store_spill *spill = NULL;
	struct annotation a = { .entry = entry };
	int error = read_value(x->t, &spill, x->mailbox, entry, &a.value);
	if (!error)
		error = x->fn(x->ctx, &a);
	spill_free(&spill);
	return error;
}

int annotation_each(struct store_txn *t, uint32_t mailbox,
    int (*fn)(void *ctx, const struct annotation *a), void *ctx)
{
	struct each x = { &t->kv, mailbox, fn, ctx };
	return walk(&t->kv, mailbox, give, &x);
}

/* Writing. */

static void drop(struct edit *e, const struct key *first, const struct key *end)
{
	unsigned n;
	do
		kv_drop_range(&e->kv, TABLE_ATT, key_view(first), key_view(end),
		    1000, &n);
	while (n == 1000 && !e->kv.error);
}

void annotations_drop(struct edit *e, uint32_t mailbox)
{
	struct key first = key_annotation(mailbox, V(""), 0);
	struct key end = key_annotation(mailbox + 1, V(""), 0);
	drop(e, &first, &end);
}

static int count(void *ctx, struct view entry)
{
	unsigned *n = ctx;
	(void)entry;
	++*n;
	return 0;
}

/* A mailbox's number of them is small: it is counted, not kept. */
static int check_count(struct edit *e, uint32_t mailbox)
{
	unsigned n = 0;
	int error = walk(&e->kv, mailbox, count, &n);
	return !error && n >= ANNOTATIONS_MAX ? MC_E_LIMIT : error;
}

/* The last piece is never a full one. */
static void put(
    struct edit *e, uint32_t mailbox, struct view entry, struct view value)
{
	struct view piece;
	unsigned i = 0;
	do {
		struct key k = key_annotation(mailbox, entry, i++);
		piece = view_head(value, PIECE_OCTETS);
		kv_put(&e->kv, TABLE_ATT, key_view(&k), piece);
		value = view_skip(value, PIECE_OCTETS);
	} while (piece.n == PIECE_OCTETS);
}

static bool is_same(struct view a, struct view b)
{
	return (a.p != NULL) == (b.p != NULL) && view_eq(a, b);
}

static int set(
    struct edit *e, uint32_t mailbox, const struct annotation *a, bool *changed)
{
	char name[ANNOTATION_ENTRY_MAX];
	struct store_spill *spill = NULL;
	struct view old, entry = { name, a->entry.n };
	if (a->value.n > ANNOTATION_VALUE_MAX)
		return -EMSGSIZE;
	int error = normalize(a->entry, name);
	if (!error)
		error = read_value(&e->kv, &spill, mailbox, entry, &old);
	bool same = !error && is_same(old, a->value);
	bool is_new = !error && !old.p;
	spill_free(&spill);
	if (!error && !same && is_new)
		error = check_count(e, mailbox);
	if (error || same)
		return error;
	struct key first = key_annotation(mailbox, entry, 0);
	struct key end = key_annotation(mailbox, entry, PIECES + 1);
	drop(e, &first, &end);
	if (a->value.p)
		put(e, mailbox, entry, a->value);
	*changed = true;
	return e->kv.error;
}

static int set_all(struct edit *e, uint32_t mailbox,
    const struct annotation *items, size_t n, bool *changed)
{
	struct box *b = NULL;
	int error = mailbox ? edit_box_get(e, mailbox, &b) : 0;
	if (!error && b && b->m.flags & BOX_DELETING)
		error = MC_E_NOENT;
	for (size_t i = 0; i < n && !error; i++)
		error = set(e, mailbox, &items[i], changed);
	if (error || !*changed)
		return error;
	uint64_t modseq = edit_modseq(e);
	if (b) {
		b->attrmodseq = modseq;
		edit_box_dirty(e, b);
	}
	return 0;
}

int annotation_set(
    struct store *s, uint32_t mailbox, const struct annotation *items, size_t n)
{
	struct edit e;
	uint64_t room = ROOM_BYTES;
	bool changed = false;
	for (size_t i = 0; i < n; i++)
		room += items[i].value.n;
	int error = kv_check_room(s->kv, room);
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	error = set_all(&e, mailbox, items, n, &changed);
	if (!error && changed)
		return edit_commit(&e);
	edit_abort(&e);
	return error;
}
