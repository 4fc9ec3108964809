/* LOGIN, draft-murchison-sasl-login: old, but what Outlook speaks. */
#include "sasl/sasl.h"

enum login_step {
	LOGIN_START,
	LOGIN_NAME,
	LOGIN_PASSWORD,
	LOGIN_DONE
};

enum sasl_status sasl_step_login(
    struct sasl *s, struct view message, struct buf *out)
{
	enum sasl_status status;
	if (s->step == LOGIN_START && !message.p) {
		s->step = LOGIN_NAME;
		buf_put(out, V("Username:"));
		return SASL_CHALLENGE;
	}
	if (s->step <= LOGIN_NAME) {
		status = sasl_set_name(s, message);
		if (status != SASL_OK)
			return status;
		s->step = LOGIN_PASSWORD;
		buf_put(out, V("Password:"));
		return SASL_CHALLENGE;
	}
	if (s->step != LOGIN_PASSWORD || !message.n)
		return SASL_BAD;
	s->step = LOGIN_DONE;
	return sasl_check(s, message);
}
