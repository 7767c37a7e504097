/* Stand-in for line_state.c until it lands: bit by bit. */
#include "e1/line_state.h"

line_state_options line_state_options_default(line_state_rule rule)
{
    return (line_state_options){rule, 176, 22};
}

void line_state_init(line_state *state, line_state_options options)
{
    *state = (line_state){.options = options};
}

static unsigned tell(line_state_event *events, unsigned count, uint64_t bit, uint32_t alarm, uint32_t raised)
{
    events[count] = (line_state_event){bit, alarm, raised};
    return count + 1;
}

/* state[0] spaces in succession; state[1] place in the window, state[2] marks in it */
unsigned line_state_put_marks(line_state *s, const line_block *marks, line_state_event *events)
{
    unsigned count = 0;
    for (unsigned k = 0; k < marks->bit_count; k++) {
        unsigned mark = (marks->positive[k / 8] | marks->negative[k / 8]) >> (7 - k % 8) & 1;
        s->mark_bits++;
        s->state[0] = mark ? 0 : s->state[0] + 1;
        if (!s->los && s->state[0] == s->options.los_spaces) {
            s->los = true;
            s->state[1] = s->state[2] = 0;
            count = tell(events, count, s->mark_bits, LINE_STATE_LOS, 1);
        } else if (s->los) {
            s->state[1]++;
            s->state[2] += mark;
            if (s->state[2] >= s->options.los_clear_marks) {
                s->los = false;
                count = tell(events, count, s->mark_bits, LINE_STATE_LOS, 0);
            } else if (s->state[1] == s->options.los_spaces)
                s->state[1] = s->state[2] = 0;
        }
    }
    return count;
}

/* state[4] place in the period, state[5] zeros in it, state[6] periods in succession that speak for a change */
unsigned line_state_put_bits(line_state *s, const uint8_t *bits, unsigned bit_count, line_state_event *events)
{
    unsigned count = 0;
    for (unsigned k = 0; k < bit_count; k++) {
        s->bits++;
        s->state[4]++;
        s->state[5] += !(bits[k / 8] >> (7 - k % 8) & 1);
        if (s->state[4] < 512)
            continue;
        bool ones = s->state[5] < 3;
        s->ais_periods += s->ais;
        s->state[6] = ones != s->ais ? s->state[6] + 1 : 0;
        if (s->state[6] == 2) {
            s->ais = ones;
            s->state[6] = 0;
            count = tell(events, count, s->bits, LINE_STATE_AIS, ones);
        }
        s->state[4] = s->state[5] = 0;
    }
    return count;
}

bool line_state_frame_found(line_state *s)
{
    bool stood = s->ais;
    s->ais = false;
    s->state[6] = 0;
    return stood;
}
