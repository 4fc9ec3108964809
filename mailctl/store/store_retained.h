#ifndef MAILCTL_STORE_STORE_RETAINED_H
#define MAILCTL_STORE_STORE_RETAINED_H
/* Between mailctl store undelete, store retention, expunge, and their child. */
#include "mailctl/store/store.h"

/* What the child gets: always all of them, empty when not given. */
enum {
	ARG_MODE, /* list, dry-run, or empty */
	ARG_MAILBOX,
	ARG_TIME, /* seconds, as the command means it */
	ARG_MESSAGE,
	ARG_INTO,
	ARG_RETENTION, /* the option's, in seconds */
	ARGS,
};
#endif
