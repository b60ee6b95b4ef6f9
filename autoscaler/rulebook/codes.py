"""Every code a rule file can be told off with; a code never changes its meaning and is never used again for another.

E1xx: the file and its shape. E2xx: what the values mean together. E3xx: expressions. E60x: rule tests and
layout. E65x: scenarios. W: works, but look twice.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Code", "Severity"]


class Severity(Enum):
    """ERROR keeps the rules from being used; WARNING does not."""

    ERROR = "error"
    WARNING = "warning"


class Code(Enum):
    """A stable code and one line on what it means."""

    NOT_YAML = ("E100", "the text is not valid YAML")
    UNREADABLE = ("E101", "the file or folder can't be read")
    NOT_TEXT = ("E102", "the file is not UTF-8 text")
    TOO_MUCH = ("E103", "the file is larger, deeper or longer than a rule file may be")
    UNKNOWN_KEY = ("E104", "the language has no such key here")
    DUPLICATE_KEY = ("E105", "a key is written twice in one mapping")
    EMPTY_FILE = ("E106", "the file holds nothing")
    SEVERAL_DOCUMENTS = ("E107", "the file holds more than one YAML document")
    TAG = ("E108", "YAML tags are not used in rule files")
    ALIAS = ("E109", "an anchor, alias or merge key that rule files don't allow")
    NO_FILES = ("E110", "there is no rule file to load")
    MISSING_KEY = ("E112", "a key that must be there is missing")
    WRONG_SHAPE = ("E113", "a list, a mapping or a single value where another of them belongs")
    NO_VALUE = ("E114", "a key without a value")
    YAML_TRAP = ("E115", "a value that YAML readers take for something else")
    NOT_A_NUMBER = ("E116", "not a number, or not a whole one")
    OUT_OF_RANGE = ("E117", "a value outside its range")
    NOT_A_CHOICE = ("E118", "a word that is not one of the choices")
    NOT_A_DURATION = ("E119", "not a duration such as 30s, 5m or 1h30m")
    NOT_A_SHARE = ("E120", "not a percentage such as 15%")
    NOT_AN_AMOUNT = ("E121", "not an amount such as 1 each, 4 slots or 15%")
    NOT_A_RATE = ("E122", "not a rate such as 10 slots per 1m")
    NOT_IDS = ("E123", "not an agent id or a range of them")
    NOT_A_TIMEZONE = ("E124", "not a time zone of the IANA database")
    NOT_A_WINDOW = ("E125", "not a date or a window of the week")
    NOT_A_NAME = ("E126", "not usable as a name")
    VERSION = ("E127", "a version of the language this program does not read")
    NOT_A_PROFILE = ("E128", "a profile file that can't be used")
    LIMIT_ORDER = ("E201", "floor <= baseline <= ceiling does not hold")
    NO_ACTION = ("E202", "a rule that does nothing")
    CONFLICT = ("E203", "keys of one section that contradict each other")
    DUPLICATE_NAME = ("E204", "a name given twice")
    DUPLICATE_GROUP = ("E205", "two files describe a group of the same name")
    OVERLAP = ("E206", "two groups lay claim to the same queue or agents for one media type")
    NOBODY = ("E207", "nothing says which agents are meant")
    EACH_OR_GROUP = ("E208", "a rule for single agents with an amount of the whole group")
    SYNTAX = ("E301", "an expression that can't be read")
    TOO_COMPLEX = ("E302", "an expression that is too long or too deep")
    UNKNOWN_NAME = ("E303", "a name that is no reading")
    WRONG_UNIT = ("E304", "values of different kinds are compared or combined")
    NOT_A_CONDITION = ("E305", "a value where a condition belongs, or a condition where a value belongs")
    CONSTANT = ("E306", "a comparison that always gives the same answer")
    FOREIGN_OPERATOR = ("E307", "an operator of another language")
    CHAIN = ("E308", "comparisons in a row")
    UNKNOWN_WORD = ("E309", "compared with a state or tier that does not exist")
    FOREIGN_QUEUE = ("E310", "a queue that is not one of the group's")
    FUNCTION = ("E311", "an unknown function, or one with the wrong arguments")
    NO_RULES = ("W201", "a group without rules or goal only keeps limits inside their bounds")
    SHADOWED = ("W202", "a tier that no agent can be in")
    NO_EFFECT = ("W203", "a cap or floor that the limits make pointless")
    ALWAYS = ("W204", "a rule that moves limits without any condition")
    SHARED_AGENTS = ("W206", "agents named in two groups of one media type")
    OUTSIDE_IDS = ("W207", "ids that are not among the group's agents")
    FLOOR_ABOVE = ("W208", "a floor above a ceiling or cap that holds at the same time")
    UNPRODUCTIVE = ("W209", "a limit above what one agent serves well")
    NO_CEILING = ("W210", "a raise that nothing stops before 60")
    BELOW_BASELINE = ("W211", "a lower that does not stop at the baseline")
    TOO_SHORT = ("W212", "a time shorter than the time between two decisions")
    TOO_OFTEN = ("W213", "decisions come faster than an input can change")
    OVERRIDDEN = ("W214", "a rule or step that makes no difference beside another")
    POWERLESS = ("W215", "a move that is vetoed or beaten whenever it is asked for")
    SELF_FEEDING = ("W216", "a move that makes its own condition truer")
    PING_PONG = ("W217", "a raise and a lower that answer each other")
    BESIDE_GOAL = ("W218", "a rule that moves limits beside a goal")
    IDLE_PROFILE = ("W219", "a profile of a value that nothing forecasts")
    BARE_SECONDS = ("W301", "a number without a unit against seconds")
    BARE_SHARE = ("W302", "a large number against a share")
    NEVER = ("W303", "a condition that can't become true")
    ALWAYS_TRUE = ("W304", "a condition that is always true")
    NOT_A_SERIES = ("E601", "not a series such as 0x4 30x8")
    UNKNOWN_SERIES = ("E602", "a series of a reading that the rules don't have")
    NOT_A_TICK = ("E603", "a time at which the rule test takes no decision")
    NO_TESTS = ("E604", "there is no rule test to run")
    UNKNOWN_SUBJECT = ("E605", "a rule or an agent that the rule test doesn't have")
    NO_CLAIM = ("E606", "an expectation that expects nothing, or things that don't go together")
    NOT_A_START = ("E607", "not a date and time of the group's zone")
    BAD_RULES = ("E608", "the rules under test can't be used")
    NO_LAYOUT = ("E609", "a file that can't be laid out anew without changing what it says")
    NO_CURVE = ("E651", "a slowdown under which work would stop or turn back")
    NO_TRACE = ("E652", "a trace that can't be read, or rows of it that make no sense")
    NOT_A_MOMENT = ("E653", "not a date and time of a scenario's wall clock")
    NOBODY_COMES = ("E654", "customers come while nobody ever signs in")
    TOO_MANY_CUSTOMERS = ("E655", "more customers than a simulation takes on")

    def __init__(self, label: str, meaning: str) -> None:
        self.label = label
        self.meaning = meaning

    @property
    def severity(self) -> Severity:
        """Read off the first letter."""
        return Severity.ERROR if self.label.startswith("E") else Severity.WARNING
