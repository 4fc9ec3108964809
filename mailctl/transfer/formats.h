#ifndef MAILCTL_TRANSFER_FORMATS_H
#define MAILCTL_TRANSFER_FORMATS_H
/* What can be imported from and exported to. */
#include "mailctl/transfer/import.h"
#include "mailctl/transfer/tree.h"

/* A Maildir, its Maildir++ folders (".A.B") and folders in ordinary
 * directories ("A/B"). MC_E_NOENT: there is none. */
int maildir_import(
    struct importer *i, struct tree *t, struct report *report) MUST_CHECK;

/* A directory of mbox files, or the one file; MC_E_BAD: that is no mbox. */
int mbox_import(
    struct importer *i, struct tree *t, struct report *report) MUST_CHECK;
int mbox_import_file(
    struct importer *i, int fd, struct report *report) MUST_CHECK;
#endif
