#include "text/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = { (const char *)data, size }, key, value;
	struct path p;
	char text[PATH_MAX_OCTETS];
	const char *why;
	size_t n;
	/* What is UTF-8 may have a domain that IDNA does not have. */
	if (path_parse(&in, &p, &why) == PARSE_OK &&
	    ((path_format(&p, text, sizeof text, &n) != 0 && !p.is_utf8) ||
		path_local_plain(&p, text, PATH_LOCAL_MAX, &n) != 0))
		__builtin_trap();
	while (path_param(&in, &key, &value, &why) == PARSE_OK)
		continue;
	return 0;
}
