#include "text/aliases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_bad(void *ctx, unsigned line, const char *why)
{
	(void)ctx;
	if (!line || !why)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aliases *a = NULL;
	const struct aliases_bad bad = { on_bad, NULL };
	struct view text = { (const char *)data + 1, size ? size - 1 : 0 };
	if (!size || aliases_read(text, data[0] & 1, bad, &a) != 0)
		return 0;
	for (size_t i = 0; i < aliases_count(a); i++)
		if (!aliases_find(a, aliases_at(a, i)->name))
			__builtin_trap();
	aliases_free(&a);
	return 0;
}
