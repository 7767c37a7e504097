/* Conferences: who is mixed, the plan by which the kernels mix a block, and the block. */
#include "voice/conference_internal.h"

enum { TENURE_MS = 250 }; /* about a word */

/* How much louder (mean square) another must be to take the place of one that is mixed: 3 dB; 12 dB of one that has
 * just come in, or the two would take turns within a word. */
static const float HYSTERESIS = 2.0f, HYSTERESIS_TENURE = 16.0f;

/* A talker and its rank; nobody if `channel` is NO_CHANNEL. */
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
    talker found = {NO_CHANNEL, 0};
    for (unsigned highway = 0; highway < bank->highways; highway++) {
        int lane = loudness_most(&bank->loudness[highway], conference->talks[highway] & ~conference->mixed[highway]);
        if (lane >= 0 && (found.channel == NO_CHANNEL || talker_at(bank, highway, lane).rank > found.rank))
            found = talker_at(bank, highway, lane);
    }
    return found;
}

static talker softest_mixed(const conference_bank *bank, const conference *conference)
{
    talker found = {NO_CHANNEL, 0};
    for (unsigned highway = 0; highway < bank->highways; highway++) {
        int lane = loudness_least(&bank->loudness[highway], conference->mixed[highway]);
        if (lane >= 0 && (found.channel == NO_CHANNEL || talker_at(bank, highway, lane).rank < found.rank))
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
    conference_lane_put(conference->mixed, (unsigned)channel, value);
    bank->parties[channel].mixed_since = bank->block;
    bank->has_changed = true;
}

static float rank_to_beat(const conference_bank *bank, talker mixed)
{
    bool is_new = bank->block - bank->parties[mixed.channel].mixed_since < TENURE_MS;
    return mixed.rank * (is_new ? HYSTERESIS_TENURE : HYSTERESIS);
}

/* Gives away places that are free; then at most one changes hands a block. */
static void loudest_choose(conference_bank *bank, conference *conference)
{
    talker waiting = loudest_waiting(bank, conference);
    unsigned mixed = mixed_count(bank, conference);
    for (; waiting.channel != NO_CHANNEL && mixed < conference->options.loudest; mixed++) {
        mixed_put(bank, conference, waiting.channel, true);
        waiting = loudest_waiting(bank, conference);
    }
    if (waiting.channel == NO_CHANNEL)
        return;
    talker softest = softest_mixed(bank, conference);
    if (waiting.rank <= rank_to_beat(bank, softest))
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
        if (party->conference != NO_CONFERENCE && party->talks && party->heard_by != CONFERENCE_EVERYBODY)
            bank->coaching[bank->coaching_count++] = channel;
    }
}

static void highway_plan_make(conference_bank *bank, unsigned highway, unsigned first_feed)
{
    bank->plan[highway] = (highway_plan){.first_feed = first_feed};
    for (unsigned lane = 0; lane < TILE_LANES; lane++) {
        int32_t number = bank->parties[highway * TILE_LANES + lane].conference;
        if (number != NO_CONFERENCE && bank->conferences[number].planned != highway + 1)
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
    bank->block++;
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
