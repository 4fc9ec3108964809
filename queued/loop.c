#include "queued/loop.h"
#include "text/message/header.h"
#include <stdlib.h>
#include <unistd.h>

enum {
	HEADER_LOOK = 64 * 1024
};

static struct view without_line_end(struct view v)
{
	while (v.n && (v.p[v.n - 1] == '\n' || v.p[v.n - 1] == '\r'))
		v.n--;
	return view_trim(v);
}

static bool has_recipient(struct view block, struct view recipient)
{
	struct header_field f;
	while (header_next(&block, &f) == PARSE_OK)
		if (view_ieq(f.name, V("Delivered-To")) &&
		    view_ieq(without_line_end(f.value), recipient))
			return true;
	return false;
}

bool loop_was_delivered(
    struct view body, int fd, uint64_t size, struct view recipient)
{
	if (fd < 0)
		return has_recipient(view_head(body, HEADER_LOOK), recipient);
	char *start = malloc(HEADER_LOOK);
	size_t want = size < HEADER_LOOK ? (size_t)size : HEADER_LOOK;
	ssize_t n = start ? pread(fd, start, want, 0) : 0;
	bool found = n > 0 && has_recipient(
				  (struct view){ start, (size_t)n }, recipient);
	free(start);
	return found;
}
