"""What the system tests have in common: one instance per test class."""
import os
import unittest

from instance import Instance


class SystemTest(unittest.TestCase):
    OPTIONS = ""
    ISOLATION = "none"
    USERS = ("anna", "bert")
    INSTANCE = {}

    @classmethod
    def setUpClass(cls):
        cls.mail = Instance(os.environ["MAILCORE_BUILD"], users=cls.USERS, options=cls.OPTIONS,
                            isolation=cls.ISOLATION, **cls.INSTANCE)
        try:
            cls.mail.start()
        except BaseException:
            cls.mail.close()
            raise

    @classmethod
    def tearDownClass(cls):
        reports = []
        try:
            cls.mail.stop()
            reports = cls.mail.sanitizer_reports()
        finally:
            cls.mail.close(keep=bool(os.environ.get("MAILCORE_KEEP")))
        if reports:
            raise AssertionError("\n".join(reports[:5]))

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print("\n--- log tail\n" + self.mail.log_tail() + "\n---")
