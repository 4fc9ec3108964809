#include "mailctl/store/salvage.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAME_MAX_ = 512
};

static void unlink_all(const char *dir)
{
	char path[NAME_MAX_];
	struct dirent *e;
	DIR *d = opendir(dir);
	while (d && (e = readdir(d))) {
		int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (n > 0 && (size_t)n < sizeof path)
			unlink(path);
	}
	if (d)
		closedir(d);
}

void salvage_remove(const char *dir)
{
	char wake[NAME_MAX_];
	int n = snprintf(wake, sizeof wake, "%s/wake", dir);
	if (n > 0 && (size_t)n < sizeof wake) {
		unlink_all(wake);
		rmdir(wake);
	}
	unlink_all(dir);
	rmdir(dir);
}

int salvage_into(const char *dir, struct kv_pages_result *out)
{
	char path[NAME_MAX_];
	int n = snprintf(path, sizeof path, "%s/data.mdb", dir);
	if (n < 0 || (size_t)n >= sizeof path)
		return -ENAMETOOLONG;
	salvage_remove(dir);
	if (mkdir(dir, 0700) != 0)
		return -errno;
	return store_salvage("data.mdb", path, out);
}
