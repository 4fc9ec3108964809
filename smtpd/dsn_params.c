/* RET and ENVID of MAIL, NOTIFY and ORCPT of RCPT: RFC 3461 4, RFC 6533 3. */
#include "base/chars.h"
#include "smtpd/smtp_command.h"
#include "text/scan.h"
#include "text/xtext.h"

enum {
	ENVID_MAX = 100, /* RFC 3461 4.4 */
	ORCPT_MAX = 500, /* RFC 3461 4.2 */
};

bool smtp_param_ret(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	if (view_ieq(value, V("FULL")))
		args->flags |= SUBMIT_FLAG_RET_FULL;
	else if (view_ieq(value, V("HDRS")))
		args->flags |= SUBMIT_FLAG_RET_HDRS;
	else
		return smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad RET"));
	return true;
}

bool smtp_param_envid(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	args->envid = value;
	return (value.n && value.n <= ENVID_MAX && xtext_is_printable(value)) ||
	       smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad ENVID"));
}

static const struct {
	struct view name;
	uint8_t bit;
} conditions[] = {
	{ V_INIT("NEVER"), NOTIFY_NEVER },
	{ V_INIT("SUCCESS"), NOTIFY_SUCCESS },
	{ V_INIT("FAILURE"), NOTIFY_FAILURE },
	{ V_INIT("DELAY"), NOTIFY_DELAY },
};

static uint8_t condition_of(struct view name)
{
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
		if (view_ieq(name, conditions[i].name))
			return conditions[i].bit;
	return 0;
}

/* NEVER stands alone. */
bool smtp_param_notify(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	struct view name;
	bool more = true, ok = true;
	while (more && ok) {
		more = view_cut(&value, ',', &name);
		uint8_t bit = condition_of(name);
		ok = bit != 0;
		args->notify |= bit;
	}
	ok = ok &&
	     (!(args->notify & NOTIFY_NEVER) || args->notify == NOTIFY_NEVER);
	return ok || smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad NOTIFY"));
}

static bool is_type(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_ATEXT))
			return false;
	return v.n > 0;
}

/* RFC 6533 3: kept in its form that is ASCII, which may be sent to all. With
 * SMTPUTF8 it may come as UTF-8. */
static bool take_utf8(
    struct smtp_session *s, struct view address, struct view *out)
{
	struct buf plain, kept;
	bool ok =
	    s->flags & SUBMIT_FLAG_SMTPUTF8 || !scan_has_eightbit(address);
	buf_init(&plain, ORCPT_MAX);
	buf_init(&kept, ORCPT_MAX);
	buf_put(&kept, V("utf-8;"));
	ok = ok && utf8_address_decode(address, &plain) == 0;
	utf8_address_encode(buf_view(&plain), &kept);
	ok = ok && !buf_error(&kept);
	*out = arena_copy(&s->arena, buf_view(&kept), &ok);
	buf_deinit(&plain);
	buf_deinit(&kept);
	return ok;
}

static bool take_orcpt(
    struct smtp_session *s, struct view value, struct view *out)
{
	struct view address = value, type;
	*out = value;
	if (value.n > ORCPT_MAX || !view_cut(&address, ';', &type) ||
	    !is_type(type) || !address.n)
		return false;
	return view_ieq(type, V("utf-8")) ? take_utf8(s, address, out)
					  : xtext_is_printable(address);
}

bool smtp_param_orcpt(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	return take_orcpt(s, value, &args->orcpt) ||
	       smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad ORCPT"));
}
