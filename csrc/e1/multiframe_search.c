/* Two multiframe signals n x 2 ms apart within 8 ms. */
#include "e1/multiframe_search_internal.h"

bool multiframe_search_put(multiframe_search *search, bool bit1)
{
    search->frames += 2;
    search->history = search->history << 1 | bit1;
    if (search->frames < 12 || (search->history & 0x3F) != MULTIFRAME_SIGNAL)
        return false;
    return search->seen[search->frames / 2 % 8]++ > 0;
}

bool multiframe_search_failed(const multiframe_search *search)
{
    return search->frames >= MULTIFRAME_SEARCH_FRAMES;
}
