#ifndef QUEUED_CLIENT_SMTP_VERDICT_H
#define QUEUED_CLIENT_SMTP_VERDICT_H
/* What a peer's reply, or the lack of one, means for a message. Pure. */
#include "base/view.h"

/* What was being done. */
enum smtp_stage {
	SMTP_STAGE_CONNECT, /* the owner's: names, addresses, connections */
	SMTP_STAGE_BANNER,
	SMTP_STAGE_HELLO,
	SMTP_STAGE_STARTTLS,
	SMTP_STAGE_TLS, /* the handshake */
	SMTP_STAGE_AUTH,
	SMTP_STAGE_IDLE, /* between transactions */
	SMTP_STAGE_MAIL,
	SMTP_STAGE_RCPT,
	SMTP_STAGE_DATA,
	SMTP_STAGE_BODY,
	SMTP_STAGE_END, /* the final dot, or the last chunk */
	SMTP_STAGE_RSET,
	SMTP_STAGE_QUIT,
	SMTP_STAGE_COUNT,
};

/* For logs: "MAIL", "the final dot". */
struct view smtp_stage_name(enum smtp_stage stage);

enum {
	SMTP_RESULT_TEXT_MAX = 400
};

struct smtp_result {
	uint16_t code;       /* 200 to 599; 0: not tried */
	uint8_t enhanced[3]; /* RFC 3463; made from code when not said */
	/* "550 5.1.1 text": code, enhanced status if one was said, all lines;
	 * UTF-8 without control characters, at most SMTP_RESULT_TEXT_MAX. */
	struct view text;
	enum smtp_stage stage;
	/* It was not the peer who said it: no Diagnostic-Code of type smtp. */
	bool is_ours;
};

enum smtp_outcome {
	SMTP_OUTCOME_OK,
	SMTP_OUTCOME_TEMP,
	SMTP_OUTCOME_PERM,
	SMTP_OUTCOME_NOT_TRIED, /* send it in another transaction */
};

enum smtp_outcome smtp_verdict_outcome(const struct smtp_result *r);

/* Whose fault a failure is. */
enum smtp_blame {
	SMTP_BLAME_HOST,    /* another host, or address, may do better: now */
	SMTP_BLAME_MESSAGE, /* no other host is to be asked now */
};

enum smtp_blame smtp_verdict_blame(const struct smtp_result *r);
#endif
