"""Finds reports of the sanitizers, and failed asserts, in what a program wrote."""

import re

_REPORT = re.compile(r"ERROR: \w*Sanitizer|SUMMARY: \w*Sanitizer|runtime error:|Assertion .* failed|DEADLYSIGNAL")

ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


def assert_none(text, whose):
    found = _REPORT.search(text)
    if found:
        begin = max(0, found.start() - 500)
        raise AssertionError(f"{whose} reported:\n{text[begin:found.start() + 6000]}")
