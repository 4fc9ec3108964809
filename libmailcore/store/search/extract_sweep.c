/* Idle times: extracts of messages that are gone are removed. */
#include "base/clock.h"
#include "store/search/extract_segment.h"
#include "store/search/fuzzy_build.h"
#include "store/txn/edit.h"

enum {
	SWEEP_SEGMENTS = 16,
	SWEEP_SHARE = 4, /* rewritten when so much of it is dead: 1/4 */
	IDLE_MS = 10,
	CLOSE_MS = 60 * 1000
};

bool extract_is_alive(struct kv_txn *t, uint64_t msgid)
{
	struct key k = key_obj(msgid, 'E', 0);
	struct view v;
	return kv_get(t, TABLE_OBJ, key_view(&k), &v) != MC_E_NOENT;
}

/* Into d: what is alive. True: enough is not. */
static bool filter(struct kv_txn *store, const struct extract_segment *s,
    struct extract_draft *d)
{
	uint32_t start = 0;
	extract_draft_reset(d);
	for (uint32_t i = 0; i < s->n; i++) {
		struct extract_entry e = extract_entry_at(s, i);
		if (extract_is_alive(store, e.msgid)) {
			buf_put(&d->text, view_slice(s->text, start, e.end));
			extract_draft_end(d, e.msgid, e.check, e.cut);
		}
		start = e.end;
	}
	size_t dead = s->text.n - buf_len(&d->text);
	return d->n == 0 || (d->n < s->n && dead >= s->text.n / SWEEP_SHARE);
}

struct sweep {
	struct store *store;
	struct extracts *x;
	struct extract_draft draft;
	struct extract_meta meta;
	unsigned left; /* segments to look at */
};

/* MC_E_NOENT: none is to be changed. */
static int find_dead(struct sweep *w, struct kv_txn *cache,
    struct kv_txn *store, struct key *found)
{
	struct extracts *x = w->x;
	struct extract_segment s;
	struct kv_cursor c;
	int error =
	    kv_cursor_open(&c, cache, EXTRACT_TABLE_ZONES + x->sweep_zone);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&x->sweep));
	for (; !error && w->left; w->left--) {
		error = extract_segment_decode(c.value, &s);
		if (error)
			break;
		*found = extract_key(s.first);
		x->sweep = extract_key(s.last + 1);
		if (filter(store, &s, &w->draft))
			break;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	if (error == MC_E_NOENT) {
		x->sweep = extract_key(0);
		x->sweep_zone = (x->sweep_zone + 1) % EXTRACT_ZONES;
	}
	return error ? error : w->left ? 0 : MC_E_NOENT;
}

static int change_dead(struct sweep *w, const struct key *found)
{
	struct kv_txn t;
	unsigned zone = w->x->sweep_zone;
	int error = extract_begin_change(w->x, &w->meta, &t);
	if (error)
		return error;
	(void)kv_delete(&t, EXTRACT_TABLE_ZONES + zone, key_view(found));
	extract_draft_put(&t, (enum extract_zone)zone, &w->draft);
	extract_meta_put(&t, &w->meta);
	return kv_commit(&t);
}

static int sweep_next(struct sweep *w)
{
	struct kv_txn cache, store;
	struct key found;
	int error = kv_read(w->x->kv, &cache);
	if (error)
		return error;
	error = kv_read(w->store->kv, &store);
	if (!error) {
		error = extract_meta_get(&cache, &w->meta);
		if (!error)
			error = find_dead(w, &cache, &store, &found);
		kv_abort(&store);
	}
	kv_abort(&cache);
	return error ? error : change_dead(w, &found);
}

static void sweep(struct store *s)
{
	struct sweep w = {
		.store = s, .x = extract_use(s, false), .left = SWEEP_SEGMENTS
	};
	int error = 0;
	if (!w.x || clock_mono_ms() < w.x->retry_ms)
		return;
	if (w.x->sweep.n == 0)
		w.x->sweep = extract_key(0);
	extract_draft_init(&w.draft);
	while (!error && w.left) {
		error = sweep_next(&w);
		w.left -= !error;
	}
	extract_draft_deinit(&w.draft);
	if (error && error != MC_E_NOENT && error != MC_E_AGAIN)
		extract_failed(s, error);
}

bool extract_idle(struct store *s)
{
	struct extracts *x = s->extracts;
	uint64_t change = store_last_change(s);
	bool more;
	if (x && x->idle_change == change && !x->wants_words) {
		if (x->kv && clock_mono_ms() >= x->used_ms + CLOSE_MS)
			extract_close(s);
		return false;
	}
	x = extract_use(s, false);
	if (!x)
		return false;
	extract_build(s, IDLE_MS, &more);
	if (!more)
		fuzzy_build(s, &more);
	if (more)
		return true;
	sweep(s);
	fuzzy_sweep(s);
	x->idle_change = change;
	x->wants_words = false;
	return false;
}
