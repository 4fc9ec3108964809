"""How tests of this kind are run and their results shown: one line a test, then
"N passed, N failed, N skipped", which tests/run reads."""
import sys
import time
import unittest


class Result(unittest.TextTestResult):
    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.stream.write(f"({time.monotonic() - self.started:.1f} s) ")
        super().addSuccess(test)

    def getDescription(self, test):
        test = getattr(test, "test_case", test)  # of a subtest
        return f"{type(test).__module__}.{getattr(test, '_testMethodName', test)}"


def run_tests(tests):
    """True: none failed."""
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(tests)
    bad = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - bad - skipped} passed, {bad} failed, {skipped} skipped")
    return not bad
