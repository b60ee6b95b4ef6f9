"""Rule files in one form: what it looks like, where comments go, and what is left alone."""

from textwrap import dedent

import pytest

from autoscaler.rulebook.formatting import format_text

RULE = "rules:\n  - {name: a, when: queue.waiting > 5, raise: 5%}\n"


def formatted(text: str, name: str = "g.yaml") -> str:
    result = format_text(name, dedent(text))
    assert result.text is not None, result.diagnostics
    assert format_text(name, result.text).text == result.text
    return result.text


def becomes(before: str, after: str) -> None:
    assert formatted(before) == dedent(after)


def test_keys_stand_in_the_languages_order() -> None:
    becomes(
        """\
        rules:
          - raise: 5%
            for: 30s
            name: a
            when: queue.waiting > 5
        every: 15s
        queues: [2001]
        version: 1
        """,
        """\
        version: 1
        queues: [2001]
        every: 15s

        rules:
          - name: a
            when: queue.waiting > 5
            for: 30s
            raise: 5%
        """,
    )


def test_keys_in_brackets_too() -> None:
    text = formatted("queues: [2001]\nagents: {limit: {ceiling: 6, floor: 1}, ids: [ 1001-1020 ,1030]}\n" + RULE)
    assert "agents: {limit: {floor: 1, ceiling: 6}, ids: [1001-1020, 1030]}\n" in text


def test_names_that_the_file_chooses_keep_their_order() -> None:
    text = "queues: [2001]\ninputs:\n  b: {source: s, query: q}\n  a: {source: s, query: q}\n"
    assert formatted(text + RULE) == text + RULE


def test_spacing_is_even() -> None:
    becomes(
        """\
        queues:   [  2001,2002  ]


        rules:
        -   name:    a
            when:  queue.waiting   > 5
            raise:    5%
        """,
        """\
        queues: [2001, 2002]

        rules:
          - name: a
            when: queue.waiting   > 5
            raise: 5%
        """,
    )


def test_a_head_comment_stays_at_the_top() -> None:
    becomes(
        """\
        # yaml-language-server: $schema=rules.schema.json
        # Lisbon
        queues: [2001]
        version: 1
        rules: []
        """,
        """\
        # yaml-language-server: $schema=rules.schema.json
        # Lisbon
        version: 1
        queues: [2001]
        rules: []
        """,
    )


def test_comments_move_with_what_they_are_about() -> None:
    becomes(
        """\
        queues: [2001]
        rules:
          # everybody is full
          - raise: 5%   # a little
            # what it is called
            name: a
            when: queue.waiting > 5
            # nothing more
        # how often
        every: 15s # seconds
        """,
        """\
        queues: [2001]
        # how often
        every: 15s  # seconds

        rules:
          # everybody is full
          # what it is called
          - name: a
            when: queue.waiting > 5
            raise: 5%  # a little
            # nothing more
        """,
    )


def test_comments_of_neighbouring_lines_stand_in_a_row_and_go_on_below() -> None:
    becomes(
        """\
        version: 1 # the language
        media_type: web_chat        # name or number: 1 text_chat,
                                    # 16 previewed_outbound
        queues: [2001]
        rules: []
        """,
        """\
        version: 1  # the language
        queues: [2001]
        media_type: web_chat  # name or number: 1 text_chat,
                              # 16 previewed_outbound
        rules: []
        """,
    )


def test_a_comment_inside_brackets_opens_them() -> None:
    becomes(
        """\
        queues: [2001,   # sales
          2002]          # help
        rules: []
        """,
        """\
        queues:
          - 2001  # sales
          - 2002  # help
        rules: []
        """,
    )


def test_brackets_longer_than_a_line_are_opened() -> None:
    ids = [f"{1000 + 10 * index}-{1005 + 10 * index}" for index in range(12)]
    text = formatted(f"agents: {{ids: [{', '.join(ids)}]}}\nrules: []\n")
    assert text == "agents:\n  ids:\n" + "".join(f"    - {one}\n" for one in ids) + "rules: []\n"


def test_comments_at_the_end_of_a_section_stay_in_it() -> None:
    text = """\
        queues: [2001]

        rules:
          - name: a
            when: queue.waiting > 5
            raise: 5%
          # - name: switched off
          #   cap: 1

        # how calmly
        stability:
          raise: {cooldown: 60s}
        # the end
        """
    becomes(text, text)


def test_a_comment_at_the_keys_column_belongs_to_the_item_below() -> None:
    becomes(
        """\
        queues: [2001]
        rules:
        - name: a
          cap: 1

          # the second
        - name: b
          cap: 2
        """,
        """\
        queues: [2001]
        rules:
          - name: a
            cap: 1

          # the second
          - name: b
            cap: 2
        """,
    )


def test_texts_over_several_lines_keep_what_they_say() -> None:
    becomes(
        """\
        description: >
             Web
             chat

               indented
        queues: [2001]
        rules:
          - when: queue.waiting > 5
                and group.occupancy > 85%
            name: a
            cap: 1
        """,
        """\
        description: >
          Web
          chat

            indented
        queues: [2001]
        rules:
          - name: a
            when: queue.waiting > 5
              and group.occupancy > 85%
            cap: 1
        """,
    )


def test_quotes_and_expressions_stay_as_they_are() -> None:
    text = '"queues": [2001]\nrules:\n  - {name: \'a # b\', when: "queue[2001].waiting>5", raise: 5%}\n'
    assert formatted(text) == text


def test_a_sign_inside_a_value_is_no_comment() -> None:
    text = "queues: [2001]\nrules:\n  - {name: a#b, when: queue.waiting > 5, raise: 5%}  # c#d\n"
    assert formatted(text) == text


@pytest.mark.parametrize("text", ["\ufeffqueues: [2001]\r\nrules: []\r\n", "queues: [2001]\rrules: []"])
def test_line_ends_and_byte_order_marks_become_plain(text: str) -> None:
    assert format_text("g.yaml", text).text == "queues: [2001]\nrules: []\n"


def test_anchors_keep_the_order_of_keys() -> None:
    text = """\
        rules:
          - name: a
            when: &busy queue.waiting > 5
            raise: 5%
          - {name: b, when: *busy, hold: lower}
        queues: [2001]
        """
    becomes(text, text)


def test_a_document_mark_is_kept() -> None:
    becomes("# top\n---\nqueues:  [2001]\nrules: []\n", "# top\n---\nqueues: [2001]\nrules: []\n")


@pytest.mark.parametrize(
    "text",
    [
        "queues: [2001]\nrulse: []\n",
        "queues: [2001\n",
        "",
        "- 1\n",
        "queues: [2001]\nrules:\n  - {name: a, when: queue.wating > 3, raise: 5%}\n",
    ],
)
def test_a_file_with_errors_is_left_alone_with_its_findings(text: str) -> None:
    result = format_text("g.yaml", text)
    assert result.text is None
    assert result.diagnostics


def test_what_can_not_be_laid_out_is_left_alone_and_said() -> None:
    result = format_text("g.yaml", "%YAML 1.1\n---\nqueues: [2001]\nrules: []\n")
    assert result.text is None
    assert [one.code.label for one in result.diagnostics] == ["E609"]


def test_a_rule_test_has_its_own_order() -> None:
    text = """\
        tests:
          - expect: [{slots: 69, at: 90s}]
            agents: {load: 3, count: 20}
            name: t
            series:
              queue.waiting: 3   # many
              agents.load: 4
        rules: g.yaml
        """
    assert formatted(text, "g.test.yaml") == dedent("""\
        rules: g.yaml

        tests:
          - name: t
            agents: {count: 20, load: 3}
            series:
              queue.waiting: 3  # many
              agents.load: 4
            expect: [{at: 90s, slots: 69}]
        """)
