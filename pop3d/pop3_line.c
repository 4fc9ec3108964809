#include "pop3d/pop3_line.h"

void pop3_split(struct view line, struct pop3_words *out)
{
	*out = (struct pop3_words){ 0 };
	view_cut(&line, ' ', &out->keyword);
	out->rest = line;
	for (line = view_trim(line); line.n; line = view_trim(line)) {
		struct view word;
		view_cut(&line, ' ', &word);
		if (out->n_arguments == POP3_ARGUMENTS_MAX) {
			out->too_many = true;
			return;
		}
		out->arguments[out->n_arguments++] = word;
	}
}

void pop3_ok(struct buf *out, const char *text)
{
	buf_put(out, V("+OK "));
	buf_put_cstr(out, text);
	buf_put(out, V("\r\n"));
}

void pop3_err(struct buf *out, const char *text)
{
	buf_put(out, V("-ERR "));
	buf_put_cstr(out, text);
	buf_put(out, V("\r\n"));
}

const char *pop3_line_fault(enum line_fault fault)
{
	switch (fault) {
	case LINE_FAULT_BARE_CR:
		return "bare CR in a command";
	case LINE_FAULT_BARE_LF:
		return "commands end in CRLF";
	case LINE_FAULT_NUL:
		return "NUL in a command";
	case LINE_FAULT_TOO_LONG:
		return "command line too long";
	case LINE_FAULT_NONE:
		break;
	}
	return "malformed command";
}

bool pop3_line_goes_on(struct view before, struct view after)
{
	size_t taken = before.n - after.n;
	return after.n == 0 && taken && before.p[taken - 1] != '\n';
}

void pop3_capabilities(struct buf *out)
{
	buf_put(out,
	    V("TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
	      "EXPIRE NEVER\r\n"));
}
