#include "imapd/imap_parse.h"
#include "imapd/imap_reader.h"
#include "imapd/imap_section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct imap_append_args append;
	struct imap_section section;
	struct imap_set set;
	struct view v = { (const char *)data, size };
	arena_init(&arena, 1 << 20);
	(void)imap_append_args(&(struct imap_args){ v, &arena, NULL }, &append);
	(void)imap_section(&(struct imap_args){ v, &arena, NULL }, &section);
	(void)imap_set(&(struct imap_args){ v, &arena, NULL }, &set);
	arena_deinit(&arena);
	return 0;
}
