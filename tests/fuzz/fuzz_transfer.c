#include "mailctl/transfer/maildir/maildir_meta.h"
#include "mailctl/transfer/maildir/mbsync_state.h"
#include "mailctl/transfer/mbox/from_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view v = { (const char *)data, n };
	struct uidlist list;
	struct mbsync_state state;
	struct maildir_name name;
	struct date date;
	if (uidlist_parse(v, &list) == 0)
		uidlist_deinit(&list);
	mbsync_state_parse(V("1\n"), v, &state);
	mbsync_state_deinit(&state);
	maildir_name_parse(v, &name);
	(void)from_line_parse(v, &date);
	return 0;
}
