#ifndef TESTS_STORE_SAMPLE_H
#define TESTS_STORE_SAMPLE_H
/* A store with something of everything in it. INBOX has UIDs 1 to 6, of which
 * 3 and 4 are gone; 1 and 2 are copied to "Work/2026", which has a message of
 * its own, too. UID 6 is large: two full chunks
 * and three pieces. */
#include "store/txn/edit.h"
#include "store_fixture.h"

enum {
	SAMPLE_LARGE = 10000
};

static char sample_large[SAMPLE_LARGE];
static uint32_t sample_work; /* id of Work/2026 */

static inline uint32_t sample_add(
    uint32_t mailbox, struct view text, struct view keyword, struct view id)
{
	struct append_result r;
	const struct append item = {
		.mailbox = mailbox,
		.source = { .mem = text, .fd = -1 },
		.internaldate = { 1600000000, -300 },
		.keywords = &keyword,
		.n_keywords = keyword.n ? 1 : 0,
		.delivery_id = id,
		.uidl = id.n ? V("uidl-0001") : V(""),
	};
	ck_assert_int_eq(message_append(store, &item, 1, &r), 0);
	ck_assert_int_eq(r.error, 0);
	return r.uid;
}

static inline struct uidset sample_uids(uint32_t first, uint32_t last)
{
	struct uidset s;
	uidset_init(&s);
	ck_assert_int_eq(uidset_add(&s, first, last), 0);
	return s;
}

static inline void sample_flag(
    uint32_t mailbox, uint32_t first, uint32_t last, uint16_t flags)
{
	struct uidset uids = sample_uids(first, last);
	const struct flag_change change = { .op = FLAGS_ADD, .flags = flags };
	ck_assert_int_eq(message_store_flags(store, mailbox, &uids, &change,
			     UINT64_MAX, NULL, NULL, NULL),
	    0);
	uidset_deinit(&uids);
}

static inline void sample_expunge(
    uint32_t mailbox, uint32_t first, uint32_t last)
{
	struct uidset uids = sample_uids(first, last), gone;
	uidset_init(&gone);
	ck_assert_int_eq(
	    message_expunge(store, mailbox, &uids, false, &gone), 0);
	ck_assert_uint_eq(gone.count, last - first + 1);
	uidset_deinit(&uids);
	uidset_deinit(&gone);
}

static inline void sample_copy(uint32_t first, uint32_t last, uint32_t to)
{
	struct uidset uids = sample_uids(first, last), a, b;
	uidset_init(&a);
	uidset_init(&b);
	ck_assert_int_eq(message_copy(store, inbox_id, &uids, to, &a, &b), 0);
	uidset_deinit(&uids);
	uidset_deinit(&a);
	uidset_deinit(&b);
}

static inline void sample_fill(void)
{
	static const char text[] =
	    "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
	    "Subject: =?utf-8?q?Caf=C3=A9?=\r\n"
	    "Date: Tue, 3 Nov 2026 10:00:00 +0100\r\n\r\nAt noon?\r\n";
	struct view v = view_of(text);
	memset(sample_large, 'x', sizeof sample_large);
	memcpy(sample_large, "Subject: L\r\n\r\n", 14);
	sample_work = box_create(V("Work/2026"));
	sample_add(inbox_id, v, V("$Work"), V("0123456789abcdef"));
	for (unsigned i = 0; i < 4; i++)
		sample_add(inbox_id, v, V(""), V(""));
	sample_add(inbox_id, (struct view){ sample_large, sizeof sample_large },
	    V("$Big"), V(""));
	sample_flag(inbox_id, 1, 2, MESSAGE_SEEN | MESSAGE_FLAGGED);
	sample_flag(inbox_id, 5, 5, MESSAGE_DELETED);
	sample_copy(1, 2, sample_work);
	sample_add(sample_work, v, V(""), V(""));
	sample_expunge(inbox_id, 3, 4);
	ck_assert_int_eq(mailbox_subscribe(store, V("Work/2026"), true), 0);
	ck_assert_int_eq(mailbox_subscribe(store, V("Elsewhere"), true), 0);
}
#endif
