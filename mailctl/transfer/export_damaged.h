#ifndef MAILCTL_TRANSFER_EXPORT_DAMAGED_H
#define MAILCTL_TRANSFER_EXPORT_DAMAGED_H
/* Export from a store whose pages are damaged: from a copy of what can be read,
 * which is repaired. The process stands in the user's directory, and has no
 * store open. */
#include "mailctl/transfer/report.h"
#include "store/store.h"

/* Whether the store can be read to its end; another process tries. */
bool export_can_read(void);
/* Tells what is lost. export_copy_remove is to be called in any case. */
int export_copy_open(struct report *report, struct store **out) MUST_CHECK;
void export_copy_remove(void);
#endif
