"""What comes before and after the example of a command, by command: as data, for the run of all examples."""

from typing import NamedTuple

CHANGED = ('SET SITE:NAME="Olten";',)  # something in the candidate
ON_TRIAL = (*CHANGED, "CMT CFG:CONFIRM=600;")
BOB = ('ADD USER:USER=bob,ROLE=OPERATOR,NEW="a long way home",AGAIN="a long way home";',)
NO_BOB = ("RMV USER:USER=bob,FORCE=YES;",)
SERIAL = ('ADD SERIAL:SN=1,DEVICE="/dev/ttyS0";',)


class Plan(NamedTuple):
    """Lines that are given before an example and after it; each must succeed.

    A candidate need not be discarded, and what an example commits or blocks is taken back.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


PLANS: dict[str, Plan] = {
    "ACK ALM": Plan(ON_TRIAL, after=("RBK CFG;",)),  # the trial is an alarm
    "CMT CFG": Plan(CHANGED, after=("RBK CFG;",)),
    "RBK CFG": Plan((*CHANGED, "CMT CFG;")),
    "RMV CFGEDIT": Plan(CHANGED),
    "RST CFGEDIT": Plan(CHANGED),
    "RMV CFGFILE": Plan(after=("SAV CFG:FILE=before-change;",)),
    "MOD SERIAL": Plan(SERIAL),
    "RMV SERIAL": Plan(SERIAL),
    "ADD USER": Plan(after=NO_BOB),
    "MOD USER": Plan(BOB, NO_BOB),
    "RMV USER": Plan(BOB),
    "UBL USER": Plan(BOB, NO_BOB),
    "ADD PORT": Plan(before=("RMV PORT:PN=2;",)),
    "RMV CLKSRC": Plan(before=("ADD CLKSRC:PN=2;",)),
    "ACT CLKSRC": Plan(after=("DEA CLKSRC;",)),
    "DEA CLKSRC": Plan(before=("ACT CLKSRC:PN=1;",)),
    "STR BERT": Plan(after=("STP BERT:PN=2;",)),
    "DSP BERT": Plan(before=("STR BERT:PN=2,PATTERN=PRBS15;",), after=("STP BERT:PN=2;",)),
    "STP BERT": Plan(before=("STR BERT:PN=2,PATTERN=PRBS15;",)),
    "BLK PORT": Plan(after=("UBL PORT:PN=2;",)),
    "UBL PORT": Plan(before=("BLK PORT:PN=2;",)),
    "LOP PORT": Plan(after=("LOP PORT:PN=2,LOOP=NONE;",)),
    "BLK TS": Plan(after=("UBL TS:PN=2,TS=1&&5;",)),
    "UBL TS": Plan(before=("BLK TS:PN=2,TS=1&&5;",)),
    "BLK VCH": Plan(after=("UBL VCH:VCH=30&31;",)),
    "UBL VCH": Plan(before=("BLK VCH:VCH=30&31;",)),
}

# Saves the file that ADD CFG loads.
FIRST = ("SAV CFG",)

# What the others' examples need is ended by these: our password, the call, the box.
LAST = ("SET PWD", "STP CALL", "RST BOX")
