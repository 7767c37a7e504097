/* A shelf with everything in use, freed: LeakSanitizer speaks up at exit if anything is left. */
#include "shelf/span.h"
#include "shelf/switch_board.h"
#include "voice/voice_board.h"

int main(void)
{
    uint32_t object;
    const uint8_t octets[4000] = {0x55};
    const tone_options tone = {{697, 1209}, {-9, -9}};
    const span_options options = {framer_options_default(FRAMING_CRC4), true, 1};
    shelf *shelf = shelf_new(16);
    span *near = shelf_add_span(shelf, &options, &object), *far = shelf_add_span(shelf, &options, &object);
    switch_board *board = shelf_add_switch_board(shelf, 2);
    voice_board *voice = shelf_add_voice_board(shelf, &object);
    sound *sound = sound_new(octets, sizeof octets);
    int failed = span_join(near, far, 1000, 3) | span_attach(far, (unsigned)switch_board_stream(board, 0)) |
                 switch_board_attach(board, 1, voice_board_stream(voice)) |
                 switch_board_connect(board, 1, 5, 0, 5) | voice_board_attach(voice, span_stream(near)) |
                 voice_play_sound(voice, 5, sound, 1) | voice_play_tone(voice, 5, &tone, 800, 2) |
                 voice_play_sound(voice, 5, sound, 3) | voice_record_start(voice, 5) |
                 voice_hear_digits(voice, 5, true);
    sound_release(sound);
    for (uint64_t until_ms = 100; until_ms <= 700; until_ms += 100) {
        shelf_event events[64];
        while (shelf_run(shelf, until_ms * 1000000) > 0)
            shelf_take_events(shelf, events, 64);
    }
    bool played_on = shelf_now_ns(shelf) == 700000000;
    shelf_free(shelf);
    return failed || !played_on;
}
