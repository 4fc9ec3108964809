/* repair, in the child.
 *
 * While LMDB's pages are whole, all is one transaction in the store as it is.
 * Where they are not, what can be read goes into a new store beside, in
 * repair.tmp, which is repaired, verified and on disk before its file takes the
 * place of the old one; that stays as data.mdb.damaged-TIME. A kill leaves one
 * or the other, and the mark of damage: the next repair begins again.
 *
 * Nobody else has the store open: agents are asked to leave it. Who comes
 * meanwhile finds the mark, or waits for LMDB's lock. */
#include "mailctl/store/salvage.h"
#include "mailctl/store/store.h"
#include "store/mark.h"
#include "store/wake.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char data[] = "data.mdb";
static const char tmp_dir[] = "repair.tmp";
static const char tmp_data[] = "repair.tmp/data.mdb";

enum {
	EVICT_TRIES = 100,
	EVICT_WAIT_NS = 100000000,
};

struct work {
	bool dry_run;
	bool is_salvage;
	struct kv_pages_result pages;
	struct repair_result repaired;
	uint64_t left; /* violations afterwards */
	char kept[64]; /* the old file's new name; empty: none */
};

/* Reports. */

static void phase(const char *name)
{
	store_child_report("phase", json_string(name));
}

static void put_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *place_json(const char *invariant, uint32_t mailbox, uint32_t uid,
    uint64_t msgid, const char *detail)
{
	json_t *o = json_pack("{s:s}", "invariant", invariant);
	if (mailbox)
		put_number(o, "mailbox", mailbox);
	if (uid)
		put_number(o, "uid", uid);
	if (msgid)
		put_number(o, "message", msgid);
	if (detail[0])
		json_object_set_new(o, "detail", json_of_text(detail));
	return o;
}

static void on_note(void *ctx, const struct repair_note *n)
{
	(void)ctx;
	store_child_report(n->is_loss ? "lost_part" : "repair",
	    place_json(n->invariant, n->mailbox, n->uid, n->msgid, n->detail));
}

static void tell_pages(const struct kv_pages_result *r)
{
	char detail[200];
	snprintf(detail, sizeof detail, "%llu pages or items, first %s",
	    (unsigned long long)r->bad, r->first_bad);
	store_child_report(
	    "lost_part", place_json("table-readable", 0, 0, 0, detail));
}

static int report(const struct work *w)
{
	int code = STORE_CLEAN;
	const char *state = "clean";
	if (w->repaired.lost || w->left || w->is_salvage) {
		code = STORE_DAMAGED;
		state = "damaged";
	} else if (w->repaired.repaired) {
		code = STORE_REPAIRED;
		state = "repaired";
	}
	json_t *o = json_pack(
	    "{s:s, s:b}", "state", state, "dry_run", w->dry_run ? 1 : 0);
	put_number(o, "n_repairs", w->repaired.repaired);
	put_number(o, "n_lost", w->repaired.lost + w->is_salvage);
	put_number(o, "recovered", w->repaired.recovered);
	put_number(o, "n_violations", w->left);
	if (w->kept[0])
		json_object_set_new(o, "kept", json_string(w->kept));
	store_child_report("result", o);
	return code;
}

/* The new store takes its place. */

static int sync_dir(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
	close(fd);
	return error;
}

/* At each moment, data.mdb is one of both. */
static int swap(struct work *w)
{
	struct tm tm;
	time_t now = time(NULL);
	struct store *s;
	const struct store_options options = { .damaged = true };
	gmtime_r(&now, &tm);
	strftime(
	    w->kept, sizeof w->kept, "data.mdb.damaged-%Y%m%dT%H%M%SZ", &tm);
	if (link(data, w->kept) != 0 && errno != EEXIST)
		return -errno;
	if (rename(tmp_data, data) != 0)
		return -errno;
	/* Texts of messages that are no more. */
	if (unlink("search.state") != 0 && errno != ENOENT)
		return -errno;
	int error = sync_dir();
	/* LMDB's lock file is still about the old one: who has it alone makes
	 * it anew. */
	if (!error)
		error = store_open(".", &options, &s);
	if (!error)
		store_close(&s);
	return error;
}

/* Repair. */

static int check(const char *dir, struct work *w)
{
	struct store *s;
	struct check_result r;
	const struct store_options options = { .readonly = true };
	const struct check_options check = { .bodies = true };
	phase("check");
	int error = store_open(dir, &options, &s);
	if (error)
		return error;
	error = store_check(s, &check, &r);
	store_close(&s);
	w->left = r.violations;
	return error;
}

static int repair(const char *dir, struct work *w)
{
	struct store *s;
	const struct store_options options = { .damaged = true };
	const struct repair_options repair = { .dry_run = w->dry_run,
		.lost_tables = w->is_salvage ? w->pages.lost : 0,
		.on_note = on_note };
	phase("repair");
	int error = store_open(dir, &options, &s);
	if (error)
		return error;
	error = store_repair(s, &repair, &w->repaired);
	if (!error)
		store_child_names(s);
	store_close(&s);
	return error || w->dry_run ? error : check(dir, w);
}

static int look(struct work *w)
{
	phase("pages");
	int error = store_look_at_pages(data, &w->pages);
	w->is_salvage = !error && w->pages.bad;
	return error;
}

static int work(struct work *w)
{
	int error = look(w);
	if (error || !w->is_salvage)
		return error ? error : repair(".", w);
	tell_pages(&w->pages);
	phase("salvage");
	error = salvage_into(tmp_dir, &w->pages);
	if (!error)
		error = repair(tmp_dir, w);
	if (!error && !w->dry_run)
		error = swap(w);
	salvage_remove(tmp_dir);
	return error;
}

static bool has(int argc, char **argv, const char *option)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], option) == 0)
			return true;
	return false;
}

/* Agents look for the mark when they are woken, and end. */
static int evict(int *alone)
{
	struct wake wake;
	bool was_marked = mark_is_set(".");
	int error = mark_set(".");
	if (!error)
		error = wake_init(&wake, ".", false);
	if (error)
		return error;
	wake_others(&wake);
	wake_deinit(&wake);
	error = MC_E_BUSY;
	for (unsigned i = 0; i < EVICT_TRIES && error == MC_E_BUSY; i++) {
		const struct timespec wait = { .tv_nsec = EVICT_WAIT_NS };
		nanosleep(&wait, NULL);
		error = kv_keep_out(data, alone);
	}
	if (error && !was_marked && mark_clear(".") != 0)
		error = MC_E_INTERNAL;
	return error;
}

int store_child_repair(int argc, char **argv)
{
	struct work w = { .dry_run = has(argc, argv, "--dry-run") };
	int alone, error = kv_keep_out(data, &alone);
	if (error == MC_E_BUSY && has(argc, argv, "--evict"))
		error = evict(&alone);
	if (error == MC_E_BUSY)
		return store_child_fail(error,
		    "somebody has the store open: try again when the sessions "
		    "of the user have ended");
	if (!error && !w.dry_run)
		error = mark_set(".");
	if (!error)
		error = work(&w);
	if (!error && !w.dry_run)
		error = mark_clear(".");
	/* The end of the process lets others in. */
	return error ? store_child_fail(error, "") : report(&w);
}
