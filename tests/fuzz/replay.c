/* A main() for fuzz targets that replays files: ctest runs every corpus and
 * every mail vector through every target without needing a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static void replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return;
	size_t cap = 1 << 20, n = 0, got;
	uint8_t *data = malloc(cap);
	while (data && n < cap && (got = fread(data + n, 1, cap - n, f)) > 0)
		n += got;
	fclose(f);
	uint8_t *exact = malloc(n ? n : 1);
	if (data && exact) {
		memcpy(exact, data, n);
		LLVMFuzzerTestOneInput(exact, n);
		replayed++;
	}
	free(exact);
	free(data);
}

static void replay(const char *path, int depth)
{
	struct stat st;
	if (stat(path, &st) != 0 || depth > 8)
		return;
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	DIR *dir = opendir(path);
	struct dirent *e;
	while (dir && (e = readdir(dir))) {
		char child[4096];
		if (e->d_name[0] == '.')
			continue;
		int len =
		    snprintf(child, sizeof child, "%s/%s", path, e->d_name);
		if (len > 0 && (size_t)len < sizeof child)
			replay(child, depth + 1);
	}
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i], 0);
	printf("%u inputs replayed\n", replayed);
	return 0;
}
