"""Every kind of alarm there is, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from firmware.alarms.catalogue.box import BOX_KINDS
from firmware.alarms.catalogue.calls import CALL_KINDS
from firmware.alarms.catalogue.clock import CLOCK_KINDS
from firmware.alarms.catalogue.configuration import CONFIGURATION_KINDS
from firmware.alarms.catalogue.line import LINE_KINDS
from firmware.alarms.catalogue.port import PORT_KINDS
from firmware.alarms.kind import AlarmKind

KINDS = (*LINE_KINDS, *PORT_KINDS, *CLOCK_KINDS, *CONFIGURATION_KINDS, *CALL_KINDS, *BOX_KINDS)

CATALOGUE: Mapping[str, AlarmKind] = MappingProxyType({kind.name: kind for kind in KINDS})
