/* What a client says in SCRAM, in one message. */
#include "sasl/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int keys(void *ctx, struct view name, struct scram_keys *out)
{
	(void)ctx;
	return password_decoy_keys(V("secret"), name, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct sasl_ops ops = { NULL, keys };
	struct view in = { (const char *)data, n };
	struct sasl s;
	struct buf out;
	buf_init(&out, SASL_MESSAGE_MAX);
	if (sasl_init(&s, sasl_find(V("SCRAM-SHA-256")), V(""), &ops, NULL) !=
	    0)
		__builtin_trap();
	if (sasl_start(&s, in, &out) == SASL_CHALLENGE)
		(void)sasl_next(&s, in, &out);
	sasl_deinit(&s);
	buf_deinit(&out);
	return 0;
}
