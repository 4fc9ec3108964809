/* mailctl backup: one account after the other. */
#include "mailctl/backup/backup.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	SURE_S = 2, /* a file's time has to be so old to tell a state */
	SLACK_BYTES = 64 << 20,
};

struct job {
	struct mailctl *m;
	struct area *area;
	uint32_t keep;
	json_t *rows;
	int64_t started_s; /* the account: what comes later is not in it */
};

void backup_file_name(
    int64_t time_s, const char *suffix, char out[AREA_NAME_MAX])
{
	time_t t = (time_t)time_s;
	struct tm tm;
	char text[32] = "0";
	if (gmtime_r(&t, &tm))
		strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(out, AREA_NAME_MAX, "%s%s", text, suffix);
}

int backup_commit(int dir, struct manifest *m, json_t *file, json_t *generation,
    uint32_t keep)
{
	json_object_set_new(json_object_get(m->json, "files"),
	    text_of(generation, "file"), file);
	json_array_append_new(manifest_generations(m), generation);
	manifest_prune(m, keep);
	int error = manifest_save(dir, m);
	if (!error)
		manifest_sweep(dir, m);
	return error;
}

/* Which file it is, and in which state, without reading it: each commit sets
 * the time. Messages keep their ids as long as it is the same file. */
static json_t *mark_of(int dir)
{
#ifdef STATX_BTIME
	struct statx st;
	if (statx(dir, "data.mdb", AT_SYMLINK_NOFOLLOW,
		STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
		return NULL;
	bool sure = st.stx_mtime.tv_sec + SURE_S <= clock_wall_s();
	return json_pack("{s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}, s:b}", "file",
	    "inode", (json_int_t)st.stx_ino, "birth_s",
	    (json_int_t)st.stx_btime.tv_sec, "birth_ns",
	    (json_int_t)st.stx_btime.tv_nsec, "state", "bytes",
	    (json_int_t)st.stx_size, "time_s", (json_int_t)st.stx_mtime.tv_sec,
	    "time_ns", (json_int_t)st.stx_mtime.tv_nsec, "sure", sure);
#else
	struct stat st;
	if (fstatat(dir, "data.mdb", &st, AT_SYMLINK_NOFOLLOW) != 0)
		return NULL;
	bool sure = st.st_mtim.tv_sec + SURE_S <= clock_wall_s();
	return json_pack("{s:{s:I}, s:{s:I, s:I, s:I}, s:b}", "file", "inode",
	    (json_int_t)st.st_ino, "state", "bytes", (json_int_t)st.st_size,
	    "time_s", (json_int_t)st.st_mtim.tv_sec, "time_ns",
	    (json_int_t)st.st_mtim.tv_nsec, "sure", sure);
#endif
}

static bool same(json_t *a, json_t *b, const char *key)
{
	json_t *x = json_object_get(a, key), *y = json_object_get(b, key);
	return x && y && json_equal(x, y);
}

static bool is_unchanged(const struct manifest *m, json_t *mark)
{
	json_t *old = json_object_get(m->json, "mark");
	return manifest_last(m) && same(old, mark, "file") &&
	       same(old, mark, "state") &&
	       json_is_true(json_object_get(old, "sure"));
}

/* From which message on the new file has them; 0: from the first. */
static uint64_t first_msgid(const struct manifest *m, json_t *mark)
{
	json_t *last = manifest_last(m), *need;
	size_t i;
	if (!last || !same(json_object_get(m->json, "mark"), mark, "file"))
		return 0;
	json_int_t held =
	    number_of(manifest_file(m, text_of(last, "file")), "written_bytes");
	json_array_foreach(json_object_get(last, "needs"), i, need)
	{
		held += number_of(
		    manifest_file(m, json_string_value(need)), "written_bytes");
	}
	if (held > 2 * number_of(last, "message_bytes") + SLACK_BYTES)
		return 0;
	return (uint64_t)number_of(last, "next_msgid");
}

static int run_child(
    const struct store_target *t, uint64_t first, int fd, json_t **result)
{
	char number[32];
	char *args[] = { number, NULL };
	struct store_target with = *t;
	snprintf(number, sizeof number, "%llu", (unsigned long long)first);
	with.output = fd;
	if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
		*result = json_object();
		return complain(EX_IOERR, "%s", err_text(-errno));
	}
	return store_child_run(&with, "backup", args, result);
}

/* Another store with lower ids has taken the place of the one before. */
static bool continues(const struct manifest *m, json_t *result, uint64_t first)
{
	json_t *last = manifest_last(m);
	return !first ||
	       ((uint64_t)number_of(result, "next_msgid") >= first &&
		   strcmp(text_of(result, "guid"), text_of(last, "guid")) == 0);
}

static json_t *needs_of(const struct manifest *m, uint64_t first)
{
	json_t *last = manifest_last(m);
	json_t *needs = json_array();
	if (!first || !last)
		return needs;
	json_array_extend(needs, json_object_get(last, "needs"));
	if (number_of(manifest_file(m, text_of(last, "file")), "written"))
		json_array_append(needs, json_object_get(last, "file"));
	return needs;
}

static json_t *generation_of(const struct job *j, const struct manifest *m,
    json_t *result, uint64_t first, const char *hash)
{
	static const char *const keys[] = { "mailboxes", "rows", "messages",
		"message_bytes", "next_msgid", "guid" };
	char name[AREA_NAME_MAX];
	int64_t now_s = j->started_s;
	json_int_t last_s = number_of(manifest_last(m), "time");
	if (now_s <= last_s)
		now_s = last_s + 1;
	backup_file_name(now_s, ".dump.zst", name);
	json_t *g = json_pack("{s:I, s:s, s:o, s:s}", "time", (json_int_t)now_s,
	    "file", name, "needs", needs_of(m, first), "index_sha256", hash);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		json_object_set(g, keys[i], json_object_get(result, keys[i]));
	return g;
}

static int file_of(int fd, json_t *result, json_t **out)
{
	char hash[AREA_HASH_MAX];
	struct stat st;
	int error = area_hash(fd, 0, hash);
	if (error || fstat(fd, &st) != 0)
		return error ? error : -errno;
	*out = json_pack("{s:s, s:I, s:I, s:I, s:I}", "sha256", hash, "bytes",
	    (json_int_t)st.st_size, "index_bytes",
	    number_of(result, "index_bytes"), "written",
	    number_of(result, "written"), "written_bytes",
	    number_of(result, "written_bytes"));
	return 0;
}

/* The same index and nothing new: no generation, but its mark. */
static bool is_same(const struct manifest *m, json_t *result, const char *hash)
{
	return number_of(result, "written") == 0 &&
	       strcmp(text_of(manifest_last(m), "index_sha256"), hash) == 0;
}

static int keep_file(struct job *j, int dir, struct manifest *m, int fd,
    json_t *result, uint64_t first)
{
	char hash[AREA_HASH_MAX];
	json_t *file = NULL;
	int error =
	    area_hash(fd, (uint64_t)number_of(result, "index_bytes"), hash);
	if (!error && is_same(m, result, hash)) {
		close(fd);
		area_file_drop(dir);
		json_object_set_new(result, "state", json_string("unchanged"));
		return manifest_save(dir, m);
	}
	if (!error)
		error = file_of(fd, result, &file);
	if (error) {
		close(fd);
		return error;
	}
	json_t *g = generation_of(j, m, result, first, hash);
	json_object_set_new(result, "state", json_string("saved"));
	json_object_set_new(
	    result, "file_bytes", json_integer(number_of(file, "bytes")));
	error = area_file_keep(dir, fd, text_of(g, "file"));
	if (!error)
		return backup_commit(dir, m, file, g, j->keep);
	json_decref(file);
	json_decref(g);
	return error;
}

static int save(struct job *j, const struct store_target *t, int dir,
    struct manifest *m, json_t *mark)
{
	json_t *result;
	int fd;
	uint64_t first = first_msgid(m, mark);
	j->started_s = clock_wall_s();
	int error = area_file_new(dir, &fd);
	if (error)
		return complain(
		    exit_code_of(error), "%s: %s", t->address, err_text(error));
	int code = run_child(t, first, fd, &result);
	if (!code && !continues(m, result, first)) {
		json_decref(result);
		first = 0;
		code = run_child(t, first, fd, &result);
	}
	if (code) {
		close(fd);
		area_file_drop(dir);
		json_decref(result);
		return code;
	}
	json_object_set(m->json, "mark", mark);
	error = keep_file(j, dir, m, fd, result, first);
	if (error)
		json_decref(result);
	else
		json_array_append_new(j->rows, result);
	return error ? complain(exit_code_of(error), "%s: %s", t->address,
			   err_text(error))
		     : 0;
}

static int unchanged(
    struct job *j, const struct store_target *t, int dir, struct manifest *m)
{
	json_array_append_new(
	    j->rows, json_pack("{s:o, s:s}", "account",
			 json_of_text(t->address), "state", "unchanged"));
	if (!manifest_prune(m, j->keep))
		return 0;
	int error = manifest_save(dir, m);
	if (!error)
		manifest_sweep(dir, m);
	return error ? complain(exit_code_of(error), "%s: %s", t->address,
			   err_text(error))
		     : 0;
}

static int backup_account(void *ctx, const struct store_target *t)
{
	struct job *j = ctx;
	struct manifest m;
	int dir;
	int error = backup_account_enter(j->area, t->address, true, &dir);
	if (error)
		return complain(exit_code_of(error), "%s: %s: %s",
		    j->area->path, t->address, err_text(error));
	error = manifest_load(dir, t->address, &m);
	json_t *mark = error ? NULL : mark_of(t->dir);
	int code = 0;
	if (error == MC_E_CORRUPT)
		code = complain(STORE_DAMAGED,
		    "%s: the manifest of its backup is damaged", t->address);
	else if (error || !mark)
		code = complain(EX_IOERR, "%s: %s", t->address,
		    err_text(error ? error : -errno));
	else if (is_unchanged(&m, mark))
		code = unchanged(j, t, dir, &m);
	else
		code = save(j, t, dir, &m, mark);
	json_decref(mark);
	manifest_free(&m);
	close(dir);
	return code;
}

static int backup_one(struct job *j, const char *address)
{
	struct store_target t;
	int code = store_target_open(j->m, address, false, &t);
	if (code)
		return code;
	code = backup_account(j, &t);
	close(t.dir);
	return code;
}

static int run(struct job *j, const struct backup_arguments *args)
{
	int worst = 0;
	if (args->all) {
		worst = store_target_each(j->m, backup_account, j);
		int code = backup_host(j->m, j->area, j->keep, j->rows);
		return code > worst ? code : worst;
	}
	for (int i = 0; i < args->n_addresses; i++) {
		int code = backup_one(j, args->addresses[i]);
		worst = code > worst ? code : worst;
	}
	return worst;
}

static const struct column columns[] = {
	{ "account", "ACCOUNT", false },
	{ "state", "STATE", false },
	{ "messages", "MESSAGES", true },
	{ "message_bytes", "BYTES", true },
	{ "written", "NEW", true },
	{ "file_bytes", "WRITTEN", true },
};

int cmd_backup(struct mailctl *m)
{
	struct backup_arguments args;
	struct area area;
	int code = backup_arguments_take(
	    m, OPTION_ALL | OPTION_VERIFY | OPTION_KEEP, -1, &args);
	if (code)
		return code;
	if (!args.verify && !args.all && !args.n_addresses)
		code = complain(EX_USAGE, "addresses or --all are needed");
	if (!code && args.verify)
		code = backup_verify(m, &args);
	else if (!code)
		code = area_open(args.dir, true, &area);
	if (!code && !args.verify) {
		struct job j = { m, &area, args.keep, json_array(), 0 };
		code = run(&j, &args);
		print_rows(m, j.rows, columns, 6);
		area_close(&area);
	}
	backup_arguments_free(&args);
	return code;
}
