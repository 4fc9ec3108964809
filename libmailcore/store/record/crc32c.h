#ifndef STORE_RECORD_CRC32C_H
#define STORE_RECORD_CRC32C_H
/* CRC32C (Castagnoli, RFC 3720 B.4), by the processor where it can. */
#include "base/view.h"

/* Continues crc (0 at the start) over v. */
uint32_t crc32c(uint32_t crc, struct view v);
/* The same without the processor's help, for the tests. */
uint32_t crc32c_portable(uint32_t crc, struct view v);
#endif
