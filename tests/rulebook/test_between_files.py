"""Two files that lay claim to the same thing are told so at both places."""

from autoscaler.rulebook import Code, Diagnostic, load_text

RULE = "rules: [{name: full, when: group.busy > 90%, raise: 1 each}]\n"


def findings(**files: str) -> list[tuple[str, int, int, Code]]:
    loaded = load_text({f"{name}.yaml": text + RULE for name, text in files.items()})
    return [place(diagnostic) for diagnostic in loaded.diagnostics]


def place(diagnostic: Diagnostic) -> tuple[str, int, int, Code]:
    return diagnostic.path, diagnostic.line, diagnostic.column, diagnostic.code


def test_two_groups_of_one_name_are_an_error_in_both_files() -> None:
    found = findings(a="group: x\nqueues: [1]\n", b="queues: [2]\ngroup: x\n")

    assert found == [("a.yaml", 1, 8, Code.DUPLICATE_GROUP), ("b.yaml", 2, 8, Code.DUPLICATE_GROUP)]


def test_two_files_of_one_stem_need_a_group_of_their_own() -> None:
    loaded = load_text({"x/a.yaml": "queues: [1]\n" + RULE, "y/a.yaml": "queues: [2]\n" + RULE})

    assert [diagnostic.code for diagnostic in loaded.diagnostics] == [Code.DUPLICATE_GROUP] * 2


def test_one_queue_in_two_groups_of_one_media_type_is_an_error_in_both_files() -> None:
    found = findings(a="queues: [1, 2001]\n", b="queues: [2001]\nmedia_type: 51\n")

    assert found == [("a.yaml", 1, 13, Code.OVERLAP), ("b.yaml", 1, 10, Code.OVERLAP)]


def test_one_queue_for_two_media_types_is_fine() -> None:
    assert findings(a="queues: [2001]\n", b="queues: [2001]\nmedia_type: voice\n") == []


def test_agents_named_by_two_groups_of_one_media_type_are_an_error_in_both_files() -> None:
    found = findings(
        a="agents: {ids: [1001-1100, 2000]}\n",
        b="agents: {ids: [500, 1050-1060]}\n",
        c="agents: {ids: [1100-1101]}\nmedia_type: voice\n",
    )

    assert found == [("a.yaml", 1, 16, Code.OVERLAP), ("b.yaml", 1, 21, Code.OVERLAP)]


def test_a_wide_range_is_found_behind_narrow_ones() -> None:
    found = findings(
        a="agents: {ids: [1001-9000, 1002]}\n", b="agents: {ids: [1003]}\n", c="agents: {ids: [8000-8001]}\n"
    )

    assert {(path, column) for path, _, column, _ in found} == {("a.yaml", 16), ("b.yaml", 16), ("c.yaml", 16)}


TIER = "{{name: a, ids: [{}], ceiling: 2}}"


def tiers(*ids: str) -> str:
    return f"tiers: [{', '.join(TIER.format(one) for one in ids)}]"


def test_agents_in_tiers_of_two_groups_are_a_warning_in_both_files() -> None:
    found = findings(
        a=f"queues: [1]\nagents: {{{tiers('1001-1020, 1300')}}}\n",
        b=f"queues: [2]\nagents: {{{tiers('1015')}}}\n",
        c=f"queues: [3]\nmedia_type: voice\nagents: {{{tiers('1001-1020')}}}\n",
    )

    assert found == [("a.yaml", 2, 34, Code.SHARED_AGENTS), ("b.yaml", 2, 34, Code.SHARED_AGENTS)]


def test_agents_in_a_tier_whom_another_group_names_as_its_own_are_a_warning_in_both_files() -> None:
    found = findings(a="agents: {ids: [1001-1100]}\n", b=f"queues: [2]\nagents: {{{tiers('500-600', '1090-1200')}}}\n")

    assert [(path, code) for path, _, _, code in found if code is Code.SHARED_AGENTS] == [
        ("a.yaml", Code.SHARED_AGENTS),
        ("b.yaml", Code.SHARED_AGENTS),
    ]
    message = load_text(
        {
            "a.yaml": "agents: {ids: [1001-1100]}\n" + RULE,
            "b.yaml": f"queues: [2]\nagents: {{{tiers('1090')}}}\n" + RULE,
        }
    ).diagnostics[0]
    assert message.message == "agent 1090 is named in b.yaml:2:34 too, for the same media type"


def test_groups_that_both_list_their_agents_are_compared_by_those_alone() -> None:
    found = findings(
        a=f"agents: {{ids: [1001-1020], {tiers('1001-1010')}}}\n", b=f"agents: {{ids: [1021], {tiers('1021')}}}\n"
    )

    assert found == []


def test_a_file_with_other_errors_is_still_compared() -> None:
    found = findings(a="queues: [2001]\nevry: 15s\n", b="queues: [2001]\n")

    assert [code for *_, code in found] == [Code.OVERLAP, Code.UNKNOWN_KEY, Code.OVERLAP]
