/* What the keys role signs, and what it refuses. */
#include "pem.h"
#include "proc/body/body.h"
#include "proc/keys/keys.h"
#include "suite.h"
#include <unistd.h>

static const char digest[64] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";

enum kind {
	KIND_RSA,
	KIND_P256,
	KIND_P384,
	KIND_COUNT
};

static const char *const kinds[] = { "RSA", "P-256", "P-384" };

struct sign_case {
	enum kind kind;
	uint16_t scheme;
	size_t digest_n;
	int want;
	const char *md;
	int padding;
};

static const struct sign_case cases[] = {
	{ KIND_RSA, 0x0401, 32, 0, "SHA256", RSA_PKCS1_PADDING },
	{ KIND_RSA, 0x0501, 48, 0, "SHA384", RSA_PKCS1_PADDING },
	{ KIND_RSA, 0x0601, 64, 0, "SHA512", RSA_PKCS1_PADDING },
	{ KIND_RSA, 0x0804, 32, 0, "SHA256", RSA_PKCS1_PSS_PADDING },
	{ KIND_RSA, 0x0805, 48, 0, "SHA384", RSA_PKCS1_PSS_PADDING },
	{ KIND_RSA, 0x0806, 64, 0, "SHA512", RSA_PKCS1_PSS_PADDING },
	{ KIND_P256, 0x0403, 32, 0, "SHA256", 0 },
	{ KIND_P256, 0x0503, 48, 0, "SHA384", 0 },
	{ KIND_P384, 0x0403, 32, 0, "SHA256", 0 },
	{ KIND_P384, 0x0503, 48, 0, "SHA384", 0 },
	/* refused */
	{ KIND_RSA, 0x0403, 32, MC_E_UNSUPPORTED, NULL, 0 },
	{ KIND_P256, 0x0804, 32, MC_E_UNSUPPORTED, NULL, 0 },
	{ KIND_RSA, 0x0201, 20, MC_E_UNSUPPORTED, NULL, 0 }, /* SHA-1 */
	{ KIND_RSA, 0x0000, 32, MC_E_UNSUPPORTED, NULL, 0 },
	{ KIND_RSA, 0x0401, 31, MC_E_BAD, NULL, 0 },
	{ KIND_RSA, 0x0401, 0, MC_E_BAD, NULL, 0 },
	{ KIND_RSA, 0x0804, 64, MC_E_BAD, NULL, 0 },
	{ KIND_P256, 0x0403, 48, MC_E_BAD, NULL, 0 },
};

static void verify(
    EVP_PKEY *key, const struct sign_case *c, const char *signature, size_t n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
	ck_assert_int_eq(
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(c->md)), 1);
	if (c->padding)
		ck_assert_int_eq(
		    EVP_PKEY_CTX_set_rsa_padding(ctx, c->padding), 1);
	if (c->padding == RSA_PKCS1_PSS_PADDING)
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(
				     ctx, RSA_PSS_SALTLEN_DIGEST),
		    1);
	ck_assert_int_eq(EVP_PKEY_verify(ctx, (const unsigned char *)signature,
			     n, (const unsigned char *)digest, c->digest_n),
	    1);
	EVP_PKEY_CTX_free(ctx);
}

static struct keys *keys;
static struct pem pems[KIND_COUNT];

static void setup(void)
{
	const char *why;
	keys = keys_new();
	for (uint32_t i = 0; i < KIND_COUNT; i++) {
		pem_make(&pems[i], kinds[i], "mx.example.org");
		ck_assert_int_eq(
		    keys_load(keys, i, view_of(pems[i].private_key), &why), 0);
	}
}

static void teardown(void)
{
	for (int i = 0; i < KIND_COUNT; i++)
		pem_deinit(&pems[i]);
	keys_free(&keys);
}

START_TEST(signs)
{
	char signature[KEYS_SIGNATURE_MAX];
	size_t n = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct sign_case *c = &cases[i];
		struct view d = { digest, c->digest_n };
		int got = keys_sign(keys, c->kind, c->scheme, d, signature, &n);
		ck_assert_msg(got == c->want, "row %zu: %d", i, got);
		if (got == 0)
			verify(pems[c->kind].key, c, signature, n);
	}
}

END_TEST

START_TEST(knows_only_its_keys)
{
	char signature[KEYS_SIGNATURE_MAX];
	size_t n;
	struct view d = { digest, 32 };
	ck_assert_int_eq(
	    keys_sign(keys, 99, 0x0804, d, signature, &n), MC_E_NOENT);
}

END_TEST

START_TEST(a_key_is_replaced)
{
	char signature[KEYS_SIGNATURE_MAX];
	size_t n;
	const char *why;
	struct view d = { digest, 32 };
	ck_assert_int_eq(
	    keys_load(keys, 0, view_of(pems[1].private_key), &why), 0);
	ck_assert_int_eq(
	    keys_sign(keys, 0, 0x0804, d, signature, &n), MC_E_UNSUPPORTED);
	ck_assert_int_eq(keys_sign(keys, 0, 0x0403, d, signature, &n), 0);
}

END_TEST

START_TEST(refuses_what_is_no_key)
{
	const char *why;
	static const char large[KEYS_PEM_MAX + 1];
	static struct pem other;
	BIO *b = BIO_new(BIO_s_mem());
	char encrypted[8192];
	ck_assert(PEM_write_bio_PrivateKey(b, pems[1].key, EVP_aes_128_cbc(),
	    (const unsigned char *)"x", 1, NULL, NULL));
	pem_text(b, encrypted, sizeof encrypted);
	ck_assert_int_eq(keys_load(keys, 9, V(""), &why), MC_E_BAD);
	ck_assert_int_eq(keys_load(keys, 9, V("\0noise"), &why), MC_E_BAD);
	ck_assert_int_eq(
	    keys_load(keys, 9, view_of(pems[0].certificate), &why), MC_E_BAD);
	ck_assert_str_eq(why, "no private key in it");
	ck_assert_int_eq(
	    keys_load(keys, 9, view_of(encrypted), &why), MC_E_BAD);
	ck_assert_str_eq(why, "the key is encrypted");
	ck_assert_int_eq(
	    keys_load(keys, 9, (struct view){ large, sizeof large }, &why),
	    MC_E_LIMIT);
	pem_make(&other, _i ? "ED25519" : "P-521", "x");
	ck_assert_int_eq(
	    keys_load(keys, 9, view_of(other.private_key), &why), MC_E_BAD);
	pem_deinit(&other);
}

END_TEST

/* The role: a file of the monitor, a question of a front, an answer. */

static struct loop *loop;
static struct proc process;
static struct msg_signed_ answers[4];
static unsigned n_answers;

static int file_of(const char *text)
{
	char name[] = "/tmp/mailcore-keys-XXXXXX";
	int fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	unlink(name);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static void give_key(uint32_t number, int fd)
{
	struct msg m = { .type = MSG_PRIVATE_KEY, .private_key = { number } };
	keys_ops.on[MSG_PRIVATE_KEY](&process, NULL, &m, fd);
}

static void on_message(void *ctx, struct peer *p, const struct msg *m, int fd)
{
	(void)ctx;
	if (m->type == MSG_SIGN) {
		keys_ops.on[MSG_SIGN](&process, p, m, fd);
		return;
	}
	answers[n_answers++] = m->signed_;
	if (n_answers == 3)
		loop_stop(loop);
}

static void on_closed(void *ctx, struct peer *p, int why)
{
	(void)ctx;
	(void)p;
	ck_abort_msg("closed: %d", why);
}

static const struct peer_events events = { on_message, on_closed };

START_TEST(role_answers_every_question)
{
	int a, b;
	loop = loop_new();
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	struct peer *role =
	    peer_new(loop, a, ROLE_KEYS, ROLE_FRONT, 0, &events, NULL);
	struct peer *front =
	    peer_new(loop, b, ROLE_FRONT, ROLE_KEYS, 0, &events, NULL);
	ck_assert_int_eq(keys_ops.start(&process), 0);
	give_key(5, file_of(pems[KIND_RSA].private_key));
	give_key(6, file_of("no key"));
	struct view d = { digest, 32 };
	const struct msg_sign asks[] = { { 1, 5, 0x0804, d },
		{ 2, 5, 0x0403, d }, { 3, 6, 0x0804, d } };
	for (int i = 0; i < 3; i++) {
		struct msg m = { .type = MSG_SIGN, .sign = asks[i] };
		peer_send(front, &m, -1);
	}
	loop_run(loop);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(answers[i].id, i + 1);
		ck_assert_uint_eq(answers[i].ok, i == 0);
		ck_assert_uint_eq(answers[i].signature.n, i == 0 ? 256 : 0);
	}
	peer_free(&role);
	peer_free(&front);
	loop_free(&loop);
	struct keys *held = process.state;
	keys_free(&held);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("keys");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signs);
	tcase_add_test(t, knows_only_its_keys);
	tcase_add_test(t, a_key_is_replaced);
	tcase_add_loop_test(t, refuses_what_is_no_key, 0, 2);
	tcase_add_test(t, role_answers_every_question);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
