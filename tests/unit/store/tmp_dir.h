#ifndef TESTS_STORE_TMP_DIR_H
#define TESTS_STORE_TMP_DIR_H
/* A directory of one test, removed with what is in it. */
#include "suite.h"
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

struct tmp_dir {
	char path[64];
	char file[96]; /* path of a file in it */
};

static inline void tmp_dir_init(struct tmp_dir *d)
{
	*d = (struct tmp_dir){ .path = "/tmp/mailcore-test-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(d->path));
	snprintf(d->file, sizeof d->file, "%s/data.mdb", d->path);
}

static inline void tmp_dir_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	while (dir && (e = readdir(dir))) {
		char name[4096];
		int n = snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (n > 0 && n < (int)sizeof name && strcmp(e->d_name, ".") &&
		    strcmp(e->d_name, "..") && unlink(name) != 0 &&
		    strlen(path) < 1024) {
			tmp_dir_empty(name);
			rmdir(name);
		}
	}
	if (dir)
		closedir(dir);
}

static inline void tmp_dir_deinit(struct tmp_dir *d)
{
	tmp_dir_empty(d->path);
	rmdir(d->path);
}
#endif
