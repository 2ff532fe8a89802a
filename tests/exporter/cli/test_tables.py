"""What is printed is what was meant to be."""

from exporter.cli.tables import first_few, print_table


def test_brackets_in_what_is_printed_stay(capsys):
    print_table(("advice",), [("pip install 'vitexport[coreml]' [/a]",)])
    assert "pip install 'vitexport[coreml]' [/a]" in capsys.readouterr().out


def test_of_a_long_list_the_first_are_named_and_the_rest_counted():
    assert first_few(["a", "b", "c"]) == "a, b, c"
    assert first_few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
