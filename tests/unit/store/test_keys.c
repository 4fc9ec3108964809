#include "store/record/crc32c.h"
#include "store/record/keys.h"
#include "store/record/pack.h"
#include "store/store.h"
#include "suite.h"

/* RFC 3720 B.4, and the check value of the catalogues. */
START_TEST(crc32c_is_the_standard_one)
{
	char zeros[32] = { 0 }, ones[32], rising[32];
	memset(ones, 0xFF, sizeof ones);
	for (int i = 0; i < 32; i++)
		rising[i] = (char)i;

	const struct {
		struct view v;
		uint32_t crc;
	} rows[] = { { V(""), 0 }, { V("123456789"), 0xE3069283 },
		{ { zeros, 32 }, 0x8A9136AA }, { { ones, 32 }, 0x62A8AB43 },
		{ { rising, 32 }, 0x46DD794E } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct view v = rows[i].v;
		ck_assert_uint_eq(crc32c(0, v), rows[i].crc);
		ck_assert_uint_eq(crc32c_portable(0, v), rows[i].crc);
		for (size_t cut = 0; cut <= v.n; cut++)
			ck_assert_uint_eq(crc32c(crc32c(0, view_head(v, cut)),
					      view_skip(v, cut)),
			    rows[i].crc);
	}
}

END_TEST

static int order(struct key a, struct key b)
{
	return view_cmp(key_view(&a), key_view(&b));
}

/* LMDB compares bytes: numbers must come out in their order. */
START_TEST(keys_sort_as_numbers)
{
	ck_assert_int_lt(order(key_msg(1, 255), key_msg(1, 256)), 0);
	ck_assert_int_lt(order(key_msg(1, UINT32_MAX), key_msg(2, 1)), 0);
	ck_assert_int_lt(order(key_msg(2, 1), key_msg(inbox_id, 1)), 0);
	ck_assert_int_lt(
	    order(key_chg(1, 255, 9), key_chg(1, 1ULL << 40, 1)), 0);
	ck_assert_int_lt(order(key_obj(7, 'E', 255), key_obj(7, 'M', 0)), 0);
	ck_assert_int_lt(order(key_blb(7, 65536), key_blb(8, 0)), 0);
	ck_assert_int_lt(
	    order(key_delivery(V("0123456789abcdef")), key_link(1, 1, 1)), 0);
	ck_assert_int_lt(order(key_link(1, 1, 1), key_purge(1, 1)), 0);
}

END_TEST

START_TEST(account_comes_back)
{
	char bytes[ACCOUNT_OCTETS];
	struct account a = { .schema = STORE_SCHEMA,
		.engine = kv_engine_version(),
		.next_mailbox = 1,
		.modseq = 2ULL << 40,
		.next_msgid = 3,
		.next_uidvalidity = 4,
		.mailboxes = 5,
		.bytes = 6,
		.messages = 8,
		.warned_percent = 95,
		.retained_bytes = 11,
		.searchable_msgid = 12,
		.retention_s = 13,
		.guid = "0123456789abcde" };
	struct account b;
	struct view v = { bytes, sizeof bytes };
	memset(&b, 0, sizeof b);
	account_encode(&a, bytes);
	ck_assert_int_eq(account_decode(v, &b), 0);
	ck_assert_uint_eq(b.modseq, a.modseq);
	ck_assert_uint_eq(b.warned_percent, 95);
	ck_assert_uint_eq(b.searchable_msgid, 12);
	ck_assert_uint_eq(b.retention_s, 13);
	ck_assert_mem_eq(b.guid, a.guid, 16);
	ck_assert_int_eq(
	    account_decode(view_head(v, sizeof bytes - 1), &b), MC_E_CORRUPT);
	ck_assert_int_eq(account_decode(view_head(v, 3), &b), MC_E_CORRUPT);
	bytes[3] = 1; /* LMDB 1.x */
	ck_assert_int_eq(account_decode(v, &b), MC_E_VERSION);
}

END_TEST

/* A store with what this build cannot read is refused, not misread. */
START_TEST(features_that_are_missing_are_told)
{
	char bytes[ACCOUNT_OCTETS];
	struct view v = { bytes, sizeof bytes };
	struct account a = { .schema = STORE_SCHEMA,
		.engine = kv_engine_version(),
		.features = STORE_HAS_ZSTD };
	struct account b;
	account_encode(&a, bytes);
	ck_assert_int_eq(
	    account_decode(v, &b), pack_is_built() ? 0 : MC_E_UNSUPPORTED);
	a.features = STORE_HAS_RUNS;
	account_encode(&a, bytes);
	ck_assert_int_eq(account_decode(v, &b), 0);
	ck_assert_uint_eq(b.features, STORE_HAS_RUNS);
	a.features = STORE_HAS_RUNS << 1; /* not known to anybody yet */
	account_encode(&a, bytes);
	ck_assert_int_eq(account_decode(v, &b), MC_E_VERSION);
}

END_TEST

START_TEST(rows_come_back)
{
	static const int64_t dates[] = { 0, 1, -1, 1793696400, -2208988800,
		140737488355327, -140737488355328 };
	char bytes[MESSAGE_OCTETS];
	struct view v = { bytes, sizeof bytes };
	struct message m = { .uid = 9,
		.flags = 31,
		.internal = 0x8001,
		.msgid = UINT64_MAX,
		.modseq = 1ULL << 60,
		.createmodseq = 5,
		.size_bytes = 1ULL << 33,
		.savedate_s = UINT32_MAX,
		.keywords = "0123456789abcde" };
	struct message got;
	m.internaldate.unix_s = dates[_i];
	m.internaldate.zone_min = (int16_t)(_i % 2 ? -720 : 840);
	message_encode(&m, bytes);
	ck_assert_int_eq(message_decode(9, v, &got), 0);
	ck_assert_int_eq(got.internaldate.unix_s, dates[_i]);
	ck_assert_int_eq(got.internaldate.zone_min, m.internaldate.zone_min);
	ck_assert_uint_eq(got.msgid, m.msgid);
	ck_assert_uint_eq(got.modseq, m.modseq);
	ck_assert_uint_eq(got.createmodseq, m.createmodseq);
	ck_assert_uint_eq(got.size_bytes, m.size_bytes);
	ck_assert_uint_eq(got.savedate_s, m.savedate_s);
	ck_assert_uint_eq(got.flags, m.flags);
	ck_assert_uint_eq(got.internal, m.internal);
	ck_assert_mem_eq(got.keywords, m.keywords, 16);
	ck_assert_int_eq(
	    message_decode(9, view_head(v, 63), &got), MC_E_CORRUPT);
	ck_assert_int_eq(message_decode(0, v, &got), MC_E_CORRUPT);
}

END_TEST

START_TEST(boxes_come_back)
{
	char bytes[BOX_OCTETS + COMPONENT_MAX];
	struct box b = { .m.id = 7,
		.m.uidvalidity = 1,
		.m.uidnext = 2,
		.m.flags = MAILBOX_NOSELECT,
		.m.vanish_floor = 1ULL << 50,
		.vanished_runs = 3,
		.deleted_bytes = 4,
		.n_name = 5,
		.name = "Trash" };
	struct box got;
	struct view v = { bytes, box_encode(&b, bytes) };
	ck_assert_uint_eq(v.n, BOX_OCTETS + 5);
	ck_assert_int_eq(box_decode(7, v, &got), 0);
	ck_assert_uint_eq(got.m.vanish_floor, b.m.vanish_floor);
	ck_assert_uint_eq(got.vanished_runs, 3);
	ck_assert_uint_eq(got.deleted_bytes, 4);
	ck_assert_mem_eq(got.name, "Trash", 5);
	ck_assert_int_eq(
	    box_decode(7, view_head(v, BOX_OCTETS), &got), MC_E_CORRUPT);
	bytes[0] = 2;
	ck_assert_int_eq(box_decode(7, v, &got), MC_E_CORRUPT);
}

END_TEST

START_TEST(changes_come_back)
{
	static const struct {
		uint32_t first;
		struct view value;
		int error;
		struct change_run run;
	} cases[] = {
		{ 7, V_INIT("L"), 0, { 7, 7, false } },
		{ 7, V_INIT("L\x07\0\0\0"), 0, { 7, 7, false } },
		{ 7, V_INIT("L\x08\1\0\0"), 0, { 7, 264, false } },
		{ 7, V_INIT("L\x06\0\0\0"), MC_E_CORRUPT, { 0 } },
		{ 7, V_INIT("V\xff\xff\xff\xff"), 0, { 7, UINT32_MAX, true } },
		{ 7, V_INIT("V\x06\0\0\0"), 0, { 7, 6, true } },
		{ 7, V_INIT("V\0\0\0\0"), MC_E_CORRUPT, { 0 } },
		{ 7, V_INIT("V"), MC_E_CORRUPT, { 0 } },
		{ 7, V_INIT("X\x07\0\0\0"), MC_E_CORRUPT, { 0 } },
		{ 7, V_INIT("L\x07\0\0\0\0"), MC_E_CORRUPT, { 0 } },
		{ 7, V_INIT("L\x07\0\0"), MC_E_CORRUPT, { 0 } },
		{ 7, V_INIT(""), MC_E_CORRUPT, { 0 } },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char value[CHANGE_OCTETS];
		struct view v = exact_copy(cases[i].value);
		struct change_run run;
		int error = change_decode(cases[i].first, v, &run);
		ck_assert_int_eq(error, cases[i].error);
		if (!error) {
			ck_assert_uint_eq(run.first, cases[i].run.first);
			ck_assert_uint_eq(run.last, cases[i].run.last);
			ck_assert_int_eq(run.vanished, cases[i].run.vanished);
		}
		if (!error && v.n > 1)
			ck_assert_view_eq(change_encode(&run, value), v);
		exact_free(v);
	}
}

END_TEST

/* Who writes a record again, as a migration does, leaves the body as it is. */
START_TEST(layouts_are_kept)
{
	static const struct {
		bool pieces, frames;
	} layouts[] = { { false, false }, { true, false }, { true, true } };

	static const char frames[] = "\x02\0\0";
	for (size_t i = 0; i < 3; i++) {
		struct envelope_record got, e = { .size_bytes = 3,
			.has_pieces = layouts[i].pieces,
			.envelope = V("(x)") };
		struct body body;
		struct buf out, again;
		if (layouts[i].frames)
			e.frames = (struct view){ frames, sizeof frames };
		buf_init(&out, 1000);
		buf_init(&again, 1000);
		envelope_encode(&e, &out);
		ck_assert_int_eq(envelope_decode(buf_view(&out), &got), 0);
		envelope_encode(&got, &again);
		ck_assert_view_eq(buf_view(&out), buf_view(&again));
		ck_assert_int_eq(
		    envelope_decode_body(buf_view(&again), &body), 0);
		ck_assert_int_eq(body.has_pieces, layouts[i].pieces);
		ck_assert_uint_eq(body.stored_bytes, layouts[i].frames ? 2 : 3);
		buf_deinit(&out);
		buf_deinit(&again);
	}
}

END_TEST

/* Later versions add fields; this one skips them. */
START_TEST(unknown_fields_are_skipped)
{
	struct envelope_record e = { .size_bytes = 3, .envelope = V("(x)") };
	struct envelope_record got;
	struct buf out;
	buf_init(&out, 1000);
	envelope_encode(&e, &out);
	buf_put(&out, V("\xC8\x02\0\0\0zz"));
	ck_assert_int_eq(envelope_decode(buf_view(&out), &got), 0);
	ck_assert_view_eq(got.envelope, V("(x)"));
	for (size_t n = 0; n < buf_len(&out); n++) {
		struct view cut = exact_copy(view_head(buf_view(&out), n));
		int error = envelope_decode(cut, &got);
		ck_assert(error == MC_E_CORRUPT || n == 64 || n == 72);
		exact_free(cut);
	}
	buf_deinit(&out);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/keys");
	TCase *tc = tcase_create("keys");
	tcase_add_test(tc, crc32c_is_the_standard_one);
	tcase_add_test(tc, keys_sort_as_numbers);
	tcase_add_test(tc, account_comes_back);
	tcase_add_test(tc, features_that_are_missing_are_told);
	tcase_add_loop_test(tc, rows_come_back, 0, 7);
	tcase_add_test(tc, boxes_come_back);
	tcase_add_test(tc, changes_come_back);
	tcase_add_test(tc, layouts_are_kept);
	tcase_add_test(tc, unknown_fields_are_skipped);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
