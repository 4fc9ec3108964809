#include "store/stats.h"
#include "store/txn/edit.h"

_Static_assert((int)STORE_STATS_TABLES == (int)STORE_TABLES, "all of them");

static int count_tables(struct kv_txn *t, struct store_stats *out)
{
	struct kv_table_stats st;
	for (unsigned i = 0; i < STORE_TABLES; i++) {
		int error = kv_table_stats(t, i, &st);
		if (error)
			return error;
		out->tables[i].name = store_tables[i];
		out->tables[i].entries = st.entries;
		out->tables[i].pages = st.pages;
	}
	out->rows = out->tables[TABLE_MSG].entries;
	return 0;
}

static int count_retained(struct kv_txn *t, uint64_t *n)
{
	struct kv_cursor c;
	struct key k = key_tag('X');
	*n = 0;
	int error = kv_cursor_open(&c, t, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error && view_starts(c.key, key_view(&k))) {
		++*n;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int sum_stored(struct kv_txn *t, uint64_t *bytes)
{
	struct kv_cursor c;
	struct body b;
	struct key k = key_obj(0, 'E', 0);
	*bytes = 0;
	int error = kv_cursor_open(&c, t, TABLE_OBJ);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error) {
		error = envelope_decode_body(c.value, &b);
		if (error)
			break;
		*bytes += b.stored_bytes;
		k = key_obj(key_obj_id(c.key) + 1, 'E', 0);
		error = kv_cursor_seek(&c, key_view(&k));
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int find_floor(struct kv_txn *t, uint64_t *floor)
{
	struct kv_cursor c;
	struct box b;
	struct key first = key_box(1);
	*floor = 0;
	int error = kv_cursor_open(&c, t, TABLE_MBX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	while (!error) {
		error = box_decode(key_box_id(c.key), c.value, &b);
		if (error)
			break;
		if (!(b.m.flags & (BOX_DELETING | MAILBOX_NOSELECT)) &&
		    b.m.vanish_floor > *floor)
			*floor = b.m.vanish_floor;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int collect(struct kv_txn *t, struct store_stats *out)
{
	struct account a;
	int error = account_get(t, &a);
	if (error)
		return error;
	out->mailboxes = a.mailboxes;
	out->messages = a.messages;
	out->bytes = a.bytes;
	out->retained_bytes = a.retained_bytes;
	out->modseq = a.modseq;
	error = count_tables(t, out);
	if (!error)
		error = count_retained(t, &out->retained);
	if (!error)
		error = sum_stored(t, &out->stored_bytes);
	return error ? error : find_floor(t, &out->changes_since);
}

int store_stats(struct store *s, struct store_stats *out)
{
	struct store_txn t;
	*out = (struct store_stats){ .file_bytes = 0 };
	int error = store_read(s, &t);
	if (error)
		return error;
	error = collect(&t.kv, out);
	store_end(&t);
	return error ? error
		     : kv_size(s->kv, &out->file_bytes, &out->free_bytes);
}
