#ifndef TESTS_CRASH_STORE_SUBJECT_H
#define TESTS_CRASH_STORE_SUBJECT_H
#include "store/mailbox/message.h"
#include "tests/crash/subject.h"

extern struct store *crash_store;

enum {
	STORE_OPS = 20
};
extern const struct op store_ops[STORE_OPS];
void store_delivery_id(unsigned object, char out[DELIVERY_ID_OCTETS]);
#endif
