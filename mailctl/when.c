#include "mailctl/when.h"
#include "conf/schema.h"
#include <time.h>

bool duration_parse(const char *text, uint32_t *seconds)
{
	static const struct conf_option option = { .name = "time",
		.section = "",
		.kind = CONF_SECONDS,
		.max = UINT32_MAX };
	int64_t n = 0;
	struct buf why;
	struct arena arena;
	buf_init(&why, 1024);
	arena_init(&arena, 1024);
	int error = conf_value_parse(&option, view_of(text), &n, &arena, &why);
	arena_deinit(&arena);
	buf_deinit(&why);
	if (error)
		return false;
	*seconds = (uint32_t)n;
	return true;
}

bool when_parse(const char *text, int64_t now_s, int64_t *time_s)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d" };
	uint32_t ago_s;
	if (duration_parse(text, &ago_s)) {
		*time_s = ago_s < now_s ? now_s - ago_s : 0;
		return true;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		*time_s = timegm(&tm);
		return *time_s >= 0 && *time_s <= UINT32_MAX;
	}
	return false;
}
