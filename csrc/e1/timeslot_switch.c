/* Timeslot switching kernels; the portable functions are the reference of the faster levels. */
#include "e1/timeslot_switch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu_internal.h"

enum {
    OCTETS_MAX = 4096,
    GROUP = 64,                         /* outputs of one 512-bit register */
    GROUPS_MAX = OCTETS_MAX / GROUP,
    TABLE = 128,                        /* inputs that one byte permute of two registers chooses from */
    CHUNK = 4 * TABLE,                  /* inputs chosen from at a time, by two more bits of the input's number */
    CHUNKS_MAX = OCTETS_MAX / CHUNK,
};

struct timeslot_map {
    uint64_t from_chunk[CHUNKS_MAX][GROUPS_MAX]; /* bit k: the group's output k comes from this chunk */
    uint64_t table_bit[2][GROUPS_MAX];           /* bits 0 and 1 of its table in the chunk */
    uint8_t place[OCTETS_MAX];                   /* where in that table it is */
    uint16_t source[OCTETS_MAX];                 /* the connection memory itself */
    unsigned inputs, outputs;
};

/* Loads of words are the fastest gather: vector gathers take twice as long (Zen 5). Two numbers come with a load. */
void timeslot_switch_block(const uint64_t *words, const uint32_t *source, uint64_t *out, unsigned count)
{
    for (unsigned k = 0; k < count; k += 4) {
        uint64_t pair[2];
        memcpy(pair, source + k, sizeof pair);
        uint64_t first = words[(uint32_t)pair[0]], second = words[pair[0] >> 32];
        uint64_t third = words[(uint32_t)pair[1]], fourth = words[pair[1] >> 32];
        out[k] = first;
        out[k + 1] = second;
        out[k + 2] = third;
        out[k + 3] = fourth;
    }
}

static bool valid_size(unsigned octets)
{
    return octets > 0 && octets <= OCTETS_MAX && octets % GROUP == 0;
}

timeslot_map *timeslot_map_new(unsigned inputs, unsigned outputs)
{
    if (!valid_size(inputs) || !valid_size(outputs))
        return NULL;
    timeslot_map *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->inputs = inputs;
    map->outputs = outputs;
    memset(map->from_chunk[0], 0xFF, sizeof map->from_chunk[0]);
    return map;
}

void timeslot_map_free(timeslot_map *map)
{
    free(map);
}

static void bit_put(uint64_t *bits, unsigned output, bool value)
{
    uint64_t bit = 1ull << output % GROUP;
    bits[output / GROUP] = value ? bits[output / GROUP] | bit : bits[output / GROUP] & ~bit;
}

int timeslot_map_connect(timeslot_map *map, unsigned input, unsigned output)
{
    if (input >= map->inputs || output >= map->outputs)
        return -1;
    bit_put(map->from_chunk[map->source[output] / CHUNK], output, false);
    bit_put(map->from_chunk[input / CHUNK], output, true);
    bit_put(map->table_bit[0], output, input / TABLE & 1);
    bit_put(map->table_bit[1], output, input / TABLE & 2);
    map->place[output] = (uint8_t)(input % TABLE);
    map->source[output] = (uint16_t)input;
    return 0;
}

static void switch_frame_portable(const timeslot_map *map, const uint8_t *in, uint8_t *out)
{
    for (unsigned output = 0; output < map->outputs; output++)
        out[output] = in[map->source[output]];
}

#if defined(__x86_64__)

/* AVX2 permutes 16 octets at most, and 128 such tables take longer than loads put side by side, in two chains. */
#define INSERT(octets, k) (octets) = _mm_insert_epi8(octets, in[source[k]], k)
#define INSERT_4(octets, k) INSERT(octets, k), INSERT(octets, (k) + 1), INSERT(octets, (k) + 2), INSERT(octets, (k) + 3)

TARGET_AVX2 static void switch_frame_avx2(const timeslot_map *map, const uint8_t *in, uint8_t *out)
{
    for (unsigned output = 0; output < map->outputs; output += 16) {
        const uint16_t *source = map->source + output;
        __m128i lower = _mm_setzero_si128(), upper = lower;
        INSERT_4(lower, 0), INSERT_4(upper, 8);
        INSERT_4(lower, 4), INSERT_4(upper, 12);
        _mm_storeu_si128((void *)(out + output), _mm_or_si128(lower, upper));
    }
}

typedef struct {
    __m512i place;
    __mmask64 bit0, bit1; /* of the table in a chunk */
} group_sources;

TARGET_AVX512 static inline group_sources group_load(const timeslot_map *map, unsigned group)
{
    return (group_sources){_mm512_loadu_si512(map->place + GROUP * group),
                           _cvtu64_mask64(map->table_bit[0][group]), _cvtu64_mask64(map->table_bit[1][group])};
}

/* Every output's octet, supposing it comes from this chunk. Permutes bind here: blends cost nothing beside them. */
TARGET_AVX512 static inline __m512i chunk_choose(const __m512i chunk[CHUNK / 64], group_sources from)
{
    __m512i table0 = _mm512_permutex2var_epi8(chunk[0], from.place, chunk[1]);
    __m512i table1 = _mm512_permutex2var_epi8(chunk[2], from.place, chunk[3]);
    __m512i table2 = _mm512_permutex2var_epi8(chunk[4], from.place, chunk[5]);
    __m512i table3 = _mm512_permutex2var_epi8(chunk[6], from.place, chunk[7]);
    return _mm512_mask_blend_epi8(from.bit1, _mm512_mask_blend_epi8(from.bit0, table0, table1),
                                  _mm512_mask_blend_epi8(from.bit0, table2, table3));
}

/* Two groups of outputs side by side, which share the loads of the chunks; the same one twice will do. */
TARGET_AVX512 static inline void groups_switch(const timeslot_map *map, const uint8_t *in, uint8_t *out, unsigned a,
                                               unsigned b)
{
    group_sources from_a = group_load(map, a), from_b = group_load(map, b);
    __m512i octets_a = _mm512_setzero_si512(), octets_b = octets_a;
    for (unsigned number = 0; CHUNK * number < map->inputs; number++) {
        __m512i chunk[CHUNK / 64];
        for (unsigned k = 0; k < CHUNK / 64; k++) {
            chunk[k] = _mm512_loadu_si512(in + CHUNK * number + 64 * k);
            __asm__("" : "+v"(chunk[k])); /* or gcc loads it again for the other group: loads would bind */
        }
        __mmask64 chosen_a = _cvtu64_mask64(map->from_chunk[number][a]);
        __mmask64 chosen_b = _cvtu64_mask64(map->from_chunk[number][b]);
        octets_a = _mm512_mask_blend_epi8(chosen_a, octets_a, chunk_choose(chunk, from_a));
        octets_b = _mm512_mask_blend_epi8(chosen_b, octets_b, chunk_choose(chunk, from_b));
    }
    _mm512_storeu_si512(out + GROUP * a, octets_a);
    _mm512_storeu_si512(out + GROUP * b, octets_b);
}

TARGET_AVX512 static void switch_frame_avx512(const timeslot_map *map, const uint8_t *in, uint8_t *out)
{
    _Alignas(64) uint8_t whole[OCTETS_MAX]; /* whole chunks are loaded; loads that cross a line take twice as long */
    if (map->inputs % CHUNK || (uintptr_t)in % 64)
        in = memcpy(whole, in, map->inputs);
    unsigned groups = map->outputs / GROUP;
    for (unsigned group = 0; group < groups; group += 2)
        groups_switch(map, in, out, group, group + 1 < groups ? group + 1 : group);
}

#endif

void timeslot_switch_frame(const timeslot_map *map, const uint8_t *in, uint8_t *out)
{
    CPU_SELECT(switch_frame_portable, switch_frame_avx2, switch_frame_avx512)(map, in, out);
}
