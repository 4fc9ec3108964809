#ifndef MAILCTL_TRANSFER_IMPORT_VERIFY_H
#define MAILCTL_TRANSFER_IMPORT_VERIFY_H
/* The parts of an import that look at what is in the store: reading back, and
 * the report's rows. */
#include "mailctl/transfer/report.h"
#include "store/mailbox/message.h"

struct import_counts {
	uint64_t messages, bytes; /* of the source */
	uint64_t added, known, gone, failed, verified;
};

/* What must be found. */
struct import_record {
	uint64_t size;
	uint32_t uid, crc;
};

struct import_records {
	struct import_record *all;
	size_t n, cap;
};

int import_record(struct import_records *r, uint32_t uid, uint64_t size,
    uint32_t crc) MUST_CHECK;
/* Reads every message back and compares size and checksum. */
int import_verify(struct store *s, uint32_t mailbox,
    const struct import_records *records, struct report *report,
    struct view name, struct import_counts *counts) MUST_CHECK;

enum {
	IMPORT_COLUMNS = 8
};

extern const struct column import_columns[IMPORT_COLUMNS];

json_t *import_row(const struct import_counts *c, struct view mailbox,
    bool kept_uids, bool dry);

/* What a new mailbox of this name is for (RFC 6154); 0 when another one is
 * already. */
uint16_t import_special_use(struct store *s, struct view name);
#endif
