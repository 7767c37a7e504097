/* A shelf with everything in use, freed: LeakSanitizer speaks up at exit if anything is left. */
#include "ports/file_port.h"
#include "shelf/span.h"
#include "shelf/switch_board.h"
#include "voice/voice_board.h"

enum { LINK_TIMESLOTS = 1u << 31 | 1u << 30 };

static int voice_use(shelf *shelf, switch_board *board, span *near)
{
    uint32_t object;
    const uint8_t octets[4000] = {0x55};
    const tone_options tone = {{697, 1209}, {-9, -9}};
    voice_board *voice = shelf_add_voice_board(shelf, &object);
    sound *sound = sound_new(octets, sizeof octets);
    int failed = switch_board_attach(board, 1, voice_board_stream(voice)) |
                 switch_board_connect(board, 1, 5, 0, 5) | voice_board_attach(voice, span_stream(near)) |
                 voice_play_sound(voice, 5, sound, 1) | voice_play_tone(voice, 5, &tone, 800, 2) |
                 voice_play_sound(voice, 5, sound, 3) | voice_record_start(voice, 5) |
                 voice_hear_digits(voice, 5, true);
    sound_release(sound);
    return failed;
}

static int links_use(span *near, span *far)
{
    const hdlc_options options = {HDLC_FCS_16, 300};
    const uint8_t frame[260] = {1, 2, 3};
    return span_hdlc_open(near, LINK_TIMESLOTS, &options) | span_hdlc_open(far, LINK_TIMESLOTS, &options) |
           span_hdlc_send(near, 0, frame, sizeof frame) | span_hdlc_send(far, 0, frame, sizeof frame);
}

static int tap_use(span *near)
{
    char error[FILE_PORT_ERROR_OCTETS];
    const file_port_options options = {.record_path = "tap.e1"};
    port *tap = file_port_open(&options, error);
    return tap ? span_tap(near, tap) : -1;
}

static int run(shelf *shelf, uint64_t ms)
{
    uint64_t until_ns = shelf_now_ns(shelf) + ms * 1000000;
    shelf_event events[64];
    while (shelf_run(shelf, until_ns) > 0)
        shelf_take_events(shelf, events, 64);
    return shelf_now_ns(shelf) != until_ns;
}

/* A second life for one end, then for both; the second line outlives its other end. */
static int lives_use(shelf *shelf, span *near, span *far, const line_options *line)
{
    const span_options double_frame = span_options_default(FRAMING_DOUBLE_FRAME);
    uint64_t since_ns;
    return span_restart(near, &double_frame, &since_ns) | run(shelf, 20) | span_unplug(near, &since_ns) |
           run(shelf, 20) | span_unplug(far, &since_ns) | span_join(near, far, line) | run(shelf, 20) |
           span_unplug(far, &since_ns) | run(shelf, 20);
}

int main(void)
{
    uint32_t object;
    const span_options options = span_options_default(FRAMING_CRC4);
    const line_options line = {.delay_bits = {1000, 3}};
    const line_impairments ailing = {.bit_error_ratio = 1e-5, .violation_ratio = 1e-5};
    shelf *shelf = shelf_new(16);
    span *near = shelf_add_span(shelf, &options, &object), *far = shelf_add_span(shelf, &options, &object);
    switch_board *board = shelf_add_switch_board(shelf, 2);
    int failed = span_join(near, far, &line) | span_impair(near, &ailing) |
                 span_attach(far, (unsigned)switch_board_stream(board, 0)) | voice_use(shelf, board, near) |
                 links_use(near, far) | tap_use(near) | span_test_start(near, TEST_PATTERN_2E15, 1u << 7);
    failed |= run(shelf, 700) | lives_use(shelf, near, far, &line);
    shelf_free(shelf);
    return failed;
}
