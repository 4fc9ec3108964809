#ifndef BASE_ERR_H
#define BASE_ERR_H
/* One idiom for errors: functions that can fail return int, 0 or negative,
 * never positive. -errno passes through unchanged; our own codes are these. */

#define ERR_MAP(X)                                                             \
	X(MC_E_INTERNAL, -20000, "internal error")                             \
	X(MC_E_LIMIT, -20001, "limit exceeded")                                \
	X(MC_E_BAD, -20002, "malformed")                                       \
	X(MC_E_EXISTS, -20003, "exists already")                               \
	X(MC_E_NOENT, -20004, "does not exist")                                \
	X(MC_E_FULL, -20005, "no space left")                                  \
	X(MC_E_TEMP, -20006, "temporary failure")                              \
	X(MC_E_CORRUPT, -20007, "stored data is damaged")                      \
	X(MC_E_DENIED, -20008, "not permitted")                                \
	X(MC_E_CLOSED, -20009, "closed by the peer")                           \
	X(MC_E_PROTO, -20010, "peer broke the protocol")                       \
	X(MC_E_BUSY, -20011, "in use")                                         \
	X(MC_E_AUTH, -20012, "authentication failed")                          \
	X(MC_E_UNSUPPORTED, -20013, "not supported")                           \
	X(MC_E_VERSION, -20014, "another version's data or messages")          \
	X(MC_E_AGAIN, -20015, "not ready yet")                                 \
	X(MC_E_OVERQUOTA, -20016, "over quota")

enum mc_error {
#define X(name, value, text) name = value,
	ERR_MAP(X)
#undef X
};

/* Static text for a code of ours or a -errno. */
const char *err_text(int code);

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* What parsers return. */
enum parse {
	PARSE_OK,
	PARSE_MORE,
	PARSE_BAD
};
#endif
