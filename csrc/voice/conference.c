/* Conferences: membership, who is mixed, and the plan by which the kernels mix a block. */
#include "voice/conference.h"

#include <math.h>
#include <stdlib.h>

#include "voice/conference_kernels_internal.h"
#include "voice/loudness.h"

enum {
    NONE = -1,
    FEEDS_A_CHANNEL = 3, /* at most: of its conference, of the entry tone there, and of a coach's voice */
};

static const double TWO_PI = 6.283185307179586, SAMPLE_RATE_HZ = 8000.0, OVERLOAD_DBM0 = 3.14;

/* How much louder (mean square, 3 dB) another must be to take the place of one that is mixed. */
static const float HYSTERESIS = 2.0f;

/* The entry tone while it sounds: a phasor turned from sample to sample. */
typedef struct {
    double real, imaginary, step_real, step_imaginary;
    uint32_t samples_left;
    unsigned newcomer; /* the one channel that does not hear it */
    conference_sound sound;
} entry_tone;

typedef struct {
    bool is_open;
    conference_options options;
    uint32_t talks[CONFERENCE_HIGHWAYS_MAX], hears[CONFERENCE_HIGHWAYS_MAX]; /* lanes by highway */
    uint32_t mixed[CONFERENCE_HIGHWAYS_MAX]; /* of those that talk the ones that are heard now */
    uint32_t mixed_highways;                 /* that have such */
    unsigned planned;                        /* the highway that was planned last, counted from 1 */
    conference_sound sum;
    entry_tone tone;
} conference;

typedef struct {
    int32_t conference, heard_by;
    bool talks, hears;
    conference_sound voice; /* a coach's */
} party;

/* What the plan says of a highway. */
typedef struct {
    unsigned first_feed, feeds;
    uint32_t own; /* lanes that are mixed and hear the mix */
    bool is_ranked;
} highway_plan;

struct conference_bank {
    unsigned highways, channels;
    bool has_changed; /* since the plan was made */
    conference *conferences;
    party *parties;
    loudness *loudness; /* by highway */
    voice_tile *near; /* of conference_mix_octets */
    highway_plan plan[CONFERENCE_HIGHWAYS_MAX];
    conference_feed *feeds;
    unsigned *mixing, mixing_count;     /* conferences with parties */
    unsigned *coaching, coaching_count; /* channels whose voice goes to one party */
};

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
        bank->parties[channel].conference = NONE;
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
    return channel < bank->channels ? bank->parties[channel].conference : NONE;
}

bool conference_is_mixed(const conference_bank *bank, unsigned channel)
{
    int number = conference_of(bank, channel);
    return number != NONE && bank->conferences[number].mixed[channel / TILE_LANES] >> channel % TILE_LANES & 1;
}

static void lane_put(uint32_t *lanes, unsigned channel, bool value)
{
    uint32_t bit = 1u << channel % TILE_LANES;
    lanes[channel / TILE_LANES] = value ? lanes[channel / TILE_LANES] | bit : lanes[channel / TILE_LANES] & ~bit;
}

/* Brings the conference's masks up to date with what the channel may do. */
static void masks_put(conference_bank *bank, conference *conference, unsigned channel)
{
    const party *party = &bank->parties[channel];
    bool talks = party->talks && party->heard_by == CONFERENCE_EVERYBODY;
    lane_put(conference->talks, channel, talks);
    lane_put(conference->hears, channel, party->hears);
    if (!talks || !conference->options.loudest) /* else it must be louder than others first */
        lane_put(conference->mixed, channel, talks);
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
    bool is_new = party->conference == NONE;
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
        if (coach->conference != NONE && coach->heard_by == (int32_t)agent)
            coach->talks = false;
    }
}

int conference_leave(conference_bank *bank, unsigned channel)
{
    int number = conference_of(bank, channel);
    if (number == NONE)
        return -1;
    party *party = &bank->parties[channel];
    party->talks = party->hears = false;
    masks_put(bank, &bank->conferences[number], channel);
    party->conference = NONE;
    coaches_mute(bank, channel);
    return 0;
}

/* A talker and its rank; channel NONE: nobody. */
typedef struct {
    int channel;
    float rank;
} talker;

static talker talker_at(const conference_bank *bank, unsigned highway, int lane)
{
    return (talker){(int)(highway * TILE_LANES) + lane, bank->loudness[highway].rank[lane]};
}

static talker loudest_waiting(const conference_bank *bank, const conference *conference)
{
    talker found = {NONE, 0};
    for (unsigned highway = 0; highway < bank->highways; highway++) {
        int lane = loudness_most(&bank->loudness[highway], conference->talks[highway] & ~conference->mixed[highway]);
        if (lane != NONE && (found.channel == NONE || talker_at(bank, highway, lane).rank > found.rank))
            found = talker_at(bank, highway, lane);
    }
    return found;
}

static talker softest_mixed(const conference_bank *bank, const conference *conference)
{
    talker found = {NONE, 0};
    for (unsigned highway = 0; highway < bank->highways; highway++) {
        int lane = loudness_least(&bank->loudness[highway], conference->mixed[highway]);
        if (lane != NONE && (found.channel == NONE || talker_at(bank, highway, lane).rank < found.rank))
            found = talker_at(bank, highway, lane);
    }
    return found;
}

static unsigned mixed_count(const conference_bank *bank, const conference *conference)
{
    unsigned count = 0;
    for (unsigned highway = 0; highway < bank->highways; highway++)
        count += (unsigned)__builtin_popcount(conference->mixed[highway]);
    return count;
}

static void mixed_put(conference_bank *bank, conference *conference, int channel, bool value)
{
    lane_put(conference->mixed, (unsigned)channel, value);
    bank->has_changed = true;
}

/* Gives away places that are free; then at most one changes hands a block. */
static void loudest_choose(conference_bank *bank, conference *conference)
{
    talker waiting = loudest_waiting(bank, conference);
    unsigned mixed = mixed_count(bank, conference);
    for (; waiting.channel != NONE && mixed < conference->options.loudest; mixed++) {
        mixed_put(bank, conference, waiting.channel, true);
        waiting = loudest_waiting(bank, conference);
    }
    talker softest = softest_mixed(bank, conference);
    if (waiting.channel == NONE || waiting.rank <= HYSTERESIS * softest.rank)
        return;
    mixed_put(bank, conference, softest.channel, false);
    mixed_put(bank, conference, waiting.channel, true);
}

static void feed_plan(conference_bank *bank, unsigned highway, uint32_t lanes, const conference_sound *sound)
{
    highway_plan *plan = &bank->plan[highway];
    if (lanes)
        bank->feeds[plan->first_feed + plan->feeds++] = (conference_feed){lanes, sound};
}

/* What the lanes of a highway hear of a conference. */
static void conference_plan(conference_bank *bank, conference *conference, unsigned highway)
{
    highway_plan *plan = &bank->plan[highway];
    uint32_t hears = conference->hears[highway], newcomer = 0;
    if (!conference->planned) {
        bank->mixing[bank->mixing_count++] = (unsigned)(conference - bank->conferences);
        conference->mixed_highways = 0;
    }
    feed_plan(bank, highway, hears, &conference->sum);
    if (conference->tone.newcomer / TILE_LANES == highway)
        newcomer = 1u << conference->tone.newcomer % TILE_LANES;
    if (conference->tone.samples_left)
        feed_plan(bank, highway, hears & ~newcomer, &conference->tone.sound);
    plan->own |= conference->mixed[highway] & hears;
    if (conference->mixed[highway])
        conference->mixed_highways |= 1u << highway;
    plan->is_ranked |= conference->options.loudest && conference->talks[highway];
    conference->planned = highway + 1;
}

static void coaches_plan(conference_bank *bank, unsigned highway)
{
    for (unsigned k = 0; k < bank->coaching_count; k++) {
        const party *coach = &bank->parties[bank->coaching[k]];
        unsigned agent = (unsigned)coach->heard_by;
        if (agent / TILE_LANES == highway && bank->parties[agent].hears)
            feed_plan(bank, highway, 1u << agent % TILE_LANES, &coach->voice);
    }
}

static void coaches_find(conference_bank *bank)
{
    bank->coaching_count = 0;
    for (unsigned channel = 0; channel < bank->channels; channel++) {
        const party *party = &bank->parties[channel];
        if (party->conference != NONE && party->talks && party->heard_by != CONFERENCE_EVERYBODY)
            bank->coaching[bank->coaching_count++] = channel;
    }
}

static void highway_plan_make(conference_bank *bank, unsigned highway, unsigned first_feed)
{
    bank->plan[highway] = (highway_plan){.first_feed = first_feed};
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        int32_t number = bank->parties[highway * TILE_LANES + lane].conference;
        if (number != NONE && bank->conferences[number].planned != highway + 1)
            conference_plan(bank, &bank->conferences[number], highway);
    }
    coaches_plan(bank, highway);
}

static void plan_make(conference_bank *bank)
{
    for (unsigned number = 0; number < bank->channels; number++)
        bank->conferences[number].planned = 0;
    bank->mixing_count = 0;
    coaches_find(bank);
    for (unsigned highway = 0, feeds = 0; highway < bank->highways; highway++) {
        highway_plan_make(bank, highway, feeds);
        feeds += bank->plan[highway].feeds;
    }
    bank->has_changed = false;
}

static void tone_sound(conference_bank *bank, entry_tone *tone)
{
    for (unsigned s = 0; s < TILE_SAMPLES; s++) {
        double real = tone->real, imaginary = tone->imaginary;
        tone->sound.sample[s] = tone->samples_left ? (int32_t)(imaginary + (imaginary < 0 ? -0.5 : 0.5)) : 0;
        tone->real = real * tone->step_real - imaginary * tone->step_imaginary;
        tone->imaginary = real * tone->step_imaginary + imaginary * tone->step_real;
        tone->samples_left -= tone->samples_left > 0;
    }
    bank->has_changed |= !tone->samples_left; /* the next block's plan is without it */
}

static void sounds_make(conference_bank *bank, const voice_tile *near)
{
    for (unsigned k = 0; k < bank->mixing_count; k++) {
        conference *conference = &bank->conferences[bank->mixing[k]];
        conference_sum(near, conference->mixed, conference->mixed_highways, &conference->sum);
        if (conference->tone.samples_left)
            tone_sound(bank, &conference->tone);
    }
    for (unsigned k = 0; k < bank->coaching_count; k++) {
        unsigned channel = bank->coaching[k];
        for (unsigned s = 0; s < TILE_SAMPLES; s++)
            bank->parties[channel].voice.sample[s] = near[channel / TILE_LANES].sample[s][channel % TILE_LANES];
    }
}

static void talkers_choose(conference_bank *bank, const voice_tile *near)
{
    for (unsigned highway = 0; highway < bank->highways; highway++)
        if (bank->plan[highway].is_ranked)
            loudness_hear(&bank->loudness[highway], &near[highway]);
    for (unsigned k = 0; k < bank->mixing_count; k++)
        if (bank->conferences[bank->mixing[k]].options.loudest)
            loudest_choose(bank, &bank->conferences[bank->mixing[k]]);
}

static void sounds_deliver(conference_bank *bank, unsigned highway, const voice_tile *near, const voice_tile *before,
                           voice_tile *sent)
{
    const highway_plan *plan = &bank->plan[highway];
    conference_deliver(bank->feeds + plan->first_feed, plan->feeds, plan->own, near, before, sent);
}

static void block_begin(conference_bank *bank, const voice_tile *near)
{
    if (bank->has_changed)
        plan_make(bank);
    talkers_choose(bank, near);
    if (bank->has_changed)
        plan_make(bank);
    sounds_make(bank, near);
}

void conference_mix(conference_bank *bank, const voice_tile *near, voice_tile *sent)
{
    block_begin(bank, near);
    for (unsigned highway = 0; highway < bank->highways; highway++)
        if (bank->plan[highway].feeds)
            sounds_deliver(bank, highway, &near[highway], &sent[highway], &sent[highway]);
}

void conference_mix_octets(conference_bank *bank, g711_law law, const stream_block *heard, stream_block *sent)
{
    static const voice_tile silence = {0};
    _Alignas(CACHE_LINE_OCTETS) voice_tile mixed;
    for (unsigned highway = 0; highway < bank->highways; highway++)
        g711_decode_tile(law, &heard[highway], &bank->near[highway]);
    block_begin(bank, bank->near);
    for (unsigned highway = 0; highway < bank->highways; highway++) {
        sounds_deliver(bank, highway, &bank->near[highway], &silence, &mixed);
        g711_encode_tile(law, &mixed, &sent[highway]);
    }
}
