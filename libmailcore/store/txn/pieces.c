/* The pieces of a record of an object: values of at most one page. */
#include "store/txn/object.h"
#include "store/txn/spill.h"

/* Pieces behind a full first one: their size, and into out unless NULL. */
static int pieces(
    struct store_txn *t, uint64_t msgid, char type, char *out, size_t *n)
{
	size_t at = 0;
	for (unsigned i = 0; i < PIECES_MAX; i++) {
		struct key k = key_obj(msgid, type, i);
		struct view v;
		int error = kv_get(&t->kv, TABLE_OBJ, key_view(&k), &v);
		if (error == MC_E_NOENT)
			break;
		if (error)
			return error;
		if (v.n > PIECE_OCTETS)
			return MC_E_CORRUPT;
		if (out)
			memcpy(out + at, v.p, v.n);
		at += v.n;
		if (v.n < PIECE_OCTETS)
			break;
	}
	*n = at;
	return 0;
}

int object_get(struct store_txn *t, uint64_t msgid, char type, struct view *out)
{
	struct key k = key_obj(msgid, type, 0);
	int error = kv_get(&t->kv, TABLE_OBJ, key_view(&k), out);
	if (error || out->n < PIECE_OCTETS)
		return error;
	size_t n;
	error = pieces(t, msgid, type, NULL, &n);
	if (error)
		return error;
	char *all = spill_alloc(&t->spill, n);
	if (!all)
		return MC_E_TEMP;
	*out = (struct view){ all, n };
	return pieces(t, msgid, type, all, &n);
}

/* The last piece is never a full one. */
void object_put(struct edit *e, uint64_t msgid, char type, struct view v)
{
	for (unsigned i = 0; i < PIECES_MAX; i++) {
		struct key k = key_obj(msgid, type, i);
		struct view piece = view_head(v, PIECE_OCTETS);
		kv_append(&e->kv, TABLE_OBJ, key_view(&k), piece);
		v = view_skip(v, PIECE_OCTETS);
		if (piece.n < PIECE_OCTETS)
			return;
	}
	edit_fail(e, MC_E_LIMIT);
}
