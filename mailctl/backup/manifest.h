#ifndef MAILCTL_BACKUP_MANIFEST_H
#define MAILCTL_BACKUP_MANIFEST_H
/* What there is of one account: generations, oldest first, each with its file,
 * and of the messages in earlier files those that it needs. The manifest is
 * replaced as a whole, and carries its own hash. */
#include "mailctl/backup/area.h"

struct manifest {
	json_t *json; /* {"account", "mark", "files", "generations"} */
};

/* A new one when there is none. MC_E_CORRUPT: damaged. */
int manifest_load(
    int dir, const char *account, struct manifest *out) MUST_CHECK;
void manifest_free(struct manifest *m);
int manifest_save(int dir, const struct manifest *m) MUST_CHECK;

json_t *manifest_generations(const struct manifest *m); /* borrowed */
json_t *manifest_last(const struct manifest *m);        /* NULL: none */
/* Of a file: {"sha256", "bytes", "index_bytes", "written_bytes"}; borrowed. */
json_t *manifest_file(const struct manifest *m, const char *name);
/* The last one that is not later than at_s (0: the last); NULL: none. */
json_t *manifest_at(const struct manifest *m, int64_t at_s);
/* Leaves the last keep generations; whether any went. */
bool manifest_prune(struct manifest *m, size_t keep);
/* Removes what no generation needs. After manifest_save. */
void manifest_sweep(int dir, const struct manifest *m);
/* 0, or MC_E_CORRUPT when the file is not what it was. *fd is open after 0. */
int manifest_open_file(
    int dir, const struct manifest *m, const char *name, int *fd) MUST_CHECK;

static inline json_int_t number_of(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static inline const char *text_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}
#endif
