#include "mailctl/backup/manifest.h"
#include "base/buf.h"
#include "sasl/hash.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MANIFEST_MAX = 64 << 20,
	HASH_TEXT = 2 * HASH_SHA256_BYTES,
};

static const char file_name[] = "manifest.json";

static int read_all(int fd, struct buf *out)
{
	for (;;) {
		char piece[8192];
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : buf_error(out);
		buf_put(out, (struct view){ piece, (size_t)n });
	}
}

static int hash_text(struct view v, char out[HASH_TEXT + 1])
{
	unsigned char hash[HASH_SHA256_BYTES];
	int error = hash_sha2(sizeof hash, v, V_NONE, hash);
	for (unsigned i = 0; i < sizeof hash && !error; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
	return error;
}

static bool has_form(json_t *json)
{
	size_t i;
	json_t *g;
	const char *name;
	json_t *file, *need;
	size_t k;
	json_object_foreach(json_object_get(json, "files"), name, file)
	{
		if (!area_name_ok(name) || !json_is_object(file))
			return false;
	}
	json_array_foreach(json_object_get(json, "generations"), i, g)
	{
		if (!area_name_ok(text_of(g, "file")))
			return false;
		json_array_foreach(json_object_get(g, "needs"), k, need)
		{
			if (!json_is_string(need) ||
			    !area_name_ok(json_string_value(need)))
				return false;
		}
	}
	return json_is_object(json_object_get(json, "files")) &&
	       json_is_array(json_object_get(json, "generations"));
}

/* The text, its hash, LF. */
static int parse(struct view v, json_t **out)
{
	char hash[HASH_TEXT + 1];
	if (v.n < HASH_TEXT + 1)
		return MC_E_CORRUPT;
	struct view text = view_head(v, v.n - HASH_TEXT - 1);
	struct view sum = view_slice(v, text.n, text.n + HASH_TEXT);
	int error = hash_text(text, hash);
	if (error)
		return error;
	if (!view_eq(sum, view_of(hash)))
		return MC_E_CORRUPT;
	*out = json_loadb(text.p, text.n, 0, NULL);
	if (*out && has_form(*out))
		return 0;
	json_decref(*out);
	*out = NULL;
	return MC_E_CORRUPT;
}

int manifest_load(int dir, const char *account, struct manifest *out)
{
	int fd;
	struct buf text;
	out->json = NULL;
	int error = area_file_open(dir, file_name, &fd);
	if (error == -ENOENT) {
		out->json = json_pack("{s:s, s:{}, s:[]}", "account", account,
		    "files", "generations");
		return out->json ? 0 : MC_E_INTERNAL;
	}
	if (error)
		return error;
	buf_init(&text, MANIFEST_MAX);
	error = read_all(fd, &text);
	close(fd);
	if (!error)
		error = parse(buf_view(&text), &out->json);
	buf_deinit(&text);
	return error;
}

void manifest_free(struct manifest *m)
{
	json_decref(m->json);
	m->json = NULL;
}

int manifest_save(int dir, const struct manifest *m)
{
	char hash[HASH_TEXT + 1];
	int fd;
	char *text = json_dumps(m->json, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		return MC_E_TEMP;
	struct view v = view_of(text);
	int error = hash_text(v, hash);
	if (!error)
		error = area_file_new(dir, &fd);
	if (!error) {
		error = area_write(fd, v);
		if (!error)
			error = area_write(fd, view_of(hash));
		if (!error)
			error = area_write(fd, V("\n"));
		if (error)
			close(fd);
		else
			error = area_file_keep(dir, fd, file_name);
	}
	free(text);
	return error;
}

json_t *manifest_generations(const struct manifest *m)
{
	return json_object_get(m->json, "generations");
}

json_t *manifest_last(const struct manifest *m)
{
	json_t *all = manifest_generations(m);
	return json_array_get(all, json_array_size(all) - 1);
}

json_t *manifest_file(const struct manifest *m, const char *name)
{
	return json_object_get(json_object_get(m->json, "files"), name);
}

json_t *manifest_at(const struct manifest *m, int64_t at_s)
{
	size_t i;
	json_t *g, *found = NULL;
	json_array_foreach(manifest_generations(m), i, g)
	{
		if (!at_s || number_of(g, "time") <= at_s)
			found = g;
	}
	return found;
}

static bool is_needed(const struct manifest *m, const char *name)
{
	size_t i, k;
	json_t *g, *need;
	json_array_foreach(manifest_generations(m), i, g)
	{
		if (strcmp(text_of(g, "file"), name) == 0)
			return true;
		json_array_foreach(json_object_get(g, "needs"), k, need)
		{
			if (strcmp(json_string_value(need), name) == 0)
				return true;
		}
	}
	return false;
}

bool manifest_prune(struct manifest *m, size_t keep)
{
	json_t *all = manifest_generations(m), *file;
	json_t *files = json_object_get(m->json, "files");
	const char *name;
	void *next;
	size_t n = json_array_size(all);
	if (keep == 0 || n <= keep)
		return false;
	for (size_t i = 0; i < n - keep; i++)
		json_array_remove(all, 0);
	json_object_foreach_safe(files, next, name, file)
	{
		if (!is_needed(m, name))
			json_object_del(files, name);
	}
	return true;
}

static bool keep(void *ctx, const char *name)
{
	return strcmp(name, file_name) == 0 || manifest_file(ctx, name);
}

void manifest_sweep(int dir, const struct manifest *m)
{
	struct manifest copy = *m;
	area_sweep(dir, keep, &copy);
}

int manifest_open_file(
    int dir, const struct manifest *m, const char *name, int *fd)
{
	char hash[AREA_HASH_MAX];
	struct stat st;
	json_t *file = manifest_file(m, name);
	if (!file)
		return MC_E_CORRUPT;
	int error = area_file_open(dir, name, fd);
	if (error)
		return error == -ENOENT ? MC_E_CORRUPT : error;
	if (fstat(*fd, &st) != 0)
		error = -errno;
	else if (st.st_size != number_of(file, "bytes"))
		error = MC_E_CORRUPT;
	if (!error)
		error = area_hash(*fd, 0, hash);
	if (!error && strcmp(hash, text_of(file, "sha256")) != 0)
		error = MC_E_CORRUPT;
	if (error)
		close(*fd);
	return error;
}
