/* Conferences: who is a party of which, and what it may do there. */
#include <math.h>
#include <stdlib.h>

#include "voice/conference_internal.h"

/* At most: of a channel's conference, of the entry tone there, and of the channel's voice as a coach. */
enum { FEEDS_A_CHANNEL = 3 };

static const double TWO_PI = 6.283185307179586, SAMPLE_RATE_HZ = 8000.0, OVERLOAD_DBM0 = 3.14;

static bool allocate(conference_bank *bank)
{
    bank->conferences = calloc(bank->channels, sizeof *bank->conferences);
    bank->parties = calloc(bank->channels, sizeof *bank->parties);
    bank->loudness = calloc(bank->highways, sizeof *bank->loudness);
    bank->near = aligned_alloc(CACHE_LINE_OCTETS, bank->highways * sizeof *bank->near);
    bank->feeds = calloc(bank->channels, FEEDS_A_CHANNEL * sizeof *bank->feeds);
    bank->mixing = calloc(bank->channels, sizeof *bank->mixing);
    bank->coaching = calloc(bank->channels, sizeof *bank->coaching);
    return bank->conferences && bank->parties && bank->loudness && bank->near && bank->feeds &&
           bank->mixing && bank->coaching;
}

conference_bank *conference_bank_new(unsigned highways)
{
    if (!highways || highways > CONFERENCE_HIGHWAYS_MAX)
        return NULL;
    conference_bank *bank = calloc(1, sizeof *bank);
    if (!bank)
        return NULL;
    bank->highways = highways;
    bank->channels = highways * TILE_LANES;
    if (!allocate(bank)) {
        conference_bank_free(bank);
        return NULL;
    }
    for (unsigned channel = 0; channel < bank->channels; channel++)
        bank->parties[channel].conference = NO_CONFERENCE;
    return bank;
}

void conference_bank_free(conference_bank *bank)
{
    if (!bank)
        return;
    free(bank->conferences);
    free(bank->parties);
    free(bank->loudness);
    free(bank->near);
    free(bank->feeds);
    free(bank->mixing);
    free(bank->coaching);
    free(bank);
}

static bool options_valid(const conference_options *options)
{
    return options->entry_hz >= 0 && options->entry_hz < SAMPLE_RATE_HZ / 2 && options->entry_dbm0 <= OVERLOAD_DBM0;
}

int conference_open(conference_bank *bank, const conference_options *options)
{
    if (!options_valid(options))
        return -1;
    for (unsigned number = 0; number < bank->channels; number++)
        if (!bank->conferences[number].is_open) {
            bank->conferences[number] = (conference){.is_open = true, .options = *options};
            return (int)number;
        }
    return -1;
}

static conference *open_conference(conference_bank *bank, unsigned number)
{
    return number < bank->channels && bank->conferences[number].is_open ? &bank->conferences[number] : NULL;
}

int conference_close(conference_bank *bank, unsigned number)
{
    conference *closed = open_conference(bank, number);
    if (!closed)
        return -1;
    for (unsigned channel = 0; channel < bank->channels; channel++)
        if (bank->parties[channel].conference == (int32_t)number)
            conference_leave(bank, channel);
    closed->is_open = false;
    return 0;
}

int conference_of(const conference_bank *bank, unsigned channel)
{
    return channel < bank->channels ? bank->parties[channel].conference : NO_CONFERENCE;
}

bool conference_is_mixed(const conference_bank *bank, unsigned channel)
{
    int number = conference_of(bank, channel);
    return number != NO_CONFERENCE && bank->conferences[number].mixed[channel / TILE_LANES] >> channel % TILE_LANES & 1;
}

void conference_lane_put(uint32_t *lanes, unsigned channel, bool value)
{
    uint32_t bit = 1u << channel % TILE_LANES;
    lanes[channel / TILE_LANES] = value ? lanes[channel / TILE_LANES] | bit : lanes[channel / TILE_LANES] & ~bit;
}

/* Brings the conference's masks up to date with what the channel may do. */
static void masks_put(conference_bank *bank, conference *conference, unsigned channel)
{
    const party *party = &bank->parties[channel];
    bool talks = party->talks && party->heard_by == CONFERENCE_EVERYBODY;
    conference_lane_put(conference->talks, channel, talks);
    conference_lane_put(conference->hears, channel, party->hears);
    if (!talks || !conference->options.loudest) /* else it must be louder than others first */
        conference_lane_put(conference->mixed, channel, talks);
    bank->has_changed = true;
}

static void tone_begin(conference *conference, unsigned newcomer)
{
    double step = TWO_PI * conference->options.entry_hz / SAMPLE_RATE_HZ;
    conference->tone = (entry_tone){
        .real = dbm0_to_amplitude(conference->options.entry_dbm0),
        .step_real = cos(step),
        .step_imaginary = sin(step),
        .samples_left = conference->options.entry_hz > 0 ? conference->options.entry_samples : 0,
        .newcomer = newcomer,
    };
}

static bool heard_by_valid(const conference_bank *bank, unsigned number, unsigned channel, int32_t heard_by)
{
    if (heard_by == CONFERENCE_EVERYBODY)
        return true;
    return heard_by >= 0 && heard_by != (int32_t)channel && conference_of(bank, (unsigned)heard_by) == (int)number;
}

int conference_join(conference_bank *bank, unsigned number, unsigned channel, const conference_party *options)
{
    conference *conference = open_conference(bank, number);
    if (!conference || channel >= bank->channels || !heard_by_valid(bank, number, channel, options->heard_by))
        return -1;
    party *party = &bank->parties[channel];
    bool is_new = party->conference == NO_CONFERENCE;
    if (!is_new && party->conference != (int32_t)number)
        return -1;
    party->conference = (int32_t)number;
    party->heard_by = options->heard_by;
    party->talks = options->talks;
    party->hears = options->hears;
    if (is_new)
        loudness_reset(&bank->loudness[channel / TILE_LANES], 1u << channel % TILE_LANES);
    if (is_new && options->announced)
        tone_begin(conference, channel);
    masks_put(bank, conference, channel);
    return 0;
}

static void coaches_mute(conference_bank *bank, unsigned agent)
{
    for (unsigned channel = 0; channel < bank->channels; channel++) {
        party *coach = &bank->parties[channel];
        if (coach->conference != NO_CONFERENCE && coach->heard_by == (int32_t)agent)
            coach->talks = false;
    }
}

int conference_leave(conference_bank *bank, unsigned channel)
{
    int number = conference_of(bank, channel);
    if (number == NO_CONFERENCE)
        return -1;
    party *party = &bank->parties[channel];
    party->talks = party->hears = false;
    masks_put(bank, &bank->conferences[number], channel);
    party->conference = NO_CONFERENCE;
    coaches_mute(bank, channel);
    return 0;
}
