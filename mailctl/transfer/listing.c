#include "mailctl/transfer/listing.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	NAMES_MAX = 50000000
};

int listing_add(struct listing *l, const char *name)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		char **more = cap > NAMES_MAX
				  ? NULL
				  : realloc(l->names, cap * sizeof *l->names);
		if (!more)
			return MC_E_TEMP;
		l->names = more;
		l->cap = cap;
	}
	l->names[l->n] = strdup(name);
	if (!l->names[l->n])
		return MC_E_TEMP;
	l->n++;
	return 0;
}

void listing_free(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
	*l = (struct listing){ .n = 0 };
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

int listing_read(struct tree *t, const char *path, struct listing *out)
{
	int fd;
	*out = (struct listing){ .n = 0 };
	int error = tree_open_dir(t, *path ? path : ".", &fd);
	if (error)
		return error;
	DIR *d = fdopendir(fd);
	if (!d) {
		error = -errno;
		close(fd);
		return error;
	}
	for (struct dirent *e; !error && (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			error = listing_add(out, e->d_name);
	closedir(d);
	if (out->n)
		qsort(out->names, out->n, sizeof *out->names, by_name);
	return error;
}

char *path_join(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 2;
	char *out = malloc(n);
	if (out)
		snprintf(out, n, "%s%s%s", a, *a ? "/" : "", b);
	return out;
}
