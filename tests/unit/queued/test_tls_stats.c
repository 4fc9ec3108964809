/* What is counted of TLS, and MTA-STS policies, in the queue's environment. */
#include "queued/policy/policy_db.h"
#include "queued/policy/tls_stats.h"
#include "suite.h"
#include "wire/msg.h"
#include <ftw.h>
#include <unistd.h>

static char dir[64];
static struct queue_db *db;

static int remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-tls-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(queue_db_open(dir, false, &db), 0);
}

static void teardown(void)
{
	queue_db_close(&db);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void note(struct tls_stats *s, uint32_t day, const char *domain,
    enum tls_result result, const char *host, const char *address)
{
	struct tls_row row = { .day = day,
		.domain = view_of(domain),
		.policy = TLS_POLICY_STS,
		.result = (uint8_t)result,
		.host = view_of(host),
		.address = view_of(address) };
	tls_stats_note(s, &row);
}

static size_t read_rows(uint32_t day, struct view domain, uint64_t counts[8],
    char last_address[TLS_ROW_ADDRESS_MAX + 1])
{
	struct queue_txn t;
	struct tls_row rows[8];
	size_t n;
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(tls_stats_rows(&t, day, domain, rows, 8, &n), 0);
	for (size_t i = 0; i < n; i++)
		counts[i] = rows[i].n_sessions;
	if (n)
		ck_assert_int_eq(view_to_cstr(rows[n - 1].address, last_address,
				     TLS_ROW_ADDRESS_MAX + 1),
		    0);
	queue_abort(&t);
	return n;
}

START_TEST(adds_up)
{
	struct tls_stats *s = tls_stats_new();
	uint64_t counts[8];
	char address[TLS_ROW_ADDRESS_MAX + 1];
	note(s, 7, "b.example", TLS_RESULT_OK, "mx.b", "192.0.2.1");
	note(s, 7, "b.example", TLS_RESULT_OK, "mx.b", "192.0.2.1");
	note(s, 7, "b.example", TLS_RESULT_CERTIFICATE_EXPIRED, "mx.b", "");
	note(s, 8, "b.example", TLS_RESULT_OK, "mx.b", "");
	note(s, 7, "b.examples", TLS_RESULT_OK, "mx.b", "");
	ck_assert_int_eq(tls_stats_flush(s, db), 0);
	ck_assert(tls_stats_is_empty(s));
	note(s, 7, "b.example", TLS_RESULT_OK, "mx.b", "");
	note(s, 7, "b.example", TLS_RESULT_CERTIFICATE_EXPIRED, "mx.b",
	    "192.0.2.9");
	ck_assert_int_eq(tls_stats_flush(s, db), 0);
	ck_assert_uint_eq(read_rows(7, V("b.example"), counts, address), 2);
	ck_assert_uint_eq(counts[0], 3);
	ck_assert_uint_eq(counts[1], 2);
	ck_assert_str_eq(address, "192.0.2.9");
	tls_stats_free(&s);
}

END_TEST

START_TEST(goes_from_domain_to_domain)
{
	struct tls_stats *s = tls_stats_new();
	struct queue_txn t;
	struct tls_domain d = { 0 };
	note(s, 7, "c.example", TLS_RESULT_OK, "mx.c", "");
	note(s, 7, "b.example", TLS_RESULT_OK, "mx.b", "");
	note(s, 6, "d.example", TLS_RESULT_OK, "mx.d", "");
	note(s, 8, "a.example", TLS_RESULT_OK, "mx.a", "");
	ck_assert_int_eq(tls_stats_flush(s, db), 0);
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	tls_stats_remove(&t, 7, V("b.example"));
	ck_assert_int_eq(tls_stats_next(&t, 8, &d), 0);
	ck_assert_uint_eq(d.day, 6);
	ck_assert_view_eq(tls_domain_view(&d), V("d.example"));
	ck_assert_int_eq(tls_stats_next(&t, 8, &d), 0);
	ck_assert_uint_eq(d.day, 7);
	ck_assert_view_eq(tls_domain_view(&d), V("c.example"));
	ck_assert_int_eq(tls_stats_next(&t, 8, &d), MC_E_NOENT);
	queue_abort(&t);
	tls_stats_free(&s);
}

END_TEST

START_TEST(refuses_names_that_would_mix_up_keys)
{
	struct tls_row row = { .domain = V("a\0b"), .host = V("x") };
	char key[TLS_ROW_KEY_MAX];
	size_t n, prefix_n;
	ck_assert_int_eq(tls_row_put_key(&row, key, &n, &prefix_n), MC_E_BAD);
	row.domain = V("a");
	row.host = V("x\0");
	ck_assert_int_eq(tls_row_put_key(&row, key, &n, &prefix_n), MC_E_BAD);
}

END_TEST

static struct sts_record record_of(uint64_t fetched_s)
{
	struct sts_record r = { .policy = { .mode = STS_ENFORCE,
				    .max_age_s = 100,
				    .n_names = 4 },
		.fetched_s = fetched_s,
		.id_n = 2 };
	memcpy(r.policy.names, "mx.b", 4);
	memcpy(r.id, "17", 2);
	return r;
}

START_TEST(keeps_a_policy_until_it_expires)
{
	struct queue_txn t;
	struct sts_record r = record_of(1000), old = record_of(500), out;
	struct buf after;
	buf_init(&after, 255);
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	policy_db_put(&t, V("b.example"), &r);
	policy_db_put(&t, V("a.example"), &old);
	policy_db_put(&t, V("c.example"), &old);
	ck_assert_int_eq(queue_commit(&t), 0);
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	policy_db_clean(&t, 1000, 2, &after);
	ck_assert_view_eq(buf_view(&after), V("c.example"));
	policy_db_clean(&t, 1000, 2, &after);
	ck_assert_uint_eq(buf_len(&after), 0);
	ck_assert_int_eq(policy_db_get(&t, V("a.example"), &out), MC_E_NOENT);
	ck_assert_int_eq(policy_db_get(&t, V("c.example"), &out), MC_E_NOENT);
	ck_assert_int_eq(policy_db_get(&t, V("b.example"), &out), 0);
	ck_assert_int_eq(out.policy.mode, STS_ENFORCE);
	ck_assert_uint_eq(out.policy.max_age_s, 100);
	ck_assert_uint_eq(out.fetched_s, 1000);
	ck_assert_view_eq(((struct view){ out.id, out.id_n }), V("17"));
	ck_assert_view_eq(
	    ((struct view){ out.policy.names, out.policy.n_names }), V("mx.b"));
	ck_assert(!sts_is_expired(&out, 1099));
	ck_assert(sts_is_expired(&out, 1100));
	queue_abort(&t);
	buf_deinit(&after);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/tls_stats");
	TCase *t = tcase_create("tls_stats");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, adds_up);
	tcase_add_test(t, goes_from_domain_to_domain);
	tcase_add_test(t, refuses_names_that_would_mix_up_keys);
	tcase_add_test(t, keeps_a_policy_until_it_expires);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
