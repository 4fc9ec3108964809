/* What `mailctl queue` prints, from a queue that no daemon runs. */
#include "mailctl/queue/queue.h"
#include "queued/spool/queue_db.h"
#include "suite.h"
#include <ftw.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], printed[64 * 1024];
static struct conf conf;
static const struct queue_filter everything = { .state = -1 };

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-mailctl-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf.spool_dir = dir;
}

static int remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static uint64_t add(struct queue_db *db, struct view reply)
{
	struct queue_txn t;
	struct queue_envelope e = { .id = queue_db_new_id(db, 1700000000),
		.received_s = 1700000000,
		.size_bytes = 20,
		.n_recipients = 1,
		.sender = V("s\x1b[31m\xff@a.example"),
		.remote = V("192.0.2.1") };
	struct queue_rcpt r = { .state = RCPT_WAITING,
		.attempts = 2,
		.next_s = 1700000600,
		.address = V("far@away.example"),
		.reply = reply };
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_add(&t, &e, V("Subject: x\r\n\r\nbody\r\n"));
	queue_add_rcpt(&t, e.id, &r);
	ck_assert_int_eq(queue_commit(&t), 0);
	return e.id;
}

static uint64_t fill(unsigned n)
{
	struct queue_db *db;
	uint64_t id = 0;
	ck_assert_int_eq(queue_db_open(dir, false, &db), 0);
	for (unsigned i = 0; i < n; i++)
		id = add(db, V("4.2.2 full"));
	queue_db_close(&db);
	return id;
}

static void catch_output(void)
{
	char path[80];
	snprintf(path, sizeof path, "%s/out", dir);
	ck_assert_ptr_nonnull(freopen(path, "w+", stdout));
}

static void take_output(void)
{
	rewind(stdout);
	size_t n = fread(printed, 1, sizeof printed - 1, stdout);
	printed[n] = '\0';
}

static json_t *parse(void)
{
	json_error_t error;
	json_t *o = json_loads(printed, 0, &error);
	ck_assert_msg(o != NULL, "%s in %s", error.text, printed);
	return o;
}

START_TEST(an_unused_queue_is_empty)
{
	catch_output();
	ck_assert_int_eq(mailctl_queue_list(&conf, &everything, true), 0);
	take_output();
	json_t *o = parse();
	ck_assert_uint_eq(json_array_size(o), 0);
	json_decref(o);
}

END_TEST

START_TEST(lists_more_than_one_transaction_reads)
{
	fill(205);
	catch_output();
	ck_assert_int_eq(mailctl_queue_list(&conf, &everything, true), 0);
	fflush(stdout);
	json_error_t error;
	rewind(stdout);
	json_t *o = json_loadf(stdout, 0, &error);
	ck_assert_msg(o != NULL, "%s", error.text);
	ck_assert_uint_eq(json_array_size(o), 205);
	json_decref(o);
}

END_TEST

START_TEST(lists_state_and_reply)
{
	fill(1);
	catch_output();
	ck_assert_int_eq(mailctl_queue_list(&conf, &everything, true), 0);
	take_output();
	json_t *o = parse(), *m = json_array_get(o, 0);
	json_t *r = json_array_get(json_object_get(m, "recipients"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(r, "address")),
	    "far@away.example");
	ck_assert_str_eq(
	    json_string_value(json_object_get(r, "state")), "waiting");
	ck_assert_str_eq(json_string_value(json_object_get(r, "next_attempt")),
	    "2023-11-14T22:23:20Z");
	ck_assert_int_eq(json_integer_value(json_object_get(r, "attempts")), 2);
	json_decref(o);
}

END_TEST

START_TEST(gives_a_terminal_no_control_characters)
{
	fill(1);
	catch_output();
	ck_assert_int_eq(mailctl_queue_list(&conf, &everything, false), 0);
	take_output();
	ck_assert_ptr_null(strchr(printed, '\x1b'));
	ck_assert_ptr_nonnull(strstr(printed, "<s?[31m"));
	ck_assert_ptr_nonnull(strstr(printed, "far@away.example"));
	ck_assert_ptr_nonnull(strstr(printed, "(4.2.2 full)"));
}

END_TEST

START_TEST(shows_header_and_body)
{
	char id[QUEUE_ID_DIGITS + 1];
	queue_id_format(fill(2), id);
	catch_output();
	ck_assert_int_eq(mailctl_queue_show(&conf, id, false, true), 0);
	take_output();
	json_t *o = parse();
	ck_assert_str_eq(json_string_value(json_object_get(o, "id")), id);
	ck_assert_str_eq(
	    json_string_value(json_object_get(o, "header")), "Subject: x\r\n");
	ck_assert_ptr_null(json_object_get(o, "body"));
	json_decref(o);
	catch_output();
	ck_assert_int_eq(mailctl_queue_show(&conf, id, true, true), 0);
	take_output();
	o = parse();
	ck_assert_str_eq(
	    json_string_value(json_object_get(o, "body")), "body\r\n");
	json_decref(o);
	catch_output();
	ck_assert_int_eq(mailctl_queue_show(&conf, id, true, false), 0);
	take_output();
	ck_assert_ptr_nonnull(
	    strstr(printed, "\n\nSubject: x\r\n\r\nbody\r\n"));
}

END_TEST

START_TEST(knows_what_is_no_message)
{
	fill(1);
	ck_assert_int_eq(
	    mailctl_queue_show(&conf, "12", false, false), MC_E_BAD);
	ck_assert_int_eq(
	    mailctl_queue_show(&conf, "0000000000000012", false, false),
	    MC_E_NOENT);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("mailctl/queue");
	TCase *t = tcase_create("queue");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_unused_queue_is_empty);
	tcase_add_test(t, lists_more_than_one_transaction_reads);
	tcase_add_test(t, lists_state_and_reply);
	tcase_add_test(t, gives_a_terminal_no_control_characters);
	tcase_add_test(t, shows_header_and_body);
	tcase_add_test(t, knows_what_is_no_message);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
