#include "store/search/extract_files.h"
#include "base/clock.h"
#include "base/panic.h"
#include "log/log.h"
#include "store/record/le.h"
#include "store/search/extract_segment.h"
#include "store/txn/edit.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FORMAT = 3, /* another one when texts are decoded or folded otherwise */
	STATE_OCTETS = 32,
	STATE_CLEAN = 'c',
	STATE_IN_USE = 'u',
	META_OCTETS = 24,
	RETRY_MS = 5 * 60 * 1000,
	FAILURES_MAX = 3,
	NEWEST = 64 /* extracts that are compared with their messages */
};

static const uint64_t room_bytes = 32 * 1024 * 1024; /* mail needs it more */

static const char *const tables[EXTRACT_TABLES] = { "meta", "header", "body",
	"parts", "words" };

static int path_of(const struct store *s, const char *name, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/search.%s", s->dir, name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static void make_state(const struct account *a, char state, char out[])
{
	memset(out, 0, STATE_OCTETS);
	memcpy(out, "MCsearch", 8);
	out[8] = FORMAT;
	out[9] = state;
	put_le(out + 10, kv_engine_version(), 2);
	memcpy(out + 16, a->guid, sizeof a->guid);
}

static bool is_clean(int fd, const struct account *a)
{
	char want[STATE_OCTETS], got[STATE_OCTETS];
	make_state(a, STATE_CLEAN, want);
	return pread(fd, got, sizeof got, 0) == STATE_OCTETS &&
	       memcmp(want, got, sizeof got) == 0;
}

static int write_state(int fd, const struct account *a, char state)
{
	char p[STATE_OCTETS];
	make_state(a, state, p);
	ssize_t n = pwrite(fd, p, sizeof p, 0);
	return n == STATE_OCTETS ? 0 : n < 0 ? -errno : -EIO;
}

static int get_account(struct store *s, struct account *out)
{
	struct kv_txn t;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = account_get(&t, out);
	kv_abort(&t);
	return error;
}

/* Only when nobody else has them open, which the lock says. */
static void remove_files(const struct store *s)
{
	char path[PATH_MAX];
	static const char *const names[] = { "mdb", "mdb-lock" };
	for (unsigned i = 0; i < 2; i++)
		if (path_of(s, names[i], path) == 0)
			(void)unlink(path);
}

static int lock_shared(int fd)
{
	while (flock(fd, LOCK_SH) != 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The first to open the files looks at how they were left. */
static int claim(struct store *s, int fd, const struct account *a)
{
	int error = 0;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (!is_clean(fd, a))
			remove_files(s);
		error = write_state(fd, a, STATE_IN_USE);
	} else if (errno != EWOULDBLOCK) {
		error = -errno;
	}
	return error ? error : lock_shared(fd);
}

static bool is_of(struct store_txn *t, const struct extract_entry *e)
{
	struct message_info info;
	return e->check == 0 || message_info(t, e->msgid, &info) != 0 ||
	       e->check == extract_check(info.size_bytes, info.internaldate);
}

static int check_entries(struct store *s, const struct extract_segment *g)
{
	struct store_txn t;
	int error = store_read(s, &t);
	if (error)
		return error;
	for (uint32_t i = g->n < NEWEST ? 0 : g->n - NEWEST; i < g->n; i++) {
		struct extract_entry e = extract_entry_at(g, i);
		if (!is_of(&t, &e))
			error = MC_E_CORRUPT;
	}
	store_end(&t);
	return error;
}

/* Other messages may have the msgids of the newest, after a store was put back
 * to an earlier state and has grown again. */
static int check_newest(struct store *s, struct extracts *x)
{
	struct key end = extract_key(UINT64_MAX);
	struct extract_segment g;
	struct kv_cursor c;
	struct kv_txn t;
	int error = kv_read(x->kv, &t);
	if (error)
		return error;
	error = kv_cursor_open(&c, &t, EXTRACT_TABLE_ZONES + EXTRACT_HEADER);
	if (!error)
		error = kv_cursor_seek_before(&c, key_view(&end));
	if (!error)
		error = extract_segment_decode(c.value, &g);
	if (!error)
		error = check_entries(s, &g);
	kv_cursor_close(&c);
	kv_abort(&t);
	return error == MC_E_NOENT ? 0 : error;
}

/* A store that was put back to an earlier state gives its msgids again. */
static int check_meta(
    struct store *s, struct extracts *x, const struct account *a)
{
	struct kv_txn t;
	struct extract_meta m;
	int error = kv_read(x->kv, &t);
	if (error)
		return error;
	error = extract_meta_get(&t, &m);
	kv_abort(&t);
	if (!error && m.done_msgid >= a->next_msgid)
		error = MC_E_CORRUPT;
	return error ? error : check_newest(s, x);
}

static int open_files(struct store *s, struct extracts *x, bool create)
{
	char path[PATH_MAX];
	struct account a;
	const struct kv_options o = {
		.tables = tables, .n_tables = EXTRACT_TABLES, .unsynced = true
	};
	int error = path_of(s, "state", path);
	if (error)
		return error;
	x->is_marked = false;
	x->state_fd =
	    open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	if (x->state_fd < 0)
		return errno == ENOENT ? MC_E_NOENT : -errno;
	error = get_account(s, &a);
	if (!error)
		error = claim(s, x->state_fd, &a);
	if (!error)
		error = path_of(s, "mdb", path);
	if (!error)
		error = kv_open(path, &o, &x->kv);
	return error ? error : check_meta(s, x, &a);
}

static void close_files(struct extracts *x)
{
	kv_close(&x->kv);
	if (x->state_fd >= 0)
		close(x->state_fd);
	x->state_fd = -1;
}

struct extracts *extract_use(struct store *s, bool create)
{
	uint64_t now_ms = clock_mono_ms();
	if (s->readonly)
		return NULL;
	if (!s->extracts) {
		s->extracts = MUST_NEW(struct extracts);
		s->extracts->state_fd = -1;
	}
	struct extracts *x = s->extracts;
	/* Files that are no good are gone after the first try. */
	for (int i = 0; i < 2 && !x->kv; i++) {
		if (x->failures >= FAILURES_MAX || now_ms < x->retry_ms)
			return NULL;
		int error = open_files(s, x, create);
		if (error == MC_E_NOENT)
			return NULL;
		if (error)
			extract_failed(s, error);
	}
	x->used_ms = now_ms;
	return x->kv ? x : NULL;
}

int extract_mark(struct extracts *x)
{
	if (x->is_marked)
		return 0;
	if (fdatasync(x->state_fd) != 0)
		return -errno;
	x->is_marked = true;
	return 0;
}

static bool is_temporary(int error)
{
	return error == MC_E_FULL || error == MC_E_TEMP || error == -ENOSPC ||
	       error == -EDQUOT || error == -EMFILE || error == -ENFILE;
}

void extract_failed(struct store *s, int error)
{
	struct extracts *x = s->extracts;
	LOG(NULL, WARN, "search.cache", KV_ERR("error", error));
	x->retry_ms = is_temporary(error) ? clock_mono_ms() + RETRY_MS : 0;
	if (is_temporary(error) && x->kv)
		return;
	x->failures += !is_temporary(error);
	kv_close(&x->kv);
	if (!is_temporary(error) && x->state_fd >= 0 &&
	    flock(x->state_fd, LOCK_EX | LOCK_NB) == 0)
		remove_files(s);
	close_files(x);
}

/* What other processes wrote, and then died, is not on disk either. */
static void leave_clean(struct store *s, struct extracts *x)
{
	char path[PATH_MAX];
	struct account a;
	if (flock(x->state_fd, LOCK_EX | LOCK_NB) != 0 ||
	    get_account(s, &a) != 0 || path_of(s, "mdb", path) != 0)
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fdatasync(fd) == 0 &&
	    write_state(x->state_fd, &a, STATE_CLEAN) == 0)
		(void)fdatasync(x->state_fd);
	close(fd);
}

void extract_close(struct store *s)
{
	struct extracts *x = s->extracts;
	if (!x)
		return;
	if (x->kv) {
		kv_close(&x->kv);
		leave_clean(s, x);
	}
	close_files(x);
}

int extract_meta_get(struct kv_txn *t, struct extract_meta *out)
{
	struct view v;
	*out = (struct extract_meta){ .done_msgid = 0 };
	int error = kv_get(t, EXTRACT_TABLE_META, V("m"), &v);
	if (error)
		return error == MC_E_NOENT ? 0 : error;
	if (v.n != META_OCTETS)
		return MC_E_CORRUPT;
	out->done_msgid = get_le64(v.p);
	out->changes = get_le64(v.p + 8);
	out->indexed_msgid = get_le64(v.p + 16);
	return 0;
}

void extract_meta_put(struct kv_txn *t, const struct extract_meta *m)
{
	char p[META_OCTETS];
	put_le(p, m->done_msgid, 8);
	put_le(p + 8, m->changes, 8);
	put_le(p + 16, m->indexed_msgid, 8);
	kv_put(t, EXTRACT_TABLE_META, V("m"), (struct view){ p, sizeof p });
}

int extract_begin_change(
    struct extracts *x, struct extract_meta *known, struct kv_txn *t)
{
	struct extract_meta m;
	int error = kv_check_room(x->kv, room_bytes);
	if (!error)
		error = extract_mark(x);
	if (!error)
		error = kv_write(x->kv, t);
	if (error)
		return error;
	error = extract_meta_get(t, &m);
	if (!error && m.changes != known->changes)
		error = MC_E_AGAIN;
	if (error)
		kv_abort(t);
	known->changes++;
	return error;
}
