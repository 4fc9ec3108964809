#ifndef MAILCTL_BACKUP_AREA_H
#define MAILCTL_BACKUP_AREA_H
/* The directory of a backup, which only we write to: "mail/DOMAIN/USER" for
 * each account as in STATE_DIR, "host" for accounts and configuration. No link
 * is followed below it. A file gets its name when all of it is on disk. */
#include "mailctl/command.h"

enum {
	AREA_NAME_MAX = 64,
	AREA_HASH_MAX = 65, /* hexadecimal, with NUL */
};

struct area {
	const char *path;
	int fd;
	int lock; /* -1: for reading */
};

/* write: it is made when missing, and locked. An existing directory with
 * something else in it is refused. Exit code; has complained. */
int area_open(const char *path, bool write, struct area *out);
void area_close(struct area *a);

/* A directory below, names of each level (NULL: no second one). -errno. */
int area_enter(struct area *a, const char *first, const char *second,
    const char *third, bool create, int *fd) MUST_CHECK;

/* A file without a name that counts yet. */
int area_file_new(int dir, int *fd) MUST_CHECK;
void area_file_drop(int dir);
/* fsync, and then the name; the directory is to be synced. */
int area_file_keep(int dir, int fd, const char *name) MUST_CHECK;
int area_file_open(int dir, const char *name, int *fd) MUST_CHECK;
/* Whatever is there and keep() does not want. */
void area_sweep(int dir, bool (*keep)(void *ctx, const char *name), void *ctx);
/* Of the first n octets; n 0: all. */
int area_hash(int fd, uint64_t n, char out[AREA_HASH_MAX]) MUST_CHECK;
/* A name that a file here may have: no path. */
bool area_name_ok(const char *name);
int area_write(int fd, struct view v) MUST_CHECK;
#endif
