/* xoshiro256**, seeded by splitmix64. */
#include "base/chance.h"

#include <math.h>

void chance_init(chance *chance, uint64_t seed)
{
    for (unsigned k = 0; k < 4; k++) {
        seed += 0x9E3779B97F4A7C15u;
        uint64_t z = seed;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        chance->state[k] = z ^ z >> 31;
    }
}

static uint64_t rotate_left(uint64_t value, unsigned by)
{
    return value << by | value >> (64 - by);
}

uint64_t chance_next(chance *chance)
{
    uint64_t *s = chance->state, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t chance_gap(chance *chance, double ratio)
{
    if (ratio <= 0)
        return UINT64_MAX;
    if (ratio >= 1)
        return 0;
    double uniform = ((double)(chance_next(chance) >> 11) + 1) * 0x1p-53; /* (0, 1] */
    double gap = floor(log(uniform) / log1p(-ratio));
    return gap < 0x1p63 ? (uint64_t)gap : UINT64_MAX;
}
