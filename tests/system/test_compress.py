"""compress = zstd: what is stored is smaller, what is read is the same."""
import os
import random
import unittest

from base import SystemTest

HEADER = b"From: a@else.test\r\nTo: anna@mailcore.test\r\nSubject: large\r\n\r\n"


def text(octets, seed):
    """Lines of words, which compress."""
    r, lines, n = random.Random(seed), [HEADER], len(HEADER)
    while n < octets:
        lines.append(b" ".join(b"%d" % r.randrange(1000) for _ in range(15)) + b"\r\n")
        n += len(lines[-1])
    return b"".join(lines)


class Compress(SystemTest):
    OPTIONS = "compress = zstd\n"
    USERS = ("anna",)

    def stats(self):
        return self.mail.mailctl_json("store", "stats", "anna@mailcore.test")[0]

    def test_messages_come_back(self):
        if "-zstd" in self.mail.mailctl("version").stdout:
            self.skipTest("built without")
        # Packed in memory, and by way of a file; by APPEND and by delivery.
        hexed = os.urandom(150_000).hex().encode()
        noise = HEADER + b"".join(hexed[i:i + 76] + b"\r\n" for i in range(0, len(hexed), 76))
        small, large = text(300_000, 1), text(2_500_000, 2)
        client = self.mail.imap()
        for message in (small, large, noise):
            self.assertEqual(client.append("INBOX", None, None, message)[0], "OK")
        self.mail.send(large)
        self.mail.wait_messages("anna", 4)
        client.select("INBOX", readonly=True)
        for number, message in enumerate((small, large, noise), 1):
            self.assertEqual(client.fetch(str(number), "(BODY[])")[1][0][1], message)
            for offset in (0, 262_100, len(message) - 10):
                part = client.fetch(str(number), f"(BODY[]<{offset}.200>)")[1][0][1]
                self.assertEqual(part, message[offset:offset + 200])
        self.assertTrue(client.fetch("4", "(BODY[])")[1][0][1].endswith(large))
        client.logout()
        pop3 = self.mail.pop3()
        self.assertEqual(b"\r\n".join(pop3.retr(2)[1]) + b"\r\n", large)
        pop3.quit()
        row = self.stats()
        self.assertLess(row["stored_bytes"], row["message_bytes"] * 0.6)
        self.assertEqual(self.mail.mailctl_json("store", "check", "anna@mailcore.test")[0]["state"], "clean")


if __name__ == "__main__":
    unittest.main()
