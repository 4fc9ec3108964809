/* Answers of DNS, as the resolver reads them. */
#include "queued/resolver/packet.h"
#include "queued/resolver/sts_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct packet p;
	struct packet_record r;
	uint16_t preference;
	char name[PACKET_NAME_MAX], text[512];
	packet_ttl(v, 1);
	for (uint16_t type = 15; type <= 16; type++)
		if (packet_open(v, type, &p) == 0)
			while (packet_next(&p, &r))
				if (packet_mx(&p, &r, &preference, name) != 0)
					sts_record_id((struct view){
					    text, packet_txt(r.data, text,
						      sizeof text) });
	return 0;
}
