/* Lanes whose driver has been silent for 2^32 looks, which are 49.7 days: it is not forgotten. */
#include "ports/lanes_internal.h"

static int nothing_read(void *owner, unsigned lane, uint8_t *octets, uint32_t room)
{
    (void)owner, (void)lane, (void)octets, (void)room;
    return 0;
}

int main(void)
{
    static const lanes_driver driver = {.read_octets = 16, .start_frames = 24, .read = nothing_read};
    static lanes lanes;
    lanes_clear(&lanes, &driver, 0);
    lanes_add(&lanes, -1, 1, 1);
    if (lanes_look(&lanes) || lanes.silent_looks != 1)
        return 1;
    lanes.silent_looks = UINT32_MAX - 1;
    for (unsigned look = 0; look < 3; look++)
        if (lanes_look(&lanes) || lanes.silent_looks != UINT32_MAX)
            return 2;
    return 0;
}
