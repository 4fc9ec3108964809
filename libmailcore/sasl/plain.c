/* PLAIN, RFC 4616: [authzid] NUL authcid NUL passwd. */
#include "sasl/sasl.h"

enum sasl_status sasl_step_plain(
    struct sasl *s, struct view message, struct buf *out)
{
	struct view authzid, authcid;
	(void)out;
	if (s->step++)
		return SASL_BAD;
	if (!view_cut(&message, '\0', &authzid) ||
	    !view_cut(&message, '\0', &authcid) || !message.n ||
	    view_has_byte(message, '\0'))
		return SASL_BAD;
	enum sasl_status status = sasl_set_name(s, authcid);
	if (status != SASL_OK)
		return status;
	status = sasl_check(s, message);
	/* Acting as somebody else is granted to nobody. */
	if (status == SASL_OK && authzid.n && !view_eq(authzid, authcid))
		return SASL_FAILED;
	return status;
}
