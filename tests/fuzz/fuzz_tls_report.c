/* Rows and policies as the queue keeps them, and what a domain's DNS says of
 * its reports. */
#include "queued/policy/policy_db.h"
#include "queued/policy/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct view uris[REPORT_URIS_MAX];
	struct sts_record record;
	struct tls_row row;
	struct buf out;
	buf_init(&out, 320);
	size_t n = report_uris(v, uris);
	for (size_t i = 0; i < n; i++)
		if (report_mailto(uris[i], &out) == 0)
			buf_reset(&out);
	if (policy_record_get(v, &record) == 0 &&
	    record.policy.n_names > sizeof record.policy.names)
		__builtin_trap();
	if (tls_row_get(view_head(v, size / 2), view_skip(v, size / 2), &row) ==
		0 &&
	    row.domain.n > size)
		__builtin_trap();
	buf_deinit(&out);
	return 0;
}
