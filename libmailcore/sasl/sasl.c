#include "sasl/sasl.h"
#include "base/chars.h"
#include "base/secret.h"
#include "text/codec.h"
#include <string.h>

const struct sasl_mechanism sasl_mechanisms[] = {
	{ V_INIT("SCRAM-SHA-256-PLUS"), true, sasl_step_scram, true },
	{ V_INIT("SCRAM-SHA-256"), false, sasl_step_scram, true },
	{ V_INIT("PLAIN"), false, sasl_step_plain, true },
	{ V_INIT("LOGIN"), false, sasl_step_login, false },
};
const size_t sasl_n_mechanisms =
    sizeof sasl_mechanisms / sizeof sasl_mechanisms[0];

const struct sasl_mechanism *sasl_find(struct view name)
{
	for (size_t i = 0; i < sasl_n_mechanisms; i++)
		if (view_ieq(sasl_mechanisms[i].name, name))
			return &sasl_mechanisms[i];
	return NULL;
}

int sasl_init(struct sasl *s, const struct sasl_mechanism *mechanism,
    struct view binding, const struct sasl_ops *ops, void *ctx)
{
	if (binding.n > SASL_BINDING_MAX)
		return MC_E_LIMIT;
	if (mechanism->needs_binding && !binding.n)
		return MC_E_UNSUPPORTED;
	memset(s, 0, sizeof *s);
	s->mechanism = mechanism;
	s->ops = ops;
	s->ctx = ctx;
	if (binding.n)
		memcpy(s->binding, binding.p, binding.n);
	s->n_binding = binding.n;
	buf_init(&s->scram.bare, SASL_SCRAM_MAX);
	buf_init(&s->scram.first, SASL_SCRAM_MAX);
	buf_init(&s->scram.header, SASL_SCRAM_MAX);
	return 0;
}

enum sasl_status sasl_start(
    struct sasl *s, struct view initial, struct buf *out)
{
	if (!initial.p && s->mechanism->client_first)
		return SASL_CHALLENGE;
	return s->mechanism->step(s, initial, out);
}

enum sasl_status sasl_next(
    struct sasl *s, struct view response, struct buf *out)
{
	if (response.n > SASL_MESSAGE_MAX)
		return SASL_BAD;
	return s->mechanism->step(s, response, out);
}

struct view sasl_name(const struct sasl *s)
{
	return (struct view){ s->name, s->n_name };
}

enum sasl_status sasl_set_name(struct sasl *s, struct view name)
{
	if (!name.n || name.n > SASL_NAME_MAX || !utf8_is_valid(name))
		return SASL_BAD;
	for (size_t i = 0; i < name.n; i++)
		if (char_is(name.p[i], CHAR_CTL))
			return SASL_BAD;
	memcpy(s->name, name.p, name.n);
	s->n_name = name.n;
	return SASL_OK;
}

enum sasl_status sasl_check(struct sasl *s, struct view password)
{
	if (password.n > SECRET_MAX)
		return SASL_BAD;
	int error = s->ops->check(s->ctx, sasl_name(s), password);
	if (error == MC_E_AUTH)
		return SASL_FAILED;
	return error ? SASL_TEMP : SASL_OK;
}

void sasl_deinit(struct sasl *s)
{
	buf_deinit(&s->scram.bare);
	buf_deinit(&s->scram.first);
	buf_deinit(&s->scram.header);
	secret_wipe(s, sizeof *s);
}
