/* The commands of aliases, and what they print at their end. */
#include "queued/local/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = { (const char *)data, size };
	struct command_words w;
	struct outcome o;
	if (command_split(text, &w) == 0 && (!w.n || w.argv[w.n]))
		__builtin_trap();
	command_outcome(size ? data[0] << 8 : 0, false, text, &o);
	for (const char *p = o.text; *p; p++)
		if (*p < ' ' || *p > '~')
			__builtin_trap();
	return 0;
}
