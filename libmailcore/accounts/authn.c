#include "accounts/authn.h"
#include "accounts/remember.h"
#include "base/panic.h"
#include "base/secret.h"
#include "log/log.h"
#include "sasl/sasl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 1024,
};

struct conversation {
	struct conversation *next;
	struct authn *authn;
	unsigned front;
	uint64_t id, session, expires_at_ms, now_ms;
	enum service service;
	char remote[65];
	struct sasl sasl;
	struct account account;
	bool is_known;
};

struct authn {
	struct accounts *accounts;
	const struct conf *conf;
	struct remember *remember;
	struct conversation *buckets[BUCKETS];
	size_t count;
	struct buf challenge;
	struct account account; /* of the last answer */
	char name[SASL_NAME_MAX];
};

struct authn *authn_new(struct accounts *a, const struct conf *c)
{
	struct authn *n = MUST_NEW(struct authn);
	n->accounts = a;
	n->conf = c;
	n->remember = remember_new((uint64_t)c->auth_cache * 1000);
	buf_init(&n->challenge, SASL_MESSAGE_MAX);
	return n;
}

static struct conversation **bucket_of(
    struct authn *n, unsigned front, uint64_t id)
{
	return &n->buckets[(id ^ (id >> 32) ^ front * 31u) % BUCKETS];
}

/* Where the pointer to it is; *that is NULL when it is not there. */
static struct conversation **place_of(
    struct authn *n, unsigned front, uint64_t id)
{
	struct conversation **at = bucket_of(n, front, id);
	while (*at && ((*at)->front != front || (*at)->id != id))
		at = &(*at)->next;
	return at;
}

static void end_at(struct conversation **at)
{
	struct conversation *c = *at;
	*at = c->next;
	c->authn->count--;
	sasl_deinit(&c->sasl);
	secret_wipe(c, sizeof *c);
	free(c);
}

void authn_cancel(struct authn *n, unsigned front, uint64_t id)
{
	struct conversation **at = place_of(n, front, id);
	if (*at)
		end_at(at);
}

void authn_front_gone(struct authn *n, unsigned front)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct conversation **at = &n->buckets[i];
		while (*at) {
			if ((*at)->front == front)
				end_at(at);
			else
				at = &(*at)->next;
		}
	}
}

void authn_free(struct authn **n)
{
	if (!*n)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((*n)->buckets[i])
			end_at(&(*n)->buckets[i]);
	remember_free(&(*n)->remember);
	buf_deinit(&(*n)->challenge);
	free(*n);
	*n = NULL;
}

bool authn_expire(
    struct authn *n, uint64_t now_ms, unsigned *front, uint64_t *id)
{
	for (size_t i = 0; i < BUCKETS && n->count; i++) {
		struct conversation **at = &n->buckets[i];
		while (*at && (*at)->expires_at_ms > now_ms)
			at = &(*at)->next;
		if (!*at)
			continue;
		*front = (*at)->front;
		*id = (*at)->id;
		end_at(at);
		return true;
	}
	return false;
}

size_t authn_count(const struct authn *n)
{
	return n->count;
}

static size_t count_of(const struct authn *n, unsigned front)
{
	size_t count = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct conversation *c = n->buckets[i]; c; c = c->next)
			count += c->front == front;
	return count;
}

/* struct sasl_ops */
static int check(void *ctx, struct view name, struct view password)
{
	struct conversation *c = ctx;
	struct authn *n = c->authn;
	int error = resolve_login(n->accounts, name, &c->account, &c->is_known);
	if (error)
		return error;
	struct view address = view_of(c->account.address);
	struct view credential = view_of(c->account.credential);
	if (c->is_known &&
	    remember_has(n->remember, address, credential, password, c->now_ms))
		return 0;
	error = password_check(credential, password);
	if (error == MC_E_BAD)
		LOG(NULL, WARN, "credential.unusable",
		    KV_VIEW("account", address));
	if (!c->is_known || error == MC_E_BAD)
		return MC_E_AUTH;
	if (!error)
		remember_add(
		    n->remember, address, credential, password, c->now_ms);
	return error;
}

static int keys(void *ctx, struct view name, struct scram_keys *out)
{
	struct conversation *c = ctx;
	return resolve_scram(
	    c->authn->accounts, name, &c->account, &c->is_known, out);
}

static const struct sasl_ops ops = { check, keys };

static const char *const status_texts[] = {
	[AUTH_STATUS_OK] = "ok",
	[AUTH_STATUS_FAILED] = "wrong",
	[AUTH_STATUS_TEMP] = "temporary",
	[AUTH_STATUS_DISABLED] = "disabled",
	[AUTH_STATUS_BAD] = "malformed",
	[AUTH_STATUS_UNKNOWN_MECHANISM] = "mechanism",
};

/* The front logs what became of it; here stands what it must not know. */
static void log_result(const struct conversation *c, enum auth_status status)
{
	struct log_ctx ctx = { .key = "session", .id = c->session };
	const char *result = status_texts[status];
	if (status == AUTH_STATUS_FAILED && !c->is_known)
		result = "unknown";
	LOG(&ctx, DEBUG, "auth.check", KV_STR("remote", c->remote),
	    KV_STR("service", service_name(c->service)),
	    KV_VIEW("mechanism", c->sasl.mechanism->name),
	    KV_STR("result", result), KV_VIEW("name", sasl_name(&c->sasl)),
	    KV_STR("account", c->is_known ? c->account.address : ""));
}

static enum auth_status status_of(
    const struct conversation *c, enum sasl_status s)
{
	switch (s) {
	case SASL_OK:
		break;
	case SASL_FAILED:
		return AUTH_STATUS_FAILED;
	case SASL_TEMP:
		return AUTH_STATUS_TEMP;
	case SASL_BAD:
	case SASL_CHALLENGE:
		return AUTH_STATUS_BAD;
	}
	if (!c->is_known)
		return AUTH_STATUS_FAILED;
	if (c->account.flags & ACCOUNT_DISABLED ||
	    c->account.services_off & (1u << c->service))
		return AUTH_STATUS_DISABLED;
	return AUTH_STATUS_OK;
}

static struct view keep_name(struct authn *n, struct view name)
{
	if (name.n)
		memcpy(n->name, name.p, name.n);
	return (struct view){ n->name, name.n };
}

static void answer(
    struct conversation *c, enum sasl_status s, struct authn_answer *out)
{
	struct authn *n = c->authn;
	if (s == SASL_CHALLENGE && buf_error(&n->challenge))
		s = SASL_TEMP;
	if (s == SASL_CHALLENGE) {
		*out = (struct authn_answer){ .is_challenge = true,
			.challenge = buf_view(&n->challenge) };
		return;
	}
	enum auth_status status = status_of(c, s);
	log_result(c, status);
	*out = (struct authn_answer){
		.status = status,
		.session = c->session,
		.service = c->service,
		.name = keep_name(n, sasl_name(&c->sasl)),
	};
	if (status == AUTH_STATUS_OK) {
		n->account = c->account;
		secret_wipe(
		    n->account.credential, sizeof n->account.credential);
		out->account = &n->account;
	}
	authn_cancel(n, c->front, c->id);
}

/* DESIGN 6: passwords and proofs only under TLS, or from this host. */
static bool is_safe(const struct authn *n, const struct msg_auth_start *m)
{
	if (m->flags & SESSION_FLAG_TLS)
		return true;
	return m->flags & SESSION_FLAG_LOOPBACK &&
	       strcmp(n->conf->submission_insecure_auth, "loopback") == 0;
}

static struct conversation *add(struct authn *n, unsigned front,
    const struct msg_auth_start *m, uint64_t now_ms)
{
	struct conversation *c = MUST_NEW(struct conversation);
	struct conversation **bucket = bucket_of(n, front, m->id);
	c->authn = n;
	c->front = front;
	c->id = m->id;
	c->session = m->session;
	c->service = m->service < SERVICE_COUNT ? (enum service)m->service
						: SERVICE_LOCAL;
	c->expires_at_ms = now_ms + (uint64_t)n->conf->auth_timeout * 1000;
	c->now_ms = now_ms;
	snprintf(c->remote, sizeof c->remote, "%.*s", (int)m->remote.n,
	    m->remote.n ? m->remote.p : "");
	c->next = *bucket;
	*bucket = c;
	n->count++;
	return c;
}

void authn_start(struct authn *n, unsigned front,
    const struct msg_auth_start *m, uint64_t now_ms, struct authn_answer *out)
{
	const struct sasl_mechanism *mechanism = sasl_find(m->mechanism);
	*out = (struct authn_answer){ .status = AUTH_STATUS_BAD };
	authn_cancel(n, front, m->id); /* an id that is in use already */
	if (!is_safe(n, m))
		return;
	out->status = AUTH_STATUS_UNKNOWN_MECHANISM;
	if (!mechanism)
		return;
	out->status = AUTH_STATUS_TEMP;
	if (count_of(n, front) >= (size_t)n->conf->auth_conversations_max)
		return;
	struct conversation *c = add(n, front, m, now_ms);
	if (sasl_init(&c->sasl, mechanism, m->binding, &ops, c) != 0) {
		out->status = AUTH_STATUS_UNKNOWN_MECHANISM;
		authn_cancel(n, front, m->id);
		return;
	}
	struct view initial =
	    m->has_initial ? (m->initial.p ? m->initial : V("")) : V_NONE;
	buf_reset(&n->challenge);
	answer(c, sasl_start(&c->sasl, initial, &n->challenge), out);
}

void authn_next(struct authn *n, unsigned front, const struct msg_auth_next *m,
    uint64_t now_ms, struct authn_answer *out)
{
	struct conversation *c = *place_of(n, front, m->id);
	*out = (struct authn_answer){ .status = AUTH_STATUS_BAD };
	if (!c)
		return;
	c->now_ms = now_ms;
	buf_reset(&n->challenge);
	answer(c, sasl_next(&c->sasl, m->response, &n->challenge), out);
}
