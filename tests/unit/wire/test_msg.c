#include "suite.h"
#include "wire/chan.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[MSG_BYTES_MAX];

static struct view encoded(const struct msg *m)
{
	size_t n;
	ck_assert_int_eq(msg_encode(m, bytes, sizeof bytes, &n), 0);
	return (struct view){ bytes, n };
}

static const struct msg sample = { .type = MSG_AUTH_START,
	.auth_start = { .id = 7,
	    .session = 0x0102030405060708,
	    .service = SERVICE_IMAPS,
	    .flags = SESSION_FLAG_TLS,
	    .mechanism = { "PLAIN", 5 },
	    .has_initial = 1,
	    .initial = { "\0u\0p", 4 },
	    .remote = { "192.0.2.1", 9 } } };

START_TEST(a_message_comes_back_as_it_was)
{
	struct msg back;
	ck_assert_int_eq(msg_decode(encoded(&sample), &back), 0);
	ck_assert_int_eq(back.type, MSG_AUTH_START);
	ck_assert_uint_eq(back.auth_start.session, sample.auth_start.session);
	ck_assert_view_eq(back.auth_start.mechanism, V("PLAIN"));
	ck_assert_view_eq(back.auth_start.initial, V("\0u\0p"));
	ck_assert_view_eq(back.auth_start.remote, V("192.0.2.1"));
}

END_TEST

START_TEST(every_cut_and_every_extra_byte_is_refused)
{
	struct msg back;
	struct view whole = encoded(&sample);
	for (size_t n = 0; n < whole.n; n++) {
		struct view cut = exact_copy(view_head(whole, n));
		ck_assert_int_eq(msg_decode(cut, &back), MC_E_PROTO);
		exact_free(cut);
	}
	whole.n++;
	ck_assert_int_eq(msg_decode(whole, &back), MC_E_PROTO);
	ck_assert_int_eq(msg_decode(V("\xff\xff"), &back), MC_E_PROTO);
}

END_TEST

START_TEST(fields_keep_their_bounds)
{
	static char large[16384];
	size_t n;
	struct msg m = sample;
	m.auth_start.mechanism = (struct view){ large, 21 };
	ck_assert_int_eq(msg_encode(&m, bytes, sizeof bytes, &n), MC_E_LIMIT);
	m = sample;
	m.auth_start.remote = V("a\0b");
	ck_assert_int_eq(msg_encode(&m, bytes, sizeof bytes, &n), MC_E_LIMIT);
	ck_assert_int_eq(msg_encode(&sample, bytes, 20, &n), MC_E_LIMIT);
}

END_TEST

START_TEST(the_largest_body_fits_in_one_message)
{
	static char body[65536];
	struct msg back, m = { .type = MSG_SUBMIT_BODY,
		.submit_body = { 1, { body, sizeof body } } };
	ck_assert_int_eq(msg_decode(encoded(&m), &back), 0);
	ck_assert_uint_eq(back.submit_body.body.n, sizeof body);
}

END_TEST

struct pair {
	struct chan a, b;
};

static struct pair opened(enum role_id a, enum role_id b)
{
	struct pair p;
	int ends[2];
	ck_assert_int_eq(chan_pair(&ends[0], &ends[1]), 0);
	for (int i = 0; i < 2; i++)
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(chan_open(&p.a, ends[0], a, b), 0);
	ck_assert_int_eq(chan_open(&p.b, ends[1], b, a), 0);
	return p;
}

static void closed(struct pair *p)
{
	chan_close(&p->a);
	chan_close(&p->b);
}

START_TEST(a_channel_moves_messages_and_descriptors)
{
	struct pair p = opened(ROLE_MONITOR, ROLE_FRONT);
	struct msg back, m = { .type = MSG_LOG_TO, .log_to = { 2 } };
	int fd = -1;
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), -EAGAIN);
	ck_assert_int_eq(chan_send(&p.a, &m, STDERR_FILENO), 0);
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), 0);
	ck_assert_int_eq(back.type, MSG_LOG_TO);
	ck_assert_int_ge(fd, 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	closed(&p);
}

END_TEST

static int send_two(struct chan *c, const struct msg *m, int fd)
{
	static char two[2][256];
	struct iovec pieces[2];
	for (int i = 0; i < 2; i++) {
		size_t n;
		ck_assert_int_eq(msg_encode(&m[i], two[i], 256, &n), 0);
		pieces[i] = (struct iovec){ two[i], n };
	}
	return chan_send_pieces(c, pieces, 2, fd);
}

START_TEST(a_datagram_carries_several_messages)
{
	struct pair p = opened(ROLE_FRONT, ROLE_MONITOR);
	struct msg back;
	const struct msg m[2] = { { .type = MSG_READY,
				      .ready = { ROLE_FRONT } },
		{ .type = MSG_STATS, .stats = { 7, 8 } } };
	int fd;
	ck_assert_int_eq(send_two(&p.a, m, -1), 0);
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), 0);
	ck_assert_int_eq(back.type, MSG_READY);
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), 0);
	ck_assert_int_eq(back.type, MSG_STATS);
	ck_assert_uint_eq(back.stats.total, 8);
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), -EAGAIN);
	closed(&p);
}

END_TEST

START_TEST(a_message_with_a_descriptor_comes_alone)
{
	struct pair p = opened(ROLE_MONITOR, ROLE_FRONT);
	struct msg back;
	const struct msg m[2] = { { .type = MSG_LOG_TO, .log_to = { 2 } },
		{ .type = MSG_STOP, .stop = { 1 } } };
	int fd;
	ck_assert_int_eq(send_two(&p.a, m, STDERR_FILENO), 0);
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), MC_E_PROTO);
	ck_assert_int_eq(fd, -1);
	closed(&p);
}

END_TEST

/* Raw bytes on the wire, as a captured peer would send them. */
static int received(struct pair *p, const struct msg *m)
{
	struct msg back;
	int fd;
	struct view raw = encoded(m);
	ck_assert_int_ge(send(p->a.fd, raw.p, raw.n, 0), 0);
	static char buffer[MSG_BYTES_MAX];
	return chan_recv(&p->b, buffer, &back, &fd);
}

START_TEST(what_a_role_may_not_say_is_refused)
{
	struct pair p = opened(ROLE_FRONT, ROLE_MONITOR);
	struct msg grant = { .type = MSG_GRANT };
	ck_assert_int_eq(received(&p, &grant), MC_E_PROTO);
	closed(&p);
	p = opened(ROLE_FRONT, ROLE_MONITOR);
	struct msg handoff = { .type = MSG_HANDOFF };
	ck_assert_int_eq(received(&p, &handoff), MC_E_PROTO); /* no fd */
	closed(&p);
}

END_TEST

static int lowest_free_descriptor(void)
{
	int fd = dup(STDERR_FILENO);
	close(fd);
	return fd;
}

/* Nothing but descriptors: none of them stays. */
START_TEST(an_empty_message_leaves_no_descriptor)
{
	struct pair p = opened(ROLE_FRONT, ROLE_MONITOR);
	struct msg back, ready = { .type = MSG_READY, .ready = { ROLE_FRONT } };
	int fd;
	ck_assert_int_eq(received(&p, &ready), 0);
	int before = lowest_free_descriptor();
	ck_assert_int_eq(chan_send_bytes(&p.a, V(""), STDERR_FILENO), 0);
	ck_assert_int_eq(chan_recv(&p.b, bytes, &back, &fd), MC_E_CLOSED);
	ck_assert_int_eq(lowest_free_descriptor(), before);
	closed(&p);
}

END_TEST

START_TEST(another_version_is_refused)
{
	struct pair p = opened(ROLE_FRONT, ROLE_MONITOR);
	struct msg back;
	int fd;
	struct msg ready = { .type = MSG_READY, .ready = { ROLE_FRONT } };
	ck_assert_int_eq(received(&p, &ready), 0);
	struct msg hello = { .type = MSG_HELLO, .hello = { 1, ROLE_FRONT } };
	ck_assert_int_eq(received(&p, &hello), MC_E_PROTO); /* said twice */
	closed(&p);
	int ends[2];
	ck_assert_int_eq(chan_pair(&ends[0], &ends[1]), 0);
	p.a = (struct chan){ .fd = ends[0],
		.self = ROLE_FRONT,
		.peer = ROLE_MONITOR,
		.greeted = true };
	ck_assert_int_eq(chan_open(&p.b, ends[1], ROLE_MONITOR, ROLE_FRONT), 0);
	struct view raw = encoded(&hello);
	ck_assert_int_ge(send(p.a.fd, raw.p, raw.n, 0), 0);
	static char buffer[MSG_BYTES_MAX];
	ck_assert_int_eq(chan_recv(&p.b, buffer, &back, &fd), MC_E_VERSION);
	closed(&p);
}

END_TEST

START_TEST(a_gone_peer_is_an_error_not_a_signal)
{
	struct pair p = opened(ROLE_FRONT, ROLE_MONITOR);
	struct msg back, ready = { .type = MSG_READY };
	int fd;
	chan_close(&p.b);
	ck_assert_int_eq(chan_send(&p.a, &ready, -1), MC_E_CLOSED);
	int error = chan_recv(&p.a, bytes, &back, &fd);
	while (error == 0)
		error = chan_recv(&p.a, bytes, &back, &fd);
	ck_assert_int_eq(error, MC_E_CLOSED);
	closed(&p);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("msg");
	TCase *codec = tcase_create("codec");
	tcase_add_test(codec, a_message_comes_back_as_it_was);
	tcase_add_test(codec, every_cut_and_every_extra_byte_is_refused);
	tcase_add_test(codec, fields_keep_their_bounds);
	tcase_add_test(codec, the_largest_body_fits_in_one_message);
	suite_add_tcase(suite, codec);
	TCase *channel = tcase_create("channel");
	tcase_add_test(channel, a_channel_moves_messages_and_descriptors);
	tcase_add_test(channel, a_datagram_carries_several_messages);
	tcase_add_test(channel, a_message_with_a_descriptor_comes_alone);
	tcase_add_test(channel, what_a_role_may_not_say_is_refused);
	tcase_add_test(channel, an_empty_message_leaves_no_descriptor);
	tcase_add_test(channel, another_version_is_refused);
	tcase_add_test(channel, a_gone_peer_is_an_error_not_a_signal);
	suite_add_tcase(suite, channel);
	return suite;
}

SUITE_MAIN(build)
