/* Any frames: every CPU level must send the same line, and a receiver must find on it what was sent. */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "e1/hdlc.h"

enum { MRU_OCTETS = 300, QUEUE_OCTETS = 1000, TAKEN_MAX = 64, LATEST_OCTETS = 2 * QUEUE_OCTETS };

typedef struct {
    hdlc_transmitter *bitwise, *fast;
    hdlc_receiver *receiver;
    uint64_t sent;
} bench;

static void put_frame(bench *bench, const uint8_t *frame, size_t count)
{
    int first = hdlc_transmitter_put(bench->bitwise, frame, count);
    if (first != hdlc_transmitter_put(bench->fast, frame, count))
        abort();
    bench->sent += first == 0;
}

static void take_line(bench *bench, size_t count)
{
    uint8_t lines[2][TAKEN_MAX];
    cpu_level_use(CPU_PORTABLE);
    hdlc_transmitter_take(bench->bitwise, lines[0], count);
    cpu_level_use(cpu_level_available());
    hdlc_transmitter_take(bench->fast, lines[1], count);
    if (memcmp(lines[0], lines[1], count) != 0)
        abort();
    if (hdlc_transmitter_waiting(bench->bitwise) != hdlc_transmitter_waiting(bench->fast))
        abort();
    hdlc_receiver_put(bench->receiver, lines[1], count);
}

/* All that was accepted arrives, and nothing else. */
static void check_received(bench *bench)
{
    for (unsigned taken = 0; taken < LATEST_OCTETS; taken += TAKEN_MAX)
        take_line(bench, TAKEN_MAX);
    const hdlc_counters *counters = hdlc_receiver_counters(bench->receiver);
    uint64_t bad = counters->fcs_errors + counters->aborts + counters->non_octet + counters->too_short +
                   counters->too_long + counters->overruns;
    if (counters->frames != bench->sent || bad || hdlc_transmitter_waiting(bench->fast))
        abort();
}

/* Records of two octets and a frame: how long it is and how much of the line is taken after it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    static const uint32_t fcs[4] = {HDLC_FCS_NONE, HDLC_FCS_16, HDLC_FCS_32, HDLC_FCS_16};
    hdlc_options options = {fcs[data[0] & 3], MRU_OCTETS};
    bench bench = {hdlc_transmitter_new(options, QUEUE_OCTETS), hdlc_transmitter_new(options, QUEUE_OCTETS),
                   hdlc_receiver_new(options, 8 * size + 100000), 0};
    if (!bench.bitwise || !bench.fast || !bench.receiver)
        abort();
    for (size_t at = 1; at + 2 <= size;) {
        size_t count = (data[at] & 0x80u ? 3u : 1u) * (data[at] & 0x7Fu), taken = data[at + 1] % (TAKEN_MAX + 1u);
        at += 2;
        count = count < size - at ? count : size - at;
        put_frame(&bench, data + at, count);
        take_line(&bench, taken);
        at += count;
    }
    check_received(&bench);
    hdlc_transmitter_free(bench.bitwise);
    hdlc_transmitter_free(bench.fast);
    hdlc_receiver_free(bench.receiver);
    return 0;
}
