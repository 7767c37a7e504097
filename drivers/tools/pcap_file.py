"""HDLC frames in a file that Wireshark opens."""

from drivers.engine.analyser import HdlcFrame
from drivers.stores.whole_file import WholeFile
from protocols import pcap

NS_PER_BIT_NUMERATOR, NS_PER_BIT_DENOMINATOR = 1_000_000_000, 2_048_000


class PcapFile:
    """A capture of LAPD frames in `file`; times count from the recording's first bit."""

    def __init__(self, file: WholeFile) -> None:
        self._file = file
        file.write(pcap.pcap_header(pcap.LinkType.LAPD))

    def write(self, frame: HdlcFrame) -> None:
        """Adds a frame."""
        time_ns = frame.bit * NS_PER_BIT_NUMERATOR // NS_PER_BIT_DENOMINATOR
        self._file.write(pcap.pcap_record(time_ns, frame.octets))
