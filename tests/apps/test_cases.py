"""The list of cases that every app passes, and the table that says so."""

from tests.apps.cases import cases, key, table, written_table


def test_no_two_cases_have_one_key():
    names = [key(case.name) for case in cases()]
    assert len(set(names)) == len(names)


def test_the_table_of_the_contract_is_that_of_the_reports(web, android, ios):
    found = table({"web": web.report, "android": android.report, "ios": ios.report})
    assert written_table() == found, "`make cases` writes it anew"
