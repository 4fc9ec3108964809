"""How tests of this kind are run and their results shown: one line a test, then
"N passed, N failed, N skipped", which tests/run reads."""
import sys
import time
import unittest


class Result(unittest.TextTestResult):
    passed = 0

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.stream.write(f"({time.monotonic() - self.started:.1f} s) ")
        self.passed += 1
        super().addSuccess(test)

    def getDescription(self, test):
        test = getattr(test, "test_case", test)  # of a subtest
        return f"{type(test).__module__}.{getattr(test, '_testMethodName', test)}"


def run_tests(tests):
    """True: none failed."""
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(tests)
    bad = {str(getattr(test, "test_case", test)) for test, _ in result.failures + result.errors}
    print(f"{result.passed} passed, {len(bad)} failed, {len(result.skipped)} skipped")
    return not bad
